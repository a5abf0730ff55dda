"""A topic's closed loop: what each gate requires, and what is refused with which reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.research import contract as c
from services.research.domain import TOPIC, Topic, check_link
from services.research.domain.loop import LOOP, counted, missing
from tests.unit.research.records import (
    ADVANCE,
    APPROVE,
    CLOSE,
    DAY,
    MEASURED,
    OUTLINE,
    REPORT,
    RETURN,
    REVISIT,
    TOPIC_CONTENT,
    VISITED,
    WAY,
    frame,
    topic,
)
from tests.unit.study.records import NOW

CORRECTION: dict[str, Any] = {**TOPIC_CONTENT, "id": "t", "reason": "有误"}
VOID = c.VoidTopic(id="t", reason="重复立题")


def refused(state: Topic | None, command: Command) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        TOPIC.decide(state, command, NOW)
    return refusal.value


def without(*gone: Command) -> Topic:
    """The furthest that a topic comes when these are left out."""
    state: Any = None
    for command in WAY:
        if command in gone:
            continue
        try:
            for happened in TOPIC.decide(state, command, NOW):
                state = TOPIC.evolve(state, happened)
        except DomainError:
            break
    assert isinstance(state, Topic)
    return state


def test_a_topic_goes_through_every_stage_and_closes() -> None:
    """Framed, surveyed, solved, converted, revisited, closed: each step is where it should be."""
    stages = [topic(*WAY[:count]).state for count in range(1, len(WAY) + 1)]
    assert [stage for place, stage in enumerate(stages) if stage not in stages[:place]] == list(LOOP)
    assert topic(*WAY).closed == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("gone", "stays", "asked", "told"),
    [
        (APPROVE, "framing", ADVANCE, "经批准的调研方案"),
        (VISITED, "surveying", ADVANCE, "至少一次调研"),
        (REPORT, "solving", ADVANCE, "调研报告"),
        (MEASURED, "solving", ADVANCE, "至少一项转化措施"),
        (REVISIT, "converted", CLOSE, "督查回访记录"),
    ],
)
def test_a_gate_stays_closed_and_says_what_is_missing(gone: Command, stays: str, asked: Command, told: str) -> None:
    """Nothing changes, and the refusal names what is lacking."""
    state = without(gone)
    assert state.state == stays
    refusal = refused(state, asked)
    assert (refusal.code, refusal.kind) == ("topic.gate_closed", "conflict")
    assert told in refusal.detail


def test_all_that_is_missing_is_told_at_once() -> None:
    """Who asks too early hears everything, not one thing after the other."""
    state = topic(frame(), OUTLINE, APPROVE)
    assert missing(state, c.TopicState.converted) == ["至少一次调研", "调研报告", "至少一项转化措施"]


def test_a_revisit_that_finds_no_effect_does_not_close() -> None:
    """It is written down, the loop stays open, and a later one that finds it effective closes it."""
    state = topic(*WAY[:-2], REVISIT.model_copy(update={"effective": False}))
    assert "达到预期效果" in refused(state, CLOSE).detail
    assert topic(*WAY[:-2], REVISIT.model_copy(update={"effective": False}), REVISIT, CLOSE).state == "closed"


def test_an_evidence_gone_closes_the_later_gates_again() -> None:
    """A visit that was taken back is missing at the next gate, though an earlier one was passed with it."""
    state = topic(*WAY[:7], c.CountEvidence(id="t", visits=-1))
    assert state.state == "solving"
    assert "至少一次调研" in refused(state, ADVANCE).detail


def test_what_is_given_back_is_given_back_with_its_reason() -> None:
    """An outline, or a whole stage; the outline is put up anew, the stage passed anew."""
    state = topic(frame(), OUTLINE, RETURN)
    assert (state.state, state.outline and state.outline.state, state.reason) == ("framing", "returned", "不够深入")
    assert refused(state, APPROVE).code == "topic.out_of_turn"
    assert topic(frame(), OUTLINE, RETURN, OUTLINE, APPROVE).reason is None
    assert topic(*WAY[:5], RETURN).state == "surveying"
    assert topic(*WAY[:5], RETURN, RETURN).outline == topic(frame(), OUTLINE, RETURN).outline
    back = topic(*WAY, RETURN)
    assert (back.state, back.closed) == ("revisited", None)
    assert topic(*WAY, RETURN, RETURN).revisit is None


@pytest.mark.parametrize("command", [ADVANCE, REPORT, OUTLINE, APPROVE, REVISIT])
def test_a_closed_topic_takes_no_step(command: Command) -> None:
    """Closed is closed, until it is given back."""
    assert refused(topic(*WAY), command).code == "topic.out_of_turn"


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (WAY[:1], APPROVE),
        (WAY[:1], REPORT),
        (WAY[:1], RETURN),
        (WAY[:3], OUTLINE),
        (WAY[:3], CLOSE),
        (WAY[:3], REVISIT),
        (WAY[:8], ADVANCE),
    ],
)
def test_no_step_is_taken_out_of_turn(state: list[Command], command: Command) -> None:
    """Each has its stage."""
    assert refused(topic(*state), command).code in ("topic.out_of_turn", "topic.gate_closed")


def test_it_counts_on_its_day_with_its_group() -> None:
    """One topic, and one research group where there is one; corrected it moves, void it leaves."""
    place = {"unit": "D1", "day": DAY}
    both = [c.Counted(figure="topics", **place), c.Counted(figure="groups", **place)]
    assert counted(topic(frame())) == both
    assert counted(topic(frame(group=[]))) == both[:1]
    for command, gone in ((c.CorrectTopic(**{**CORRECTION, "group": []}), both[1:]), (VOID, both)):
        told: list[Any] = list(TOPIC.decide(topic(frame()), command, NOW))
        assert [(event.was, event.now) for event in told] == [(gone, [])]
    assert counted(topic(frame(), VOID)) == []


def test_a_topic_with_visits_or_measures_is_not_taken_back() -> None:
    """They would hang in the air: they go first."""
    for evidence in (VISITED, MEASURED):
        refusal = refused(topic(*WAY[:3], evidence), VOID)
        assert (refusal.code, refusal.kind) == ("topic.in_use", "conflict")


def test_the_same_again_is_no_news_and_a_number_is_taken_once() -> None:
    """Same content changes nothing; other content under the number is refused, also after it was taken back."""
    state = topic(frame(number="K1"))
    assert TOPIC.decide(state, frame(number="K1"), NOW) == []
    assert TOPIC.decide(state, c.CorrectTopic(**CORRECTION), NOW) == []
    for known in (state, topic(frame(number="K1"), VOID)):
        assert refused(known, frame(number="K1", title="另一")).code == "topic.number_taken"
    assert refused(state, c.CorrectTopic(**{**CORRECTION, "unit": "D9"})).code == "topic.unit_fixed"
    assert refused(state, c.CorrectTopic(**{**CORRECTION, "number": "K2"})).code == "topic.number_fixed"


def test_a_correction_keeps_how_far_it_has_come() -> None:
    """Content is said anew; stage, outline, report and evidence stay."""
    state = topic(*WAY[:6], c.CorrectTopic(**{**CORRECTION, "title": "新题目"}))
    before = topic(*WAY[:6])
    assert (state.title, state.state, state.report, state.visits) == ("新题目", "solving", before.report, 1)


def test_days_are_possible() -> None:
    """No step lies ahead, none before the topic itself."""
    assert refused(None, frame(day=date(2026, 7, 1))).code == "day.in_future"
    early = c.ApproveOutline(id="t", day=date(2026, 3, 4))
    assert refused(topic(frame(), OUTLINE), early).code == "topic.dates_out_of_order"
    assert refused(None, frame(cooperating=["D1"])).code == "topic.unit_cooperates"


def test_void_and_unknown_topics_take_nothing() -> None:
    """There is nothing to do with what is gone or never was."""
    assert refused(topic(frame(), VOID), OUTLINE).code == "topic.void"
    assert refused(None, OUTLINE).code == "topic.not_found"


def test_a_link_needs_a_surveyed_topic_of_the_units_own() -> None:
    """Of the unit, of one above, or in which one of them cooperates; neither too early nor too late."""
    state = topic(*WAY[:3])
    check_link(state, ["P", "D1", "B1"])
    check_link(topic(frame(cooperating=["D2"]), OUTLINE, APPROVE), ["P", "D2"])
    for wrong, path, code in (
        (None, ["D1"], "topic.unknown"),
        (state, ["P", "D2"], "topic.unknown"),
        (topic(frame(), VOID), ["D1"], "topic.unknown"),
        (topic(frame()), ["D1"], "topic.not_surveyed"),
        (topic(*WAY), ["D1"], "topic.closed"),
    ):
        with pytest.raises(DomainError) as refusal:
            check_link(wrong, path)
        assert refusal.value.code == code
