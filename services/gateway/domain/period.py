"""Months that are to be submitted: their days, when they may be submitted, and until when."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from ..contract import DueDay, SubmissionRule

Works = Callable[[date], bool]
"""Whether a day is a working day; an error for a year of which nobody knows."""


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of a month such as 2026-03."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def openable(rule: SubmissionRule, today: date) -> list[str]:
    """The months that are over on this business day, the earliest first."""
    return [month for month in sorted(set(rule.months)) if days_of(month)[1] < today]


def due_of(rule: SubmissionRule, month: str, works: Works) -> date | None:
    """The last day on which a month is submitted on time; None where it bears no limit."""
    if rule.limits_from is not None and month < rule.limits_from:
        return None
    return _day_of(rule.due, days_of(month)[1] + timedelta(days=1), works)


def _day_of(due: DueDay, first: date, works: Works) -> date:
    if due.sort == "day":
        return first.replace(day=min(due.number, calendar.monthrange(first.year, first.month)[1]))
    day, left = first, due.number - works(first)
    while left:
        day += timedelta(days=1)
        left -= works(day)
    return day
