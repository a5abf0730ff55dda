"""Refusals that rules of every service make in the same words: identity, the unit's own number, the business day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from ..message.clock import business_day
from ..message.errors import DomainError, Kind
from ..message.event import Period
from ..message.keys import same_key


def wrong(code: str, field: str, detail: str, kind: Kind = "invalid") -> DomainError:
    """A refusal that points at one field."""
    return DomainError(code, detail, kind, [{"pointer": f"/{field}", "detail": detail}])


def number_taken(slug: str, name: str, number: str | None, void: bool) -> DomainError:
    """The unit's own number bears another content already, or did so until it was taken back."""
    if void:
        detail = f"编号 {number or ''} 的{name}已作废，请换一个编号登记"
    else:
        detail = f"编号 {number or ''} 已登记了内容不同的{name}，如需更改请选“更正”"
    return wrong(f"{slug}.number_taken", "number", detail, "conflict")


def fixed(slug: str, name: str, known: tuple[str, str | None], said: tuple[str, str | None]) -> None:
    """Unit and own number are a record's identity: no correction changes them; a number left out stays.

    Raises:
        DomainError: {slug}.unit_fixed, {slug}.number_fixed.
    """
    (unit, number), (said_unit, said_number) = known, said
    if said_unit != unit:
        raise wrong(f"{slug}.unit_fixed", "unit", f"不能改变{name}的所属单位，请作废后另行登记")
    if said_number is not None and not same_key(said_number, number):
        raise wrong(f"{slug}.number_fixed", "number", f"不能改变{name}的编号，请作废后另行登记")


def campaign_of(day: date, campaigns: Iterable[Period]) -> Period | None:
    """The campaign in which a day lies; None where it lies in none: records are taken on every day."""
    return next((campaign for campaign in campaigns if campaign.first <= day <= campaign.last), None)


def not_in_future(day: date, now: datetime, field: str = "day") -> None:
    """What has not happened cannot be recorded.

    Raises:
        DomainError: day.in_future.
    """
    if day > business_day(now):
        raise wrong("day.in_future", field, f"日期 {day} 晚于今天")
