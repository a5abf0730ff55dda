"""A year's working calendar: what is entered, what is refused, and the sheet in which it goes to and fro."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.calendar import PlaceCalendar, WorkingYear, decide, evolve, is_news, standing
from services.kernel.message.errors import DomainError
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import filled, parse
from services.organisation.contract import (
    CALENDAR_SHEET,
    DELIVERED,
    STATUTORY,
    CalendarSet,
    Holiday,
    SetCalendar,
    calendar_row,
    exceptions,
    working_calendar,
)

NOW = datetime(2027, 11, 20, tzinfo=UTC)
FIRSTS = ((1, 1, 3), (2, 6, 7), (4, 4, 1), (5, 1, 5), (6, 9, 1), (9, 15, 1), (10, 1, 7))
YEAR = 2028


def holiday(name: str, month: int, day: int, days: int = 1) -> Holiday:
    first = date(YEAR, month, day)
    return Holiday(name=name, first=first, last=first + timedelta(days=days - 1))


HOLIDAYS = [holiday(name, *place) for name, place in zip(STATUTORY, FIRSTS, strict=True)]


def table(**fields: Any) -> SetCalendar:
    """A year that nobody has entered."""
    told = {"year": YEAR, "holidays": HOLIDAYS, "working": [date(YEAR, 1, 8)], "source": "样例通知"}
    return SetCalendar(**(told | fields))


def decided(state: WorkingYear | None, asked: SetCalendar) -> list[CalendarSet]:
    return decide(state, PlaceCalendar(asked=asked, unit="P"), NOW)


def entered(asked: SetCalendar, state: WorkingYear | None = None) -> WorkingYear:
    (event,) = decided(state, asked)
    return evolve(state, event)


def refusal(asked: SetCalendar, state: WorkingYear | None = None) -> tuple[str, list[str]]:
    with pytest.raises(DomainError) as refused:
        decided(state, asked)
    return refused.value.code, [error["pointer"] for error in refused.value.errors]


def test_a_year_is_entered_once_and_replaced_with_a_reason() -> None:
    """The same again is no news, in whatever order it is written; another table of a known year says why."""
    state = entered(table())
    again = table(holidays=HOLIDAYS[::-1], working=[date(YEAR, 1, 8), date(YEAR, 1, 8)])
    assert decided(state, again) == []
    other = table(working=[date(YEAR, 1, 9)])
    assert refusal(other, state) == ("calendar.reason_missing", ["/reason"])
    assert entered(other.model_copy(update={"reason": "通知更正"}), state).working == [date(YEAR, 1, 9)]


def test_a_delivered_year_is_known() -> None:
    """Entering it as it is changes nothing, entering it otherwise needs a reason."""
    delivered = DELIVERED[2026].model_dump()
    assert not is_news(None, SetCalendar(**delivered))
    assert refusal(SetCalendar(**(delivered | {"working": []}))) == ("calendar.reason_missing", ["/reason"])


def test_what_is_entered_is_counted_by() -> None:
    """Its days hold over the week's rule and over what is delivered."""
    known = working_calendar([table()])
    assert known.works(date(YEAR, 1, 3)) is False
    assert known.works(date(YEAR, 1, 8)) is True
    assert known.works(date(YEAR, 3, 6)) is True
    assert known.works(date(YEAR + 1, 3, 6)) is None


@pytest.mark.parametrize(
    ("fields", "code", "pointers"),
    [
        ({"holidays": HOLIDAYS[:5]}, "holiday_missing", ["/holidays"]),
        ({"working": [date(YEAR, 1, 12)]}, "days_wrong", ["/working/0"]),
        ({"working": [date(YEAR, 1, 8), date(YEAR, 1, 2)]}, "days_wrong", ["/working/1"]),
        ({"working": [date(YEAR + 1, 1, 6)]}, "days_wrong", ["/working/0"]),
        ({"holidays": [*HOLIDAYS, holiday("其他", 12, 1, 16)]}, "days_wrong", ["/holidays/7"]),
        ({"holidays": [*HOLIDAYS, holiday("其他", 12, 2, 0)]}, "days_wrong", ["/holidays/7"]),
        ({"holidays": [*HOLIDAYS, holiday("其他", 12, 31, 2)]}, "days_wrong", ["/holidays/7"]),
    ],
)
def test_a_slip_of_the_hand_is_refused(fields: dict[str, Any], code: str, pointers: list[str]) -> None:
    """A holiday that is forgotten, a weekday that is to be made up, a day of another year, an endless or a negative
    holiday, a day that is both: named where it stands.
    """
    assert refusal(table(**fields)) == (f"calendar.{code}", pointers)


