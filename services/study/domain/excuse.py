"""An excuse of a member for some days. Its reason lies beside the journal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import ExcuseFields, ExcuseReason, ExcuseRecorded, ExcuseWithdrawn, RecordExcuse, WithdrawExcuse

MOST_DAYS = 366


class Excuse(BaseModel):
    """An excuse as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    member: str
    first: date
    last: date
    sort: Literal["excused", "exempt"]
    state: Literal["recorded", "withdrawn"]
    reason: str | None = None


class PlaceExcuse(Command):
    """An excuse to be recorded, the unit to which the member belongs on its first day, and those that overlap it."""

    excuse: RecordExcuse
    unit: str | None
    overlapping: list[str]


def decide(state: Excuse | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on an excuse; nothing where it says what is so already.

    Raises:
        DomainError: excuse.not_a_member, .days_cross, .too_long, .overlaps, .id_taken, .not_found,
            .withdrawn.
    """
    if isinstance(command, PlaceExcuse):
        return _record(state, command)
    if not isinstance(command, WithdrawExcuse):
        raise TypeError(f"no excuse takes {type(command).__name__}")
    if state is None:
        raise DomainError("excuse.not_found", "没有这条请假记录", "not_found")
    if state.state == "withdrawn":
        raise DomainError("excuse.withdrawn", "该请假已撤销", "conflict")
    told = {"unit": state.unit, "day": state.first, "member": state.member, "last": state.last, "sort": state.sort}
    return [ExcuseWithdrawn(**told, reason=command.reason)]


def _record(state: Excuse | None, command: PlaceExcuse) -> list[Payload]:
    asked = command.excuse
    sort: Literal["excused", "exempt"] = "exempt" if asked.reason == ExcuseReason.exempt else "excused"
    if state is not None:
        if (state.member, state.first, state.last, state.sort) == (asked.member, asked.first, asked.last, sort):
            return []
        raise wrong("excuse.id_taken", "id", "该编号已用于另一条请假", "conflict")
    if command.unit is None:
        raise wrong("excuse.not_a_member", "member", f"党员 {asked.member} 在 {asked.first} 不在任何单位的名册上")
    if asked.last < asked.first:
        raise wrong("excuse.days_cross", "last", "结束日期早于开始日期")
    if (asked.last - asked.first).days >= MOST_DAYS:
        raise wrong("excuse.too_long", "last", f"一次请假最长 {MOST_DAYS} 天，更长的请分次登记")
    if command.overlapping:
        raise wrong("excuse.overlaps", "first", "与该党员已登记的请假日期重叠，请先撤销原请假", "conflict")
    told = {"unit": command.unit, "day": asked.first, "member": asked.member, "last": asked.last, "sort": sort}
    return [ExcuseRecorded.model_validate(told)]


def evolve(state: Excuse | None, event: ExcuseFields) -> Excuse:
    """The excuse after what happened."""
    withdrawn = isinstance(event, ExcuseWithdrawn)
    return Excuse(
        unit=event.unit,
        member=event.member,
        first=event.day,
        last=event.last,
        sort=event.sort,
        state="withdrawn" if withdrawn else "recorded",
        reason=event.reason if isinstance(event, ExcuseWithdrawn) else None,
    )


EXCUSE = Aggregate("excuse", Excuse, decide, evolve, lambda excuse: (excuse.unit,))
