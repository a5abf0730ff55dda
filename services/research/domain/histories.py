"""What is left to do so that a record has come as far as its row of a sheet says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.kernel.message.event import Command
from services.kernel.rules.rules import wrong

from ..contract import (
    TOPIC_STATES,
    AdvanceTopic,
    ApproveOutline,
    CloseTopic,
    FileReport,
    HandOverMeasure,
    MeasureRow,
    MeasureState,
    NoteProgress,
    OutlineState,
    RevisitTopic,
    SettleMeasure,
    SubmitMeasure,
    SubmitOutline,
    TopicRow,
)
from .loop import LOOP, Report, Revisit, T, Topic, missing
from .measure import Measure

APPROVALS = {ApproveOutline: "approved", RevisitTopic: "revisited", CloseTopic: "closed", SettleMeasure: "settled"}
"""What only those may say who may approve; the column that says it."""
_STEPS = (MeasureState.set, MeasureState.working, MeasureState.submitted, MeasureState.settled)


def topic_steps(id: str, row: TopicRow, topic: Topic) -> Iterator[Command]:
    """The steps that a topic has not taken yet; a row that is behind the topic asks for none.

    Raises:
        DomainError: row.day_missing.
    """
    stage, target = LOOP.index(topic.state), LOOP.index(row.state)
    if stage == 0:
        known = topic.outline
        if row.outline and (known is None or known.text != row.outline or known.state == OutlineState.returned):
            yield SubmitOutline(id=id, outline=row.outline)
        if target > 0:
            yield ApproveOutline(id=id, day=row.approved)
    if row.report:
        report = Report(title=row.report, day=_day(row.reported, "reported", "报告日期"), summary=row.summary)
        if report != topic.report:
            yield FileReport(id=id, day=report.day, report=report.title, summary=report.summary)
    for _ in range(max(stage, 1), min(target, LOOP.index(T.converted))):
        yield AdvanceTopic(id=id)
    if row.revisited is not None and target >= LOOP.index(T.revisited):
        revisit = Revisit(day=row.revisited, effective=row.effective, finding=row.finding)
        if revisit != topic.revisit:
            yield RevisitTopic(id=id, **revisit.model_dump())
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
    """The steps that a measure has not taken yet; an older note than the one that is there is passed over.

    Raises:
        DomainError: row.day_missing, row.progress_missing.
    """
    note, target, stage = row.note(), _STEPS.index(row.state), _STEPS.index(measure.state)
    if note is not None:
        noted = _day(row.noted, "noted", "进展填报日期")
        if measure.noted is None or (noted >= measure.noted and (note, noted) != (measure.progress, measure.noted)):
            yield NoteProgress(id=id, progress=note, day=noted)
    elif target > 0 and measure.progress is None:
        raise wrong("row.progress_missing", "done", "已启动的措施须填写进展（已做）")
    if stage < 2 <= target:
        yield SubmitMeasure(id=id)
    if stage < 3 <= target:
        yield SettleMeasure(id=id, day=_day(row.settled, "settled", "销号日期"))
    if row.became is not None and row.became != measure.became:
        yield HandOverMeasure(id=id, into=row.became)


def _day(day: date | None, column: str, header: str) -> date:
    if day is None:
        raise wrong("row.day_missing", column, f"须填写{header}")
    return day