def test_holidays_that_fall_together_are_both_named() -> None:
    """国庆节 and 中秋节 in one: the same days for both, or one name for both."""
    both = [each for each in HOLIDAYS if each.name not in ("中秋节", "国庆节")]
    for together in ([holiday("中秋节", 10, 1, 8), holiday("国庆节", 10, 1, 8)], [holiday("国庆节、中秋节", 10, 1, 8)]):
        assert exceptions(table(holidays=both + together)).keys() >= {date(YEAR, 10, 8)}
        assert entered(table(holidays=both + together)).year == YEAR


@pytest.mark.parametrize("year", sorted(DELIVERED))
def test_a_year_goes_out_in_a_sheet_and_comes_in_the_same(year: int) -> None:
    """What was exported says nothing new when it is sent in again."""
    (row,) = read(CALENDAR_SHEET, filled(CALENDAR_SHEET, [calendar_row(DELIVERED[year])])).rows
    found, errors = parse(CALENDAR_SHEET, row)
    assert errors == []
    assert not is_news(None, found.asked())  # type: ignore[union-attr]  # there are no errors


def test_a_row_is_read_as_it_is_written() -> None:
    """A single day as a date cell, spans in the ways people write them, others by their name; a reason beside 更正."""
    cells: dict[str, Any] = {
        "year": 2028.0,
        "new_year": date(2028, 1, 1),
        "spring": "2028-02-06 至 2028年2月12日",
        "others": "厂庆：2028-03-01到2028-03-02；校庆:2028/5/4",
        "working": "2028-02-19，2028-02-20",
        "source": "样例通知",
        "reason": "写错了",
        "_row": 2,
    }
    row, errors = parse(CALENDAR_SHEET, cells)
    assert errors == []
    asked = row.asked()  # type: ignore[union-attr]
    told = [(each.name, each.first.isoformat(), each.last.isoformat()) for each in asked.holidays]
    assert told == [
        ("元旦", "2028-01-01", "2028-01-01"),
        ("春节", "2028-02-06", "2028-02-12"),
        ("厂庆", "2028-03-01", "2028-03-02"),
        ("校庆", "2028-05-04", "2028-05-04"),
    ]
    assert (asked.working, asked.reason) == ([date(2028, 2, 19), date(2028, 2, 20)], "")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("spring", "2028-02-06至"),
        ("spring", "除夕到初六"),
        ("others", "2028-03-01"),
        ("working", "周六"),
        ("year", 20.5),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(column: str, cell: Any) -> None:
    """Its column, in Chinese."""
    row, errors = parse(CALENDAR_SHEET, {"year": 2028, "source": "样例通知", column: cell, "_row": 2})
    assert row is None
    assert {error.column for error in errors} == {column}


@given(st.permutations(HOLIDAYS), st.lists(st.sampled_from([date(YEAR, 1, 8), date(YEAR, 1, 9), date(YEAR, 1, 15)])))
def test_the_table_in_force_is_what_was_entered(holidays: list[Holiday], working: list[date]) -> None:
    """Days, source and all: entering what is in force says nothing new."""
    state = entered(table(holidays=holidays, working=working))
    known = standing(state, YEAR)
    assert known is not None
    assert not is_news(state, SetCalendar(**known.model_dump()))
    assert exceptions(known) == exceptions(table(holidays=holidays, working=working))
