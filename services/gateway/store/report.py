"""Reading the figures: one small path for every figure, unit and period (asyncio: the API's side)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from services.kernel.journal.store import Document
from services.kernel.message.event import Period
from services.study.contract import Grain

from ..projection import LEVEL_FIELDS, METRICS, RATES, Metric, Rate, Weights, key, stored
from . import directory
from .generation import PROJECTION
from .period import Span
from .place import changes, place
from .records import records
from .snapshot import Database, known, one_instant, weights

__all__ = ["Span", "catalogue", "details_of", "records", "report", "sums", "version"]

FIRST_OF_ALL = "没有更早的活动或阶段"
"""Why there is no period before a campaign, or a phase."""
Fields = list[tuple[str, str | None]]
"""Every metric, and the field of a roll-up that says it; None where none does."""
Sums = dict[str, dict[str, int]]
"""Unit → key → amount."""


async def report(
    database: Database, unit_id: str, span: Span, *, children: bool = True, compare: Sequence[str] = ()
) -> dict[str, Any]:
    """The figures of a unit for a span, its children side by side, and the spans to compare with (`before`, `year`).

    A figure's value is a whole number, a rate between 0 and 1, or null with its reason: `not_additive` for a distinct
    count over a span that is none of its windows, `no_denominator` for a rate of nothing. A coverage
    that would come to more than 1, for the moment in which somebody is leaving, is 1 with the reason `capped`.

    Name, path and children are those of the span's last day; `tree_changes` says what came, went, ended or was renamed
    since its first, or since the first day of the span that is compared. A first campaign, or the first phase of one,
    has no span before it: `before_missing` says so.

    Raises:
        DomainError: unit.unknown, period.invalid.
    """
    span.check()
    spans = await directory.spans(database)
    campaigns = [each for each in spans if ":" not in each.id]
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session, children)
        generation, known_until = await known(database, session)
        rollups = database[generation.rollups]
        weighed = await weights(database, session)

        found, fields = await sums(rollups, at.ids, span, LEVEL_FIELDS, session), fields_of(span.windows(campaigns))
        own = figures_of(found[unit_id], fields, weighed)
        answer: dict[str, Any] = {
            "unit": unit_id,
            "unit_name": at.name,
            "path": at.path,
            "period": span.told(),
            "as_of": known_until,
            "figures": _values(own),
            "details": own,
            "children": at.told(lambda child: values_of(found[child], fields, weighed)[0]),
            "tree_changes": await changes(database, unit_id, span, session),
        }
        for name, asked, other in (
            ("before", "before", span.before_among(spans)),
            ("year_before", "year", span.year_before()),
        ):
            if asked in compare and other is None:
                answer["before_missing"] = FIRST_OF_ALL
            elif asked in compare and other is not None:
                compared = await details_of(rollups, [unit_id], other, campaigns, weighed, session)
                answer[name] = {
                    "period": other.told(),
                    "figures": _values(compared[unit_id]),
                    "tree_changes": await changes(database, unit_id, Span(other.first, span.last), session),
                }
    return answer


async def version(database: Database) -> tuple[Any, ...]:
    """What is another whenever any report may be: the generation that is read, the tree, and the facts that came."""
    projection = await database[PROJECTION].find_one({"_id": PROJECTION}, {"watermarks": 0}) or {}
    return tuple(projection.get(name, 0) for name in ("generation", "tree", "changes"))


async def details_of(
    rollups: AsyncCollection[Document],
    units: list[str],
    span: Span,
    campaigns: Sequence[Period],
    weighed: Weights,
    session: AsyncClientSession,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Every figure of each unit for a span, with its name, measure and reason, as that instant of the store has it."""
    found, fields = await sums(rollups, units, span, LEVEL_FIELDS, session), fields_of(span.windows(campaigns))
    return {unit: figures_of(found[unit], fields, weighed) for unit in units}


