"""What a command on a session means for its members: who is due, who was there, in which windows that counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from services.kernel.journal.work import Work
from services.kernel.message.event import Command

from .. import contract
from ..domain import ATTENDANCE, COVERAGE, SESSION, Session, attendance_id, campaign_of, coverage_id, covering, wrong
from ..domain.attendance import Named, Roll, as_flips, call
from ..store import rolls
from ..store.rolls import Kept

State = contract.SessionState
_OPEN = (State.draft, State.held, State.returned)
RECALLED = "报送时按党员名册和请假记录核对"


def decide_session(work: Work, id: str, command: Command, expected: int | None = None) -> Session:
    """Decide a command on a session, and what follows: the roll, the unit's coverage, the members' windows."""
    known = work.get(SESSION, id)
    roll = was = None
    if known is not None and known.listed:
        kept = rolls.get(work, id)
        roll = was = None if kept is None else kept.roll
    if isinstance(command, contract.SessionContent):
        command, called = _called(work, command)
        settled = known is not None and known.state not in _OPEN
        if not settled or isinstance(command, contract.CorrectSession):
            roll = called
    elif isinstance(command, contract.SubmitSession) and known is not None and was is not None and known.state in _OPEN:
        roll = _recalled(work, known, was)
        if (roll.due, roll.absences) != (known.due, known.absences):
            return _settle(work, id, (_anew(id, known, roll, RECALLED), command), roll, RECALLED, expected)
    return _settle(work, id, (command,), roll, getattr(command, "reason", ""), expected)


def name(work: Work, id: str, outcomes: Iterable[tuple[str, Named | None]], why: str) -> int:
    """Name members for a reason, or say that they were at the session (None), in one correction; how many are news.

    Raises:
        DomainError: attendance.session_unknown, attendance.by_count, session.void, session.member_not_due.
    """
    known = work.get(SESSION, id)
    if known is None:
        raise wrong("attendance.session_unknown", "session", "没有这次活动：活动编号应与学习活动台账中一致")
    kept = rolls.get(work, id)
    if kept is None:
        detail = "该活动按人数填报，不能逐人点名；请先更正为按党员名册登记（应到不填）"
        raise wrong("attendance.by_count", "session", detail, "conflict")
    roll, news = kept.roll.with_outcomes(outcomes)
    if news:
        _settle(work, id, (_anew(id, known, roll, why),), roll, why)
    return news


def _settle(
    work: Work, id: str, commands: tuple[Command, ...], roll: Roll | None, why: str, expected: int | None = None
) -> Session:
    """Decide; then nothing can be refused any more, and what follows is written."""
    known = work.get(SESSION, id)
    before = covering(known)
    listed = known is not None and known.listed
    for command in commands:
        state = work.decide(SESSION, id, command, expected)
        expected = None
    after = covering(state)
    if before != after:
        _count_coverage(work, before, -1)
        _count_coverage(work, after, 1)
    if listed or roll is not None:
        counted = state.state in contract.IN_FIGURES
        kept = None if roll is None else Kept(roll, state.unit, state.day, state.way, counted)
        flips = as_flips(rolls.put(work, id, kept, why))
        if flips:
            count = contract.CountAttendance(unit=state.unit, day=state.day, flips=flips)
            work.decide(ATTENDANCE, attendance_id(id), count)
    return state


def _called(work: Work, command: Any) -> tuple[Any, Roll | None]:
    """The command with its numbers, and its roll where these follow from the list of members."""
    if command.due is not None:
        return command, None
    named = [Named(member=each.member, reason=each.reason) for each in command.named]
    roll = _call(work, command.unit, command.day, named)
    numbers = {"due": roll.due, "absences": roll.absences, "named": [], "listed": True}
    return command.model_copy(update=numbers), roll


def _recalled(work: Work, known: Session, was: Roll) -> Roll:
    """The roll as it is when the session is reported: the list and the excuses may have changed since it was held."""
    due = set(rolls.due_on(work, known.unit, known.day))
    kept = [named for named in was.named if named.excuse is None and named.member in due]
    return _call(work, known.unit, known.day, kept)


def _call(work: Work, unit: str, day: date, named: list[Named]) -> Roll:
    return call(unit, day, rolls.due_on(work, unit, day), named, rolls.excused_on(work, unit, day))


def _anew(id: str, known: Session, roll: Roll, reason: str) -> contract.CorrectSession:
    """The session said anew with the numbers of a roll."""
    told = known.model_dump(include={"unit", "day", "way", "form", "title", "number", "programme"})
    anew = contract.CorrectSession(**told, id=id, reason=reason)
    return anew.model_copy(update={"due": roll.due, "absences": roll.absences, "listed": True})


def _count_coverage(work: Work, place: tuple[str, date, contract.Way] | None, by: Literal[1, -1]) -> None:
    if place is not None:
        unit, day, way = place
        campaign = campaign_of(day, work.envelope.periods)
        told = "" if campaign is None else campaign.id
        span = None if campaign is None else (campaign.first, campaign.last)
        count = contract.CountCoverage(unit=unit, day=day, campaign=told, way=way, by=by, span=span)
        work.decide(COVERAGE, coverage_id(unit), count)
