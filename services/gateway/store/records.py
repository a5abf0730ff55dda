"""The records behind a figure: their sum is the figure, always."""

from __future__ import annotations

from typing import Any

from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError

from ..domain import HeldRoles
from ..projection import METRICS, RATES, Metric, is_level, key
from . import directory, opened
from .facts_query import FactsQuery, facts_query
from .period import Span
from .place import place
from .snapshot import Database, known, one_instant


async def records(
    database: Database,
    figure: str,
    unit_id: str,
    span: Span,
    page: int,
    page_size: int,
    tag: str | None = None,
    *,
    roles: HeldRoles,
) -> dict[str, Any]:
    """A page of the records behind a figure (of those with a tag), each with what it counts, and the sum over all.

    A distinct figure, and one that counts persons, opens to the units in which it is counted. Records that were taken
    back count nothing and are left out. A record that whoever holds these roles may not see (it is of a unit that left
    theirs since, of a kind to which they are blind …) counts with its day alone, so that the sum stays the figure.

    Raises:
        DomainError: role.missing, figure.unknown, figure.is_a_rate, figure.not_additive, figure.not_tagged,
            unit.unknown, period.invalid.
    """
    metric = _metric(figure)
    opened.check_opens(roles, metric)
    span.check()
    asked = await _key(database, metric, span, tag)
    to_units = metric.opens_to_units
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session, children=False)
        belongs = await facts_query(database, at.unit["path"], is_level(metric.id), span, session)
        generation, known_until = await known(database, session)
        facts = database[generation.facts]
        pipeline = _pipeline(belongs, asked, "$entries.u" if to_units else "$record", page, page_size)
        found = await (await facts.aggregate(pipeline, session=session, allowDiskUse=True)).to_list()
        rows: list[Document] = found[0]["page"]
        said = {} if to_units else await opened.said(facts, [row["_id"] for row in rows], session)
        paths = {} if to_units else await opened.paths(database, [row["unit"] for row in rows], session)
    whole = found[0]["all"][0] if found[0]["all"] else {"total": 0, "sum": 0}
    names = await directory.names(database, [row["unit"] for row in rows])
    return {
        "figure": figure,
        "name": metric.name,
        "unit": unit_id,
        "unit_name": at.name,
        "period": span.told(),
        "as_of": known_until,
        "sum": whole["sum"],
        "total": whole["total"],
        "page": page,
        "page_size": page_size,
        "items": [_shown({**row, **said.get(row["_id"], {})}, to_units, names, paths, roles) for row in rows],
    }


def _shown(
    row: Document, to_units: bool, names: dict[str, str], paths: dict[str, list[str]], roles: HeldRoles
) -> Document:
    unit, day = row["unit"], {"day": row["day"], "amount": row["amount"]}
    told = {"service": row["service"], "kind": "unit" if to_units else row["type"].split(".")[0]}
    if not to_units and not opened.open_to(roles, row, [unit], paths):
        return {"record": None, **told, "title": None, "unit": None, "unit_name": None, **day}
    title = names.get(unit) if to_units else opened.title_of(row)
    return {
        "record": row["_id"],
        **told,
        "title": title,
        "unit": unit,
        "unit_name": names.get(unit, unit),
        **day,
    }


def _metric(figure: str) -> Metric:
    if figure in RATES:
        parts = "、".join(METRICS[part].name for part in RATES[figure].of)
        raise DomainError("figure.is_a_rate", f"该指标由 {parts} 计算得出，请查看这些指标的依据", "invalid")
    if figure not in METRICS:
        raise DomainError("figure.unknown", f"没有指标 {figure}", "not_found")
    return METRICS[figure]


async def _key(database: Database, metric: Metric, span: Span, tag: str | None) -> str:
    if tag is not None:
        if not metric.tagged:
            raise DomainError("figure.not_tagged", "该指标不按举措、载体统计", "invalid")
        return key(metric.id, tag=tag)
    if metric.sort != "distinct":
        return metric.id
    grain = metric.window(span.windows(await directory.periods(database)))
    if grain is None:
        raise DomainError("figure.not_additive", "该指标只能按完整的月、季、年或活动期查看", "invalid")
    return key(metric.id, grain)


def _pipeline(found: FactsQuery, key: str, by: str, page: int, page_size: int) -> list[Document]:
    """Entries by record, unit and day, so that what was moved or taken back vanishes; then the records."""
    standing = {"$match": {"amount": {"$ne": 0}}}
    return [
        {"$match": found.finding(key)},
        {"$unwind": "$entries"},
        {"$match": found.deciding(key)},
        {
            "$group": {
                "_id": {"of": by, "unit": "$entries.u", "day": "$entries.d"},
                "amount": {"$sum": "$entries.n"},
                "service": {"$first": "$service"},
                "type": {"$first": "$type"},
            }
        },
        standing,
        {
            "$group": {
                "_id": "$_id.of",
                "amount": {"$sum": "$amount"},
                "last": {"$max": {"day": "$_id.day", "unit": "$_id.unit"}},
                "service": {"$first": "$service"},
                "type": {"$first": "$type"},
            }
        },
        standing,
        {"$set": {"day": "$last.day", "unit": "$last.unit"}},
        {
            "$facet": {
                "all": [{"$group": {"_id": None, "total": {"$sum": 1}, "sum": {"$sum": "$amount"}}}],
                "page": [{"$sort": {"day": -1, "_id": 1}}, {"$skip": (page - 1) * page_size}, {"$limit": page_size}],
            }
        },
    ]
