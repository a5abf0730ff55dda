"""Who counts once in a window counts where they were seen first, whatever comes and goes in whatever order."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.event import Period
from services.study.contract import Way
from services.study.domain.first import Counted, Place, Seen, Window, flips, windows
from tests.unit.study.records import SPRING, SUMMER

PLACES = st.builds(
    Place,
    st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(date.isoformat),
    st.sampled_from(["B1", "B2"]),
    st.sampled_from(["branch", "youth"]),
)


def campaign(day: date) -> Period:
    return SPRING if day <= SPRING.last else SUMMER


def within(place: Place) -> list[Window]:
    day = date.fromisoformat(place.day)
    return windows(day, Way(place.way), campaign(day))


def counted(places: list[Place]) -> Counter[Counted]:
    """Directly: the first place of each window."""
    first: dict[Window, Place] = {}
    for place in sorted(places, reverse=True):
        for window in within(place):
            first[window] = place
    return Counter(Counted(w.grain, w.name, w.way, place.unit, place.day) for w, place in first.items())


@given(st.lists(st.tuples(PLACES, st.booleans(), st.integers(0, 99)), max_size=40))
def test_flips_add_up_to_the_first_place_of_each_window(steps: list[tuple[Place, bool, int]]) -> None:
    """After every step the flips so far are what a direct count of the places that stand gives."""
    seen, standing, sums = Seen({}), list[Place](), Counter[Counted]()
    for place, comes, which in steps:
        if not comes and not standing:
            continue
        told = place if comes else standing.pop(which % len(standing))
        if comes:
            standing.append(told)
        sums.update(flips(seen, [(told, within(told), 1 if comes else -1)]))
        assert {where: n for where, n in sums.items() if n} == counted(standing)
        assert sum(seen.counts.values()) == len(standing)


@given(st.lists(PLACES, min_size=1, max_size=12), st.data())
def test_a_place_that_moves_is_one_change(places: list[Place], data: st.DataObject) -> None:
    """Taken from one place and put to another at once: the flips lead from one direct count to the other."""
    seen = Seen(Counter(place.key for place in places))
    old, new = data.draw(st.sampled_from(places)), data.draw(PLACES)
    change = flips(seen, [(old, within(old), -1), (new, within(new), 1)])
    left = [*places]
    left.remove(old)
    before, after = counted(places), counted([*left, new])
    after.subtract(before)
    assert {where: n for where, n in change.items() if n} == {where: n for where, n in after.items() if n}


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


def test_what_was_never_counted_cannot_be_taken_back() -> None:
    """That would be a mistake of ours, not of a user's."""
    with pytest.raises(AssertionError):
        Seen({}).change(Place("2026-03-05", "B1", "branch"), -1)
