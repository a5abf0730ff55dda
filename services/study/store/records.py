"""Sessions, essays and lectures: their lists and indexes, and what a reader is shown."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pymongo.database import Database

from services.kernel.journal.lists import containing, page, shown
from services.kernel.journal.numbered import numbered_ids
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError

from ..contract import HIDDEN, NAME, Form, ListSessions, Paged


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked."""
    for collection in ("sessions", "essays", "lectures"):
        database[collection].create_index([("scope", 1), ("day", -1), ("_id", -1)])
        database[collection].create_index([("scope", 1), ("state", 1), ("day", -1), ("_id", -1)])
        database[collection].create_index([("scope", 1), ("title", 1), ("_id", 1)])
    for field in ("way", "form"):
        database["sessions"].create_index([("scope", 1), (field, 1), ("day", -1), ("_id", -1)])
    database["coverages"].create_index([("scope", 1)])


def one(database: Database[Document], collection: str, id: str, unit: str) -> dict[str, Any]:
    """A record of the unit's subtree.

    Raises:
        DomainError: there is none, or it lies outside; the two are not told apart.
    """
    return shown(_found(database, collection, id, unit))


def listed(database: Database[Document], collection: str, asked: Paged) -> dict[str, Any]:
    """A page of records of the unit's subtree."""
    return page(database[collection], matching(asked), sort=asked.sort, page=asked.page, page_size=asked.page_size)


def matching(asked: Paged) -> Document:
    """The filter for what a list asks."""
    filters: Document = {"scope": asked.unit}
    if asked.state:
        filters["state"] = asked.state
    if isinstance(asked, ListSessions):
        names = ("way", "form", "programme")
        filters |= {name: value for name in names if (value := getattr(asked, name)) is not None}
    days = {key: day.isoformat() for key, day in (("$gte", asked.first), ("$lte", asked.last)) if day is not None}
    if days:
        filters["day"] = days
    if asked.q:
        filters["title"] = containing(asked.q)
    return filters


def session(database: Database[Document], id: str, reader: str) -> dict[str, Any]:
    """A session as a reader of that unit may see it."""
    return _seen(one(database, "sessions", id, reader), reader)


def sessions(database: Database[Document], asked: ListSessions, reader: str) -> dict[str, Any]:
    """A page of sessions as a reader of that unit may see them."""
    found = listed(database, "sessions", asked)
    return {**found, "items": [_seen(item, reader) for item in found["items"]]}


def essay(database: Database[Document], id: str, reader: str) -> dict[str, Any]:
    """An essay with the reading class it came of, or None where its unit and those above know no such session (yet)."""
    found = _found(database, "essays", id, reader)
    linked = None
    if found["session"] is not None:
        ids = session_ids(found["unit"], found["session"])
        among = {"_id": {"$in": ids}, "unit": {"$in": found["scope"]}, "form": Form.reading_class.value}
        linked = database["sessions"].find_one(among, {"title": 1, "day": 1, "unit": 1, "state": 1})
    return {**shown(found), "reading_class": None if linked is None else shown(linked)}


def session_ids(unit: str, told: str) -> list[str]:
    """The ids by which a unit may mean a session: the id itself, or that of the unit's own number."""
    return [told, *numbered_ids(NAME, "sessions", unit, told)]


def _found(database: Database[Document], collection: str, id: str, unit: str) -> Document:
    found = database[collection].find_one({"_id": id, "scope": unit})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return found


def _seen(session: dict[str, Any], reader: str) -> dict[str, Any]:
    """With those present counted; illness and personal matters are the unit's own to see, to others "excused"."""
    absences = session["absences"]
    present = session["due"] - sum(absence["count"] for absence in absences)
    if session["unit"] != reader:
        counts: Counter[str] = Counter()
        for absence in absences:
            counts["excused" if absence["reason"] in HIDDEN else absence["reason"]] += absence["count"]
        absences = [{"reason": reason, "count": count} for reason, count in counts.items()]
    return {**session, "absences": absences, "present": present}
