"""A unit's month: open → submitted → accepted, given back or excused; children first. Accepted, it is locked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload, record_id
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import (
    SUBMISSION_STATES,
    AcceptSubmission,
    ConfirmSubmission,
    CountedSubmission,
    ExcuseSubmission,
    MarkLate,
    OpenSubmission,
    PlaceSubmission,
    ReinstateSubmission,
    Remark,
    ReturnSubmission,
    SetDue,
    SubmissionAccepted,
    SubmissionDueSet,
    SubmissionExcused,
    SubmissionFellDue,
    SubmissionMoved,
    SubmissionOpened,
    SubmissionReinstated,
    SubmissionReturned,
    SubmissionState,
    SubmissionSubmitted,
)

from .period import days_of

State = SubmissionState
_UNSUBMITTED = (State.open, State.returned)


class Submission(BaseModel):
    """A submission as it stands. `on` is the business day of the first confirmation: it decides what was on time.

    `superior` is the unit right above on the month's last day, as the tree is known: whoever accepts it.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    month: str
    campaign: str
    superior: str | None
    due: date | None
    waits_for: int | None = None
    state: SubmissionState
    late: bool = False
    on: date | None = None
    at: datetime | None = None
    as_of: datetime | None = None
    figures: dict[str, int | float | None] = {}
    remarks: list[Remark] = []
    reason: str | None = None


class AfterChildren(Command):
    """A confirmation, an acceptance or an excuse, and the units below that have not settled the month."""

    asked: ConfirmSubmission | AcceptSubmission | ExcuseSubmission
    waiting: list[str]


def submission_id(unit: str, month: str) -> str:
    """The one submission of a unit for a month."""
    return record_id("gateway", "submissions", unit, month)


def counted(state: Submission) -> CountedSubmission | None:
    """What the submission enters into the figures; nothing while the unit is excused."""
    if state.state == State.excused:
        return None
    submitted = state.state in (State.submitted, State.accepted)
    on_time = submitted and state.on is not None and (state.due is None or state.on <= state.due)
    day = days_of(state.month)[1]
    return CountedSubmission(
        unit=state.unit,
        day=day,
        expected=1,
        submitted=int(submitted),
        on_time=int(on_time),
    )


