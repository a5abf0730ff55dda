"""On which days a record may lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from services.kernel.clock import business_day
from services.kernel.event import Period

from .refusals import wrong


def in_campaign(day: date, campaigns: Iterable[Period]) -> Period:
    """The campaign in which the day lies.

    Raises:
        DomainError: day.outside_campaign.
    """
    known = list(campaigns)
    for campaign in known:
        if campaign.first <= day <= campaign.last:
            return campaign
    spans = "、".join(f"{campaign.first} 至 {campaign.last}" for campaign in known)
    raise wrong("day.outside_campaign", "day", f"日期 {day} 不在活动期{f'（{spans}）' if spans else ''}内")


def not_in_future(day: date, now: datetime) -> None:
    """What has not happened cannot be recorded.

    Raises:
        DomainError: day.in_future.
    """
    if day > business_day(now):
        raise wrong("day.in_future", "day", f"日期 {day} 晚于今天")
