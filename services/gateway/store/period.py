"""The days that a report is about, and the windows that they are: pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from services.kernel.errors import DomainError
from services.kernel.event import Period
from services.study.contract import Grain

_MOST_DAYS = 3660
_EARLIEST, _LATEST = date(1949, 10, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Span:
    """The days, both included, that a report is about."""

    first: date
    last: date

    @classmethod
    def of_month(cls, month: str) -> Self:
        """The days of a month such as 2026-03."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, _end_of_month(first))

    def check(self) -> None:
        """Refuse a span that ends before it begins, or that nobody can mean.

        Raises:
            DomainError: period.invalid.
        """
        wrong = None
        if self.last < self.first:
            wrong = "结束日期早于开始日期"
        elif self.first < _EARLIEST or self.last > _LATEST:
            wrong = f"期间须在 {_EARLIEST} 至 {_LATEST} 之间"
        elif (self.last - self.first).days > _MOST_DAYS:
            wrong = "期间不能超过十年"
        if wrong:
            raise DomainError("period.invalid", wrong, errors=[{"pointer": "/to", "detail": wrong}])

    def told(self) -> dict[str, str]:
        """The span as it is answered."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def months(self) -> list[str]:
        """The months that it touches, such as 2026-03."""
        found, month = [], self.first.replace(day=1)
        while month <= self.last:
            found.append(month.isoformat()[:7])
            month = (month + timedelta(days=31)).replace(day=1)
        return found

    def whole(self, month: str) -> bool:
        """Whether it covers all days of the month."""
        days = Span.of_month(month)
        return self.first <= days.first and days.last <= self.last

    def before(self) -> Span:
        """The span before it: as many months where it is made of whole months, otherwise as many days."""
        months = self.months()
        end = self.first - timedelta(days=1)
        if all(self.whole(month) for month in months):
            start = end.replace(day=1)
            for _ in months[1:]:
                start = (start - timedelta(days=1)).replace(day=1)
            return Span(start, end)
        return Span(end - (self.last - self.first), end)

    def year_before(self) -> Span:
        """The same days a year before; the end of a month stays the end of the month."""
        return Span(_year_before(self.first), _year_before(self.last))

    def windows(self, campaigns: Iterable[Period]) -> set[Grain]:
        """The grains of which it is exactly one window."""
        found: set[Grain] = set()
        if any((campaign.first, campaign.last) == (self.first, self.last) for campaign in campaigns):
            found.add("campaign")
        months = self.months()
        if all(self.whole(month) for month in months):
            if len(months) == 1:
                found.add("month")
            if len(months) == 3 and self.first.month % 3 == 1:
                found.add("quarter")
            if len(months) == 12 and self.first.month == 1:
                found.add("year")
        return found


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _year_before(day: date) -> date:
    end = _end_of_month(day.replace(year=day.year - 1, day=1))
    return end if day == _end_of_month(day) else end.replace(day=min(day.day, end.day))
