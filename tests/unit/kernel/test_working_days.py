"""Working days: the week, the notices, and years that nobody knows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.rules.working_days import Calendar, Waits, add_working_days
from services.organisation.contract import working_calendar

KNOWN = Calendar({year: days for year, days in working_calendar(()).years.items() if year <= 2026})
DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))


def test_what_is_delivered_is_what_the_package_knows() -> None:
    """Every day of every year: holidays and make-up working days as they were published."""
    years = {day.year for day in holidays}
    day = date(min(years), 1, 1)
    while day.year <= max(years):
        assert working_calendar(()).works(day) is is_workday(day), day
        day += timedelta(days=1)
    assert set(working_calendar(()).years) == years


@pytest.mark.parametrize(
    ("day", "number", "found"),
    [
        (date(2026, 3, 5), 0, date(2026, 3, 5)),
        (date(2026, 3, 5), 2, date(2026, 3, 9)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2026, 12, 31), 1, Waits(2027)),
        (date(2031, 5, 1), 1, Waits(2031)),
        (date(2003, 12, 1), 1, Waits(2003)),
    ],
)
def test_working_days_are_counted_from_the_day_after(day: date, number: int, found: date | Waits) -> None:
    """A make-up Saturday counts, a holiday does not; a year that is not known is named and never guessed."""
    assert add_working_days(KNOWN, day, number) == found


def test_a_notice_reaches_into_the_december_before_it() -> None:
    """What the next year's notice says of a December day holds over what that year's own said."""
    bridge = {date(2026, 12, 31): False, date(2026, 12, 26): True}
    calendar = Calendar({**KNOWN.years, 2027: bridge})
    assert (KNOWN.works(date(2026, 12, 31)), calendar.works(date(2026, 12, 31))) == (True, False)
    assert (KNOWN.works(date(2026, 12, 26)), calendar.works(date(2026, 12, 26))) == (False, True)
    assert Calendar({2027: bridge}).works(date(2026, 12, 31)) is None


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 10, 31), []),
        (date(2026, 11, 1), [2027]),
        (date(2026, 12, 31), [2027]),
        (date(2027, 1, 1), [2027]),
        (date(2027, 11, 1), [2027, 2028]),
    ],
)
def test_the_next_year_is_asked_for_from_november_on(today: date, missing: list[int]) -> None:
    """An alert rings from then on, and does not stop with the new year."""
    assert KNOWN.missing(today) == missing
    assert Calendar({**KNOWN.years, 2027: {}, 2028: {}}).missing(today) == []


@given(DAYS, st.integers(1, 60), st.integers(1, 60))
def test_counting_on_is_counting_at_once(day: date, first: int, more: int) -> None:
    """So many days and then so many more are all of them; each that is found is worked, and none is left out."""
    together, begun = add_working_days(KNOWN, day, first + more), add_working_days(KNOWN, day, first)
    if isinstance(begun, Waits) or isinstance(together, Waits):
        assert together == Waits(2027)
        return
    assert add_working_days(KNOWN, begun, more) == together
    assert KNOWN.works(begun)
    between = [day + timedelta(days=n) for n in range(1, (begun - day).days + 1)]
    assert sum(is_workday(each) for each in between) == first
