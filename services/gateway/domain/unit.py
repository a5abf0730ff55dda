"""A unit in the tree."""

from __future__ import annotations

from collections.abc import Iterable
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


STANDING = (UnitKind.department, UnitKind.central, UnitKind.institution, UnitKind.enterprise)
"""Kinds of units that are counted as such; what lies below one of them belongs to it."""


def standing(path: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The unit that whoever goes to the last of the path has gone to, and its kind.

    The path leads from the root to a unit, as (id, kind). It is the nearest department, central unit, institution or
    enterprise: a visit to a branch reaches its department. Where there is none it is the unit itself, of kind "other".
    """
    steps = list(path)
    return next((step for step in reversed(steps) if step[1] in STANDING), (steps[-1][0], "other"))


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
