"""Deadlines in Chinese working days, under the rule in force on the day of receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from services.kernel.clock import SHANGHAI, business_day
from services.kernel.errors import DomainError

from ..contract import Kind


@dataclass(frozen=True)
class Calendar:
    """Years that are known, and the days in them on which the week's rule does not hold (True: work is done)."""

    years: frozenset[int]
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether work is done on the day.

        Raises:
            DomainError: calendar.year_missing; a year without data is never guessed.
        """
        if day.year not in self.years:
            raise DomainError(
                "calendar.year_missing",
                f"尚未录入 {day.year} 年节假日安排，无法计算工作日，请先在工作日历中录入",
                "conflict",
            )
        return self.exceptions.get(day, day.weekday() < 5)


@dataclass(frozen=True)
class Rule:
    """So many working days for a kind, from a day on; `source` says who laid it down."""

    kind: Kind
    days: int
    since: date
    source: str


GUANGDONG_2022 = "广东省12345热线办理规范（2022，转引）"
RULES = tuple(
    Rule(kind, days, date(2020, 1, 1), GUANGDONG_2022)
    for kind, days in (
        (Kind.consultation, 2),
        (Kind.help, 10),
        (Kind.suggestion, 10),
        (Kind.praise, 10),
        (Kind.complaint, 15),
        (Kind.report, 15),
    )
)


def rule_in_force(rules: Iterable[Rule], kind: Kind, day: date) -> Rule:
    """The newest rule for the kind that was in force on the day.

    Raises:
        DomainError: deadline.rule_missing.
    """
    known = [rule for rule in rules if rule.kind == kind and rule.since <= day]
    if not known:
        raise DomainError("deadline.rule_missing", f"没有 {day} 时有效的办理时限规则", "conflict")
    return max(known, key=lambda rule: rule.since)


def deadline(received: datetime, kind: Kind, rules: Iterable[Rule], calendar: Calendar) -> datetime:
    """The end (midnight, Shanghai) of the n-th working day after the day of receipt.

    Raises:
        DomainError: calendar.year_missing, deadline.rule_missing.
    """
    day = business_day(received)
    left = rule_in_force(rules, kind, day).days
    while left:
        day += timedelta(days=1)
        left -= calendar.works(day)
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
