"""Reading the figures: one small path for every figure, unit and period (asyncio: the API's side)."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.errors import DomainError
from services.kernel.event import Period
from services.kernel.journal import Document
from services.study.contract import Grain

from ..projection import METRICS, RATES, Metric, Rate, key, stored
from . import directory

Database = AsyncDatabase[Document]
Sums = dict[str, dict[str, int]]
"""Unit → key → amount."""

LEVELS = [stored(metric.id) for metric in METRICS.values() if metric.sort == "level"]


_ENTRIES: tuple[Metric | Rate, ...] = (*METRICS.values(), *RATES.values())


@dataclass(frozen=True)
class Span:
    """The days, both included, that a report is about."""

    first: date
    last: date

    def months(self) -> list[str]:
        """The months that it touches."""
        found, month = [], self.first.replace(day=1)
        while month <= self.last:
            found.append(month.isoformat()[:7])
            month = (month + timedelta(days=31)).replace(day=1)
        return found

    def whole(self, month: str) -> bool:
        """Whether it covers all days of the month."""
        first, last = month_span(month)
        return self.first <= first and last <= self.last

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
        """The same days a year before."""
        return Span(_year_before(self.first), _year_before(self.last))


def _year_before(day: date) -> date:
    last = calendar.monthrange(day.year - 1, day.month)[1]
    end_of_month = day.day == calendar.monthrange(day.year, day.month)[1]
    return day.replace(year=day.year - 1, day=last if end_of_month else min(day.day, last))


def month_span(month: str) -> tuple[date, date]:
    """First and last day of a month such as 2026-03."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def grain_of(span: Span, campaigns: Iterable[Period]) -> Grain | None:
    """The grain of which the span is exactly one window, or None."""
    if any((campaign.first, campaign.last) == (span.first, span.last) for campaign in campaigns):
        return "campaign"
    months = span.months()
    if not all(span.whole(month) for month in months):
        return None
    start = span.first.month
    if len(months) == 1:
        return "month"
    if len(months) == 3 and start % 3 == 1:
        return "quarter"
    return "year" if len(months) == 12 and start == 1 else None


async def report(
    database: Database, unit_id: str, span: Span, *, children: bool = True, compare: Sequence[str] = ()
) -> dict[str, Any]:
    """The figures of a unit for a span, its children side by side, and the spans to compare with.

    A figure's value is a whole number, a rate between 0 and 1, or null with its reason: `not_additive` for a distinct
    count over a span that is none of its windows, `no_denominator` for a rate of nothing.

    Raises:
        DomainError: unit.unknown, period.invalid.
    """
    if span.last < span.first:
        raise DomainError(
            "period.invalid", "结束日期早于开始日期", errors=[{"pointer": "/to", "detail": "早于开始日期"}]
        )
    if (span.last - span.first).days > 3660:
        raise DomainError("period.invalid", "期间不能超过十年", errors=[{"pointer": "/to", "detail": "期间过长"}])
    unit = await directory.unit(database, unit_id)
    below = await directory.children(database, unit_id) if children else []
    campaigns = await directory.periods(database)
    sums = await _sums(database, [unit_id, *(child["_id"] for child in below)], span)
    grain = grain_of(span, campaigns)
    details = _details(sums[unit_id], grain)
    answer: dict[str, Any] = {
        "unit": unit_id,
        "unit_name": unit["name"],
        "path": unit["path"],
        "period": {"from": span.first.isoformat(), "to": span.last.isoformat()},
        "as_of": await as_of(database),
        "figures": {id: detail["value"] for id, detail in details.items()},
        "details": details,
        "children": [
            {
                "unit": child["_id"],
                "name": child["name"],
                "kind": child["kind"],
                "figures": {id: detail["value"] for id, detail in _details(sums[child["_id"]], grain).items()},
            }
            for child in below
        ],
    }
    for name, other in (("before", span.before()), ("year_before", span.year_before())):
        if name in compare or name.removesuffix("_before") in compare:
            compared = _details((await _sums(database, [unit_id], other))[unit_id], grain_of(other, campaigns))
            answer[name] = {
                "period": {"from": other.first.isoformat(), "to": other.last.isoformat()},
                "figures": {id: detail["value"] for id, detail in compared.items()},
            }
    return answer


