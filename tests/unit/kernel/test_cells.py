"""Cells as people write them and as files hold them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.kernel.sheets.cells import Count, Number, Text


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


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
