"""What may be done with a topic, and what follows: a closed gate says what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.counting import with_counts
from services.kernel.rules.rules import fixed, not_in_future, number_taken, wrong

from ..contract import (
    TOPIC_STATES,
    AdvanceTopic,
    ApproveOutline,
    CloseTopic,
    CorrectTopic,
    CountEvidence,
    EvidenceCounted,
    FileReport,
    FrameTopic,
    OutlineApproved,
    OutlineState,
    OutlineSubmitted,
    ReportFiled,
    ReturnTopic,
    RevisitTopic,
    SubmitOutline,
    TopicAdvanced,
    TopicClosed,
    TopicCorrected,
    TopicFields,
    TopicFramed,
    TopicLife,
    TopicReturned,
    TopicRevisited,
    TopicState,
    TopicVoided,
    VoidTopic,
)
from .loop import LOOP, Outline, Report, Revisit, T, Topic, counted, missing, restated

_NAME = "课题"


class RestateTopic(CorrectTopic):
    """A correction that says steps anew too: out of a sheet, whose rows tell a whole life."""

    life: TopicLife


def check_link(topic: Topic | None, path: Iterable[str]) -> None:
    """A visit or a measure belongs to a topic of its unit or one above (`path`), or in which one of these cooperates.

    Its outline is approved, and it is not closed.

    Raises:
        DomainError: topic.unknown, topic.not_surveyed, topic.closed.
    """
    if topic is None or topic.state == T.void or not {topic.unit, *topic.cooperating} & set(path):
        raise wrong("topic.unknown", "topic", "没有这个课题：应为本单位、上级单位牵头或协作的、未作废的课题")
    if topic.state == T.framing:
        raise wrong("topic.not_surveyed", "topic", f"课题“{topic.title}”的调研方案尚未批准", "conflict")
    if topic.state == T.closed:
        raise wrong("topic.closed", "topic", f"课题“{topic.title}”已关闭", "conflict")


def decide(state: Topic | None, command: Command, now: datetime) -> list[TopicFields]:
    """What follows from a command on a topic; nothing where it says what is so already.

    Raises:
        DomainError: the content is not possible, a gate lacks what it requires, or the topic does not stand where the
            command needs it.
    """
    return with_counts(state, _decide(state, command, now), evolve, counted)


def _decide(state: Topic | None, command: Command, now: datetime) -> list[TopicFields]:
    if isinstance(command, FrameTopic):
        return _frame(state, command, now)
    if state is None:
        raise DomainError("topic.not_found", "没有这个课题", "not_found")
    if state.state == T.void:
        raise DomainError("topic.void", "该课题已作废，不能再更改", "conflict")
    if isinstance(command, CorrectTopic):
        return _correct(state, command, now)
    if state.state == T.closed and type(command) in _STEPS:
        raise _stands(state, "不能再办理")
    return [{**_STEPS, **_ALWAYS}[type(command)](state, command, now)]


def _submit_outline(state: Topic, command: SubmitOutline, now: datetime) -> TopicFields:
    if state.state != T.framing:
        raise _stands(state, "调研方案已经批准")
    return OutlineSubmitted(unit=state.unit, day=business_day(now), outline=command.outline)


def _approve_outline(state: Topic, command: ApproveOutline, now: datetime) -> TopicFields:
    if state.state != T.framing or not _proposed(state):
        raise _stands(state, "没有待审的调研方案")
    return OutlineApproved(unit=state.unit, day=_on(state.day, command.day, now))


def _file_report(state: Topic, command: FileReport, now: datetime) -> TopicFields:
    if state.state == T.framing:
        raise _stands(state, "调研方案批准后方可报送调研报告")
    day = _on(state.day, command.day, now)
    return ReportFiled(unit=state.unit, day=day, report=command.report, summary=command.summary)


def _revisit(state: Topic, command: RevisitTopic, now: datetime) -> TopicFields:
    _pass(state, T.converted)
    if state.state not in (T.converted, T.revisited):
        raise _stands(state, "成果转化后方可督查回访")
    day = _on(state.day, command.day, now)
    return TopicRevisited(unit=state.unit, day=day, effective=command.effective, finding=command.finding)


def _close(state: Topic, command: CloseTopic, now: datetime) -> TopicFields:
    _pass(state, T.closed)
    if state.state != T.revisited:
        raise _stands(state, "督查回访后方可关闭")
    return TopicClosed(unit=state.unit, day=_on(state.day, command.day, now))


def _frame(state: Topic | None, command: FrameTopic, now: datetime) -> list[TopicFields]:
    _check(command, now)
    if state is None:
        return [TopicFramed(**_told(command), row=command.row)]
    if state.state == T.void or _told(command) != _told(state):
        raise number_taken("topic", _NAME, command.number, state.state == T.void)
    return []


def _correct(state: Topic, command: CorrectTopic, now: datetime) -> list[TopicFields]:
    _check(command, now)
    fixed("topic", _NAME, (state.unit, state.number), (command.unit, command.number))
    told = {**_told(command), "number": state.number}
    life = command.life if isinstance(command, RestateTopic) and command.life.model_fields_set else None
    if told == _told(state) and life is None:
        return []
    for field in ("approved", "reported", "revisited", "closed"):
        if life is not None and field in life.model_fields_set:
            _on(command.day, getattr(life, field), now, field)
    return [TopicCorrected(**told, reason=command.reason, row=command.row, life=life)]


def _void(state: Topic, command: VoidTopic, now: datetime) -> TopicFields:
    left = sum(state.measures.values())
    if state.visits or left:
        detail = f"课题下还有调研 {state.visits} 次、转化措施 {left} 项，请先作废"
        raise DomainError("topic.in_use", detail, "conflict")
    return TopicVoided(unit=state.unit, day=business_day(now), reason=command.reason, row=command.row)


def _advance(state: Topic, command: AdvanceTopic, now: datetime) -> TopicFields:
    entered = LOOP[LOOP.index(state.state) + 1]
    _pass(state, entered)
    if entered not in (T.solving, T.converted):
        raise _stands(state, "请办理调研方案审批、督查回访或关闭")
    return TopicAdvanced(unit=state.unit, day=business_day(now), left=state.state, entered=entered)


def _return(state: Topic, command: ReturnTopic, now: datetime) -> TopicFields:
    place = {"unit": state.unit, "day": business_day(now), "left": state.state}
    if state.state == T.framing:
        if not _proposed(state):
            raise _stands(state, "没有待审的调研方案可退回")
        return TopicReturned(**place, entered=T.framing, reason=command.reason)
    return TopicReturned(**place, entered=LOOP[LOOP.index(state.state) - 1], reason=command.reason)


def _count(state: Topic, command: CountEvidence, now: datetime) -> TopicFields:
    measures = dict(state.measures)
    for moved, by in ((command.was, -1), (command.now, 1)):
        if moved is not None:
            measures[moved] = measures.get(moved, 0) + by
    visits = state.visits + command.visits
    if visits < 0 or any(count < 0 for count in measures.values()):
        raise AssertionError(f"topic {command.id} has no such visit or measure left")
    left = {each: count for each, count in measures.items() if count}
    return EvidenceCounted(unit=state.unit, day=business_day(now), visits=visits, measures=left)


_Decision = Callable[[Topic, Any, datetime], TopicFields]
_STEPS: dict[type[Command], _Decision] = {
    SubmitOutline: _submit_outline,
    ApproveOutline: _approve_outline,
    AdvanceTopic: _advance,
    FileReport: _file_report,
    RevisitTopic: _revisit,
    CloseTopic: _close,
}
"""What is done with a topic until it is closed."""
_ALWAYS: dict[type[Command], _Decision] = {VoidTopic: _void, ReturnTopic: _return, CountEvidence: _count}


def evolve(state: Topic | None, event: Any) -> Topic:
    """The topic after what happened."""
    if isinstance(event, TopicFramed):  # a correction says all of it too
        kept = {} if state is None else state.model_dump()
        said: dict[str, Any] = {}
        if isinstance(event, TopicCorrected):
            said = {"reason": event.reason, **({} if state is None else restated(state, event.life))}
        return Topic(**{**kept, **_told(event), **said, "rows": _rows(state, event.row)})
    if state is None:
        raise TypeError(f"no topic to which {type(event).__name__} could happen")
    return state.model_copy(update=_CHANGES[type(event)](state, event))


def _approved(state: Topic, event: OutlineApproved) -> dict[str, Any]:
    said = {"state": OutlineState.approved, "approved": event.day}
    outline = None if state.outline is None else state.outline.model_copy(update=said)
    return {"state": T.surveying, "outline": outline, "reason": None}


def _returned(state: Topic, event: TopicReturned) -> dict[str, Any]:
    """Given back to the stage before; what that stage has to bring anew no longer counts as brought."""
    change: dict[str, Any] = {"state": event.entered, "reason": event.reason, "closed": None}
    if event.entered == T.framing and state.outline is not None:
        change["outline"] = state.outline.model_copy(update={"state": OutlineState.returned, "approved": None})
    if event.entered == T.converted:
        change["revisit"] = None
    return change


_CHANGES: dict[type[TopicFields], Callable[[Topic, Any], dict[str, Any]]] = {
    TopicVoided: lambda state, event: {"state": T.void, "reason": event.reason, "rows": _rows(state, event.row)},
    OutlineSubmitted: lambda state, event: {
        "outline": Outline(text=event.outline, state=OutlineState.submitted),
        "reason": None,
    },
    OutlineApproved: _approved,
    TopicAdvanced: lambda state, event: {"state": event.entered, "reason": None},
    ReportFiled: lambda state, event: {"report": Report(title=event.report, day=event.day, summary=event.summary)},
    TopicRevisited: lambda state, event: {
        "state": T.revisited,
        "revisit": Revisit(day=event.day, effective=event.effective, finding=event.finding),
        "reason": None,
    },
    TopicClosed: lambda state, event: {"state": T.closed, "closed": event.day, "reason": None},
    TopicReturned: _returned,
    EvidenceCounted: lambda state, event: {"visits": event.visits, "measures": event.measures},
}
"""What each event changes in a topic that is there."""


def parts(topic: Topic) -> Iterable[str]:
    """Who leads it and who cooperates."""
    return (topic.unit, *topic.cooperating)


_CONTENT = ("unit", "day", "title", "kind", "leader", "group", "cooperating", "tags", "number")


def _told(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _CONTENT}


def _rows(state: Topic | None, row: str | None) -> list[str]:
    return [*([] if state is None else state.rows), *([row] if row else [])]


def _proposed(state: Topic) -> bool:
    return state.outline is not None and state.outline.state == OutlineState.submitted


def _check(content: FrameTopic | CorrectTopic, now: datetime) -> None:
    not_in_future(content.day, now)
    if content.unit in content.cooperating:
        raise wrong("topic.unit_cooperates", "cooperating", "牵头单位不必再列为协作单位")


def _on(since: date, day: date | None, now: datetime, field: str = "day") -> date:
    """The day on which it happened: today unless one is given, not ahead, and not before the topic was set."""
    on = day or business_day(now)
    not_in_future(on, now, field)
    if on < since:
        raise wrong("topic.dates_out_of_order", field, f"日期 {on} 早于立题日期 {since}")
    return on


def _pass(state: Topic, entering: TopicState) -> None:
    if lacking := missing(state, entering):
        detail = f"课题尚不能进入“{TOPIC_STATES[entering]}”，缺少：{'、'.join(lacking)}"
        raise DomainError("topic.gate_closed", detail, "conflict", [{"pointer": "/state", "detail": detail}])


def _stands(state: Topic, reason: str) -> DomainError:
    detail = f"该{_NAME}当前处于“{TOPIC_STATES[state.state]}”阶段：{reason}"
    return DomainError("topic.out_of_turn", detail, "conflict")


TOPIC = Aggregate("topic", Topic, decide, evolve, parts)