async def as_of(database: Database) -> datetime | None:
    """The instant up to which all that was recorded anywhere is in the figures; None before the first watermarks."""
    projection = await database["projection"].find_one({"_id": "projection"})
    marks = list((projection or {}).get("watermarks", {}).values())
    if not marks:
        return None
    oldest = await database["held"].find_one(
        {"queue": "gateway.projection", "recorded": {"$ne": None}}, {"recorded": 1}, sort=[("recorded", 1)]
    )
    if oldest is not None:
        marks.append(oldest["recorded"] - timedelta(milliseconds=1))
    earliest: datetime = min(marks)
    return earliest


async def _sums(database: Database, units: list[str], span: Span) -> Sums:
    """Every key's amount by unit: flows and distinct counts over the span, levels from the beginning."""
    sums: Sums = defaultdict(lambda: defaultdict(int))
    rollups, months = database["rollups"], span.months()
    whole = [month for month in months if span.whole(month)]
    parts = [month for month in months if not span.whole(month)]
    ids = [f"{unit}|{month}" for unit in units for month in whole]
    async for row in rollups.find({"_id": {"$in": ids}}, {"unit": 1, "sum": 1}):
        for field, amount in row.get("sum", {}).items():
            sums[row["unit"]][field] += amount
    ids = [f"{unit}|{month}" for unit in units for month in parts]
    async for row in rollups.find({"_id": {"$in": ids}}, {"unit": 1, "month": 1, "days": 1}):
        for day, amounts in row.get("days", {}).items():
            at = date.fromisoformat(f"{row['month']}-{day}")
            for field, amount in amounts.items():
                if span.first <= at <= span.last or (at < span.first and field in LEVELS):
                    sums[row["unit"]][field] += amount
    earlier = {"unit": {"$in": units}, "month": {"$lt": months[0]}}
    async for row in rollups.find(earlier, {"unit": 1, **{f"sum.{field}": 1 for field in LEVELS}}):
        for field, amount in row.get("sum", {}).items():
            sums[row["unit"]][field] += amount
    return sums


def _details(sums: dict[str, int], grain: Grain | None) -> dict[str, dict[str, Any]]:
    values: dict[str, int | float | None] = {}
    reasons: dict[str, str] = {}
    for metric in METRICS.values():
        if metric.sort != "distinct":
            values[metric.id] = sums.get(stored(metric.id), 0)
        elif grain in metric.grains:
            values[metric.id] = sums.get(stored(key(metric.id, grain)), 0)
        else:
            values[metric.id], reasons[metric.id] = None, "not_additive"
    for rate in RATES.values():
        values[rate.id] = None if (value := rate.formula(values)) is None else round(value, 6)
        if value is None:
            reasons[rate.id] = "no_denominator"
    return {
        entry.id: {
            "value": values[entry.id],
            "name": entry.name,
            "unit_of_measure": entry.measure,
            "sort": entry.sort,
            "reason": reasons.get(entry.id),
        }
        for entry in _ENTRIES
    }


