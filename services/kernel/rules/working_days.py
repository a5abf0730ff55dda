"""Working days 工作日: the week's rule, and for each known year the days on which its notice says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_NEXT_SINCE = 11
"""The month from which the next year's table is asked for; the State Council's notice comes in it, or just before."""


@dataclass(frozen=True)
class Waits:
    """The day cannot be told before this year's table is there: a year without one is never guessed."""

    year: int


@dataclass(frozen=True)
class Calendar:
    """Known years, each with its notice's days off (False) and days worked (True).

    A notice may reach into the December before its year, and is newer than what that year's own notice says of it.
    """

    years: Mapping[int, Mapping[date, bool]]

    def works(self, day: date) -> bool | None:
        """Whether work is done on the day; None in a year that is not known."""
        own = self.years.get(day.year)
        if own is None:
            return None
        later = self.years.get(day.year + 1, {}) if day.month == 12 else {}
        return later.get(day, own.get(day, day.weekday() < 5))

    def missing(self, today: date) -> list[int]:
        """The years that have to be known by now and are not: this one, and from 1 November on the next."""
        needed = [today.year, today.year + 1] if today.month >= _NEXT_SINCE else [today.year]
        return [year for year in needed if year not in self.years]


def add_working_days(calendar: Calendar, day: date, number: int) -> date | Waits:
    """The `number`-th working day after `day`, which does not count itself; `day` for none."""
    left = number
    while left:
        day += timedelta(days=1)
        works = calendar.works(day)
        if works is None:
            return Waits(day.year)
        left -= works
    return day
