"""What people write as typed values: in spreadsheet cells, where dates and counts come in many ways, and in fields."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from .clock import SHANGHAI

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f]")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]*(\d{1,2}):(\d{2})(?::(\d{2}))?)?")


def _day(value: Any) -> date:
    return _instant(value).astimezone(SHANGHAI).date()


def _instant(value: Any) -> datetime:
    """An instant; what bears no zone is a time on a wall in China."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    if isinstance(value, date):
        return datetime.combine(value, time(), SHANGHAI)
    if isinstance(value, str):
        match = _DAY.fullmatch(value.strip())
        try:
            if match:
                year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
                return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI)
            if "T" in value:
                return datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("不是存在的日期") from error
    raise ValueError("应为日期（如 2026-03-05 或 2026年3月5日）")


def _count(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.0+)?", value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError("应为整数")
    return int(value)


def _text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("应为文字")
    text = str(value).strip()
    if _INVISIBLE.search(text):
        raise ValueError("含有不可见的控制字符")
    return text


def _at_least_zero(value: int) -> int:
    if value < 0:
        raise ValueError("不能为负数")
    if value > 1_000_000:
        raise ValueError("数值过大")
    return value


def _choice(names: dict[str, str]) -> Any:
    def read(value: Any) -> str:
        text = _text(value)
        if text in names:
            return names[text]
        raise ValueError(f"应为：{'、'.join(names)}")

    return read


Day = Annotated[date, BeforeValidator(_day)]
"""A business day, from a date, or text such as 2026年3月5日."""
Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An instant, from a date and time; without a zone it is Shanghai time."""
Count = Annotated[int, BeforeValidator(lambda value: _at_least_zero(_count(value)))]
"""A whole number, not negative, from 5, 5.0 or "5"."""
Text = Annotated[str, BeforeValidator(_text)]
"""Text; a number typed without quotes is text too."""
Number = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=40)]
"""The unit's own number of a record."""

Line = Annotated[Text, BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)]
"""A cell with line breaks in it is one line of text."""

_PRINTABLE = r"^[^\x00-\x1f]*$"
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_PRINTABLE)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Post = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PRINTABLE)]
"""What somebody is; never a name."""
OwnNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_PRINTABLE)]
Whole = Annotated[int, Field(ge=0, le=1_000_000)]
Tags = Annotated[list[OwnNumber], Field(max_length=5, description="所属举措、载体的标签，最多 5 个")]
Tagged = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=40)]],
    BeforeValidator(lambda value: tags_in(value) if isinstance(value, str) else value),
    Field(max_length=5),
]
"""Tags in one cell."""


def tags_in(cell: str) -> list[str]:
    """The tags that are written in one cell."""
    return [tag for tag in re.split(r"\s*[、，,；;]\s*", cell.strip()) if tag]


def choice(names: dict[str, str]) -> Any:
    """A validator that turns one of these Chinese names into its value."""
    return BeforeValidator(_choice(names))
