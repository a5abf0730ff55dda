"""Judging: whoever lists the judges how, whatever one of them gives, the rules hold."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.study.domain import judging
from services.study.domain.judging import Criterion, Rules, Tie, award, placed, rounded, total

ONE = [Criterion(Fraction(100), Fraction(1))]
MARK = some.integers(0, 200).map(lambda half: Fraction(half, 2))
SCORES = some.dictionaries(some.integers(0, 9), some.lists(MARK, min_size=2, max_size=2), max_size=9)
CONTEST = some.dictionaries(some.integers(0, 6), SCORES, max_size=6)
RULES = some.builds(
    Rules,
    some.just([Criterion(Fraction(100), Fraction(3)), Criterion(Fraction(200), Fraction(1))]),
    some.integers(0, 2),
    some.integers(0, 2),
    some.sampled_from(["shared", "criteria", "all_scores"]),
)


def single(*marks: int) -> dict[int, list[Fraction]]:
    """One entry's scores by judges, on one criterion."""
    return {judge: [Fraction(mark)] for judge, mark in enumerate(marks)}


def told(rules: Rules, marks: Any) -> dict[Any, tuple[Decimal | None, int | None]]:
    """Score and place by entry."""
    return {each.entry: (each.score, each.place) for each in placed(rules, marks)}


def test_highest_and_lowest_are_dropped() -> None:
    """Of five judges three count; the two others are named."""
    (found,) = placed(Rules(ONE, 1, 1), {"a": single(90, 10, 80, 100, 70)})
    assert found.score == Decimal("80.00")
    assert found.dropped == {1, 3}


def test_criteria_weigh_as_they_say() -> None:
    """Marks are shares of the full marks, weighted; full marks everywhere are 100."""
    criteria = [Criterion(Fraction(60), Fraction(60)), Criterion(Fraction(20), Fraction(40))]
    assert total(criteria, [Fraction(60), Fraction(20)]) == 100
    assert total(criteria, [Fraction(30), Fraction(20)]) == 70


def test_scores_are_rounded_half_up_once() -> None:
    """A third is a third until it is given out."""
    assert rounded(Fraction(200, 3)) == Decimal("66.67")
    assert rounded(Fraction(80005, 1000)) == Decimal("80.01")
    assert rounded(Fraction(80004999, 1000000)) == Decimal("80.00")


@pytest.mark.parametrize(("tie", "places"), [("shared", [1, 1, 3]), ("all_scores", [2, 1, 3]), ("criteria", [1, 2, 3])])
def test_ties_are_as_the_contest_says(tie: Tie, places: list[int]) -> None:
    """Equal scores share a place and leave the next empty; or go by all scores; or by the first criterion."""
    criteria = [Criterion(Fraction(50), Fraction(1)), Criterion(Fraction(50), Fraction(1))]
    marks = {
        "a": {1: [Fraction(40), Fraction(30)], 2: [Fraction(40), Fraction(30)], 3: [Fraction(40), Fraction(10)]},
        "b": {1: [Fraction(35), Fraction(35)], 2: [Fraction(35), Fraction(35)], 3: [Fraction(35), Fraction(30)]},
        "c": {1: [Fraction(1), Fraction(1)], 2: [Fraction(2), Fraction(2)], 3: [Fraction(1), Fraction(1)]},
    }
    found = told(Rules(criteria, 0, 1, tie), marks)
    assert [found[entry][1] for entry in "abc"] == places


def test_too_few_scores_have_no_place() -> None:
    """One score must be left; an entry without comes last, with its scores."""
    found = placed(Rules(ONE, 1, 1), {"few": single(100, 100), "enough": single(1, 1, 1)})
    assert [(each.entry, each.place, each.score) for each in found] == [
        ("enough", 1, Decimal("1.00")),
        ("few", None, None),
    ]
    assert len(found[1].totals) == 2


def test_awards_go_by_place() -> None:
    """Quotas follow one another; who shares an award's last place earns it too; no place, no award."""
    assert [award([1, 2], place) for place in (1, 2, 3, 4, None)] == [0, 1, 1, None, None]
    assert award([], 1) is None


@given(CONTEST, RULES, some.randoms(use_true_random=False))
def test_nobody_gains_by_being_listed_first(marks: Any, rules: Rules, chance: Any) -> None:
    """The order of entries and of judges changes neither score nor place."""
    shuffled = {}
    for entry in chance.sample(list(marks), len(marks)):
        shuffled[entry] = {judge: marks[entry][judge] for judge in chance.sample(list(marks[entry]), len(marks[entry]))}
    assert told(rules, shuffled) == told(rules, marks)


@given(SCORES.filter(lambda scores: len(scores) >= 5), RULES, some.data())
def test_a_higher_mark_never_lowers_a_score(scores: Any, rules: Rules, data: some.DataObject) -> None:
    """One judge gives more on one criterion: the score rises or stays."""
    judge = data.draw(some.sampled_from(sorted(scores)))
    place = data.draw(some.integers(0, 1))
    raised = [*scores[judge]]
    raised[place] += data.draw(MARK)
    before, after = (told(rules, {"a": each})["a"][0] for each in (scores, {**scores, judge: raised}))
    assert before is not None
    assert after is not None
    assert after >= before


@given(SCORES.filter(lambda scores: len(scores) >= 3), MARK)
def test_one_judge_alone_cannot_carry_a_score_beyond_the_others(scores: Any, mark: Fraction) -> None:
    """With highest and lowest dropped the score lies within what the other judges gave."""
    first, *others = sorted(scores)
    rules = Rules([Criterion(Fraction(100), Fraction(1)), Criterion(Fraction(100), Fraction(1))], 1, 1)
    given_by = {**scores, first: [mark, mark]}
    totals = [total(rules.criteria, given_by[judge]) for judge in others]
    score = told(rules, {"a": given_by})["a"][0]
    assert score is not None
    assert rounded(min(totals)) <= score <= rounded(max(totals))


@given(CONTEST, RULES)
def test_places_are_those_of_the_scores(marks: Any, rules: Rules) -> None:
    """A better score is a better place, every entry is there once, and places begin at 1."""
    found = placed(rules, marks)
    assert sorted(each.entry for each in found) == sorted(marks)
    scored = [each for each in found if each.place is not None]
    assert not scored or scored[0].place == 1
    for one in scored:
        assert len(one.dropped) == min(rules.drop_highest + rules.drop_lowest, len(one.totals))
        for other in scored:
            assert one.score is not None
            assert other.score is not None
            if one.score > other.score:
                assert (one.place or 0) < (other.place or 0)


def test_it_can_be_lifted_out() -> None:
    """The module imports nothing of this platform."""
    assert not [
        name
        for name, value in vars(judging).items()
        if "services." in getattr(value, "__module__", "")[:9] and value.__module__ != judging.__name__
    ]
