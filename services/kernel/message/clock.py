"""Time is a parameter everywhere; this is where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """The present instant, aware, UTC, cut to the millisecond that MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def business_day(instant: datetime) -> date:
    """The day that a clock on a wall in China shows at `instant` (which must be aware)."""
    return instant.astimezone(SHANGHAI).date()
