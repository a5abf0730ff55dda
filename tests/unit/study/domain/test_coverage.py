"""Coverage: a session in a window covers the unit at its end, the last one gone uncovers it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kernel.rules.distinct import COUNTED_ANEW, GRAINS, CountAnew, last_day, window
from services.study.contract import CountCoverage, CoverageCounted, Flip, PlaceCoverage, Way
from services.study.domain.coverage import COVERAGE, Coverage, coverage_id
from tests.unit.study.records import NOW

JANUARY = date(2026, 1, 10)
SPANS = {
    "C1": (date(2025, 11, 1), date(2026, 4, 15)),
    "C2": (date(2026, 4, 16), date(2026, 12, 31)),
}
CLOSES = {id: last for id, (_, last) in SPANS.items()}
ENDS = {"2026-01": date(2026, 1, 31), "2026-Q1": date(2026, 3, 31), "2026": date(2026, 12, 31), **CLOSES}


def count(
    state: Coverage | None,
    day: date,
    by: Literal[1, -1] = 1,
    campaign: str = "C1",
    way: Way = Way.branch,
    spans: dict[str, tuple[date, date]] = SPANS,
) -> tuple[CoverageCounted, Coverage]:
    place = {"unit": "D1", "day": day, "campaign": campaign, "span": spans.get(campaign)}
    asked = CountCoverage.model_validate({**place, "way": way, "by": by})
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
    """All four grains at once, each on its last day."""
    counted, _ = count(None, JANUARY)
    windows = [("month", "2026-01"), ("quarter", "2026-Q1"), ("year", "2026"), ("campaign", "C1")]
    assert flipped(counted) == [(grain, name, ENDS[name], 1) for grain, name in windows]
    assert (counted.was, counted.now) == (0, 1)


def test_more_sessions_cover_only_what_is_new() -> None:
    """A second in the month covers nothing more; one in the next month, that month; one in the next quarter, both."""
    _, state = count(None, JANUARY)
    counted, state = count(state, JANUARY + timedelta(days=3))
    assert flipped(counted) == []
    counted, state = count(state, date(2026, 2, 1))
    assert flipped(counted) == [("month", "2026-02", date(2026, 2, 28), 1)]
    counted, _ = count(state, date(2026, 4, 1))
    assert [flip[:2] for flip in flipped(counted)] == [("month", "2026-04"), ("quarter", "2026-Q2")]


def test_which_session_is_first_is_no_matter() -> None:
    """An earlier one that comes later, or goes, changes nothing while another stays; the last gone takes all back."""
    later = JANUARY + timedelta(days=9)
    _, state = count(None, later)
    counted, state = count(state, JANUARY)
    assert (flipped(counted), counted.was, counted.now) == ([], 1, 2)
    counted, state = count(state, JANUARY, -1)
    assert flipped(counted) == []
    counted, state = count(state, later, -1)
    assert [(name, day, change) for _, name, day, change in flipped(counted)] == [
        (name, ENDS[name], -1) for name in ("2026-01", "2026-Q1", "2026", "C1")
    ]
    assert (state.counts, state.days) == ({}, {})


def placed(state: Coverage, **told: Any) -> tuple[CoverageCounted, Coverage]:
    (counted,) = COVERAGE.decide(state, PlaceCoverage(unit="D1", **told), NOW)
    assert isinstance(counted, CoverageCounted)
    return counted, COVERAGE.evolve(state, counted)


def test_a_unit_that_is_no_more_leaves_the_windows_that_end_later() -> None:
    """It stays in those that ended before; sessions that come later, or go, know of it."""
    _, state = count(None, JANUARY)
    counted, state = placed(state, until=date(2026, 3, 31))
    assert [(flip[1], flip[3]) for flip in flipped(counted)] == [("2026-Q1", -1), ("2026", -1), ("C1", -1)]
    assert (counted.was, counted.now, counted.until, counted.reason) == (1, 1, date(2026, 3, 31), COUNTED_ANEW)
    counted, state = count(state, date(2026, 2, 3))
    assert [flip[:2] for flip in flipped(counted)] == [("month", "2026-02")]
    counted, state = count(state, JANUARY, -1)
    assert [(flip[1], flip[3]) for flip in flipped(counted)] == [("2026-01", -1)]
    assert COVERAGE.decide(state, PlaceCoverage(unit="D1", until=date(2026, 3, 31)), NOW) == []


def test_a_unit_whose_end_changes_nothing_yet_remembers_it() -> None:
    """Whatever window it covers ended before: what comes later is to know that it is no more."""
    _, state = count(None, JANUARY, campaign="")
    _, state = count(state, JANUARY, -1, campaign="")
    counted, state = placed(state, until=date(2026, 3, 31))
    assert (counted.flips, state.until) == ([], date(2026, 3, 31))
    counted, _ = count(state, JANUARY, campaign="")
    assert [flip[:2] for flip in flipped(counted)] == [("month", "2026-01")]


def test_a_campaign_whose_days_are_learnt_later_counts_on_its_last_day() -> None:
    """Until then on the day of its first session, as earlier versions told it; what was told is taken back."""
    counted, state = count(None, JANUARY, spans={})
    assert flipped(counted)[-1] == ("campaign", "C1", JANUARY, 1)
    counted, state = placed(state, spans=SPANS)
    assert [flip[1:] for flip in flipped(counted)] == [("C1", JANUARY, -1), ("C1", CLOSES["C1"], 1)]
    assert state.spans == SPANS
    assert COVERAGE.decide(state, PlaceCoverage(unit="D1", spans=SPANS), NOW) == []


def test_a_campaign_that_is_opened_over_days_with_sessions_counts_them() -> None:
    """They lay in none; told of its days, the record counts them in it, and they may be taken back."""
    _, state = count(None, JANUARY, campaign="")
    counted, state = placed(state, spans=SPANS)
    assert flipped(counted) == [("campaign", "C1", CLOSES["C1"], 1)]
    counted, state = count(state, JANUARY, -1, campaign="C1")
    assert [flip[0] for flip in flipped(counted)] == ["month", "quarter", "year", "campaign"]
    assert (state.counts, state.days) == ({}, {})


def test_what_earlier_versions_told_is_read() -> None:
    """Events that say neither last days nor an end: the state follows from them, and is then set right by one more."""
    told = {"unit": "D1", "day": JANUARY, "campaign": "C1", "month": "2026-01", "way": "branch", "was": 0, "now": 1}
    windows = (("month", "2026-01"), ("quarter", "2026-Q1"), ("year", "2026"), ("campaign", "C1"))
    flips = [
        {"grain": grain, "window": name, "way": way, "day": JANUARY, "was": 0, "now": 1}
        for grain, name in windows
        for way in (None, "branch")
    ]
    state = COVERAGE.evolve(None, CoverageCounted.model_validate({**told, "flips": flips}))
    assert set(state.days.values()) == {JANUARY}
    (counted,) = COVERAGE.decide(state, CountAnew(), NOW)
    assert isinstance(counted, CoverageCounted)
    state = COVERAGE.evolve(state, counted)
    _, state = placed(state, spans={"C1": SPANS["C1"]})
    _, fresh = count(None, JANUARY)
    assert state == fresh


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
    assert more.days["campaign C1"] == CLOSES["C1"]
    counted, state = count(state, JANUARY, -1, campaign="C1")
    assert (counted.was, counted.now) == (1, 0)
    assert (state.counts, state.days) == ({}, {})


def test_what_was_counted_on_other_days_is_counted_anew() -> None:
    """The record says on which days its windows should count; asked again there is nothing to say."""
    _, state = count(None, JANUARY)
    wrong = state.model_copy(update={"days": dict.fromkeys(state.days, JANUARY)})
    (counted,) = COVERAGE.decide(wrong, CountAnew(), NOW)
    assert isinstance(counted, CoverageCounted)
    assert [(day, change) for _, _, day, change in flipped(counted)] == [
        told for name in ("2026-01", "2026-Q1", "2026", "C1") for told in ((JANUARY, -1), (ENDS[name], 1))
    ]
    assert (counted.day, counted.was, counted.now, counted.reason) == (JANUARY, 1, 1, COUNTED_ANEW)
    assert COVERAGE.evolve(wrong, counted) == state
    assert COVERAGE.decide(state, CountAnew(), NOW) == []


def test_two_campaigns_in_a_year_cover_the_year_once() -> None:
    """A second campaign adds itself, not another month, quarter or year."""
    _, state = count(None, date(2026, 4, 10), campaign="C1")
    counted, state = count(state, date(2026, 4, 20), campaign="C2")
    assert [flip[:2] for flip in flipped(counted)] == [("campaign", "C2")]
    counted, _ = count(state, date(2026, 4, 10), -1, campaign="C1")
    assert [(flip[:2], flip[3]) for flip in flipped(counted) if flip[0] == "campaign"] == [(("campaign", "C1"), -1)]
    assert [flip[3] for flip in flipped(counted) if flip[0] == "year"] == []


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


ENDED = some.none() | some.dates(date(2026, 1, 1), date(2027, 1, 31))


@given(some.lists(some.tuples(DAYS, some.booleans(), some.integers(0, 99)), max_size=40), ENDED, some.integers(0, 40))
def test_each_window_with_a_session_counts_at_its_end(
    steps: list[tuple[date, bool, int]], until: date | None, when: int
) -> None:
    """Whatever comes and goes, in any order, and whenever the unit ends: flips add up to one on the last day of each
    window with a session at whose end the unit is there, and to nothing anywhere else.
    """
    state: Coverage | None = None
    held: list[date] = []
    sums: Counter[tuple[str, str, date]] = Counter()
    for number, (day, comes, which) in enumerate(steps):
        if not comes and not held:
            continue
        if number >= when and state is not None and until is not None and state.until is None:
            for told_anew in COVERAGE.decide(state, PlaceCoverage(unit="D1", until=until), NOW):
                assert isinstance(told_anew, CoverageCounted)
                state = COVERAGE.evolve(state, told_anew)
                for grain, name, on, change in flipped(told_anew):
                    sums[grain, name, on] += change
        told = day if comes else held.pop(which % len(held))
        if comes:
            held.append(told)
        counted, state = count(state, told, 1 if comes else -1, campaign=_campaign(told))
        for grain, name, on, change in flipped(counted):
            sums[grain, name, on] += change
        expected = {
            (grain, name, last): 1
            for each in held
            for grain in GRAINS
            for name in [window(grain, each.isoformat()[:7], _campaign(each))]
            for last in [date.fromisoformat(last_day(grain, name) or CLOSES[name].isoformat())]
            if state.until is None or last < state.until
        }
        assert {place: n for place, n in sums.items() if n} == expected


def _campaign(day: date) -> str:
    return "C1" if day < date(2026, 4, 16) else "C2"