async def records(
    database: Database, figure: str, unit_id: str, span: Span, page: int, page_size: int
) -> dict[str, Any]:
    """The records behind a figure, each with what it counts; their sum is the figure.

    A distinct figure opens to the units that it counts. Records that were taken back count nothing and are left out.

    Raises:
        DomainError: figure.unknown, figure.is_a_rate, figure.not_additive, unit.unknown.
    """
    if figure in RATES:
        parts = "、".join(RATES[figure].of)
        raise DomainError("figure.is_a_rate", f"该指标由 {parts} 计算得出，请查看这些指标的依据", "invalid")
    metric = METRICS.get(figure)
    if metric is None:
        raise DomainError("figure.unknown", f"没有指标 {figure}", "not_found")
    unit = await directory.unit(database, unit_id)
    grain = grain_of(span, await directory.periods(database)) if metric.sort == "distinct" else None
    if metric.sort == "distinct" and grain not in metric.grains:
        raise DomainError("figure.not_additive", "该指标只能按月、季、年或活动期查看", "invalid")
    prefix = "/".join(unit["path"]) + "/"
    days: Document = {"$lte": span.last.isoformat()}
    if metric.sort != "level":
        days["$gte"] = span.first.isoformat()
    wanted = {"m": key(figure, grain), "p": {"$gte": prefix, "$lt": prefix[:-1] + "0"}, "d": days}
    by = "$entries.u" if metric.sort == "distinct" else "$record"
    pipeline: list[Document] = [
        {"$match": {"entries": {"$elemMatch": wanted}}},
        {"$unwind": "$entries"},
        {"$match": {f"entries.{name}": value for name, value in wanted.items()}},
        {
            "$group": {
                "_id": by,
                "amount": {"$sum": "$entries.n"},
                "title": {"$max": "$title"},
                "unit": {"$last": "$entries.u"},
                "day": {"$max": "$entries.d"},
                "service": {"$first": "$service"},
                "type": {"$first": "$type"},
            }
        },
        {"$match": {"amount": {"$ne": 0}}},
        {
            "$facet": {
                "all": [{"$group": {"_id": None, "total": {"$sum": 1}, "sum": {"$sum": "$amount"}}}],
                "page": [{"$sort": {"day": -1, "_id": 1}}, {"$skip": (page - 1) * page_size}, {"$limit": page_size}],
            }
        },
    ]
    found = await (await database["facts"].aggregate(pipeline, allowDiskUse=True)).to_list()
    everything = found[0]["all"][0] if found[0]["all"] else {"total": 0, "sum": 0}
    names = await _names(database, [row["unit"] for row in found[0]["page"]])
    return {
        "figure": figure,
        "name": metric.name,
        "unit": unit_id,
        "unit_name": unit["name"],
        "period": {"from": span.first.isoformat(), "to": span.last.isoformat()},
        "as_of": await as_of(database),
        "sum": everything["sum"],
        "total": everything["total"],
        "page": page,
        "page_size": page_size,
        "items": [
            {
                "record": row["_id"],
                "service": row["service"],
                "kind": "unit" if metric.sort == "distinct" else row["type"].split(".")[0],
                "title": names.get(row["unit"]) if metric.sort == "distinct" else row["title"],
                "unit": row["unit"],
                "unit_name": names.get(row["unit"], row["unit"]),
                "day": row["day"],
                "amount": row["amount"],
            }
            for row in found[0]["page"]
        ],
    }


async def _names(database: Database, units: Iterable[str]) -> dict[str, str]:
    found = database["units"].find({"_id": {"$in": list(set(units))}}, {"name": 1})
    return {unit["_id"]: unit["name"] async for unit in found}


def catalogue() -> list[dict[str, Any]]:
    """Every figure: id, name, unit of measure, what counts, sort, where it comes from."""
    counted = [
        {
            "id": metric.id,
            "name": metric.name,
            "unit_of_measure": metric.measure,
            "sort": metric.sort,
            "counts": metric.counts,
            "sources": list(metric.sources),
            "grains": list(metric.grains),
        }
        for metric in METRICS.values()
    ]
    rates = [
        {
            "id": rate.id,
            "name": rate.name,
            "unit_of_measure": rate.measure,
            "sort": rate.sort,
            "counts": rate.counts,
            "sources": list(rate.of),
            "grains": [],
        }
        for rate in RATES.values()
    ]
    return counted + rates
