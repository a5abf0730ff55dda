"""What is left to do so that a record has come as far as its row of a sheet says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from services.kernel.message.event import Command
from services.kernel.rules.rules import wrong
from services.kernel.sheets.ledger import Row

from ..contract import (
    BECAME,
    SHEETS,
    TOPIC_STATES,
    AdvanceTopic,
    ApproveOutline,
    CloseTopic,
    CorrectMeasure,
    CorrectTopic,
    FileReport,
    HandOverMeasure,
    MeasureLife,
    MeasureRow,
    MeasureState,
    NoteProgress,
    OutlineState,
    RevisitTopic,
    SettleMeasure,
    SubmitMeasure,
    SubmitOutline,
    TopicLife,
    TopicRow,
)
from .loop import LOOP, T, Topic, life_of, missing
from .measure import Measure, RestateMeasure
from .topic import RestateTopic

APPROVALS = {ApproveOutline: "approved", RevisitTopic: "revisited", CloseTopic: "closed", SettleMeasure: "settled"}
"""What only those may say who may approve; the column that says it."""
APPROVED = frozenset({"approved", "revisited", "effective", "finding", "closed", "settled"})
"""What a correction says anew of these steps is theirs too."""
_WORDS = ("outline", "approved", "report", "reported", "summary", "revisited", "effective", "finding", "closed")
_REACHED = {
    "approved": T.surveying,
    "revisited": T.revisited,
    "effective": T.revisited,
    "finding": T.revisited,
    "closed": T.closed,
}
"""The stage that a topic has reached of which such a thing is told."""
_NOTED = "进展填报日期"
_STEPS = (MeasureState.set, MeasureState.working, MeasureState.submitted, MeasureState.settled)


def restating(command: CorrectTopic | CorrectMeasure, row: Row, known: Topic | Measure | None) -> Command:
    """A row's correction, with what the row says otherwise than the record of steps that were taken."""
    if isinstance(row, TopicRow) and isinstance(known, Topic):
        return RestateTopic(**command.model_dump(), life=TopicLife(**_topic_changes(row, known)))
    if isinstance(row, MeasureRow) and isinstance(known, Measure):
        changed = _measure_changes(row, known)
        life: dict[str, Any] = {"settled": row.settled} if "settled" in changed else {}
        if changed.keys() - {"settled"}:
            life |= {"progress": row.note(), "noted": _day(row.noted, "noted", _NOTED)}
        return RestateMeasure(**command.model_dump(), life=MeasureLife(**life))
    return command


def _topic_changes(row: TopicRow, topic: Topic) -> dict[str, Any]:
    """What a row says otherwise than it is known; an empty cell says nothing, and what is not known yet is news."""
    known = life_of(topic.model_copy(update={"revisit": None}) if _revisited_since(row, topic) else topic)
    return {word: said for word, said in _said(row) if known.get(word, said) != said}


def _revisited_since(row: TopicRow, topic: Topic) -> bool:
    """Whether a row tells of the first look at what came of a topic, or of a later one before it is closed."""
    if topic.revisit is None or row.revisited is None:
        return row.revisited is not None
    return topic.state == T.revisited and row.revisited > topic.revisit.day


def _said(row: TopicRow) -> Iterator[tuple[str, Any]]:
    """What a row tells of a topic's steps."""
    for word in _WORDS:
        told = getattr(row, word)
        if told not in (None, "") and word in row.model_fields_set:
            yield word, told


def _measure_changes(row: MeasureRow, measure: Measure) -> dict[str, Any]:
    """The same of a measure; a later note is news, while the measure takes notes."""
    told: dict[str, Any] = {"settled": row.settled} if row.settled is not None else {}
    known: dict[str, Any] = {"settled": measure.settled} if measure.settled is not None else {}
    note, at = row.note(), measure.noted
    news = measure.state in (MeasureState.set, MeasureState.working) and (at or date.min) < (row.noted or date.min)
    if note is not None and measure.progress is not None and not news:
        told |= {"noted": row.noted, **note.model_dump()}
        known |= {"noted": at, **measure.progress.model_dump()}
    return {word: said for word, said in told.items() if known.get(word, said) != said}


