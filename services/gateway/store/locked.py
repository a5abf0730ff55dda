"""Figures as they stood when their months were locked, beside those of now, and the corrections between (the API)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.redaction import redact

from ..domain import HeldRoles
from ..projection import LEVEL_FIELDS, METRICS, Weights, is_level, metric_of, tagged
from . import directory, opened
from .period import Span
from .place import place
from .report import details_of, fields_of, figures_of
from .snapshot import Database, known, one_instant, weights

_OF_LEVEL = [id for id in METRICS if is_level(id)]


async def locked_report(database: Database, unit_id: str, span: Span, *, children: bool = True) -> dict[str, Any]:
    """The same answer as a report's, of what was kept when each month of the span was locked; with `now` and what
    differs. A level is that of the last month when it was locked.

    Raises:
        DomainError: unit.unknown, period.invalid, period.not_locked where a day of the span is in no locked month.
    """
    span.check()
    campaigns = await directory.periods(database)
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session, children)
        ids = at.ids
        locks = await _locks(database, at.path, span, session)
        generation, known_until = await known(database, session)
        fields = fields_of(span.windows(campaigns))
        sums = await _kept(database, ids, span.months(), session)
        weighed = Weights(**locks[-1]["weights"])
        found = {id: figures_of(sums[id], fields, weighed) for id in ids}
        now_weighed = await weights(database, session)
        now = (await details_of(database[generation.rollups], [unit_id], span, campaigns, now_weighed, session))[
            unit_id
        ]
    figures = _values(found[unit_id])
    return {
        "unit": unit_id,
        "unit_name": at.name,
        "path": at.path,
        "period": span.told(),
        "as_of": known_until,
        "figures": figures,
        "details": found[unit_id],
        "children": at.told(lambda child: _values(found[child])),
        "locked": [{"month": lock["month"], "unit": lock["unit"], "at": lock["at"]} for lock in locks],
        "now": _values(now),
        "differing": [id for id, value in figures.items() if value != now[id]["value"]],
    }


async def lock_states(database: Database, path: list[str], span: Span) -> dict[str, bool]:
    """The months of a span, and whether each is locked for the unit at the end of the path."""
    found = database["locks"].find(await _holding(database, path, span), {"month": 1})
    locked = {row["month"] async for row in found}
    return {month: month in locked for month in span.months()}


async def corrections(
    database: Database, unit_id: str, month: str, page: int, page_size: int, *, roles: HeldRoles
) -> dict[str, Any]:
    """A page of what changed in a unit's month after it was locked: record, figure, by how much, when, why.

    Raises:
        DomainError: unit.unknown, period.not_locked.
    """
    span = Span.of_month(month)
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session, children=False)
        locks = await _locks(database, at.path, span, session)
        batch = await _batch(database, unit_id, month, locks[0]["batch"], session)
        changed = await changed_since(database, unit_id, span, batch, page, page_size, session, roles)
    return {
        "unit": unit_id,
        "unit_name": at.name,
        "month": month,
        "locked_at": locks[0]["at"],
        **changed,
    }


async def changed_since(
    database: Database,
    unit_id: str,
    span: Span,
    batch: int,
    page: int,
    page_size: int,
    session: AsyncClientSession,
    roles: HeldRoles,
) -> dict[str, Any]:
    """A page of what came after a batch of the projection and counts for a unit in a span, and what it comes to.

    Of a record that whoever holds these roles may not see, it says which figure changed, when and by how much.
    """
    first, last = span.first.isoformat(), span.last.isoformat()
    entry: Document = {
        "path": unit_id,
        "$or": [{"d": {"$gte": first, "$lte": last}}, {"m": {"$in": _OF_LEVEL}, "d": {"$lte": last}}],
    }
    of_it = {
        "$and": [
            {"$in": [unit_id, "$$e.path"]},
            {"$lte": ["$$e.d", last]},
            {"$or": [{"$gte": ["$$e.d", first]}, {"$in": ["$$e.m", _OF_LEVEL]}]},
        ]
    }
    pipeline: list[Document] = [
        {"$match": {"batch": {"$gt": batch}, "entries": {"$elemMatch": entry}}},
        {"$set": {"entries": {"$filter": {"input": "$entries", "as": "e", "cond": of_it}}}},
        {"$sort": {"batch": 1, "_id": 1}},
        {
            "$facet": {
                "all": [{"$count": "n"}],
                "sums": [
                    {"$unwind": "$entries"},
                    {"$group": {"_id": "$entries.m", "n": {"$sum": "$entries.n"}}},
                    {"$match": {"n": {"$ne": 0}}},
                ],
                "page": [{"$skip": (page - 1) * page_size}, {"$limit": page_size}],
            }
        },
    ]
    (found,) = await (await database["corrections"].aggregate(pipeline, session=session)).to_list()
    units = {entry["u"] for row in found["page"] for entry in row["entries"]}
    names, paths = await directory.names(database, units), await opened.paths(database, units, session)
    generation, _ = await known(database, session)
    said = await opened.said(database[generation.facts], [row["record"] for row in found["page"]], session)
    rows = [{**row, **said.get(row["record"], {})} for row in found["page"]]
    total = found["all"][0]["n"] if found["all"] else 0
    return {
        "sums": {
            row["_id"]: row["n"] for row in sorted(found["sums"], key=lambda row: row["_id"]) if not tagged(row["_id"])
        },
        "items": [_shown(row, names, paths, roles) for row in rows],
        "total": min(total, 10_000),
        "more_than": total > 10_000,
        "page": page,
        "page_size": page_size,
    }


def _shown(row: Document, names: dict[str, str], paths: dict[str, list[str]], roles: HeldRoles) -> dict[str, Any]:
    opens = opened.open_to(roles, row, {entry["u"] for entry in row["entries"]}, paths)
    return {
        "record": row["record"] if opens else None,
        "service": row["service"],
        "kind": row["type"].split(".")[0],
        "change": row["type"].split(".")[1],
        "title": opened.title_of(row) if opens else None,
        "recorded": row["recorded"],
        "why": (redact(row["why"] or "") or None) if opens else None,
        "changes": [
            {
                "figure": metric_of(entry["m"]),
                "grain": entry["m"].partition("@")[2] or None,
                "name": METRICS[metric_of(entry["m"])].name,
                "unit": entry["u"] if opens else None,
                "unit_name": names.get(entry["u"], entry["u"]) if opens else None,
                "day": entry["d"],
                "amount": entry["n"],
            }
            for entry in row["entries"]
            if not tagged(entry["m"])
        ],
    }


async def _locks(database: Database, path: list[str], span: Span, session: AsyncClientSession) -> list[Document]:
    """The lock of each month of a span that holds for a unit: the earliest of its path."""
    months = span.months()
    found = database["locks"].find(await _holding(database, path, span, session), session=session)
    held: dict[str, Document] = {}
    async for row in found.sort("batch", 1):
        held.setdefault(row["month"], row)
    missing = [month for month in months if month not in held]
    parts = [month for month in months if not span.whole(month)]
    if missing or parts:
        why = f"{'、'.join(missing)} 尚未采纳锁定" if missing else "锁定时的数据只按整月查看"
        raise DomainError("period.not_locked", why, "conflict", [{"pointer": "/as", "detail": why}])
    return [held[month] for month in months]


async def _holding(
    database: Database, path: list[str], span: Span, session: AsyncClientSession | None = None
) -> Document:
    """Locks that hold for a unit: of whoever is on its path now, and those that kept its figures where it was then."""
    months = span.months()
    ids = [f"{path[-1]}|{month}" for month in months]
    kept = database["locked"].find({"_id": {"$in": ids}}, {"lock": 1, "month": 1}, session=session)
    then = [f"{row['lock']}|{row['month']}" async for row in kept]
    return {"$or": [{"unit": {"$in": path}, "month": {"$in": months}}, {"_id": {"$in": then}}]}


async def _batch(database: Database, unit: str, month: str, of_lock: int, session: AsyncClientSession) -> int:
    kept = await database["locked"].find_one({"_id": f"{unit}|{month}"}, {"batch": 1}, session=session)
    return int(of_lock if kept is None else kept["batch"])


async def _kept(
    database: Database, units: list[str], months: list[str], session: AsyncClientSession
) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    ids = [f"{unit}|{month}" for unit in units for month in months]
    async for row in database["locked"].find({"_id": {"$in": ids}}, session=session):
        for field, amount in row["sum"].items():
            if field not in LEVEL_FIELDS:
                sums[row["unit"]][field] += amount
        if row["month"] == months[-1]:
            for field, amount in row["levels"].items():
                sums[row["unit"]][field] += amount
    return sums


def _values(details: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {id: detail["value"] for id, detail in details.items()}
