"""A session of study: draft → held → submitted, given back or taken back; attendance by exception."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.errors import DomainError
from services.kernel.event import Command, Payload

from ..contract import (
    EXCUSED,
    FORM_NAMES,
    FORMS,
    NOT_DUE,
    STATE_NAMES,
    WAYS,
    Absence,
    CorrectSession,
    Counted,
    DraftSession,
    Form,
    HoldSession,
    Reasons,
    ReturnSession,
    SessionContent,
    SessionCorrected,
    SessionDrafted,
    SessionHeld,
    SessionReturned,
    SessionState,
    SessionSubmitted,
    SessionTold,
    SessionVoided,
    SubmitSession,
    VoidSession,
    Way,
)
from .days import not_in_future


class Session(BaseModel):
    """A session as it stands. `rows` names the spreadsheet rows it has taken, so that none counts twice."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    way: Way
    form: Form
    title: str
    due: int
    absences: list[Absence]
    number: str | None
    state: SessionState
    reason: str | None = None
    rows: list[str] = []


def counted_by(session: Session | SessionContent | SessionTold) -> Counted:
    """What the session enters into the figures: transferred and exempt people are not due."""
    named = dict.fromkeys(Reasons, 0) | {absence.reason: absence.count for absence in session.absences}
    due = session.due - sum(named[reason] for reason in NOT_DUE)
    excused = sum(named[reason] for reason in EXCUSED)
    absent = named[Reasons.absent]
    return Counted(
        unit=session.unit,
        day=session.day,
        way=session.way,
        due=due,
        present=due - excused - absent,
        excused=excused,
        absent=absent,
    )


def decide(state: Session | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a session.

    Raises:
        DomainError: the content is not possible, or the session does not stand where the command needs it.
    """
    match command:
        case DraftSession():
            _content(command)
            _fresh(state, command)
            return [SessionDrafted(**_told(command))]
        case HoldSession():
            _content(command)
            not_in_future(command.day, now)
            if state is not None and state.state == SessionState.draft:
                return [SessionHeld(**_told(command), row=command.row)]
            _fresh(state, command)
            return [SessionHeld(**_told(command), row=command.row)]
        case _:
            return _decide_existing(_known(state), command, now)


def _decide_existing(state: Session, command: Command, now: datetime) -> list[Payload]:
    place = {"unit": state.unit, "day": state.day}
    was = counted_by(state) if state.state == SessionState.submitted else None
    if state.state == SessionState.void and not isinstance(command, SubmitSession | ReturnSession):
        raise _stands(state, "session.void", "已作废，不能再更改")
    match command:
        case SubmitSession():
            if state.state not in (SessionState.held, SessionState.returned):
                raise _stands(state, "session.not_held", "只有“已开展”或“退回”的活动可以报送")
            not_in_future(state.day, now)
            return [SessionSubmitted(**place, title=state.title, now=counted_by(state))]
        case CorrectSession():
            _content(command)
            not_in_future(command.day, now)
            if command.unit != state.unit:
                raise _field("session.unit_fixed", "unit", "更正不能改变活动所属单位，请作废后另行登记")
            if state.state == SessionState.draft:
                raise _stands(state, "session.not_held", "草稿请直接登记为已开展")
            if _told(command) == _told(state):
                return []
            told = _told(command)
            return [
                SessionCorrected(
                    **told,
                    row=command.row,
                    reason=command.reason,
                    was=was,
                    now=None if was is None else counted_by(command),
                )
            ]
        case ReturnSession():
            if was is None:
                raise _stands(state, "session.not_submitted", "只有“已报送”的活动可以退回")
            return [SessionReturned(**place, reason=command.reason, was=was)]
        case VoidSession():
            return [SessionVoided(**place, reason=command.reason, was=was, row=command.row)]
    raise TypeError(f"no session takes {type(command).__name__}")


def evolve(state: Session | None, event: Payload) -> Session:
    """The session after what happened."""
    match event:
        case SessionDrafted() | SessionHeld():
            drafted = isinstance(event, SessionDrafted)
            return Session(
                **_told(event),
                state=SessionState.draft if drafted else SessionState.held,
                rows=_rows(state, event.row),
            )
        case SessionCorrected():
            return _known(state).model_copy(
                update={
                    **{name: getattr(event, name) for name in _CONTENT},
                    "reason": event.reason,
                    "rows": _rows(state, event.row),
                }
            )
        case SessionSubmitted():
            return _known(state).model_copy(update={"state": SessionState.submitted, "reason": None})
        case SessionReturned():
            return _known(state).model_copy(update={"state": SessionState.returned, "reason": event.reason})
        case SessionVoided():
            return _known(state).model_copy(
                update={"state": SessionState.void, "reason": event.reason, "rows": _rows(state, event.row)}
            )
    raise TypeError(f"no session knows {type(event).__name__}")


def parts(session: Session) -> Iterable[str]:
    """A session concerns its unit alone."""
    return (session.unit,)


_CONTENT = ("unit", "day", "way", "form", "title", "due", "absences", "number")


def _told(session: Session | SessionContent | SessionTold) -> dict[str, object]:
    return {name: getattr(session, name) for name in _CONTENT}


def _rows(state: Session | None, row: str | None) -> list[str]:
    known = [] if state is None else state.rows
    return known if row is None else [*known, row]


def _fresh(state: Session | None, command: SessionContent) -> None:
    if state is not None:
        raise DomainError(
            "session.number_taken",
            f"编号 {command.number or ''} 已登记了内容不同的活动，如需更改请选“更正”",
            "conflict",
            [
                {
                    "pointer": "/number",
                    "detail": f"编号 {command.number or ''} 已登记了内容不同的活动，如需更改请选“更正”",
                }
            ],
        )


def _known(state: Session | None) -> Session:
    if state is None:
        raise DomainError("session.not_found", "没有这次学习活动", "not_found")
    return state


def _stands(state: Session, code: str, reason: str) -> DomainError:
    return DomainError(code, f"活动当前状态为“{STATE_NAMES[state.state]}”：{reason}", "conflict")


def _content(content: SessionContent) -> None:
    """Refuse what cannot have been."""
    if content.form not in FORMS[content.way]:
        known = "、".join(FORMS[content.way].values())
        raise _field(
            "session.form_mismatch",
            "form",
            f"“{WAYS[content.way]}”没有形式“{FORM_NAMES[content.form]}”，可选：{known}",
        )
    reasons = [absence.reason for absence in content.absences]
    if len(set(reasons)) != len(reasons):
        raise _field("session.reason_repeated", "absences", "同一事由只填一次")
    named = sum(absence.count for absence in content.absences)
    if content.present is not None and content.present > content.due:
        raise _field("session.present_exceeds_due", "present", f"实到人数 {content.present} 超过应到人数 {content.due}")
    if named > content.due:
        raise _field(
            "session.absences_exceed_due", "absences", f"请假、缺席等合计 {named} 人，超过应到人数 {content.due}"
        )
    counted = counted_by(content)
    if content.present is not None and content.present != counted.present:
        raise _field(
            "session.present_disagrees",
            "present",
            f"实到人数填 {content.present}，按应到减请假、缺席等应为 {counted.present}",
        )


def _field(code: str, field: str, detail: str) -> DomainError:
    return DomainError(code, detail, errors=[{"pointer": f"/{field}", "detail": detail}])


SESSION = Aggregate("session", Session, decide, evolve, parts)
