"""A member: the units that somebody belonged to, one after another. The name lies beside the journal."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import (
    AddMember,
    CorrectMember,
    MemberCorrected,
    MemberFields,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
    RemoveMember,
    Stay,
    TransferMember,
)

MOST_STAYS = 50
"""So many units may somebody have belonged to; a record is no unbounded list."""
_AHEAD = timedelta(days=92)
"""A transfer may be written down this long before it takes effect."""


class Member(BaseModel):
    """A member as they stand; `unit` is the unit they belong to, or belonged to last."""

    model_config = ConfigDict(frozen=True)

    unit: str
    stays: list[Stay]
    state: Literal["current", "left"]
    user: str | None


class Belong(Command):
    """Somebody belongs to a unit from a day on, for good or until another day: asked of the unit's life, never sent."""

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "所在单位", day="since", last="until", rule="through"),)

    unit: str
    since: date
    until: date | None = None


class Renamed(Command):
    """A correction, and whether the name that lies beside the journal differs from the one it gives."""

    correction: CorrectMember
    renamed: bool


def decide(state: Member | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a member; nothing where it says what is so already.

    Raises:
        DomainError: member.number_taken, .not_found, .left, .same_unit, .too_many_stays, .days_cross, day.in_future.
    """
    if isinstance(command, AddMember):
        return _add(state, command, now)
    if state is None:
        raise DomainError("member.not_found", "没有这名党员，或不在您的权限范围内", "not_found")
    match command:
        case TransferMember():
            return _transfer(state, command, now)
        case RemoveMember():
            return _remove(state, command, now)
        case Renamed():
            return _correct(state, command, now)
    raise TypeError(f"no member takes {type(command).__name__}")


def _add(state: Member | None, command: AddMember, now: datetime) -> list[Payload]:
    _not_too_early(command.since, "since", now)
    stay = Stay(unit=command.unit, first=command.since)
    if state is None:
        return [MemberJoined(unit=command.unit, day=command.since, now=[stay], user=command.user)]
    if state.stays[-1] == stay and command.user in (None, state.user):
        return []
    raise wrong(
        "member.number_taken", "id", f"编号 {command.id} 已登记了内容不同的党员，如需更改请用“调动”或“更正”", "conflict"
    )


def _transfer(state: Member, command: TransferMember, now: datetime) -> list[Payload]:
    last = state.stays[-1]
    if (last.unit, last.first) == (command.unit, command.day) and last.until is None:
        return []
    if last.until is None and last.unit == command.unit:
        raise wrong("member.same_unit", "unit", f"该党员已在单位 {command.unit}", "conflict")
    _not_too_early(command.day, "day", now)
    if len(state.stays) >= MOST_STAYS:
        raise wrong("member.too_many_stays", "unit", f"调动次数超过 {MOST_STAYS} 次，请核对编号是否重复使用")
    if last.until is None:
        _after(last.first, command.day)
        ended = [*state.stays[:-1], last.model_copy(update={"until": command.day})]
    else:  # somebody who had left comes back
        _after(last.until - timedelta(days=1), command.day)
        ended = state.stays
    stays = [*ended, Stay(unit=command.unit, first=command.day)]
    return [MemberTransferred(unit=command.unit, day=command.day, was=state.stays, now=stays, user=state.user)]


def _remove(state: Member, command: RemoveMember, now: datetime) -> list[Payload]:
    last = state.stays[-1]
    if last.until == command.day:
        return []
    if last.until is not None:
        raise wrong("member.left", "day", f"该党员已于 {last.until} 离开", "conflict")
    _not_too_early(command.day, "day", now)
    _after(last.first, command.day)
    stays = [*state.stays[:-1], last.model_copy(update={"until": command.day})]
    return [MemberLeft(unit=state.unit, day=command.day, was=state.stays, now=stays, user=state.user)]


def _correct(state: Member, command: Renamed, now: datetime) -> list[Payload]:
    asked, last = command.correction, state.stays[-1]
    unit, first, user = asked.unit or last.unit, asked.since or last.first, asked.user or state.user
    until = None if last.until is None else asked.until or last.until
    if (unit, first, until, user) == (last.unit, last.first, last.until, state.user) and not command.renamed:
        return []
    _not_too_early(first, "since", now)
    if until is not None:
        _not_too_early(until, "until", now)
        _after(first, until)
    before = state.stays[:-1]
    if before:
        ended = before[-1].until or last.first
        if ended == last.first:  # one went over into the other: they still do
            _after(before[-1].first, first)
            before = [*before[:-1], before[-1].model_copy(update={"until": first})]
        else:
            _after(ended - timedelta(days=1), first)
    stays = [*before, Stay(unit=unit, first=first, until=until)]
    told: dict[str, Any] = {"was": state.stays, "now": stays, "user": user, "reason": asked.reason}
    return [MemberCorrected(unit=unit, day=first, **told)]


def evolve(state: Member | None, event: MemberFields) -> Member:
    """The member after what happened."""
    last = event.now[-1]
    return Member(unit=last.unit, stays=event.now, state="current" if last.until is None else "left", user=event.user)


def _not_too_early(day: date, field: str, now: datetime) -> None:
    if day > business_day(now) + _AHEAD:
        raise wrong("day.in_future", field, f"日期 {day} 过晚：最多提前 {_AHEAD.days} 天登记")


def _after(before: date, day: date) -> None:
    if day <= before:
        raise wrong("member.days_cross", "day", f"日期 {day} 应晚于 {before}", "conflict")


MEMBER = Aggregate("member", Member, decide, evolve, lambda member: (member.unit,))
