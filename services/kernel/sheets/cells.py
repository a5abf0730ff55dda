"""What people write as typed values: in spreadsheet cells, where counts come in many ways, and in fields."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from ..message.keys import key_of, seen
from .typed import Styled

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MONTH = re.compile(r"(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*月?")


def _count(value: Any) -> int:
    if isinstance(value, Styled) and value.scaled:
        raise ValueError("单元格是百分比等格式，显示的与实际的数不同；请设为“常规”格式后填写整数")
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.0+)?", value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError("应为整数")
    return int(value)


def _text(value: Any) -> str:
    if isinstance(value, date | time | timedelta):
        raise ValueError("内容被电子表格变成了日期或时间；请把单元格设为“文本”格式后重新填写")
    if isinstance(value, Styled):
        raise ValueError("数字带有格式，显示的与实际的内容不同；请把单元格设为“文本”格式后重新填写")
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


def _month(value: Any) -> str:
    """A month; of a date its month, where it is the first day: what spreadsheets make of a month that is typed."""
    if isinstance(value, date):
        if value.day != 1 or (isinstance(value, datetime) and value.time() != time()):
            raise ValueError("应为月份（如 2026-03），不是某一天")
        return f"{value.year:04d}-{value.month:02d}"
    match = _MONTH.fullmatch(key_of(value)) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ValueError("应为月份（如 2026-03 或 2026年3月）")
    return f"{int(match[1])}-{int(match[2]):02d}"


def _key(value: str) -> str:
    """A key; compared it may be longer than it was typed."""
    key = key_of(value)
    if len(key) > 40:
        raise ValueError("不能超过 40 字")
    return key


def _choice(names: dict[str, str]) -> Any:
    by_key = {str(key_of(name)): value for name, value in names.items()}

    def read(value: Any) -> str:
        text = key_of(_text(value))
        if text in by_key:
            return by_key[text]
        raise ValueError(f"应为：{'、'.join(names)}")

    return read


Count = Annotated[int, BeforeValidator(lambda value: _at_least_zero(_count(value)))]
"""A whole number, not negative, from 5, 5.0 or "5"."""
Text = Annotated[str, BeforeValidator(_text)]
"""Text; a number typed without quotes is text too."""
Number = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=40), AfterValidator(_key)]
"""The unit's own number of a record, in a cell."""
Code = Annotated[str, BeforeValidator(lambda value: key_of(_text(value)))]
"""The code of a unit, a member, an account, in a cell."""
Month = Annotated[str, BeforeValidator(_month)]
"""A month such as 2026-03, from text or from the date that a spreadsheet makes of it."""

Line = Annotated[Text, BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)]
"""A cell with line breaks in it is one line of text."""

_PRINTABLE = r"^[^\x00-\x1f]*$"
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_PRINTABLE)]
"""What names another record: its id, or its number as its unit typed it; looked for in all spellings."""
OwnNumber = Annotated[Reference, AfterValidator(_key)]
"""The unit's own number of a record, or another key that people type."""
Whole = Annotated[int, Field(ge=0, le=1_000_000)]
Tags = Annotated[list[Reference], Field(max_length=5, description="所属举措、载体的标签，最多 5 个")]
Tagged = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=40)]],
    BeforeValidator(lambda value: tags_in(value) if isinstance(value, str) else value),
    Field(max_length=5),
]
"""Tags in one cell."""


def tags_in(cell: str) -> list[str]:
    """The tags that are written in one cell."""
    return [tag for tag in (seen(part) for part in re.split(r"[、，,；;]", cell)) if tag]


def choice(names: dict[str, str]) -> Any:
    """A validator that turns one of these Chinese names into its value."""
    return BeforeValidator(_choice(names))
