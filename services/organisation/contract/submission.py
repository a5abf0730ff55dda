"""Monthly submissions 上报: a unit confirms its month, its superior accepts it, and the month is locked."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText
from services.kernel.message.instants import Day, Instant

from .campaign import SubmissionRule
from .member import Why
from .words import EXAMPLE_UNIT, Month, UnitId

RemarkText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), FREE]
Value = int | float | None


class SubmissionState(StrEnum):
    """Where a month's submission stands."""

    open = "open"
    submitted = "submitted"
    returned = "returned"
    accepted = "accepted"
    excused = "excused"


SUBMISSION_STATES = {
    SubmissionState.open: "待报",
    SubmissionState.submitted: "待审",
    SubmissionState.returned: "退回",
    SubmissionState.accepted: "已采纳",
    SubmissionState.excused: "免报",
}
SETTLED = (SubmissionState.accepted, SubmissionState.excused)


class Remark(BaseModel):
    """What a unit says of something that is missing; `key` names it as the prepared submission does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1, max_length=60)
    text: RemarkText


class Lack(BaseModel):
    """Something that is missing of what was due, which a remark must explain; `figure` opens to its records."""

    model_config = ConfigDict(frozen=True)

    key: str
    text: FreeText
    figure: str


class Prepared(BaseModel):
    """What the unit was shown: nobody types any of it."""

    model_config = ConfigDict(frozen=True)

    figures: dict[str, Value]
    lacks: list[Lack]
    as_of: Instant


class PlanSubmissions(Command):
    """Say anew which months of a campaign are to be submitted, by whom and by when."""

    id: UnitId
    rule: SubmissionRule
    reason: Why


class OpenPeriods(Command):
    """Open what may be submitted today; the platform does so by itself every minute."""


class OpenSubmission(Command):
    """A unit owes a month."""

    id: str
    unit: str
    month: Month
    campaign: str
    superior: str | None
    due: Day | None
    waits_for: int | None = None


class SetDue(Command):
    """The due day as it follows from the rule and the working calendar that are known now, or what it waits for."""

    id: str
    due: Day | None
    waits_for: int | None = None


class ConfirmSubmission(Command):
    """A unit confirms its month, with a remark for everything that is missing; `prepared` is added by the API."""

    id: str
    remarks: list[Remark] = Field(default=[], max_length=50)
    prepared: Prepared | None = None


class AcceptSubmission(Command):
    """The superior takes a month over: from now on it is locked."""

    id: str


class ReturnSubmission(Command):
    """The superior gives a month back."""

    id: str
    reason: Why


class ExcuseSubmission(Command):
    """The superior excuses a unit from a month."""

    id: str
    reason: Why


class ReinstateSubmission(Command):
    """The superior takes an excuse back."""

    id: str
    reason: Why


class PlaceSubmission(Command):
    """A month belongs to another superior; follows from a change of the tree, never sent."""

    id: str
    superior: str | None
    reason: FreeText


class MarkLate(Command):
    """The due day has passed and nothing was submitted."""

    id: str


class CountedSubmission(BaseModel):
    """What of a submission enters the figures, for its unit, on the last day of its month."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    expected: Literal[0, 1]
    submitted: Literal[0, 1]
    on_time: Literal[0, 1]


_MONTH: dict[str, Any] = {**EXAMPLE_UNIT, "day": "2026-03-31", "month": "2026-03"}
_EXPECTED: dict[str, Any] = {"unit": "D001", "day": "2026-03-31", "expected": 1, "submitted": 0, "on_time": 0}
_SUBMITTED: dict[str, Any] = {**_EXPECTED, "submitted": 1, "on_time": 1}


class SubmissionFields(Payload):
    """Of which unit and month; `day` is the month's last."""

    month: str


class SubmissionOpened(SubmissionFields):
    """A unit owes a month: `now` enters the figures. Without `due` there is no limit, or it `waits_for` a year."""

    type: ClassVar[str] = "submission.opened.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_MONTH, "campaign": "C2026", "superior": "P000", "due": "2026-04-08", "now": _EXPECTED}
    ]
    campaign: str
    superior: str | None
    due: date | None
    waits_for: int | None = None
    now: CountedSubmission


class SubmissionDueSet(SubmissionFields):
    """The due day was counted again; null where there is none, or where it waits for the calendar of a year."""

    type: ClassVar[str] = "submission.due_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_MONTH, "due": "2026-04-02", "was": _SUBMITTED, "now": {**_SUBMITTED, "on_time": 0}}
    ]
    due: date | None
    waits_for: int | None = None
    was: CountedSubmission | None = None
    now: CountedSubmission | None = None


class SubmissionSubmitted(SubmissionFields):
    """A unit confirmed its month, on a business day `on`: figures as it saw them, remarks on what is missing."""

    type: ClassVar[str] = "submission.submitted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_MONTH,
            "on": "2026-04-03",
            "at": "2026-04-03T01:00:00Z",
            "as_of": "2026-04-03T00:59:58Z",
            "figures": {"study.sessions.branch": 12, "study.coverage": 0.95},
            "remarks": [{"key": "overdue_tickets", "text": "两件工单涉及多部门，已申请延期"}],
            "was": _EXPECTED,
            "now": _SUBMITTED,
        }
    ]
    on: date
    at: AwareDatetime
    as_of: AwareDatetime
    figures: dict[str, Value]
    remarks: list[Remark]
    was: CountedSubmission
    now: CountedSubmission


class SubmissionAccepted(SubmissionFields):
    """A month of a unit and of what lies below it is locked: what changes in it later is a correction."""

    type: ClassVar[str] = "submission.accepted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_MONTH, "first": "2026-03-01", "last": "2026-03-31"}]
    first: date
    last: date


class SubmissionReturned(SubmissionFields):
    """A month was given back: `was` leaves the figures."""

    type: ClassVar[str] = "submission.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_MONTH, "reason": "缺少专题党课记录", "was": _SUBMITTED, "now": _EXPECTED}
    ]
    reason: FreeText
    was: CountedSubmission
    now: CountedSubmission


class SubmissionExcused(SubmissionFields):
    """A unit need not submit a month: it is expected no more."""

    type: ClassVar[str] = "submission.excused.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_MONTH, "reason": "正在组建，尚无记录", "was": _EXPECTED}]
    reason: FreeText
    was: CountedSubmission


class SubmissionReinstated(SubmissionFields):
    """An excuse was taken back: the unit owes the month again."""

    type: ClassVar[str] = "submission.reinstated.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_MONTH, "reason": "已完成组建", "now": _EXPECTED}]
    reason: FreeText
    now: CountedSubmission


class SubmissionMoved(SubmissionFields):
    """A month that is not locked went from one superior to another: on its last day the unit stood below that one."""

    type: ClassVar[str] = "submission.moved.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_MONTH, "before": "D007", "superior": "D008", "reason": "机构改革方案"}
    ]
    before: str | None
    superior: str | None
    reason: FreeText


class SubmissionFellDue(SubmissionFields):
    """The due day passed and nothing had been submitted."""

    type: ClassVar[str] = "submission.fell_due.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_MONTH, "due": "2026-04-08"}]
    due: date