def decide(state: Submission | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a submission; nothing where it says what is so already.

    Raises:
        DomainError: submission.not_found, .children_first, .remark_missing, .not_submitted, .not_open, .not_excused.
    """
    match command:
        case OpenSubmission():
            return _open(state, command)
        case AfterChildren(asked=ConfirmSubmission()):
            return _confirm(_known(state), command, now)
        case AfterChildren(asked=ExcuseSubmission()):
            return _excuse(_known(state), command)
        case AfterChildren():
            return _accept(_known(state), command)
        case ReturnSubmission() | ReinstateSubmission():
            return _take_back(_known(state), command)
        case PlaceSubmission() | SetDue() | MarkLate():
            return _come_about(_known(state), command, now)
    raise TypeError(f"no submission takes {type(command).__name__}")


def _open(state: Submission | None, command: OpenSubmission) -> list[Payload]:
    if state is not None:
        return []
    place = command.model_dump(include=_OPENED)
    opened = _of(Submission(**place, state=State.open))
    return [SubmissionOpened(**place, day=opened.day, now=opened)]


def _confirm(state: Submission, command: AfterChildren, now: datetime) -> list[Payload]:
    if state.state not in _UNSUBMITTED:
        raise _stands(state, "submission.not_open", "只有“待报”或“退回”的月份可以上报")
    _children_first(command, "上报")
    asked = command.asked
    if not isinstance(asked, ConfirmSubmission) or asked.prepared is None:
        raise AssertionError("what is confirmed is prepared before anything is decided")
    said = {remark.key: remark for remark in asked.remarks}
    missing = [lack for lack in asked.prepared.lacks if lack.key not in said]
    if missing:
        errors: Any = [{"pointer": f"/remarks/{lack.key}", "detail": f"须说明：{lack.text}"} for lack in missing]
        told = "；".join(lack.text for lack in missing)
        raise DomainError("submission.remark_missing", f"下列情况须逐项说明：{told}", errors=errors)
    remarks = [said[lack.key] for lack in asked.prepared.lacks]
    on = business_day(now)
    after = state.model_copy(update={"state": State.submitted, "on": state.on or on})
    return [
        SubmissionSubmitted(
            **_place(state),
            on=on,
            at=now,
            as_of=asked.prepared.as_of,
            figures=asked.prepared.figures,
            remarks=remarks,
            was=_of(state),
            now=_of(after),
        )
    ]


def _accept(state: Submission, command: AfterChildren) -> list[Payload]:
    if state.state == State.accepted:
        return []
    if state.state != State.submitted:
        raise _stands(state, "submission.not_submitted", "只有“待审”的月份可以采纳")
    _children_first(command, "采纳")
    first, last = days_of(state.month)
    return [SubmissionAccepted(**_place(state), first=first, last=last)]


def _take_back(state: Submission, command: ReturnSubmission | ReinstateSubmission) -> list[Payload]:
    return _return(state, command) if isinstance(command, ReturnSubmission) else _reinstate(state, command)


def _return(state: Submission, command: ReturnSubmission) -> list[Payload]:
    if state.state != State.submitted:
        raise _stands(state, "submission.not_submitted", "只有“待审”的月份可以退回；已采纳的已锁定，只能更正记录")
    after = state.model_copy(update={"state": State.returned})
    return [SubmissionReturned(**_place(state), reason=command.reason, was=_of(state), now=_of(after))]


def _excuse(state: Submission, command: AfterChildren) -> list[Payload]:
    if state.state == State.excused:
        return []
    if state.state not in _UNSUBMITTED:
        raise _stands(state, "submission.not_open", "只有“待报”或“退回”的月份可以免报")
    _children_first(command, "免报")
    if not isinstance(command.asked, ExcuseSubmission):
        raise AssertionError("an excuse is what was asked for")
    return [SubmissionExcused(**_place(state), reason=command.asked.reason, was=_of(state))]


def _reinstate(state: Submission, command: ReinstateSubmission) -> list[Payload]:
    if state.state != State.excused:
        raise _stands(state, "submission.not_excused", "只有“免报”的月份可以恢复上报")
    after = _of(state.model_copy(update={"state": State.open}))
    return [SubmissionReinstated(**_place(state), reason=command.reason, now=after)]


def _come_about(state: Submission, command: PlaceSubmission | SetDue | MarkLate, now: datetime) -> list[Payload]:
    """What nobody does: the tree changes, a due day becomes known or another, time passes."""
    if isinstance(command, SetDue):
        return _set_due(state, command)
    return _move(state, command) if isinstance(command, PlaceSubmission) else _fall_due(state, business_day(now))


def _move(state: Submission, command: PlaceSubmission) -> list[Payload]:
    """What was accepted stays with whom it was accepted by."""
    if state.state == State.accepted or state.superior == command.superior:
        return []
    told = {"before": state.superior, "superior": command.superior, "reason": command.reason}
    return [SubmissionMoved(**_place(state), **told)]


def _fall_due(state: Submission, today: date) -> list[Payload]:
    if state.late or state.on is not None or state.state != State.open or state.due is None or today <= state.due:
        return []
    return [SubmissionFellDue(**_place(state), due=state.due)]


def _set_due(state: Submission, command: SetDue) -> list[Payload]:
    if (command.due, command.waits_for) == (state.due, state.waits_for):
        return []
    after = state.model_copy(update={"due": command.due})
    told = {"due": command.due, "waits_for": command.waits_for, "was": counted(state), "now": counted(after)}
    return [SubmissionDueSet(**_place(state), **told)]


_OPENED = {"unit", "month", "campaign", "superior", "due", "waits_for"}
_AFTER: dict[type[Payload], SubmissionState] = {
    SubmissionReturned: State.returned,
    SubmissionExcused: State.excused,
    SubmissionReinstated: State.open,
}


def evolve(state: Submission | None, event: Payload) -> Submission:
    """The submission after what happened."""
    if isinstance(event, SubmissionOpened):
        return Submission(**event.model_dump(include=_OPENED), state=State.open)
    known = _known(state)
    match event:
        case SubmissionSubmitted():
            told = {name: getattr(event, name) for name in ("at", "as_of", "figures", "remarks")}
            late = known.late or (known.due is not None and (known.on or event.on) > known.due)
            told |= {"state": State.submitted, "on": known.on or event.on, "late": late, "reason": None}
            return known.model_copy(update=told)
        case SubmissionAccepted():
            return known.model_copy(update={"state": State.accepted})
        case SubmissionReturned() | SubmissionExcused() | SubmissionReinstated():
            return known.model_copy(update={"state": _AFTER[type(event)], "reason": event.reason})
        case SubmissionMoved():
            return known.model_copy(update={"superior": event.superior})
        case SubmissionDueSet() | SubmissionFellDue():
            return known.model_copy(update=_in_time(known, event))
    raise TypeError(f"no submission knows {type(event).__name__}")


def _in_time(known: Submission, event: SubmissionDueSet | SubmissionFellDue) -> dict[str, Any]:
    if isinstance(event, SubmissionFellDue):
        return {"late": True}
    late = event.due is not None and known.on is not None and known.on > event.due
    return {"due": event.due, "waits_for": event.waits_for, "late": late}


def _place(state: Submission) -> dict[str, Any]:
    return {"unit": state.unit, "day": days_of(state.month)[1], "month": state.month}


def _of(state: Submission) -> CountedSubmission:
    """What one that is not excused counts."""
    found = counted(state)
    if found is None:
        raise AssertionError("an excused submission counts nothing")
    return found


def _known(state: Submission | None) -> Submission:
    if state is None:
        raise DomainError("submission.not_found", "没有这次上报", "not_found")
    return state


def _children_first(command: AfterChildren, step: str) -> None:
    if command.waiting:
        named = "、".join(command.waiting[:5]) + ("等" if len(command.waiting) > 5 else "")
        detail = f"下级单位 {named} 共 {len(command.waiting)} 个尚未采纳或免报，不能{step}"
        raise DomainError("submission.children_first", detail, "conflict")


def _stands(state: Submission, code: str, reason: str) -> DomainError:
    told = f"{state.unit} {state.month} 的上报当前为“{SUBMISSION_STATES[state.state]}”：{reason}"
    return DomainError(code, told, "conflict")


def parts(state: Submission) -> Iterable[str]:
    """A submission concerns its unit, and who was its superior in that month, wherever the unit is now."""
    return (state.unit,) if state.superior is None else (state.unit, state.superior)


SUBMISSION = Aggregate("submission", Submission, decide, evolve, parts)
