"""Months that are to be submitted: their days, when they may be submitted, and until when."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from services.kernel.rules.working_days import Calendar, Waits, add_working_days
from services.organisation.contract import DueDay, SubmissionRule


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of a month such as 2026-03."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def openable(rule: SubmissionRule, today: date) -> list[str]:
    """The months that are over on this business day, the earliest first."""
    return [month for month in sorted(set(rule.months)) if days_of(month)[1] < today]


def due_of(rule: SubmissionRule, month: str, working: Calendar) -> tuple[date | None, int | None]:
    """The last day on which a month is submitted on time, or the year for whose working calendar it waits.

    Neither where the month bears no limit.
    """
    if rule.limits_from is not None and month < rule.limits_from:
        return None, None
    found = _day_of(rule.due, days_of(month)[1], working)
    return (None, found.year) if isinstance(found, Waits) else (found, None)


def _day_of(due: DueDay, eve: date, working: Calendar) -> date | Waits:
    if due.sort == "working_day":
        return add_working_days(working, eve, due.number)
    first = eve + timedelta(days=1)
    return first.replace(day=min(due.number, calendar.monthrange(first.year, first.month)[1]))
