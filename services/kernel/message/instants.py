"""Days and instants as people and programs write them: one reader for sheets, bodies, query parameters and commands.

What bears no offset is the time on a wall in China, whichever way it comes in. What lies outside `FIRST` and `LAST` is
a slip of the hand and is refused: no report reaches further, and a year such as 1 or 9999 cannot be carried to another
time zone at all. Instants are cut to the millisecond that the store keeps, so that what is said again is the same.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator

from .clock import SHANGHAI

FIRST, LAST = date(1949, 10, 1), date(2100, 12, 31)
"""The days that a record can lie on, both included: since the founding of the state, and as far as anybody plans."""
_FORM = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[ T]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_NO_DATE = "应为日期（如 2026-03-05 或 2026年3月5日）"
_NO_INSTANT = "应为时间（如 2026-03-05 09:00 或 2026-03-05T09:00:00+08:00，不带时区的按北京时间）"


def read_instant(value: Any) -> datetime:
    """An instant, aware, to the millisecond; a date alone is its first moment.

    Raises:
        ValueError: it is none, does not exist, or lies outside the bounds; the message says so in Chinese.
    """
    found = _read(value, _NO_INSTANT)
    at = found.replace(microsecond=found.microsecond // 1000 * 1000)
    _bounded(_day_of(at))
    return at


def read_day(value: Any) -> date:
    """A business day, from a date, an instant, or text such as 2026年3月5日.

    Raises:
        ValueError: it is none, does not exist, or lies outside the bounds; the message says so in Chinese.
    """
    return _bounded(_day_of(_read(value, _NO_DATE)))


def _read(value: Any, otherwise: str) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    if isinstance(value, date):
        return datetime.combine(value, time(), SHANGHAI)
    match = _FORM.fullmatch(unicodedata.normalize("NFKC", value).strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(otherwise)
    *parts, fraction, offset = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    try:
        zone = SHANGHAI if offset is None else datetime.strptime(offset.upper(), "%z").tzinfo
        return datetime(year, month, day, hour, minute, second, int((fraction or "0")[:6].ljust(6, "0")), zone)
    except ValueError as error:
        raise ValueError("不是存在的日期") from error


def _day_of(at: datetime) -> date:
    """The day in China. Far outside the bounds no other zone can be reached: there its own day will do."""
    return at.astimezone(SHANGHAI).date() if FIRST.year - 1 <= at.year <= LAST.year + 1 else at.date()


def _bounded(day: date) -> date:
    if not FIRST <= day <= LAST:
        raise ValueError(f"日期须在 {FIRST} 至 {LAST} 之间")
    return day


Day = Annotated[date, BeforeValidator(read_day)]
"""A business day that somebody wrote."""
Instant = Annotated[datetime, BeforeValidator(read_instant)]
"""An instant that somebody wrote. What the platform itself tells is pydantic's `AwareDatetime`."""
