"""What a row of a sheet still asks of a record that has come so far."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.research import contract as c
from services.research.domain import (
    MEASURE,
    TOPIC,
    Measure,
    Topic,
    check_reached,
    measure_steps,
    restating,
    topic_steps,
)
from tests.unit.research.records import DAY, MEASURE_CONTENT, MEASURED, TOPIC_CONTENT, VISITED, WAY, frame, topic
from tests.unit.study.records import NOW

OUTLINE: dict[str, Any] = {"outline": "到三个单位座谈", "approved": DAY}
REPORT: dict[str, Any] = {"report": "数据共享调研报告", "reported": DAY}
WHOLE: dict[str, Any] = {**OUTLINE, **REPORT, "revisited": DAY, "finding": "已见效", "closed": DAY, "state": "关闭"}


def topic_row(**cells: Any) -> c.TopicRow:
    told = {name: TOPIC_CONTENT[name] for name in ("unit", "day", "title", "leader")}
    return c.TopicRow.model_validate({**told, "kind": "对策性", "number": "KT-1", **cells})


def measure_row(**cells: Any) -> c.MeasureRow:
    return c.MeasureRow.model_validate({**MEASURE_CONTENT, "number": "CS-1", **cells})


def led(state: Topic, row: c.TopicRow) -> Topic:
    """The topic after all that its row asks."""
    for step in topic_steps("t", row, state):
        for happened in TOPIC.decide(state, step, NOW):
            state = TOPIC.evolve(state, happened)
    check_reached(row, state)
    return state


def names(steps: Any) -> list[str]:
    return [type(step).__name__ for step in steps]


def test_a_topic_is_led_through_all_its_gates() -> None:
    """With what it needs it comes as far as its row says; the same row then asks nothing."""
    ready = topic(frame(), WAY[1], WAY[2], VISITED, MEASURED)
    done = led(ready, topic_row(**WHOLE))
    assert (done.state, done.closed) == ("closed", DAY)
    assert list(topic_steps("t", topic_row(**WHOLE), done)) == []


@pytest.mark.parametrize("stage", ["谋题", "破题", "解题", "成果转化"])
def test_a_row_that_is_behind_asks_nothing(stage: str) -> None:
    """An older sheet takes nothing back."""
    done = topic(*WAY)
    assert list(topic_steps("t", topic_row(**OUTLINE, state=stage), done)) == []


def test_a_topic_without_what_a_gate_needs_is_refused() -> None:
    """By the gate itself; and where a row leaves out the step, by what it has not reached."""
    surveyed = topic(*WAY[:3])
    with pytest.raises(DomainError, match="至少一次调研"):
        led(surveyed, topic_row(**OUTLINE, state="解题"))
    converted = topic(*WAY[:8])
    with pytest.raises(DomainError, match="督查回访记录"):
        led(converted, topic_row(**OUTLINE, **REPORT, state="督查回访"))
    with pytest.raises(DomainError) as refusal:
        led(surveyed, topic_row(**OUTLINE, state="破题", report="报告"))
    assert (refusal.value.code, refusal.value.errors[0]["pointer"]) == ("row.day_missing", "/reported")


def test_an_outline_that_was_given_back_is_put_up_again() -> None:
    """Also with the same words."""
    returned = topic(frame(), WAY[1], c.ReturnTopic(id="t", reason="不够聚焦"))
    assert names(topic_steps("t", topic_row(outline="到三个单位座谈"), returned)) == ["SubmitOutline"]
    proposed = topic(frame(), WAY[1])
    assert names(topic_steps("t", topic_row(outline="到三个单位座谈"), proposed)) == []
    assert refused(topic_steps("t", topic_row(outline="另一方案"), proposed)) == ("topic.number_taken", "/outline")


def refused(steps: Any) -> tuple[str, str]:
    """With which code, at which column."""
    with pytest.raises(DomainError) as refusal:
        list(steps)
    return refusal.value.code, refusal.value.errors[0]["pointer"]


def measure(*commands: Command) -> Measure:
    """A measure after these commands."""
    state: Measure | None = None
    for command in (c.RecordMeasure(**MEASURE_CONTENT, id="m"), *commands):
        for happened in MEASURE.decide(state, command, NOW):
            state = MEASURE.evolve(state, happened)
    assert state is not None
    return state


NOTE = {"done": "已印发", "noted": date(2026, 4, 1)}


def test_a_measure_is_noted_submitted_and_settled() -> None:
    """As far as its row says, and no step twice."""
    row = measure_row(**NOTE, state="已销号", settled=date(2026, 5, 6), became="制度")
    steps = list(measure_steps("m", row, measure()))
    assert names(steps) == ["NoteProgress", "SubmitMeasure", "SettleMeasure", "HandOverMeasure"]
    done = measure(*steps)
    assert (done.state, done.settled, done.became) == ("settled", date(2026, 5, 6), "regulation")
    assert list(measure_steps("m", row, done)) == []
    assert list(measure_steps("m", measure_row(), done)) == []


def test_a_later_note_is_news_and_another_one_is_a_correction() -> None:
    """What was noted on a day is said otherwise by a correction alone, which says it with its day."""
    noted = measure(c.NoteProgress(id="m", progress=c.Progress(done="已培训"), day=date(2026, 5, 6)))
    assert refused(measure_steps("m", measure_row(**NOTE), noted)) == ("measure.number_taken", "/noted")
    same_day = measure_row(done="已考核", noted=date(2026, 5, 6))
    assert refused(measure_steps("m", same_day, noted)) == ("measure.number_taken", "/done")
    later = measure_row(done="已考核", noted=date(2026, 5, 7))
    assert names(measure_steps("m", later, noted)) == ["NoteProgress"]
    command = c.CorrectMeasure(**MEASURE_CONTENT, id="m", reason="日期有误")
    mended = measure(*measure_steps("m", later, measure()), restating(command, same_day, noted))
    assert (mended.noted, mended.progress) == (date(2026, 5, 6), c.Progress(done="已考核"))


def test_a_corrected_day_of_settling_moves_the_figure() -> None:
    """It leaves the day that was wrong and enters the other one; a day before the last note is refused."""
    settled = measure(*measure_steps("m", measure_row(**NOTE, state="已销号", settled=date(2026, 5, 6)), measure()))
    row = measure_row(**NOTE, state="已销号", settled=date(2026, 5, 7))
    assert refused(measure_steps("m", row, settled)) == ("measure.number_taken", "/settled")
    command = c.CorrectMeasure(**MEASURE_CONTENT, id="m", reason="日期有误")
    (event,) = MEASURE.decide(settled, restating(command, row, settled), NOW)
    assert isinstance(event, c.MeasureCorrected)
    assert [[(each.figure, each.day) for each in parts] for parts in (event.was, event.now)] == [
        [("measures_settled", date(2026, 5, 6))],
        [("measures_settled", date(2026, 5, 7))],
    ]
    early = measure_row(**NOTE, state="已销号", settled=date(2026, 3, 31))
    with pytest.raises(DomainError) as refusal:
        MEASURE.decide(settled, restating(command, early, settled), NOW)
    assert refusal.value.errors[0]["pointer"] == "/settled"


@pytest.mark.parametrize(
    "cells",
    [
        {"outline": "到四个单位座谈"},
        {"approved": date(2026, 3, 6)},
        {"report": "另一报告"},
        {"reported": date(2026, 3, 6)},
        {"summary": "摘要"},
        {"revisited": date(2026, 3, 6)},
        {"effective": "否"},
        {"finding": "未见效"},
        {"closed": date(2026, 3, 6)},
    ],
    ids=lambda cells: next(iter(cells)),
)
def test_a_step_of_a_topic_is_said_otherwise_by_a_correction_alone(cells: dict[str, Any]) -> None:
    """Without one the row is refused at its column; after it the same row asks nothing."""
    done = led(topic(frame(), WAY[1], WAY[2], VISITED, MEASURED), topic_row(**WHOLE))
    row = topic_row(**{**WHOLE, "effective": "是", **cells})
    (column,) = cells
    assert refused(topic_steps("t", row, done)) == ("topic.number_taken", f"/{column}")
    command = c.CorrectTopic(**TOPIC_CONTENT, id="t", reason="填写有误")
    (event,) = TOPIC.decide(done, restating(command, row, done), NOW)
    assert list(topic_steps("t", row, TOPIC.evolve(done, event))) == []


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"done": "已印发"}, "noted", "row.day_missing"),
        ({"state": "推进中"}, "done", "row.progress_missing"),
        ({**NOTE, "state": "已销号"}, "settled", "row.day_missing"),
        ({"next": "培训"}, "done", "row.progress_missing"),
        ({**NOTE, "settled": date(2026, 5, 6)}, "settled", "row.state_missing"),
    ],
)
def test_a_row_that_leaves_out_what_it_needs_is_refused(cells: dict[str, Any], column: str, code: str) -> None:
    """At the column that is empty."""
    with pytest.raises(DomainError) as refusal:
        list(measure_steps("m", measure_row(**cells), measure()))
    assert (refusal.value.code, refusal.value.errors[0]["pointer"]) == (code, f"/{column}")
