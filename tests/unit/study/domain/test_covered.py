"""Who studied in a window is covered in it once, where they belong when it ends, whatever comes in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.organisation.contract import Stay
from services.study.contract import Way
from services.study.domain.covered import (
    Counted,
    Place,
    Seen,
    Window,
    covered,
    covered_first,
    flips,
    unit_on,
    windows,
    within,
)
from tests.unit.study.records import SPRING, SUMMER

CAMPAIGNS = [SPRING, SUMMER]
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
UNITS = st.sampled_from(["B1", "B2", "B3"])
PLACES = st.builds(Place, DAYS.map(date.isoformat), UNITS, st.sampled_from(["branch", "youth"]))


@st.composite
def stays(draw: Any) -> list[Stay]:
    """Units to which somebody belonged, one after another, maybe with a time between, maybe to none in the end."""
    days = sorted(draw(st.sets(DAYS, max_size=6)))
    bounds = [date(2025, 1, 1), *days]
    found = [
        Stay(unit=draw(UNITS), first=first, until=until)
        for first, until in zip(bounds, [*days, None], strict=True)
        if until != first and draw(st.booleans())
    ]
    if found and draw(st.booleans()):  # they left every list in the end
        found[-1] = found[-1].model_copy(update={"until": found[-1].until or date(2026, 12, 31)})
    return found


def counted(places: Sequence[Place], belonged: Sequence[Stay]) -> Counter[Counted]:
    """Directly: each window with a place in it, at the unit of its last day."""
    held = {window for place in places for window in within(place, CAMPAIGNS)}
    found: Counter[Counted] = Counter()
    for window in held:
        for stay in belonged:
            if stay.first.isoformat() <= window.last and (stay.until is None or window.last < stay.until.isoformat()):
                found[Counted(window.grain, window.name, window.way, stay.unit, window.last)] += 1
    return found


def standing(sums: Counter[Counted]) -> dict[Counted, int]:
    return {where: n for where, n in sums.items() if n}


@given(st.lists(st.tuples(PLACES, st.booleans(), st.integers(0, 99)), max_size=40), stays())
def test_flips_add_up_to_a_direct_count(steps: list[tuple[Place, bool, int]], belonged: list[Stay]) -> None:
    """After every step the flips so far are what a direct count of the places that stand gives."""
    seen, held, sums = Seen({}), list[Place](), Counter[Counted]()
    for place, comes, which in steps:
        if not comes and not held:
            continue
        told = place if comes else held.pop(which % len(held))
        if comes:
            held.append(told)
        sums.update(flips(seen, [(told, 1 if comes else -1)], belonged, CAMPAIGNS))
        assert standing(sums) == counted(held, belonged) == covered(seen, belonged, CAMPAIGNS)
        assert sum(seen.counts.values()) == len(held)


@given(st.lists(PLACES, min_size=1, max_size=12), st.data(), stays())
def test_a_place_that_moves_is_one_change(places: list[Place], data: st.DataObject, belonged: list[Stay]) -> None:
    """Taken from one place and put to another at once: the flips lead from one direct count to the other."""
    seen = Seen(Counter(place.key for place in places))
    old, new = data.draw(st.sampled_from(places)), data.draw(PLACES)
    change = flips(seen, [(old, -1), (new, 1)], belonged, CAMPAIGNS)
    left = [*places]
    left.remove(old)
    after = counted([*left, new], belonged)
    after.subtract(counted(places, belonged))
    assert standing(change) == standing(after)


PEOPLE = st.lists(st.tuples(st.lists(PLACES, max_size=6), stays()), max_size=6)


@given(PEOPLE)
def test_nobody_is_covered_who_is_not_due(people: list[tuple[list[Place], list[Stay]]]) -> None:
    """At each unit and in each window: at most those on its list when the window ends; so no share passes 100 %."""
    sums: Counter[Counted] = Counter()
    for places, belonged in people:
        sums.update(covered(Seen(Counter(place.key for place in places)), belonged, CAMPAIGNS))
    for where, n in sums.items():
        due = sum(unit_on(belonged, date.fromisoformat(where.day)) == where.unit for _, belonged in people)
        assert 0 < n <= due


@given(PEOPLE, st.sampled_from(["B1", "B2"]))
def test_a_longer_period_covers_no_fewer_of_those_who_stay(
    people: list[tuple[list[Place], list[Stay]]], unit: str
) -> None:
    """Month in quarter in year, and month in campaign: of those who are at the unit when both end, whoever is covered
    in the shorter is covered in the longer.
    """
    for places, belonged in people:
        found = covered(Seen(Counter(place.key for place in places)), belonged, CAMPAIGNS)
        at = {(each.grain, each.window, each.way) for each in found if each.unit == unit}
        for place in places:
            spans = [window for window in within(place, CAMPAIGNS) if window.way is None]
            for shorter in spans:
                for longer in spans:
                    inside = longer.first <= shorter.first and shorter.last <= longer.last
                    stays_on = unit_on(belonged, date.fromisoformat(longer.last)) == unit
                    if inside and stays_on and (shorter.grain, shorter.name, None) in at:
                        assert (longer.grain, longer.name, None) in at


@given(st.lists(PLACES, max_size=20), stays())
def test_more_sessions_never_cover_less(places: list[Place], belonged: list[Stay]) -> None:
    """Without anybody leaving, what is covered only grows with what is reported."""
    before: Counter[Counted] = Counter()
    for number in range(len(places) + 1):
        now = covered(Seen(Counter(place.key for place in places[:number])), belonged, CAMPAIGNS)
        assert before <= now
        before = now


def test_who_came_to_a_branch_is_covered_there() -> None:
    """Somebody studied elsewhere first and at their branch since: in the campaign they count at their branch, and in
    the month before they came where they were.
    """
    seen = Seen(Counter([Place("2026-05-10", "B1", "branch").key, Place("2026-07-10", "B2", "branch").key]))
    belonged = [
        Stay(unit="B1", first=date(2025, 1, 1), until=date(2026, 6, 15)),
        Stay(unit="B2", first=date(2026, 6, 15)),
    ]
    found = {(each.grain, each.window): each.unit for each in covered(seen, belonged, CAMPAIGNS) if each.way is None}
    assert found == {
        ("month", "2026-05"): "B1",
        ("month", "2026-07"): "B2",
        ("quarter", "2026-Q2"): "B2",
        ("quarter", "2026-Q3"): "B2",
        ("year", "2026"): "B2",
        ("campaign", "C2"): "B2",
    }


def test_who_has_left_every_list_is_not_counted() -> None:
    """They are not due when the window ends; in a window that ended before, they are."""
    seen = Seen(Counter([Place("2026-05-10", "B1", "branch").key]))
    left = [Stay(unit="B1", first=date(2025, 1, 1), until=date(2026, 6, 1))]
    assert {each.grain for each in covered(seen, left, CAMPAIGNS)} == {"month"}


def test_what_earlier_versions_told() -> None:
    """At the first place of each window, on its day: known so that it can be taken back."""
    seen = Seen(Counter([Place("2026-05-10", "B1", "branch").key, Place("2026-06-10", "B2", "branch").key]))
    found = covered_first(seen, CAMPAIGNS)
    assert found[Counted("quarter", "2026-Q2", None, "B1", "2026-05-10")] == 1
    assert found[Counted("month", "2026-06", None, "B2", "2026-06-10")] == 1
    assert sum(found.values()) == 2 * 2 + 3 * 2


def test_the_windows_of_a_day() -> None:
    """Month, quarter, year and campaign, for the way and for whichever."""
    found = windows(date(2026, 12, 5), Way.branch, SUMMER)
    assert [(w.grain, w.name, w.first, w.last) for w in found if w.way is None] == [
        ("month", "2026-12", "2026-12-01", "2026-12-31"),
        ("quarter", "2026-Q4", "2026-10-01", "2026-12-31"),
        ("year", "2026", "2026-01-01", "2026-12-31"),
        ("campaign", "C2", "2026-04-16", "2026-12-31"),
    ]
    assert [w[:2] for w in found if w.way == Way.branch] == [w[:2] for w in found if w.way is None]
    assert isinstance(found[0], Window)


def test_what_was_never_counted_cannot_be_taken_back() -> None:
    """That would be a mistake of ours, not of a user's."""
    with pytest.raises(AssertionError):
        Seen({}).change(Place("2026-03-05", "B1", "branch"), -1)
