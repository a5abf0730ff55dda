"""On which days a record may lie."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.rules.rules import campaign_of, not_in_future
from tests.unit.study.records import SPRING, SUMMER


@pytest.mark.parametrize("day", [SPRING.first, SPRING.last, SUMMER.first, SUMMER.last])
def test_the_first_and_the_last_day_belong_to_a_campaign(day: date) -> None:
    """Both ends are included, and each day has its own campaign."""
    found = campaign_of(day, [SPRING, SUMMER])
    assert found is not None
    assert found.first <= day <= found.last
    assert campaign_of(day, [SUMMER, SPRING]) == found


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_day_may_lie_in_no_campaign(day: date) -> None:
    """Before, after, or where none was ever opened."""
    assert campaign_of(day, [SPRING, SUMMER]) is None
    assert campaign_of(day, []) is None


def test_today_is_not_ahead() -> None:
    """The business day in China decides, not the one in Greenwich."""
    late = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
    not_in_future(date(2026, 3, 6), late)
    with pytest.raises(DomainError, match=r"day\.in_future"):
        not_in_future(date(2026, 3, 6), late.replace(hour=15))
