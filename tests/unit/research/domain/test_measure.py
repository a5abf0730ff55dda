"""A measure: noted, said to be done, settled by who asked for it; what it counts and how far it has come."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.research import contract as c
from services.research.domain import MEASURE, Measure, percent
from services.research.domain.measure import counted
from tests.unit.research.records import DAY, MEASURE_CONTENT
from tests.unit.study.records import NOW

RECORD = c.RecordMeasure(**MEASURE_CONTENT, id="m")
CORRECTION: dict[str, Any] = {**MEASURE_CONTENT, "id": "m", "reason": "有误"}
NOTE = c.NoteProgress(id="m", progress=c.Progress(done="已印发", next="培训", problem="人手不足", support="经费"))
SUBMIT = c.SubmitMeasure(id="m")
SETTLE = c.SettleMeasure(id="m", day=date(2026, 5, 20))
RETURN = c.ReturnMeasure(id="m", reason="佐证不足")
VOID = c.VoidMeasure(id="m", reason="重复")
TODAY = date(2026, 6, 30)


def measure(*commands: Command) -> Measure:
    """A measure after these commands."""
    state: Measure | None = None
    for command in commands:
        for happened in MEASURE.decide(state, command, NOW):
            state = MEASURE.evolve(state, happened)
    assert state is not None
    return state


def refused(state: Measure | None, command: Command) -> str:
    with pytest.raises(DomainError) as refusal:
        MEASURE.decide(state, command, NOW)
    return refusal.value.code


def note(day: date | None = None, done: str = "已印发") -> c.NoteProgress:
    """A note of a day."""
    return c.NoteProgress(id="m", progress=c.Progress(done=done), day=day)


def test_it_goes_from_set_to_settled() -> None:
    """The first note sets it going, its owner says that it is done, who asked settles it."""
    early = note(date(2026, 4, 1))
    states = [measure(*steps).state for steps in ([RECORD], [RECORD, early], [RECORD, early, SUBMIT])]
    assert states == ["set", "working", "submitted"]
    done = measure(RECORD, early, SUBMIT, SETTLE)
    assert (done.state, done.settled, done.noted) == ("settled", date(2026, 5, 20), date(2026, 4, 1))


def test_a_note_has_four_fields_and_the_last_one_stays_with_it() -> None:
    """Done, next, problem, support; the same note again is no news."""
    state = measure(RECORD, NOTE)
    assert state.progress == NOTE.progress
    assert state.noted == TODAY
    assert MEASURE.decide(state, NOTE, NOW) == []


def test_it_is_given_back_with_a_reason_and_no_longer_counts_as_settled() -> None:
    """From what was submitted and from what was settled."""
    early = note(date(2026, 4, 1))
    for steps in ([SUBMIT], [SUBMIT, SETTLE]):
        state = measure(RECORD, early, *steps, RETURN)
        assert (state.state, state.settled, state.reason) == ("working", None, "佐证不足")
    told: list[Any] = list(MEASURE.decide(measure(RECORD, SUBMIT, SETTLE), RETURN, NOW))
    assert [part.figure for event in told for part in event.was] == ["measures_settled"]


@pytest.mark.parametrize(
    ("steps", "command"),
    [([], SETTLE), ([], RETURN), ([SUBMIT], NOTE), ([SUBMIT], SUBMIT), ([SUBMIT, SETTLE], SETTLE)],
)
def test_no_step_is_taken_out_of_turn(steps: list[Command], command: Command) -> None:
    """Each has its state."""
    assert refused(measure(RECORD, *steps), command) == "measure.out_of_turn"


def test_it_counts_for_who_asked_for_it() -> None:
    """Itself on its day, settled on the day on which it was; void neither."""
    state = measure(RECORD, SUBMIT, SETTLE)
    assert [(part.figure, part.unit, part.day) for part in counted(state)] == [
        ("measures", "D1", DAY),
        ("measures_settled", "D1", date(2026, 5, 20)),
    ]
    assert counted(measure(RECORD, SUBMIT, SETTLE, VOID)) == []


@pytest.mark.parametrize(("into", "name"), [("regulation", "制度"), ("problem", "问题")])
def test_it_becomes_a_regulation_or_a_problem_once(into: str, name: str) -> None:
    """Who follows these is told all that they need to go on with it."""
    hand_over = c.HandOverMeasure.model_validate({"id": "m", "into": into})
    (became,) = MEASURE.decide(measure(RECORD), hand_over, NOW)
    assert became.type == f"measure.became_{into}.v1"
    told = became.model_dump()
    assert {key: told[key] for key in ("unit", "title", "topic", "owner", "due")} == {
        key: MEASURE_CONTENT[key] for key in ("unit", "title", "topic", "owner", "due")
    }
    assert (told["was"], told["now"]) == ([], [])
    again = measure(RECORD, hand_over)
    assert again.became == into
    with pytest.raises(DomainError, match=name):
        MEASURE.decide(again, hand_over, NOW)


def test_a_correction_keeps_how_far_it_has_come() -> None:
    """Content is said anew, and with it the topic or the owner; notes and state stay."""
    state = measure(RECORD, note(date(2026, 4, 1)), c.CorrectMeasure(**{**CORRECTION, "owner": "D3", "topic": "t2"}))
    assert (state.owner, state.topic, state.state, state.noted) == ("D3", "t2", "working", date(2026, 4, 1))
    assert MEASURE.decide(measure(RECORD), c.CorrectMeasure(**CORRECTION), NOW) == []
    assert list(MEASURE.parts(state)) == ["D1", "D3"]


def test_what_is_impossible_is_refused() -> None:
    """Days that do not follow each other, an owner who helps themselves, a number that is taken."""
    early = measure(RECORD, note(date(2026, 4, 1)))
    assert refused(None, RECORD.model_copy(update={"due": date(2026, 3, 4)})) == "measure.due_before_day"
    assert refused(None, RECORD.model_copy(update={"cooperating": ["D2"]})) == "measure.owner_cooperates"
    assert refused(None, RECORD.model_copy(update={"day": date(2026, 7, 1)})) == "day.in_future"
    assert refused(early, note(date(2026, 3, 31), "另一")) == "measure.dates_out_of_order"
    assert refused(early, note(date(2026, 7, 1))) == "day.in_future"
    assert refused(early, c.CorrectMeasure(**{**CORRECTION, "day": date(2026, 4, 2)})) == "measure.dates_out_of_order"
    assert refused(early, c.CorrectMeasure(**{**CORRECTION, "unit": "D9"})) == "measure.unit_fixed"
    assert refused(measure(RECORD), RECORD.model_copy(update={"title": "另一"})) == "measure.number_taken"
    assert refused(measure(RECORD, VOID), RECORD) == "measure.number_taken"
    assert refused(measure(RECORD, VOID), NOTE) == "measure.void"
    assert refused(None, NOTE) == "measure.not_found"
    assert MEASURE.decide(measure(RECORD), RECORD, NOW) == []


STANDING = [state for state in c.MeasureState if state != c.MeasureState.void]


@given(some.dictionaries(some.sampled_from(STANDING), some.integers(1, 50)))
def test_a_topics_percentage_is_the_mean_of_its_measures(measures: dict[c.MeasureState, int]) -> None:
    """Between the least and the most of them, rounded down; none where there is no measure."""
    told = percent(measures)
    each = [c.PERCENT[state] for state, count in measures.items() for _ in range(count)]
    assert told == (sum(each) // len(each) if each else None)
