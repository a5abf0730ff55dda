"""Coverage: the first session of a window covers the unit, the last one gone uncovers it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kernel.distinct import COUNTED_ANEW, GRAINS, CountAnew, window
from services.study.contract import CountCoverage, CoverageCounted, Flip, Way
from services.study.domain.coverage import COVERAGE, Coverage, coverage_id
from tests.unit.study.records import NOW

JANUARY = date(2026, 1, 10)


def count(
    state: Coverage | None, day: date, by: Literal[1, -1] = 1, campaign: str = "C1", way: Way = Way.branch
) -> tuple[CoverageCounted, Coverage]:
    asked = CountCoverage(unit="D1", day=day, campaign=campaign, way=way, by=by)
    (counted,) = COVERAGE.decide(state, asked, NOW)
    assert isinstance(counted, CoverageCounted)
    return counted, COVERAGE.evolve(state, counted)


def flipped(counted: CoverageCounted) -> list[tuple[str, str, date, int]]:
    """What changes by whichever way; by one way alone the same happens, as there is no other here."""
    told = {way: [_told(flip) for flip in counted.flips if flip.way == way] for way in (None, Way.branch)}
    assert told[None] == told[Way.branch]
    return told[None]


def _told(flip: Flip) -> tuple[str, str, date, int]:
    return flip.grain, flip.window, flip.day, flip.now - flip.was


@pytest.mark.parametrize(
    ("month", "quarter"),
    [
        (f"2026-{month:02}", f"2026-Q{quarter}")
        for month, quarter in zip(range(1, 13), [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3, strict=True)
    ],
)
def test_every_month_lies_in_its_windows(month: str, quarter: str) -> None:
    """Month, quarter, year, campaign."""
    assert [window(grain, month, "C1") for grain in GRAINS] == [month, quarter, "2026", "C1"]


def test_the_first_session_covers_every_window() -> None:
    """All four grains at once, on the session's day."""
    counted, _ = count(None, JANUARY)
    windows = [("month", "2026-01"), ("quarter", "2026-Q1"), ("year", "2026"), ("campaign", "C1")]
    assert flipped(counted) == [(grain, name, JANUARY, 1) for grain, name in windows]
    assert (counted.was, counted.now) == (0, 1)


def test_more_sessions_cover_only_what_is_new() -> None:
    """A second in the month covers nothing more; one in the next month, that month; one in the next quarter, both."""
    _, state = count(None, JANUARY)
    counted, state = count(state, JANUARY + timedelta(days=3))
    assert flipped(counted) == []
    counted, state = count(state, date(2026, 2, 1))
    assert flipped(counted) == [("month", "2026-02", date(2026, 2, 1), 1)]
    counted, _ = count(state, date(2026, 4, 1))
    assert [flip[:2] for flip in flipped(counted)] == [("month", "2026-04"), ("quarter", "2026-Q2")]


def test_what_is_first_no_more_counts_on_the_day_of_the_next() -> None:
    """The first session goes, a later one stays: each window moves to its day; then that goes too."""
    later = JANUARY + timedelta(days=9)
    _, state = count(None, JANUARY)
    _, state = count(state, later)
    counted, state = count(state, JANUARY, -1)
    assert [(day, change) for _, _, day, change in flipped(counted)] == [(JANUARY, -1), (later, 1)] * 4
    counted, state = count(state, later, -1)
    assert {(day, change) for _, _, day, change in flipped(counted)} == {(later, -1)}
    assert len(flipped(counted)) == 4
    assert (state.counts, state.days) == ({}, {})


def test_an_earlier_session_that_comes_later_is_the_first() -> None:
    """The windows move to its day; of two on one day it does not matter which goes."""
    later = JANUARY + timedelta(days=9)
    _, state = count(None, later)
    counted, state = count(state, JANUARY)
    assert [(day, change) for _, _, day, change in flipped(counted)] == [(later, -1), (JANUARY, 1)] * 4
    assert (counted.was, counted.now) == (1, 2)
    _, state = count(state, JANUARY)
    counted, _ = count(state, JANUARY, -1)
    assert flipped(counted) == []


def test_a_day_in_no_campaign_covers_month_quarter_and_year() -> None:
    """There is no campaign's window in which it could count."""
    counted, state = count(None, JANUARY, campaign="")
    assert [flip[0] for flip in flipped(counted)] == ["month", "quarter", "year"]
    counted, _ = count(state, JANUARY + timedelta(days=1))
    assert [flip[:2] for flip in flipped(counted)] == [("campaign", "C1")]


