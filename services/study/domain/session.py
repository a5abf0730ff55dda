"""A session of study: draft → held → submitted → accepted, given back or taken back; attendance by exception."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import fixed, not_in_future, number_taken, wrong

from ..contract import (
    EXCUSED,
    FORM_NAMES,
    FORMS,
    IN_FIGURES,
    NOT_DUE,
    STATE_NAMES,
    WAYS,
    Absence,
    AcceptSession,
    CorrectSession,
    Counted,
    DraftSession,
    Form,
    HoldSession,
    Reasons,
    ReturnSession,
    SessionAccepted,
    SessionContent,
    SessionCorrected,
    SessionDrafted,
    SessionFields,
    SessionHeld,
    SessionReturned,
    SessionState,
    SessionSubmitted,
    SessionVoided,
    SubmitSession,
    VoidSession,
    Way,
)


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
    listed: bool = False
    number: str | None
    programme: str | None = None
    state: SessionState
    reason: str | None = None
    rows: list[str] = []


def counted_by(session: Session | SessionContent | SessionFields) -> Counted:
    """What the session enters into the figures: transferred and exempt people are not due."""
    named = dict.fromkeys(Reasons, 0) | {absence.reason: absence.count for absence in session.absences}
    due = _due(session) - sum(named[reason] for reason in NOT_DUE)
    excused = sum(named[reason] for reason in EXCUSED)
    absent = named[Reasons.absent]
    return Counted(
        unit=session.unit,
        day=session.day,
        way=session.way,
        form=session.form,
        due=due,
        present=due - excused - absent,
        excused=excused,
        absent=absent,
        duty=named[Reasons.duty],
        transferred=named[Reasons.transferred],
        exempt=named[Reasons.exempt],
    )


def covering(session: Session | None) -> tuple[str, date, Way] | None:
    """Where and by which way a session covers its unit: while it is in the figures, if somebody was there."""
    if session is None or session.state not in IN_FIGURES or counted_by(session).present < 1:
        return None
    return session.unit, session.day, session.way


def decide(state: Session | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a session; nothing where it says what is so already.

    Raises:
        DomainError: the content is not possible, or the session does not stand where the command needs it.
    """
    match command:
        case DraftSession():
            return _draft(state, command)
        case HoldSession():
            return _hold(state, command, now)
        case CorrectSession():
            return _correct(_known(state), command, now)
        case SubmitSession():
            return _submit(_known(state), now)
        case ReturnSession() | AcceptSession():
            return _review(_known(state), command)
        case VoidSession():
            return _void(_known(state), command)
    raise TypeError(f"no session takes {type(command).__name__}")


def _draft(state: Session | None, command: DraftSession) -> list[Payload]:
    _check(command)
    if state is None:
        return [SessionDrafted(**_told(command))]
    if state.state == SessionState.draft and _told(state) == _told(command):
        return []
    raise number_taken("session", _NAME, command.number, state.state == SessionState.void)


def _hold(state: Session | None, command: HoldSession, now: datetime) -> list[Payload]:
    _check(command)
    not_in_future(command.day, now)
    if state is None:
        return [SessionHeld(**_told(command), row=command.row)]
    if state.state == SessionState.draft:
        fixed("session", _NAME, (state.unit, state.number), (command.unit, command.number))
        return [SessionHeld(**{**_told(command), "number": state.number}, row=command.row)]
    void = state.state == SessionState.void
    if void or _told(state) != _told(command):
        raise number_taken("session", _NAME, command.number, void)
    return []


def _submit(state: Session, now: datetime) -> list[Payload]:
    if state.state not in (SessionState.draft, SessionState.held, SessionState.returned):
        raise _stands(state, "session.not_held", "只有“草稿”“已开展”或“退回”的活动可以报送")
    not_in_future(state.day, now)
    took_place = [SessionHeld(**_told(state))] if state.state == SessionState.draft else []
    return [
        *took_place,
        SessionSubmitted(unit=state.unit, day=state.day, title=state.title, now=counted_by(state)),
    ]