async def sums(
    rollups: AsyncCollection[Document],
    units: list[str],
    span: Span,
    levels: Collection[str],
    session: AsyncClientSession,
) -> Sums:
    """Every key's amount by unit: flows and distinct counts over the span, `levels` (as stored) from the beginning."""
    found = no_sums()
    for which, fields in months_of(units, span, levels):
        async for row in rollups.find(which, fields, session=session):
            add_month(found, row, span, levels)
    return found


def no_sums() -> Sums:
    """What nothing has been added to."""
    return defaultdict(lambda: defaultdict(int))


def months_of(units: list[str], span: Span, levels: Collection[str]) -> list[tuple[Document, Document]]:
    """Which roll-ups say what units count over a span, and what of each: `sum` of a whole month, `days` of another."""
    months = span.months()
    whole = [f"{unit}|{month}" for unit in units for month in months if span.whole(month)]
    parts = [f"{unit}|{month}" for unit in units for month in months if not span.whole(month)]
    return [
        ({"_id": {"$in": whole}}, {"unit": 1, "sum": 1}),
        ({"_id": {"$in": parts}}, {"unit": 1, "month": 1, "days": 1}),
        ({"unit": {"$in": units}, "month": {"$lt": months[0]}}, {"unit": 1, **{f"sum.{field}": 1 for field in levels}}),
    ]


def add_month(found: Sums, row: Document, span: Span, levels: Collection[str]) -> None:
    """Add what one of these roll-ups says."""
    amounts_of_unit = found[row["unit"]]
    for field, amount in row.get("sum", {}).items():
        amounts_of_unit[field] += amount
    for day, amounts in row.get("days", {}).items():
        at = date.fromisoformat(f"{row['month']}-{day}")
        for field, amount in amounts.items():
            if span.first <= at <= span.last or (at < span.first and field in levels):
                amounts_of_unit[field] += amount


def fields_of(windows: set[Grain]) -> Fields:
    """Over a span that is one window of these grains."""
    found: Fields = []
    for metric in METRICS.values():
        grain = metric.window(windows)
        apart = metric.sort == "distinct" and grain is None
        found.append((metric.id, None if apart else stored(key(metric.id, grain))))
    return found


def values_of(
    sums: dict[str, int], fields: Fields, weighed: Weights
) -> tuple[dict[str, int | float | None], dict[str, str]]:
    """Every figure of the catalogue, of keys' amounts; and the reasons of those that are null, or not what their
    formula gives.
    """
    values: dict[str, int | float | None] = {}
    reasons: dict[str, str] = {}
    for id, field in fields:
        values[id] = None if field is None else sums.get(field, 0)
        if field is None:
            reasons[id] = "not_additive"
    for rate in RATES.values():
        value, reason = rate.value(values, weighed)
        values[rate.id] = None if value is None else round(value, 6)
        if reason is not None:
            reasons[rate.id] = reason
    return values, reasons


def figures_of(sums: dict[str, int], fields: Fields, weighed: Weights) -> dict[str, dict[str, Any]]:
    """The same figures, each with its name, measure, sort and reason."""
    values, reasons = values_of(sums, fields, weighed)
    entries: tuple[Metric | Rate, ...] = (*METRICS.values(), *RATES.values())
    return {
        entry.id: {
            "value": values[entry.id],
            "name": entry.name,
            "unit_of_measure": entry.measure,
            "sort": entry.sort,
            "reason": reasons.get(entry.id),
        }
        for entry in entries
    }


def _values(details: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {id: detail["value"] for id, detail in details.items()}


def catalogue(weighed: Weights | None = None) -> list[dict[str, Any]]:
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
            "tagged": metric.tagged,
        }
        for metric in METRICS.values()
    ]
    rates = [
        {
            "id": rate.id,
            "name": rate.name,
            "unit_of_measure": rate.measure,
            "sort": rate.sort,
            "counts": rate.told(weighed or Weights()),
            "sources": list(rate.of),
            "grains": [],
            "tagged": False,
        }
        for rate in RATES.values()
    ]
    return counted + rates