def test_a_campaign_may_be_opened_over_a_day_that_has_a_session() -> None:
    """What comes or goes on that day later says which campaign it lies in, and all of that day with it."""
    _, state = count(None, JANUARY, campaign="")
    counted, more = count(state, JANUARY, campaign="C1", way=Way.youth)
    assert {(flip.grain, flip.way) for flip in counted.flips} >= {("campaign", None), ("campaign", Way.branch)}
    assert more.days["campaign C1"] == JANUARY
    counted, state = count(state, JANUARY, -1, campaign="C1")
    assert (counted.was, counted.now) == (1, 0)
    assert (state.counts, state.days) == ({}, {})


def test_what_was_counted_on_other_days_is_counted_anew() -> None:
    """The record says on which days its windows should count; asked again there is nothing to say."""
    later = JANUARY + timedelta(days=9)
    _, state = count(None, JANUARY)
    _, state = count(state, later)
    wrong = state.model_copy(update={"days": dict.fromkeys(state.days, later)})
    (counted,) = COVERAGE.decide(wrong, CountAnew(), NOW)
    assert isinstance(counted, CoverageCounted)
    assert [(day, change) for _, _, day, change in flipped(counted)] == [(later, -1), (JANUARY, 1)] * 4
    assert (counted.day, counted.was, counted.now, counted.reason) == (JANUARY, 2, 2, COUNTED_ANEW)
    assert COVERAGE.evolve(wrong, counted) == state
    assert COVERAGE.decide(state, CountAnew(), NOW) == []


def test_two_campaigns_in_a_year_cover_the_year_once() -> None:
    """A second campaign adds itself, not another month, quarter or year."""
    _, state = count(None, date(2026, 4, 10), campaign="C1")
    counted, state = count(state, date(2026, 4, 20), campaign="C2")
    assert [flip[:2] for flip in flipped(counted)] == [("campaign", "C2")]
    counted, _ = count(state, date(2026, 4, 10), -1, campaign="C1")
    assert [(flip[:2], flip[3]) for flip in flipped(counted) if flip[0] == "campaign"] == [(("campaign", "C1"), -1)]
    assert [flip[3] for flip in flipped(counted) if flip[0] == "year"] == [-1, 1]


def test_each_way_covers_its_own_windows() -> None:
    """A second way in the same month covers that way's windows, and none of whichever; taken back, they go alone."""
    _, state = count(None, JANUARY)
    counted, state = count(state, JANUARY, way=Way.youth)
    assert {flip.way for flip in counted.flips} == {Way.youth}
    assert len(counted.flips) == 4
    counted, state = count(state, JANUARY, -1)
    assert {(flip.way, flip.now) for flip in counted.flips} == {(Way.branch, 0)}
    counted, state = count(state, JANUARY, -1, way=Way.youth)
    assert {(flip.way, flip.now) for flip in counted.flips} == {(None, 0), (Way.youth, 0)}
    assert (state.counts, state.days) == ({}, {})


def test_more_than_there_is_cannot_be_taken_back() -> None:
    """That would be a mistake of ours, not of a user's."""
    _, state = count(None, JANUARY)
    with pytest.raises(AssertionError):
        count(state, date(2026, 2, 1), -1)


def test_it_is_one_record_a_unit() -> None:
    """Its id follows from the unit, and its scope rests on the unit."""
    _, state = count(None, JANUARY)
    assert coverage_id("D1") == "coverage:D1"
    assert list(COVERAGE.parts(state)) == ["D1"]


DAYS = some.dates(date(2025, 11, 1), date(2026, 9, 30))


@given(some.lists(some.tuples(DAYS, some.booleans(), some.integers(0, 99)), max_size=40))
def test_each_window_counts_on_the_day_of_its_first_session(steps: list[tuple[date, bool, int]]) -> None:
    """Whatever comes and goes, in any order: the flips add up to one on that day, and to nothing on any other."""
    state: Coverage | None = None
    held: list[date] = []
    sums: Counter[tuple[str, str, date]] = Counter()
    for day, comes, which in steps:
        if not comes and not held:
            continue
        told = day if comes else held.pop(which % len(held))
        if comes:
            held.append(told)
        counted, state = count(state, told, 1 if comes else -1, campaign=_campaign(told))
        for grain, name, on, change in flipped(counted):
            sums[grain, name, on] += change
        firsts: dict[tuple[str, str], date] = {}
        for each in sorted(held, reverse=True):
            firsts |= {(grain, window(grain, each.isoformat()[:7], _campaign(each))): each for grain in GRAINS}
        assert {place: n for place, n in sums.items() if n} == {(*place, on): 1 for place, on in firsts.items()}


def _campaign(day: date) -> str:
    return "C1" if day < date(2026, 4, 16) else "C2"