def _correct(state: Session, command: CorrectSession, now: datetime) -> list[Payload]:
    _not_void(state)
    _check(command)
    if state.state != SessionState.draft:
        not_in_future(command.day, now)
    fixed("session", _NAME, (state.unit, state.number), (command.unit, command.number))
    told = {**_told(command), "number": state.number}
    if told == _told(state):
        return []
    was = _in_figures(state)
    now_counted = None if was is None else counted_by(command)
    return [SessionCorrected(**told, row=command.row, reason=command.reason, was=was, now=now_counted)]


def _review(state: Session, command: ReturnSession | AcceptSession) -> list[Payload]:
    if isinstance(command, AcceptSession):
        submitted = state.state == SessionState.submitted
        return [SessionAccepted(unit=state.unit, day=state.day)] if submitted else []
    was = _in_figures(state)
    if state.state == SessionState.accepted:
        raise _stands(state, "session.accepted", "所属月份已采纳锁定，只能更正或作废，并写明事由")
    if was is None:
        raise _stands(state, "session.not_submitted", "只有“已报送”的活动可以退回")
    return [SessionReturned(unit=state.unit, day=state.day, reason=command.reason, was=was)]


def _void(state: Session, command: VoidSession) -> list[Payload]:
    _not_void(state)
    was = _in_figures(state)
    return [SessionVoided(unit=state.unit, day=state.day, reason=command.reason, was=was, row=command.row)]


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
        case SessionAccepted():
            return _known(state).model_copy(update={"state": SessionState.accepted})
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


_NAME = "学习活动"
_CONTENT = ("unit", "day", "way", "form", "title", "due", "absences", "listed", "number", "programme")
_ORDER = list(Reasons)


def _told(session: Session | SessionContent | SessionFields) -> dict[str, Any]:
    absences = sorted(session.absences, key=lambda absence: _ORDER.index(absence.reason))
    return {name: getattr(session, name) for name in _CONTENT} | {"absences": absences}


def _due(session: Session | SessionContent | SessionFields) -> int:
    if session.due is None:
        raise AssertionError("who is due is looked up before anything is decided")
    return session.due


def _rows(state: Session | None, row: str | None) -> list[str]:
    known = [] if state is None else state.rows
    return known if row is None else [*known, row]


def _in_figures(state: Session) -> Counted | None:
    return counted_by(state) if state.state in IN_FIGURES else None


def _known(state: Session | None) -> Session:
    if state is None:
        raise DomainError("session.not_found", "没有这次学习活动", "not_found")
    return state


def _not_void(state: Session) -> None:
    if state.state == SessionState.void:
        raise _stands(state, "session.void", "不能再更改")


def _stands(state: Session, code: str, reason: str) -> DomainError:
    return DomainError(code, f"该{_NAME}当前状态为“{STATE_NAMES[state.state]}”：{reason}", "conflict")


def _check(content: SessionContent) -> None:
    """Refuse what cannot have been."""
    if content.form not in FORMS[content.way]:
        known = "、".join(FORMS[content.way].values())
        name = FORM_NAMES[content.form]
        raise wrong("session.form_mismatch", "form", f"“{WAYS[content.way]}”没有形式“{name}”，可选：{known}")
    if content.programme is not None and content.form != Form.programme:
        raise wrong("session.programme_form", "programme", "形式为“提升工程”的活动才能关联工程")
    reasons = [absence.reason for absence in content.absences]
    if len(set(reasons)) != len(reasons):
        raise wrong("session.reason_repeated", "absences", "请假、缺席等的同一事由只填一次")
    named = sum(absence.count for absence in content.absences)
    due = _due(content)
    if content.present is not None and content.present > due:
        detail = f"实到人数 {content.present} 超过应到人数 {due}"
        raise wrong("session.present_exceeds_due", "present", detail)
    if named > due:
        detail = f"请假、缺席等合计 {named} 人，超过应到人数 {due}"
        raise wrong("session.absences_exceed_due", "absences", detail)
    present = counted_by(content).present
    if content.present is not None and content.present != present:
        detail = f"实到人数填 {content.present}，按应到减去请假、缺席等应为 {present}"
        raise wrong("session.present_disagrees", "present", detail)


SESSION = Aggregate("session", Session, decide, evolve, parts)
