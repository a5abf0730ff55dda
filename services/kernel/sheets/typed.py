"""What a cell of a sheet holds, as Python's own types; and the same over the wire, where JSON has fewer.

A number that is shown otherwise than it is (100 %, 00123) and a cell that cannot be read have types of their own, so
that a column takes them knowingly or refuses them, and none can forget to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from ..message.keys import seen
from .workbooks import formats
from .workbooks.cell import Cell

MOST_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; the others have become zeros (IEEE 754 double)."""
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a wall of its own
_FIRST_DAY, _LAST_DAY = 61, 2_958_465
"""1900-03-01 (before it a spreadsheet counts a 29 February that there never was) and 9999-12-31."""
_ERRORS = re.compile(
    r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA)|Err:\d{3}|#ERR\d{3}!?"
)


class Styled(float):
    """A number whose format shows it otherwise than it is: in percent, with leading zeros, with decimals."""

    format: str

    def __new__(cls, value: float, format: str) -> Styled:
        """The number, with its format."""
        made = super().__new__(cls, value)
        made.format = format
        return made

    @property
    def scaled(self) -> bool:
        """Whether what is shown is another number: 100 % is 1."""
        return formats.scaled(self.format)


@dataclass(frozen=True)
class Unreadable:
    """A cell that is filled and cannot be read: a slug, and what is wrong and how it is mended, in Chinese."""

    code: str
    detail: str


Value = str | float | bool | date | time | timedelta | Unreadable


def value_of(cell: Cell) -> Value:  # noqa: PLR0911  # a line for each thing that a cell may hold
    """What a cell holds; "" where it is empty, white space around text left out."""
    value = cell.value
    if cell.fault == "formula":
        return Unreadable("cell.formula_not_computed", "公式没有保存计算结果，请打开后重新计算并保存，或直接填写内容")
    known = _ERRORS.fullmatch(seen(value)) if isinstance(value, str) and ("#" in value or "rr" in value) else None
    if cell.fault == "error" or known:
        return Unreadable("cell.error_value", f"是错误值 {known[0] if known else ''}，请改正公式或直接填写内容")
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return value
    sort = formats.sort_of(cell.format)
    if sort in ("date", "time", "duration"):
        return _moment(value, sort)
    if not abs(value) < 10**MOST_DIGITS:
        detail = f"数字超过 {MOST_DIGITS} 位，电子表格已不能准确保存；请把单元格设为“文本”格式后重新填写"
        return Unreadable("cell.number_too_long", detail)
    return value if sort == "plain" else Styled(value, cell.format)


def _moment(days: float, sort: str) -> Value:
    """A date, a time of day, an instant on a wall, or a span, to the millisecond."""
    if not abs(days) < _LAST_DAY + 1:
        return _no_date()
    milliseconds = round(days * 86_400_000)
    whole, rest = divmod(milliseconds, 86_400_000)
    if sort == "duration":
        return timedelta(milliseconds=milliseconds)
    if whole == 0 and (sort == "time" or rest):
        return (_EPOCH + timedelta(milliseconds=rest)).time()
    if not _FIRST_DAY <= whole <= _LAST_DAY:
        return _no_date()
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.date() if rest == 0 else moment


def _no_date() -> Unreadable:
    return Unreadable("cell.not_a_date", "是日期格式的数字，但不是存在的日期；请重新填写，如 2026-03-05")


def to_wire(value: Any) -> Any:
    """A value as JSON holds it; what JSON has no type for becomes an object that names its own."""
    if isinstance(value, Styled):
        return {"number": float(value), "format": value.format}
    if isinstance(value, Unreadable):
        return {"unreadable": value.code, "detail": value.detail}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, date | time):
        return {type(value).__name__: value.isoformat()}
    return value


_MOMENTS: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}


def from_wire(told: Any) -> Any:
    """A value from what JSON held. Plain values are what they are: rows sent by earlier versions hold no objects."""
    if not isinstance(told, dict):
        return told
    if "number" in told:
        return Styled(float(told["number"]), str(told["format"]))
    if "unreadable" in told:
        return Unreadable(str(told["unreadable"]), str(told["detail"]))
    if "seconds" in told:
        return timedelta(seconds=float(told["seconds"]))
    kind, text = next(iter(told.items()))
    return _MOMENTS[kind](str(text))
