"""Contests, their entries and scores: who may do what when, and what a result is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.study import contract as c
from services.study.domain import CONTEST, ENTRY, SCORE, Contest, Entry
from services.study.domain.contest import check_complete, counted, may_judge, result
from services.study.domain.entry import check_contest, check_marks
from tests.unit.study.records import DAY, NOW

CALLED: dict[str, Any] = {
    "unit": "R",
    "day": DAY,
    "last": date(2026, 4, 30),
    "title": "演讲比赛",
    "kind": "speech",
    "judges": [{"user": f"j{number}", "units": ["R"]} for number in range(3)],
    "criteria": [{"name": "内容", "full": 60}, {"name": "表达", "full": 40}],
    "drop_highest": 1,
    "drop_lowest": 1,
    "awards": [{"name": "一等奖", "quota": 1}, {"name": "二等奖", "quota": 1}],
}
RECORDED = c.RecordContest(**CALLED, id="c")
START, CLOSE, PUBLISH = c.StartScoring(id="c"), c.CloseScoring(id="c"), c.PublishAwards(id="c")
VOID = c.VoidContest(id="c", reason="取消")
ENTERED: dict[str, Any] = {
    "unit": "D1",
    "day": DAY,
    "title": "岗位",
    "contest": "c",
    "author": "1 号",
    "reference": "演讲-1",
}


def contest(*commands: Command, **fields: Any) -> Contest:
    """A contest after these commands."""
    state: Contest | None = None
    for command in (c.RecordContest(**{**CALLED, **fields}, id="c"), *commands):
        for event in CONTEST.decide(state, command, NOW):
            state = CONTEST.evolve(state, event)
    assert state is not None
    return state


def refused(code: str, state: Contest | None, command: Command, now: datetime = NOW) -> None:
    """The command is refused with the code."""
    with pytest.raises(DomainError) as refusal:
        CONTEST.decide(state, command, now)
    assert refusal.value.code == code


def test_a_contest_goes_through_its_steps_in_order() -> None:
    """Called, scored, closed, published; no step is left out or taken twice."""
    states = [contest(*(START, CLOSE, PUBLISH)[:steps]) for steps in range(4)]
    assert [state.state for state in states] == ["recorded", "scoring", "closed", "published"]
    steps = (START, CLOSE, PUBLISH)
    for place, state in enumerate(states):
        for number, step in enumerate(steps):
            if number != place:
                refused("contest.stands", state, step)
    refused("contest.not_found", None, START)


def test_a_contest_counts_until_it_is_taken_back() -> None:
    """At every step of its life; not while it is given back."""
    for steps in range(4):
        state = contest(*(START, CLOSE, PUBLISH)[:steps])
        assert [(part.figure, part.unit, part.day) for part in counted(state)] == [("contests", "R", DAY)]
    assert counted(contest(c.ReturnContest(id="c", reason="缺规则"))) == []
    gone = contest(START, VOID)
    assert (gone.state, counted(gone)) == ("void", [])
    for step in (START, CLOSE, PUBLISH):
        refused("contest.stands", gone, step)


def test_rules_stay_once_scoring_has_begun() -> None:
    """Before it they may be said anew; after it neither they nor the judges change."""
    anew = c.CorrectContest(**{**CALLED, "drop_highest": 0}, id="c", reason="规则有误")
    assert contest(anew).drop_highest == 0
    refused("contest.stands", contest(START), anew)
    refused("contest.stands", contest(START, CLOSE), c.ReturnContest(id="c", reason="缺规则"))


def test_scoring_begins_on_the_last_day_of_entry() -> None:
    """Not before: entries may still come."""
    refused("contest.still_open", contest(), START, datetime(2026, 4, 29, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"judges": CALLED["judges"][:2]}, "contest.judges_too_few"),
        ({"judges": [CALLED["judges"][0]] * 3}, "contest.judges_repeated"),
        ({"last": date(2026, 1, 1)}, "contest.days_out_of_order"),
    ],
)
def test_a_contest_that_cannot_be_scored_is_not_called(fields: dict[str, Any], code: str) -> None:
    """Enough judges for what is dropped, each once; days in order."""
    refused(code, None, c.RecordContest(**{**CALLED, **fields}, id="c"))


PATHS = {"R": ["R"], "D1": ["R", "D1"], "D1-B1": ["R", "D1", "D1-B1"], "D2": ["R", "D2"]}


@pytest.mark.parametrize(
    ("units", "entry", "may"),
    [
        (["R"], "D1", True),
        (["R"], "R", False),
        (["R", "D1"], "D1", False),
        (["R", "D1"], "D1-B1", False),
        (["R", "D1-B1"], "D1", False),
        (["R", "D2"], "D1", True),
    ],
)
def test_nobody_judges_the_own_unit(units: list[str], entry: str, may: bool) -> None:
    """Nor a unit above or below; a role that reaches everything is no part in anything."""
    assert may_judge(c.Judge(user="j", units=units), entry, PATHS, "R") is may


def test_a_contest_waits_for_its_judges_or_leaves_them_out() -> None:
    """As it says; and without entries there is nothing to close."""
    waits, leaves = contest(START), contest(START, missing="leave_out")
    with pytest.raises(DomainError, match=r"contest\.no_entries"):
        check_complete(waits, {}, {})
    with pytest.raises(DomainError, match=r"contest\.scores_missing"):
        check_complete(waits, {"e": 2}, {"e": 3})
    check_complete(waits, {"e": 3}, {"e": 3})
    check_complete(leaves, {}, {"e": 3})


def test_a_result_has_score_place_and_award() -> None:
    """Full marks weigh where no weights are said; who has too few scores has neither place nor award."""
    marks: dict[str, dict[str, list[float]]] = {
        "a": {"j0": [60, 40], "j1": [54.5, 36], "j2": [30, 20]},
        "b": {"j0": [60, 40], "j1": [60, 40], "j2": [60, 40]},
        "c": {"j0": [60, 40]},
    }
    found = [(each.entry, each.score, each.place, award) for each, award in result(contest(), marks)]
    assert found == [
        ("b", Decimal("100.00"), 1, "一等奖"),
        ("a", Decimal("90.50"), 2, "二等奖"),
        ("c", None, None, None),
    ]


def test_an_entry_belongs_to_a_contest_of_a_unit_above_that_takes_entries() -> None:
    """Not of elsewhere, not after entries have closed, not on another day."""
    content = c.EntryContent(**ENTERED)
    assert check_contest(contest(), content, PATHS["D1"]).unit == "R"
    for known, path, code in (
        (None, PATHS["D1"], "entry.contest_unknown"),
        (contest(), ["X"], "entry.contest_unknown"),
        (contest(VOID), PATHS["D1"], "entry.contest_unknown"),
        (contest(START), PATHS["D1"], "entry.contest_closed"),
    ):
        with pytest.raises(DomainError) as refusal:
            check_contest(known, content, path)
        assert refusal.value.code == code
    with pytest.raises(DomainError, match=r"entry\.day_outside"):
        check_contest(contest(), content.model_copy(update={"day": date(2026, 5, 1)}), PATHS["D1"])


def test_an_entry_stays_in_its_contest_and_in_the_scope_of_both() -> None:
    """Of the entering unit and of the organiser."""
    (event,) = ENTRY.decide(None, c.RecordEntry(**ENTERED, organiser="R", id="e"), NOW)
    entry = ENTRY.evolve(None, event)
    assert isinstance(entry, Entry)
    assert list(ENTRY.parts(entry)) == ["D1", "R"]
    assert ENTRY.collection == "entries"
    with pytest.raises(DomainError, match=r"entry\.contest_fixed"):
        ENTRY.decide(entry, c.CorrectEntry(**{**ENTERED, "contest": "d"}, id="e", reason="有误"), NOW)


@pytest.mark.parametrize(
    ("marks", "code"),
    [([60], "score.marks_mismatch"), ([60, 40.5], "score.mark_too_high"), ([1, 1, 1], "score.marks_mismatch")],
)
def test_marks_are_those_of_the_criteria(marks: list[float], code: str) -> None:
    """One for each, none above its full marks, and only while the judges score."""
    check_marks(contest(START), [60, 40])
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        check_marks(contest(START), marks)
    for closed in (contest(), contest(START, CLOSE)):
        with pytest.raises(DomainError, match=r"score\.not_open"):
            check_marks(closed, [60, 40])


def test_a_score_given_again_is_no_second_score() -> None:
    """The same marks say nothing; others take their place."""
    given: dict[str, Any] = {"unit": "R", "day": DAY, "contest": "c", "entry": "e", "judge": "j0"}
    state = None
    for marks, events in (([60.0, 40.0], 1), ([60.0, 40.0], 0), ([50.0, 40.0], 1)):
        happened = list(SCORE.decide(state, c.GiveScore(**given, marks=marks), NOW))
        assert len(happened) == events
        for event in happened:
            state = SCORE.evolve(state, event)
    assert state is not None
    assert state.marks == [50.0, 40.0]
