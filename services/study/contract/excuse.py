"""Excuses: a member is not due, or not there, on a day or over a period. Why is the branch's own to know."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.organisation.contract import MemberId

from .words import EXAMPLE_UNIT, Reason


class ExcuseReason(StrEnum):
    """Why: excused, or exempt from study (old age, long illness) and so not due."""

    duty = "duty"
    illness = "illness"
    personal = "personal"
    exempt = "exempt"


EXCUSE_REASONS = {
    ExcuseReason.duty: "公务",
    ExcuseReason.illness: "病假",
    ExcuseReason.personal: "事假",
    ExcuseReason.exempt: "免学",
}
EXCUSE_SORTS = {"excused": "请假", "exempt": "免学"}


class RecordExcuse(Command):
    """Excuse a member from a day to a day, before or after; sessions that were reported are corrected by it."""

    id: str
    member: MemberId
    first: Day
    last: Day
    reason: ExcuseReason


class WithdrawExcuse(Command):
    """Take an excuse back: those whom it excused stand as they did before it."""

    id: str
    reason: Reason


class GetExcuse(Command):
    """One excuse."""

    id: str


class ListExcuses(Command):
    """Excuses of a unit and those below it, or of one member."""

    unit: str
    member: MemberId | None = None
    state: Literal["recorded", "withdrawn"] | None = None
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class ExcuseFields(Payload):
    """A member's excuse from `day` to `last`. `sort` says whether they are still due; the reason is in no event."""

    member: str
    last: date
    sort: Literal["excused", "exempt"]


_EXCUSE: dict[str, Any] = {**EXAMPLE_UNIT, "member": "DY-D001-0001", "last": "2026-03-07", "sort": "excused"}


class ExcuseRecorded(ExcuseFields):
    """A member is excused."""

    type: ClassVar[str] = "excuse.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_EXCUSE]


class ExcuseWithdrawn(ExcuseFields):
    """A member's excuse was taken back."""

    type: ClassVar[str] = "excuse.withdrawn.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_EXCUSE, "reason": "登记有误"}]
    reason: FreeText
