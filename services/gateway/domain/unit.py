"""A unit in the tree."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.errors import DomainError
from services.kernel.event import Command

from ..contract import AddUnit, UnitAdded, UnitKind


class Unit(BaseModel):
    """A unit as it stands; `path` leads from the root to it."""

    model_config = ConfigDict(frozen=True)

    name: str
    short_name: str
    kind: UnitKind
    parent: str | None
    path: list[str]
    depth: int
    credit_code: str
    party_code: str
    members: int
    active_from: date


class PlaceUnit(Command):
    """A unit to be added, and the path of its parent (none for the root)."""

    unit: AddUnit
    above: list[str]


def decide(state: Unit | None, command: PlaceUnit, now: datetime) -> list[UnitAdded]:
    """A new unit; the same unit said again is no news.

    Raises:
        DomainError: unit.id_taken.
    """
    asked = command.unit
    told = UnitAdded(
        unit=asked.id,
        day=asked.active_from,
        path=[*command.above, asked.id],
        **asked.model_dump(exclude={"id", "active_from"}),
    )
    if state is None:
        return [told]
    if evolve(None, told) == state:
        return []
    detail = f"单位编码 {asked.id} 已用于内容不同的单位"
    raise DomainError("unit.id_taken", detail, "conflict", [{"pointer": "/id", "detail": detail}])


def evolve(state: Unit | None, event: UnitAdded) -> Unit:
    """The unit after what happened."""
    return Unit(**event.model_dump(exclude={"unit", "day", "row"}), depth=len(event.path), active_from=event.day)


UNIT = Aggregate("unit", Unit, decide, evolve, lambda unit: (unit.path[-1],))
