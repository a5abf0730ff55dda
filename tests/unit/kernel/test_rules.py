"""On which days a record may lie."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.kernel.errors import DomainError
from services.kernel.rules import in_campaign, not_in_future
from tests.unit.study.records import SPRING, SUMMER


@pytest.mark.parametrize("day", [SPRING.first, SPRING.last, SUMMER.first, SUMMER.last])
def test_the_first_and_the_last_day_belong_to_a_campaign(day: date) -> None:
    """Both ends are included, and each day has its own campaign."""
    found = in_campaign(day, [SPRING, SUMMER])
    assert found.first <= day <= found.last
    assert in_campaign(day, [SUMMER, SPRING]) == found


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_day_in_no_campaign_is_refused(day: date) -> None:
    """The refusal names the day and the campaigns' spans."""
    with pytest.raises(DomainError) as refusal:
        in_campaign(day, [SPRING, SUMMER])
    assert (refusal.value.code, refusal.value.errors[0]["pointer"]) == ("day.outside_campaign", "/day")
    assert "2026-01-01 至 2026-04-15" in refusal.value.detail
    with pytest.raises(DomainError, match=r"day\.outside_campaign"):
        in_campaign(day, [])


def test_today_is_not_ahead() -> None:
    """The business day in China decides, not the one in Greenwich."""
    late = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
    not_in_future(date(2026, 3, 6), late)
    with pytest.raises(DomainError, match=r"day\.in_future"):
        not_in_future(date(2026, 3, 6), late.replace(hour=15))
