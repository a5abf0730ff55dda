"""What units owe and what their records have done of it, kept beside the journal in the same transactions.

`accounts` count a unit's records by month and kind, one document a unit and year. `duties` hold how a unit stands with
one plan or notice. Both follow from records and can be counted anew. Whoever records something and whoever sends
something to be done write the unit's account: so neither can miss the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pymongo
from pymongo.database import Database

from services.kernel.lists import page
from services.kernel.store import Document
from services.kernel.work import Work

from ..contract import ListDuties, Remind, Standing
from ..domain.duty import standing
from . import units

Practice = Counter[tuple[str, str]]
"""How many records: (month, kind) → number."""


def ensure_indexes(database: Database[Document]) -> None:
    """A unit's duties by month; a subtree's, of a source or of all, the longest missing first; those not read."""
    duties = database["duties"]
    duties.create_index([("unit", 1), ("last", 1)])
    duties.create_index([("source", 1), ("path", 1), ("missing", 1), ("_id", 1)])
    duties.create_index([("source", 1), ("path", 1), ("unread", 1), ("_id", 1)])
    duties.create_index([("path", 1), ("missing", 1), ("_id", 1)])


def account_id(unit: str, year: str) -> str:
    """The id of a unit's account of a year."""
    return f"{unit}|{year}"


def count(work: Work, unit: str, change: Mapping[tuple[str, str], int]) -> None:
    """Let a unit's records of a month and kind become more or fewer."""
    years: dict[str, dict[str, int]] = defaultdict(dict)
    for (month, kind), by in change.items():
        years[month[:4]][f"counts.{month[5:]}.{kind}"] = by
    for year, by_kind in years.items():
        asked = {"$inc": by_kind, "$setOnInsert": {"unit": unit}}
        work.write("accounts", pymongo.UpdateOne({"_id": account_id(unit, year)}, asked, upsert=True))


def touch(work: Work, unit: str, years: Iterable[str]) -> None:
    """Write the accounts that something sent to a unit was reckoned from: whoever counts there now, begins again."""
    for year in years:
        asked = {"$inc": {"sent": 1}, "$setOnInsert": {"unit": unit}}
        work.write("accounts", pymongo.UpdateOne({"_id": account_id(unit, year)}, asked, upsert=True))


def counts(work: Work, ids: Iterable[str], years: Iterable[str]) -> dict[str, Practice]:
    """The records of units in some years: as stored, and what this very work has told since."""
    wanted = [account_id(unit, year) for unit in ids for year in years]
    found: dict[str, Practice] = defaultdict(Counter)
    for account in work.database["accounts"].find({"_id": {"$in": wanted}}, session=work.session):
        unit, year = account["_id"].rsplit("|", 1)
        found[unit].update(read_account(account, year))
    for entry in work.entries:
        for unit, place, by in _told(entry):
            found[unit][place] += by
    return found


def read_account(account: Document, year: str) -> Practice:
    """An account's numbers by month and kind."""
    months: dict[str, dict[str, int]] = account.get("counts", {})
    return Counter({(f"{year}-{month}", kind): n for month, kinds in months.items() for kind, n in kinds.items()})


def _told(entry: Document) -> Iterable[tuple[str, tuple[str, str], int]]:
    """What a journal entry of this work adds to and takes from accounts."""
    subject = entry["type"].split(".", 1)[0]
    if subject not in ("session", "lecture"):
        return
    for name, by in (("was", -1), ("now", 1)):
        part: dict[str, Any] | None = entry["data"].get(name)
        if part is None or part.get("present", 1) < 1:
            continue
        for kind in ("lecture",) if subject == "lecture" else (part["form"], part["way"]):
            yield part["unit"], (part["day"][:7], kind), by


def of_unit(work: Work, unit: str, first: str, last: str) -> list[Document]:
    """What a unit owes in some months."""
    asked = {"unit": unit, "last": {"$gte": first}, "first": {"$lte": last}}
    return list(work.database["duties"].find(asked, session=work.session))


def owe(work: Work, source: str, unit: str, path: list[str], **fields: Any) -> None:
    """Say how a unit stands with a plan or notice."""
    id = f"{source}|{unit}"
    document = {"source": source, "unit": unit, "path": path, **fields}
    work.write("duties", pymongo.UpdateOne({"_id": id}, {"$set": document}, upsert=True))


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
