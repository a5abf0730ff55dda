"""The days that a report is about, and the windows that they are: pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Self

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Period
from services.kernel.message.instants import FIRST, LAST
from services.study.contract import Grain

_MOST_DAYS = 3660
NAMED = (
    r"[0-9]{4}|[0-9]{4}-Q[1-4]|[0-9]{4}-(0[1-9]|1[0-2])|[0-9]{4}-W[0-5][0-9]|[0-9]{4}-[01][0-9]-[0-3][0-9]"
    r"|campaign(:[A-Z0-9-]{1,32}(:[0-9]{1,2})?)?"
)
"""The names by which a span can be asked for: a year, quarter, month, ISO week or day, a campaign or its phase."""
_WEEKS_OF_A_YEAR = timedelta(weeks=52)


@dataclass(frozen=True)
class Span:
    """The days, both included, that a report is about."""

    first: date
    last: date
    name: str = field(default="", compare=False)
    """The campaign, or its phase, by whose name it was asked for: `C2026`, `C2026:1`."""

    @classmethod
    def of_month(cls, month: str) -> Self:
        """The days of a month such as 2026-03."""
        first = date.fromisoformat(f"{month}-01")
        return cls(first, _end_of_month(first))

    @classmethod
    def named(cls, name: str, campaigns: Sequence[Period] = (), today: date = date.max) -> Self:
        """The days of 2026, 2026-Q1, 2026-03, 2026-W12 (Monday to Sunday) or 2026-03-05; or of a campaign.

        `campaign:C2026` is the one of that code, `campaign:C2026:1` its first phase; `campaign` alone the latest that
        has begun by `today`, or else the first.

        Raises:
            DomainError: period.invalid, campaign.unknown.
        """
        if re.fullmatch(NAMED, name) is None:
            raise _unreadable(name)
        if name.startswith("campaign"):
            return cls._of_campaign(name.partition(":")[2], campaigns, today)
        year, _, rest = name.partition("-")
        try:
            if rest.startswith("W"):
                first = date.fromisocalendar(int(year), int(rest[1:]), 1)
                return cls(first, first + timedelta(days=6))
            if rest.startswith("Q"):
                first = date(int(year), 3 * int(rest[1:]) - 2, 1)
                return cls(first, _end_of_month(first.replace(month=first.month + 2)))
            if len(rest) == 2:
                return cls.of_month(name)
            return cls(date.fromisoformat(name), date.fromisoformat(name)) if rest else cls.of_year(int(year))
        except (ValueError, OverflowError) as error:
            raise _unreadable(name) from error

    @classmethod
    def of_year(cls, year: int) -> Self:
        """The days of a year."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def _of_campaign(cls, id: str, campaigns: Sequence[Period], today: date) -> Self:
        named = [each for each in campaigns if (each.id == id if id else ":" not in each.id)]
        known = sorted(named, key=lambda each: each.first)
        begun = [each for each in known if each.first <= today] or known[:1]
        found = begun[-1] if begun else None
        if found is None:
            detail = f"没有活动或阶段 {id}" if id else "尚未开启活动"
            raise DomainError("campaign.unknown", detail, "not_found", [{"pointer": "/period", "detail": detail}])
        return cls(found.first, found.last, found.id)

    def check(self) -> None:
        """Refuse a span that ends before it begins, or that nobody can mean.

        Raises:
            DomainError: period.invalid.
        """
        wrong = None
        if self.last < self.first:
            wrong = "结束日期早于开始日期"
        elif self.first < FIRST or self.last > LAST:
            wrong = f"期间须在 {FIRST} 至 {LAST} 之间"
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

    def before_among(self, campaigns: Sequence[Period]) -> Span | None:
        """The same; but of a campaign or a phase the one before, None where there is none.

        `campaigns` are known with their phases. Days that are a month, a quarter or a year are not taken for a campaign
        unless it was asked for by its name.
        """
        named = self.name or self._campaign_of(campaigns)
        return self._campaign_before(named, campaigns) if named else self.before()

    def _campaign_of(self, campaigns: Sequence[Period]) -> str:
        if self.windows(()):
            return ""
        return next((each.id for each in campaigns if (each.first, each.last) == (self.first, self.last)), "")

    def _campaign_before(self, named: str, campaigns: Sequence[Period]) -> Span | None:
        campaign, _, phase = named.partition(":")
        alike = [each for each in campaigns if each.id.partition(":")[0] == campaign] if phase else campaigns
        alike = [each for each in alike if (":" in each.id) == bool(phase)]
        earlier = [each for each in alike if each.last < self.first]
        found = max(earlier, key=lambda each: each.first, default=None)
        return None if found is None else Span(found.first, found.last, found.id)

    def year_before(self) -> Span:
        """The same days a year before: whole weeks 52 weeks earlier; the end of a month stays the end of the month."""
        days = (self.last - self.first).days + 1
        months = all(self.whole(month) for month in self.months())
        if not months and self.first.weekday() == 0 and days % 7 == 0:
            return Span(self.first - _WEEKS_OF_A_YEAR, self.last - _WEEKS_OF_A_YEAR)
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


def _unreadable(name: str) -> DomainError:
    detail = f"期间 {name[:40]} 无法识别，应如 2026、2026-Q1、2026-03、2026-W12、2026-03-05 或 campaign"
    return DomainError("period.invalid", detail, errors=[{"pointer": "/period", "detail": detail}])


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _year_before(day: date) -> date:
    end = _end_of_month(day.replace(year=day.year - 1, day=1))
    return end if day == _end_of_month(day) else end.replace(day=min(day.day, end.day))
