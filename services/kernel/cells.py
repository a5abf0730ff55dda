"""What people write as typed values: in spreadsheet cells, where counts come in many ways, and in fields."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f]")


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


Count = Annotated[int, BeforeValidator(lambda value: _at_least_zero(_count(value)))]
"""A whole number, not negative, from 5, 5.0 or "5"."""
Text = Annotated[str, BeforeValidator(_text)]
"""Text; a number typed without quotes is text too."""
Number = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=40)]
"""The unit's own number of a record."""

Line = Annotated[Text, BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)]
"""A cell with line breaks in it is one line of text."""

_PRINTABLE = r"^[^\x00-\x1f]*$"
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
