"""`duties`: how a unit stands with one plan or notice, kept beside the journal. They follow from the unit's account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import pymongo
from pymongo.database import Database

from services.kernel.journal.lists import page
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work

from ..contract import ListDuties, Remind, Standing
from ..domain.account import UnitMonth
from ..domain.duty import standing
from . import units


def ensure_indexes(database: Database[Document]) -> None:
    """A unit's duties by month; a subtree's, of a source or of all, the longest missing first; those not read."""
    duties = database["duties"]
    duties.create_index([("unit", 1), ("last", 1)])
    duties.create_index([("source", 1), ("path", 1), ("missing", 1), ("_id", 1)])
    duties.create_index([("source", 1), ("path", 1), ("unread", 1), ("_id", 1)])
    duties.create_index([("path", 1), ("missing", 1), ("_id", 1)])


def of_units(work: Work, months: Collection[UnitMonth]) -> list[Document]:
    """What units owe in some months, or in months between them."""
    units = {unit for unit, _ in months}
    if not units:
        return []
    at = sorted(month for _, month in months)
    asked = {"unit": {"$in": list(units)}, "last": {"$gte": at[0]}, "first": {"$lte": at[-1]}}
    return list(work.database["duties"].find(asked, session=work.session))


def all_of(work: Work, units: Iterable[str]) -> list[Document]:
    """What units owe in whatever month."""
    return list(work.database["duties"].find({"unit": {"$in": list(units)}}, session=work.session))


def owe(work: Work, source: str, unit: str, path: list[str], known: Document | None, **fields: Any) -> bool:
    """Say how a unit stands with a plan or notice; whether that is otherwise than `known`, as it was stored."""
    if known is not None and all(known.get(name) == _stored(value) for name, value in fields.items()):
        return False
    id = f"{source}|{unit}"
    document = {"source": source, "unit": unit, "path": path, **fields}
    work.write("duties", pymongo.UpdateOne({"_id": id}, {"$set": document}, upsert=True))
    return True


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def forgive(work: Work, source: str, unit: str) -> None:
    """A unit owes nothing by a plan or notice any more."""
    work.write("duties", pymongo.DeleteOne({"_id": f"{source}|{unit}"}))


def progress(database: Database[Document], source: str, unit: str, today: date) -> dict[str, Any]:
    """How many units of a subtree owe something by a plan or notice, and how they stand; by the units right below.

    `rate` is the share of those that are done with it, None where nothing is due.
    """
    depth = len(units.path(database, unit))
    complete = {"$eq": ["$missing", None]}
    behind = {"$and": [{"$ne": ["$missing", None]}, {"$lt": ["$missing", today.isoformat()]}]}
    rows = database["duties"].aggregate(
        [
            {"$match": {"source": source, "path": unit}},
            {
                "$group": {
                    "_id": {"$arrayElemAt": ["$path", depth]},
                    "due": {"$sum": 1},
                    "complete": {"$sum": {"$cond": [complete, 1, 0]}},
                    "behind": {"$sum": {"$cond": [behind, 1, 0]}},
                    "unacknowledged": {"$sum": {"$cond": ["$unread", 1, 0]}},
                }
            },
            {"$sort": {"_id": 1}},
        ]
    )
    found = list(rows)
    whole: Counter[str] = Counter()
    for row in found:
        whole.update({name: row[name] for name in _COUNTED})
    children = [{"unit": row["_id"], **_stand(row)} for row in found if row["_id"]]
    return {"source": source, "unit": unit, **_stand(whole), "children": children}


_COUNTED = ("due", "complete", "behind", "unacknowledged")


def _stand(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: int(row[name]) for name in _COUNTED}
    on_time = told["due"] - told["complete"] - told["behind"]
    return {**told, "on_time": on_time, "rate": told["complete"] / told["due"] if told["due"] else None}


def listed(database: Database[Document], asked: ListDuties, today: date) -> dict[str, Any]:
    """A page of the units that owe something by a plan or notice, those longest behind first."""
    filters: Document = {"path": asked.unit}
    if asked.source is not None:
        filters["source"] = asked.source
    match asked.state:
        case "complete":
            filters["missing"] = None
        case "behind":
            filters["missing"] = {"$lt": today.isoformat()}
        case "on_time":
            filters["missing"] = {"$gte": today.isoformat()}
        case "unacknowledged":
            filters["unread"] = True
    sort = "unread" if asked.state == "unacknowledged" else "missing"
    found = page(database["duties"], filters, sort=sort, page=asked.page, page_size=asked.page_size)
    titles = _titles(database, found["items"])
    return {**found, "items": [{**_duty(row, today), "title": titles[row["source"]]} for row in found["items"]]}


def _titles(database: Database[Document], rows: list[Document]) -> dict[str, str]:
    """What plans and notices are called."""
    found: dict[str, str] = {}
    for sort in ("plan", "notice"):
        ids = {row["source"] for row in rows if row["sort"] == sort}
        told = database[f"{sort}s"].find({"_id": {"$in": sorted(ids)}}, {"title": 1}) if ids else ()
        found |= {each["_id"]: each["title"] for each in told}
    return found


def lapsed(work: Work, asked: Remind, today: date) -> dict[str, list[str]]:
    """Those of the units, below who reminds, that have lapsed as is said, with their paths."""
    ids = [f"{asked.source}|{unit}" for unit in asked.units]
    filters: Document = {"_id": {"$in": ids}, "path": asked.unit}
    filters |= {"unread": True} if asked.what == "unacknowledged" else {"missing": {"$lt": today.isoformat()}}
    rows = work.database["duties"].find(filters, session=work.session).sort("_id")
    return {row["unit"]: row["path"] for row in rows}


def _duty(row: Document, today: date) -> Document:
    """A duty as it is answered."""
    lacks = None if row["missing"] is None else date.fromisoformat(row["missing"])
    names = ("source", "sort", "unit", "due", "done", "missing", "edition", "acknowledged")
    return {**{name: row.get(name) for name in names}, "standing": Standing(standing(lacks, today))}
