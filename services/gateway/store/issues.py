"""Issuing a report: its figures as they stand are kept, and what changes in its period later is a correction.

As for a month that is locked (`locks`), for the unit and those right below it always: what was kept + the corrections
that came after = what the roll-ups say now, as long as the tree of the period's last day stays as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.event import Period

from ..contract import IssueReport
from ..domain.report import REPORT, PlaceReport
from ..projection import LEVEL_FIELDS
from .generation import PROJECTION, generation_of
from .period import Span
from .place import Place, ever_below, place_of
from .report import add_month, fields_of, figures_of, months_of, no_sums
from .snapshot import HELD, WEIGHTS, complete_until, weights_of
from .tree import tree_of

ISSUED = "issued"
"""The collection of what was kept: a document for each unit of a report."""


def ensure_indexes(database: Database[Document]) -> None:
    """Collections and one index for each way of asking."""
    ensure_collections(database, (ISSUED,))
    database["reports"].create_index("number")
    database[ISSUED].create_index([("report", 1), ("place", 1)])
    database[ISSUED].create_index([("unit", 1), ("batch", -1)])


def issue(work: Work, asked: IssueReport) -> None:
    """Keep the figures of a unit and of those right below it as they stand in the transaction of `work`, and issue the
    report that bears them; every batch of the projection comes before it or after it.

    Raises:
        DomainError: what the report's rules refuse; unit.out_of_scope.
    """
    database, session = work.database, work.session
    projection = database[PROJECTION].find_one_and_update(
        {"_id": PROJECTION},
        {"$inc": {"batches": 1, "locks": 1}},
        return_document=pymongo.ReturnDocument.AFTER,
        session=session,
    )
    held = database["held"].find_one(HELD, {"recorded": 1}, sort=[("recorded", 1)], session=session)
    span = Span(asked.first, asked.last)
    at = _place(database, asked.unit, span, session)
    found = figures(database, generation_of(projection).rollups, at.ids, span, session)
    rows: list[Document] = [
        {
            "_id": f"{asked.id}|{unit['_id']}",
            "report": asked.id,
            "place": place,
            "unit": unit["_id"],
            "name": unit["name"],
            "kind": unit["kind"],
            "path": at.path if place == 0 else [*at.path, unit["_id"]],
            "first": asked.first.isoformat(),
            "last": asked.last.isoformat(),
            "batch": (projection or {})["batches"],
            "at": work.now,
            "figures": {id: [detail["value"], detail["reason"]] for id, detail in found[unit["_id"]].items()},
        }
        for place, unit in enumerate(({**at.unit, "name": at.name}, *at.children))
    ]
    own = {id: value for id, (value, _) in rows[0]["figures"].items()}
    placed = PlaceReport(asked=asked, as_of=complete_until(projection, held), figures=own, digest=digest(rows))
    before = work.version(REPORT, asked.id)
    work.decide(REPORT, asked.id, placed)
    work.within(REPORT, asked.id)
    if work.version(REPORT, asked.id) > before:
        for row in rows:
            work.write(ISSUED, pymongo.InsertOne(row))


def digest(rows: Iterable[Document]) -> str:
    """SHA-256, in hex, of what was kept of a report: whom it is about, and every figure."""
    told = [[row[name] for name in ("unit", "name", "kind", "path", "first", "last", "figures")] for row in rows]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _place(database: Database[Document], id: str, span: Span, session: ClientSession) -> Place:
    unit = database["units"].find_one({"_id": id}, session=session) or {}
    below = database["units"].find(ever_below(id), session=session).sort("_id")
    return place_of(unit, below, tree_of(database, session), span.last.isoformat())


def figures(
    database: Database[Document], rollups: str, units: list[str], span: Span, session: ClientSession
) -> dict[str, dict[str, dict[str, Any]]]:
    """Every figure of each unit for a span (the worker's side of `report.details_of`)."""
    sums = no_sums()
    for which, fields in months_of(units, span, LEVEL_FIELDS):
        for row in database[rollups].find(which, fields, session=session):
            add_month(sums, row, span, LEVEL_FIELDS)
    campaigns = database["campaigns"].find({}, {"opens": 1, "closes": 1}, session=session)
    windows = span.windows(Period(id=row["_id"], first=row["opens"], last=row["closes"]) for row in campaigns)
    weighed = weights_of(database["norms"].find_one(WEIGHTS, session=session))
    counted = fields_of(windows)
    return {unit: figures_of(sums[unit], counted, weighed) for unit in units}
