"""The one record of all changes of the tree: its version says how many there have been."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import TreeChanged

ALL = "tree"
"""The record's id."""


class Changes(BaseModel):
    """How many changes there have been, and which unit moved last."""

    model_config = ConfigDict(frozen=True)

    changes: int
    last: str


class ChangeTree(Command):
    """Today's way to a unit is another one."""

    unit: str
    day: date
    path: list[str]


def decide(state: Changes | None, command: ChangeTree, now: datetime) -> list[TreeChanged]:
    """The change, as it is told."""
    return [TreeChanged(unit=command.unit, day=command.day, path=command.path)]


def evolve(state: Changes | None, event: TreeChanged) -> Changes:
    """One change more."""
    return Changes(changes=1 + (state.changes if state else 0), last=event.unit)


def check_no_cycle(unit: str, line: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Refuse to put a unit below another one, whose line this is from that day on, that ever stands below it.

    Raises:
        DomainError: unit.cycle.
    """
    for first, above in line:
        if unit in above:
            detail = f"单位 {above[-1]} 自 {first} 起在单位 {unit} 之下，不能成为其上级"
            raise DomainError("unit.cycle", detail, "conflict", [{"pointer": "/parent", "detail": detail}])


TREE = Aggregate("tree", Changes, decide, evolve, lambda changes: ())
"""No unit has a part in it: it is nobody's to look at or to change."""
