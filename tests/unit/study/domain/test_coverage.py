"""Coverage: the first session of a window covers the unit, the last one gone uncovers it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.study.contract import CountCoverage, CoverageCounted, Flip, Grain, Way
from services.study.domain.coverage import COVERAGE, GRAINS, Coverage, coverage_id, window
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


def test_what_is_taken_back_is_taken_back_where_it_was_counted() -> None:
    """The first session goes, a later one stays: nothing flips; then that goes too, on the first one's day."""
    later = JANUARY + timedelta(days=9)
    _, state = count(None, JANUARY)
    _, state = count(state, later)
    counted, state = count(state, JANUARY, -1)
    assert flipped(counted) == []
    counted, state = count(state, later, -1)
    assert {(day, change) for _, _, day, change in flipped(counted)} == {(JANUARY, -1)}
    assert len(flipped(counted)) == 4
    assert (state.sessions, state.days) == ({}, {})


def test_two_campaigns_in_a_year_cover_the_year_once() -> None:
    """A second campaign adds itself, not another month, quarter or year."""
    _, state = count(None, date(2026, 4, 10), campaign="C1")
    counted, state = count(state, date(2026, 4, 20), campaign="C2")
    assert [flip[:2] for flip in flipped(counted)] == [("campaign", "C2")]
    counted, _ = count(state, date(2026, 4, 10), -1, campaign="C1")
    assert [flip[:2] for flip in flipped(counted)] == [("campaign", "C1")]


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
    assert (state.sessions, state.days) == ({}, {})


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
def test_flips_add_up_to_the_windows_that_hold_a_session(steps: list[tuple[date, bool, int]]) -> None:
    """Whatever comes and goes, in any order: each window's flips add up to 1 while it holds a session, else to 0."""
    state: Coverage | None = None
    held: list[date] = []
    sums: Counter[tuple[str, date]] = Counter()
    for day, comes, which in steps:
        if not comes and not held:
            continue
        told = day if comes else held.pop(which % len(held))
        if comes:
            held.append(told)
        counted, state = count(state, told, 1 if comes else -1, campaign=_campaign(told))
        for grain, _, on, change in flipped(counted):
            sums[grain, on] += change
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for (grain, on), amount in sums.items():
            assert amount >= 0
            totals[grain, window(cast(Grain, grain), on.isoformat()[:7], _campaign(on))] += amount
        covered = {(grain, window(grain, each.isoformat()[:7], _campaign(each))) for grain in GRAINS for each in held}
        assert {place for place, amount in totals.items() if amount} == covered
        assert set(totals.values()) <= {0, 1}


def _campaign(day: date) -> str:
    return "C1" if day < date(2026, 4, 16) else "C2"