def _not_changed(kind: str, row: Row, changed: Mapping[str, Any]) -> None:
    """Refuse a row that says a step otherwise than it is known, and is no correction."""
    for column in SHEETS[kind].columns:
        if column.key in changed:
            detail = f"编号 {row.number} 已登记的“{column.header}”与此不同，如需更改请选“更正”"
            raise wrong(f"{kind.removesuffix('s')}.number_taken", column.key, detail, "conflict")


def _check_reached_by(row: TopicRow, stage: int) -> None:
    """What is told of a stage is told of a topic that has reached it: nothing that is filled in is passed over."""
    for word, _ in _said(row):
        needed = _REACHED.get(word, T.framing)
        if stage < LOOP.index(needed):
            detail = f"填写此项的，“阶段”须到“{TOPIC_STATES[needed]}”"
            raise wrong("row.stage_missing", word, detail)
    if not row.report and (row.reported or row.summary):
        raise wrong("row.report_missing", "report", "填写报告日期、摘要的，须填写调研报告题目")


def topic_steps(id: str, row: TopicRow, topic: Topic) -> Iterator[Command]:
    """The steps that a topic has not taken yet; a row that is behind the topic asks for none.

    Raises:
        DomainError: row.day_missing, row.stage_missing, row.report_missing, topic.number_taken.
    """
    stage, target = LOOP.index(topic.state), LOOP.index(row.state)
    _not_changed("topics", row, _topic_changes(row, topic))
    _check_reached_by(row, max(stage, target))
    if stage == 0:
        known = topic.outline
        if row.outline and (known is None or known.state == OutlineState.returned):
            yield SubmitOutline(id=id, outline=row.outline)
        if target > 0:
            yield ApproveOutline(id=id, day=row.approved)
    if row.report and topic.report is None:
        reported = _day(row.reported, "reported", "报告日期")
        yield FileReport(id=id, day=reported, report=row.report, summary=row.summary)
    for _ in range(max(stage, 1), min(target, LOOP.index(T.converted))):
        yield AdvanceTopic(id=id)
    if row.revisited is not None and _revisited_since(row, topic):
        yield RevisitTopic(id=id, day=row.revisited, effective=row.effective, finding=row.finding)
    if row.state == T.closed != topic.state:
        yield CloseTopic(id=id, day=row.closed)


def check_reached(row: TopicRow, topic: Topic) -> None:
    """The topic is where its row says, or beyond.

    Raises:
        DomainError: topic.gate_closed.
    """
    if LOOP.index(topic.state) < LOOP.index(row.state):
        lacking = "、".join(missing(topic, row.state))
        raise wrong(
            "topic.gate_closed", "state", f"课题尚不能进入“{TOPIC_STATES[row.state]}”，缺少：{lacking}", "conflict"
        )


def measure_steps(id: str, row: MeasureRow, measure: Measure) -> Iterator[Command]:
    """The steps that a measure has not taken yet.

    Raises:
        DomainError: row.day_missing, row.progress_missing, row.state_missing, measure.number_taken.
    """
    note, target, stage = row.note(), _STEPS.index(row.state), _STEPS.index(measure.state)
    if note is None and (row.noted or row.next or row.problem or row.support):
        raise wrong("row.progress_missing", "done", "填写进展的，须填写已做")
    if row.settled is not None and max(stage, target) < _STEPS.index(MeasureState.settled):
        raise wrong("row.state_missing", "settled", "填写销号日期的，“状态”须为“已销号”")
    if note is not None:
        noted = _day(row.noted, "noted", _NOTED)
        _not_changed("measures", row, _measure_changes(row, measure))
        if (note, noted) != (measure.progress, measure.noted):
            yield NoteProgress(id=id, progress=note, day=noted)
    else:
        _not_changed("measures", row, _measure_changes(row, measure))
        if target > 0 and measure.progress is None:
            raise wrong("row.progress_missing", "done", "已启动的措施须填写进展（已做）")
    if stage < 2 <= target:
        yield SubmitMeasure(id=id)
    if stage < 3 <= target:
        yield SettleMeasure(id=id, day=_day(row.settled, "settled", "销号日期"))
    if row.became is not None and measure.became not in (None, row.became):
        raise wrong("measure.became", "became", f"该措施已转为{BECAME[measure.became]}，不能再转", "conflict")
    if row.became is not None and measure.became is None:
        yield HandOverMeasure(id=id, into=row.became)


def _day(day: date | None, column: str, header: str) -> date:
    if day is None:
        raise wrong("row.day_missing", column, f"须填写{header}")
    return day
