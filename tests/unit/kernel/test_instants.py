"""Days and instants, however they are written: one reader, one answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.kernel.message.clock import SHANGHAI, business_day
from services.kernel.message.instants import FIRST, LAST, Day, Instant

BEGIN, END = (datetime.fromisoformat(text) for text in (f"{FIRST}T00:00", f"{LAST}T23:59:59.999999"))
ON_THE_WALL = st.datetimes(BEGIN, END)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    "written",
    [
        date(2026, 3, 5),
        datetime(2026, 3, 5, 9, 30, tzinfo=SHANGHAI),
        "2026-03-05",
        "2026/3/5",
        "2026.3.5",
        "2026年3月5日",
        " 2026年03月05日 ",
    ],
)
def test_a_day_is_read_however_it_is_written(written: Any) -> None:
    """A date cell and the usual ways of writing one are the same day."""
    assert read(Day, written) == date(2026, 3, 5)


@pytest.mark.parametrize("written", ["2026-02-30", "3月5日", "05/03/2026", "tomorrow", 46086.0, True])
def test_what_is_no_day_is_refused_in_chinese(written: Any) -> None:
    """A day that does not exist, one without its year, a bare number: refused, never guessed."""
    with pytest.raises(ValidationError, match="日期"):
        read(Day, written)


def test_an_instant_without_a_zone_is_one_in_china() -> None:
    """09:00 in a sheet is 01:00 UTC; what bears a zone keeps it."""
    assert read(Instant, "2026-03-05 09:00") == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert read(Instant, datetime.fromisoformat("2026-03-05T09:00")) == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert read(Instant, "2026-03-05T01:00:00+00:00") == datetime(2026, 3, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("kind", [Day, Instant])
@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01",
        "1949-09-30",
        "2101-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59.999999-14:00",
        datetime.fromisoformat("0001-01-01T00:00"),
        datetime.fromisoformat("9999-12-31T23:59:59.999999"),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        date.min,
        date.max,
    ],
)
def test_what_nobody_can_mean_is_refused_and_breaks_nothing(kind: Any, written: Any) -> None:
    """Before the founding of the state, after the year 2100, and years that no time zone can be reached from."""
    with pytest.raises(ValidationError, match="1949-10-01 至 2100-12-31"):
        read(kind, written)


@pytest.mark.parametrize("written", [0, 1784289600, 46086.5, True, None, "", "1784289600", "2026-07-06T12:00:00+99:99"])
def test_what_is_no_instant_is_refused_in_chinese(written: Any) -> None:
    """A number is no instant: whether it counts seconds, milliseconds or days is anybody's guess."""
    with pytest.raises(ValidationError, match=r"应为时间|不是存在的"):
        read(Instant, written)


@given(ON_THE_WALL)
@example(datetime.fromisoformat("2026-07-06T20:00:00.500"))
@example(datetime.fromisoformat("2026-07-31T23:59:59.999999"))
def test_a_time_on_the_wall_is_the_same_however_it_comes_in(at: datetime) -> None:
    """A naive cell, its ISO text as the edge sends it on, text with a blank, in full width or Chinese: one instant."""
    clock = f"{at:%H:%M:%S}.{at.microsecond:06}"
    dates = [f"{at:%Y/%m/%d}", f"{at.year}年{at.month}月{at.day}日", f"{at:%Y－%m－%d}　"]
    ways: list[Any] = [at, at.replace(tzinfo=SHANGHAI), at.isoformat(), at.isoformat(" ")]
    ways += [f"{day} {each}" for day in dates for each in (clock, clock.replace(":", "："))]
    instants = {read(Instant, way).astimezone(UTC) for way in ways}
    assert {business_day(instant) for instant in instants} == {at.date()}
    assert len(instants) == 1
    assert {read(Day, way) for way in ways} == {at.date()}


@given(ON_THE_WALL, OFFSETS)
def test_an_offset_is_kept_and_the_day_is_that_in_china(at: datetime, offset: timezone) -> None:
    """What bears an offset is that instant, to the millisecond, and lies on the day which it is in China."""
    aware = at.replace(tzinfo=SHANGHAI).astimezone(offset)
    assert timedelta() <= aware - read(Instant, aware.isoformat()) < timedelta(milliseconds=1)
    assert read(Day, aware.isoformat()) == business_day(aware)


@given(
    st.one_of(
        st.text(), st.datetimes(), st.datetimes(timezones=OFFSETS), st.dates(), st.times(), st.integers(), st.floats()
    )
)
def test_whatever_is_read_lies_within_the_bounds_or_is_refused(written: Any) -> None:
    """There is no third outcome, and what was read is read again as the same."""
    for kind in (Day, Instant):
        try:
            found = read(kind, written)
        except ValidationError:
            continue
        assert FIRST <= (business_day(found) if kind is Instant else found) <= LAST
        assert read(kind, found.isoformat()) == found
