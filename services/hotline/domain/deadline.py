"""Deadlines in Chinese working days, under the rule in force on the day of receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import SHANGHAI, business_day
from services.kernel.message.errors import DomainError
from services.kernel.rules.working_days import Calendar, Waits, add_working_days

from ..contract import Kind


@dataclass(frozen=True)
class Rule:
    """So many working days for a kind, from a day on; `source` says who laid it down."""

    kind: Kind
    days: int
    since: date
    source: str


class Limit(BaseModel):
    """Until when a ticket is to be answered.

    `answer_by` is the last day on which an answer is on time. Without one the ticket has no limit, or its limit waits
    for the working calendar of the year `waits_for`.
    """

    model_config = ConfigDict(frozen=True)

    answer_by: date | None = None
    waits_for: int | None = None


GUANGDONG_2022 = "广东省12345热线办理规范（2022，转引）"
RULES = tuple(
    Rule(kind, days, date(2020, 1, 1), GUANGDONG_2022)
    for kind, days in (
        (Kind.consultation, 2),
        (Kind.help, 10),
        (Kind.suggestion, 10),
        (Kind.complaint, 15),
        (Kind.report, 15),
    )
)
WITHOUT_LIMIT = frozenset({Kind.praise})
"""Nobody asks for an answer to praise 表扬: it has no limit and is never overdue."""


def rule_in_force(rules: Iterable[Rule], kind: Kind, day: date) -> Rule:
    """The newest rule for the kind that was in force on the day.

    Raises:
        DomainError: deadline.rule_missing.
    """
    known = [rule for rule in rules if rule.kind == kind and rule.since <= day]
    if not known:
        raise DomainError("deadline.rule_missing", f"没有 {day} 时有效的办理时限规则", "conflict")
    return max(known, key=lambda rule: rule.since)


def limit_of(received: datetime, kind: Kind, rules: Iterable[Rule], calendar: Calendar) -> Limit:
    """The n-th working day after the day of receipt; a year that is not known is waited for and never guessed.

    Raises:
        DomainError: deadline.rule_missing.
    """
    if kind in WITHOUT_LIMIT:
        return Limit()
    day = business_day(received)
    due = add_working_days(calendar, day, rule_in_force(rules, kind, day).days)
    return Limit(waits_for=due.year) if isinstance(due, Waits) else Limit(answer_by=due)


def end_of(day: date) -> datetime:
    """The first instant after a day: from then on an answer due on it is late."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
