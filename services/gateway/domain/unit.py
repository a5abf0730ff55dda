"""A unit in the tree: added, renamed, moved, merged into another, split, abolished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import (
    AbolishUnit,
    AddUnit,
    Called,
    MergeUnits,
    MoveUnit,
    RenameUnit,
    SplitUnit,
    Superior,
    UnitAbolished,
    UnitAdded,
    UnitKind,
    UnitMerged,
    UnitMoved,
    UnitRenamed,
    UnitSplit,
)


class Unit(BaseModel):
    """A unit as it stands; `path` leads from the root to it today.

    `superiors` and `names` are those that it has had, where it has moved or was renamed; `until` is the first day on
    which it is no more, `into` the unit that it went into.
    """

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
    superiors: list[Superior] = []
    names: list[Called] = []
    until: date | None = None
    into: str | None = None


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


class ChangeUnit(Command):
    """What is to become of a unit, from which day on nothing of it is locked, and today's path after it."""

    asked: RenameUnit | MoveUnit | MergeUnits | SplitUnit | AbolishUnit
    open_from: date | None = None
    path: list[str] = Field(default_factory=list)


def decide(state: Unit | None, command: PlaceUnit | ChangeUnit, now: datetime) -> list[Payload]:
    """What follows; a unit that is added as it was added, or as it is, is no news.

    Raises:
        DomainError: unit.id_taken, .not_found, .abolished, .before_its_beginning, .day_ahead, .later_change,
            .period_locked, .same_superior, .same_name.
    """
    if isinstance(command, PlaceUnit):
        return _add(state, command)
    if state is None:
        raise DomainError("unit.not_found", "没有这个单位", "not_found")
    asked = command.asked
    _check_day(state, asked.day, business_day(now), command.open_from)
    place: dict[str, Any] = {"unit": state.path[-1], "day": asked.day, "basis": asked.basis}
    match asked:
        case RenameUnit():
            return [UnitRenamed(**place, **_renamed(state, asked))]
        case MoveUnit():
            return [UnitMoved(**place, **_moved(state, asked), path=command.path)]
        case MergeUnits():
            return [UnitMerged(**place, into=asked.id)]
        case SplitUnit():
            return [UnitSplit(**place, into=[part.id for part in asked.into])]
        case AbolishUnit():
            return [UnitAbolished(**place)]


def _add(state: Unit | None, command: PlaceUnit) -> list[Payload]:
    asked = command.unit
    told = UnitAdded(
        unit=asked.id,
        day=asked.active_from,
        path=[*command.above, asked.id],
        **asked.model_dump(exclude={"id", "active_from"}),
    )
    if state is None:
        return [told]
    if _founding(evolve(None, told)) in (_founding(state), _founding(_as_added(state))):
        return []
    detail = f"单位编码 {asked.id} 已用于内容不同的单位"
    raise DomainError("unit.id_taken", detail, "conflict", [{"pointer": "/id", "detail": detail}])


def _founding(state: Unit) -> dict[str, Any]:
    """What was said of a unit when it was added."""
    return state.model_dump(exclude={"path", "depth", "superiors", "names", "until", "into"})


def _as_added(state: Unit) -> Unit:
    """The unit with its first name and its first superior."""
    first: dict[str, Any] = state.names[0].model_dump(exclude={"first"}) if state.names else {}
    if state.superiors:
        first["parent"] = state.superiors[0].unit
    return state.model_copy(update=first)


def called(state: Unit) -> Called:
    """What it is called now, and since when."""
    if state.names:
        return state.names[-1]
    codes = {"credit_code": state.credit_code, "party_code": state.party_code}
    return Called(first=state.active_from, name=state.name, short_name=state.short_name, **codes)


def superiors(state: Unit) -> list[Superior]:
    """Below whom it has stood, the last of them today's; none for the root."""
    if state.superiors or state.parent is None:
        return state.superiors
    return [Superior(first=state.active_from, unit=state.parent)]


def _check_day(state: Unit, day: date, today: date, open_from: date | None) -> None:
    if state.until is not None:
        raise wrong("unit.abolished", "id", f"单位 {state.path[-1]} 已于 {state.until} 撤销", "conflict")
    if day < state.active_from:
        raise wrong("unit.before_its_beginning", "day", f"生效日期早于单位成立日期 {state.active_from}")
    if day > today:
        raise wrong("unit.day_ahead", "day", "生效日期不能晚于今天，请在生效当日登记")
    if open_from is not None and day < open_from:
        detail = f"{open_from} 以前的月份已采纳锁定，机构调整不能在锁定期间内生效"
        raise wrong("unit.period_locked", "day", detail, "conflict")


def _renamed(state: Unit, asked: RenameUnit) -> dict[str, Any]:
    was = called(state)
    codes = asked.model_dump(include={"credit_code", "party_code"}, exclude_none=True)
    told = {"first": asked.day, "name": asked.name, "short_name": asked.short_name, **codes}
    now = was.model_copy(update=told)
    if now.model_copy(update={"first": was.first}) == was:
        raise wrong("unit.same_name", "name", "名称和代码都没有变化", "conflict")
    if state.names and asked.day <= was.first:
        raise _later(was.first, "更名")
    return {"was": was, "now": now}


def _moved(state: Unit, asked: MoveUnit) -> dict[str, Any]:
    if state.parent is None:
        raise wrong("unit.is_the_root", "id", "最高一级单位不能划转", "conflict")
    was = superiors(state)[-1]
    if was.unit == asked.parent:
        raise wrong("unit.same_superior", "parent", f"单位已隶属于 {asked.parent}", "conflict")
    if state.superiors and asked.day <= was.first:
        raise _later(was.first, "划转")
    return {"was": was, "now": Superior(first=asked.day, unit=asked.parent)}


def evolve(state: Unit | None, event: Payload) -> Unit:
    """The unit after what happened."""
    if isinstance(event, UnitAdded):
        told = event.model_dump(exclude={"unit", "day", "row"})
        return Unit(**told, depth=len(event.path), active_from=event.day)
    if state is None:
        raise TypeError("a unit is added before anything becomes of it")
    match event:
        case UnitRenamed():
            names = [*(state.names or [event.was]), event.now]
            return state.model_copy(update={**event.now.model_dump(exclude={"first"}), "names": names})
        case UnitMoved():
            place = {"parent": event.now.unit, "path": event.path, "depth": len(event.path)}
            return state.model_copy(update={**place, "superiors": [*(state.superiors or [event.was]), event.now]})
        case UnitMerged():
            return state.model_copy(update={"until": event.day, "into": event.into})
        case UnitAbolished():
            return state.model_copy(update={"until": event.day})
    return state


def _later(day: date, what: str) -> DomainError:
    return wrong("unit.later_change", "day", f"该单位已有 {day} 生效的{what}，须按生效先后登记", "conflict")


UNIT = Aggregate("unit", Unit, decide, evolve, lambda unit: (unit.path[-1],))
