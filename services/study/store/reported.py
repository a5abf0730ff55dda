"""Pairs, activities, contests, entries, materials, programmes: their lists and indexes, and what a reader is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.lists import page, shown
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.import_rows import ExportRows
from services.kernel.sheets.sheet import Sheet

from ..contract import Offered, Paged
from . import units
from .records import matching, one

_LINKS = {
    "pairs": (),
    "activities": ("pair",),
    "contests": (),
    "entries": ("contest",),
    "material_sets": (),
    "issues": ("material",),
    "programmes": (),
}
"""The collections, and the fields by which lists of them may be narrowed besides."""
_DAYS = [("day", -1), ("_id", -1)]


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked, and one for what belongs to a record."""
    for collection, links in _LINKS.items():
        asked = database[collection]
        for first in ("scope", "unit"):
            asked.create_index([(first, 1), *_DAYS])
        asked.create_index([("scope", 1), ("_id", 1)])
        asked.create_index([("scope", 1), ("state", 1), *_DAYS])
        asked.create_index([("unit", 1), ("state", 1), *_DAYS])
        asked.create_index([("scope", 1), ("title", 1), ("_id", 1)])
        asked.create_index([("unit", 1), ("title", 1), ("_id", 1)])
        for link in links:
            asked.create_index([("scope", 1), (link, 1), *_DAYS])
            asked.create_index([(link, 1), ("state", 1), *_DAYS])
    for tagged in ("pairs", "activities"):
        database[tagged].create_index([("tags", 1), *_DAYS])
    database["sessions"].create_index(
        [("programme", 1), *_DAYS], partialFilterExpression={"programme": {"$type": "string"}}
    )
    database["contests"].create_index([("judges.user", 1), ("state", 1)])
    database["scores"].create_index([("contest", 1), ("entry", 1)])
    database["scores"].create_index([("judge", 1), ("contest", 1)])
    named = {"session": {"$gt": ""}}
    database["activities"].create_index([("session", 1), ("state", 1)], partialFilterExpression=named)
    database["joinings"].create_index([("scope", 1)])


def offered(database: Database[Document], collection: str, id: str, reader: str) -> dict[str, Any]:
    """A record of the reader's subtree, or one that a unit above put before it.

    Raises:
        DomainError: record.not_found.
    """
    record = database[collection].find_one({"_id": id})
    if record is None or not (reader in record["scope"] or record["unit"] in units.path(database, reader)):
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return shown(record)


def listed(database: Database[Document], collection: str, asked: Paged, **exact: Any) -> dict[str, Any]:
    """A page of records of the unit's subtree, or of what the units above put before it; `exact` narrows it."""
    filters = {**matching(asked), **{name: value for name, value in exact.items() if value is not None}}
    if isinstance(asked, Offered) and asked.offered:
        filters["unit"] = {"$in": units.path(database, filters.pop("scope"))}
    return page(database[collection], filters, sort=asked.sort, page=asked.page, page_size=asked.page_size)


def count(
    database: Database[Document],
    collection: str,
    of: Mapping[str, Any],
    session: ClientSession | None = None,
    limit: int = 10_000,
) -> int:
    """How many records that stand belong to another one; no further than `limit`."""
    standing = {**of, "state": {"$in": ["recorded", "returned"]}}
    return database[collection].count_documents(standing, limit=limit, session=session)


def rows(database: Database[Document], sheet: Sheet, asked: ExportRows) -> tuple[list[Document], str | None]:
    """A subtree's own records that stand as rows of their sheet, and the id after which to go on.

    A record without a number of its own bears its id instead, and a link is an id: sent in again each is what it was.
    """
    wanted: Document = {"scope": asked.unit, "_id": {"$gt": asked.after or ""}}
    records = list(database[asked.kind].find(wanted).sort("_id", 1).limit(asked.limit))
    keys = [column.key for column in sheet.columns]
    found = [
        {key: _cell(record.get(key)) for key in keys} | {"number": record["number"] or record["_id"], "reason": ""}
        for record in records
        if record["state"] == "recorded" and asked.unit in record["paths"][record["unit"]]
    ]
    return found, records[-1]["_id"] if len(records) == asked.limit else None


def _cell(value: Any) -> Any:
    return "" if value is None else "、".join(value) if isinstance(value, list) else value


def pair(database: Database[Document], id: str, reader: str) -> dict[str, Any]:
    """A pair with its progress: how many activities stand, who took part, and when the last was."""
    record = one(database, "pairs", id, reader)
    sums = database["activities"].aggregate(
        [
            {"$match": {"pair": id, "state": "recorded"}},
            {
                "$group": {
                    "_id": None,
                    "activities": {"$sum": 1},
                    "central_people": {"$sum": "$central_people"},
                    "provincial_people": {"$sum": "$provincial_people"},
                    "latest": {"$max": "$day"},
                }
            },
            {"$project": {"_id": 0}},
        ]
    )
    nothing = {"activities": 0, "central_people": 0, "provincial_people": 0, "latest": None}
    return {**record, "progress": next(iter(sums), nothing)}


def judging(database: Database[Document], judge: str) -> list[Document]:
    """The contests that somebody judges now, with the judges' units."""
    return list(database["contests"].find({"judges.user": judge, "state": "scoring"}).limit(50))


def judged(database: Database[Document], judge: str, *, before: Sequence[str]) -> list[Document]:
    """The contests that somebody is called to judge and that have not reached one of these states."""
    return list(database["contests"].find({"judges.user": judge, "state": {"$nin": [*before, "void"]}}))


def entries(
    database: Database[Document], contests: Iterable[str], session: ClientSession | None = None
) -> list[Document]:
    """The entries that stand in some contests, in the order of their days."""
    among = {"contest": {"$in": list(contests)}, "state": "recorded"}
    return list(database["entries"].find(among, session=session).sort([("contest", 1), ("day", 1), ("_id", 1)]))


def scores(database: Database[Document], session: ClientSession | None = None, **of: Any) -> list[Document]:
    """Scores of a contest, or of a judge."""
    return list(database["scores"].find(of, session=session))
