"""Study's lists and their indexes."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from services.kernel.errors import DomainError
from services.kernel.journal import Document
from services.kernel.lists import containing, page, shown

from .contract import ListSessions, Paged


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked."""
    for collection in ("sessions", "essays", "lectures"):
        database[collection].create_index([("scope", 1), ("day", -1), ("_id", -1)])
        database[collection].create_index([("scope", 1), ("state", 1), ("day", -1)])
        database[collection].create_index([("scope", 1), ("title", 1), ("_id", 1)])
    database["sessions"].create_index([("scope", 1), ("way", 1), ("day", -1)])
    database["coverages"].create_index([("scope", 1)])


def one(database: Database[Document], collection: str, id: str, unit: str) -> dict[str, Any]:
    """A record of the unit's subtree.

    Raises:
        DomainError: there is none, or it lies outside; the two are not told apart.
    """
    found = database[collection].find_one({"_id": id, "scope": unit})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return shown(found)


def listed(database: Database[Document], collection: str, asked: Paged) -> dict[str, Any]:
    """A page of records of the unit's subtree."""
    filters: Document = {"scope": asked.unit}
    if asked.state:
        filters["state"] = asked.state
    if isinstance(asked, ListSessions):
        filters |= {name: value for name in ("way", "form") if (value := getattr(asked, name)) is not None}
    days = {key: day.isoformat() for key, day in (("$gte", asked.first), ("$lte", asked.last)) if day is not None}
    if days:
        filters["day"] = days
    if asked.q:
        filters["title"] = containing(asked.q)
    return page(database[collection], filters, sort=asked.sort, page=asked.page, page_size=asked.page_size)
