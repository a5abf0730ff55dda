"""The campaign's days, as an office knows them: no sessions at Spring Festival, on weekends or on National Day."""

from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random

import chinese_calendar

CAMPAIGN = "C2026"
CAMPAIGN_NAME = "主题教育（样例）"
FIRST, LAST = date(2026, 2, 1), date(2026, 10, 31)
PHASES = (
    ("学习调研阶段", FIRST, date(2026, 5, 31)),
    ("检视整改阶段", date(2026, 6, 1), date(2026, 8, 31)),
    ("巩固提升阶段", date(2026, 9, 1), LAST),
)
END = datetime.combine(LAST, time(17, 30))
MONTHS = tuple(range(FIRST.month, LAST.month + 1))
SEASON = {2: 0.7, 3: 1.1, 4: 1.1, 5: 1.0, 6: 1.05, 7: 1.05, 8: 0.7, 9: 1.1, 10: 0.85}
"""How much goes on in a month, against the mean."""


@cache
def works(day: date) -> bool:
    """Whether offices are open: holidays and make-up working days as the State Council set them."""
    return bool(chinese_calendar.is_workday(day))


@cache
def workdays(month: int) -> tuple[date, ...]:
    """The working days of one of the campaign's months."""
    days = (date(FIRST.year, month, 1) + timedelta(days=number) for number in range(31))
    return tuple(day for day in days if day.month == month and FIRST <= day <= LAST and works(day))


def working_day_after(day: date, number: int) -> date:
    """The n-th working day after a day."""
    while number:
        day += timedelta(days=1)
        number -= works(day)
    return day


def office_hour(source: Random, day: date) -> datetime:
    """Some minute of the day's office hours."""
    return datetime.combine(day, time(source.choice((8, 9, 9, 10, 10, 11, 14, 15, 15, 16)), source.randrange(60)))
