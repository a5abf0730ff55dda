"""Cells as people write them and as files hold them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.kernel.cells import Count, Day, Instant, Number, Text
from services.kernel.clock import SHANGHAI


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


@pytest.mark.parametrize(("written", "count"), [(5, 5), (5.0, 5), ("5", 5), (" 5.0 ", 5), (0, 0)])
def test_a_count_is_a_whole_number(written: Any, count: int) -> None:
    """Spreadsheets hold 5 as 5.0 and sometimes as text."""
    assert read(Count, written) == count


@pytest.mark.parametrize("written", [5.5, "5人", "", True, -1, 2_000_000, "五"])
def test_what_is_no_count_is_refused(written: Any) -> None:
    """Halves, words, truth values, negative and absurd numbers."""
    with pytest.raises(ValidationError):
        read(Count, written)


def test_a_number_typed_without_quotes_is_text() -> None:
    """An own number such as 2026001 arrives as a float and is read as it was typed."""
    assert read(Text, 2026001.0) == "2026001"
    assert read(Number, " XX-1 ") == "XX-1"
    with pytest.raises(ValidationError):
        read(Text, "a\x00b")


class Row(BaseModel):
    """A row with one count."""

    due: Count


def test_a_reason_is_told_in_chinese() -> None:
    """What people see says what is wrong, not how it was found."""
    with pytest.raises(ValidationError, match="不能为负数"):
        Row(due=-3)
