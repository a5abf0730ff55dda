"""Lists of members (the worker's side), and how far the list of all of them has come."""

from __future__ import annotations

from typing import Any

import pymongo
from pymongo.database import Database

from services.kernel.journal.lists import page
from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.organisation.contract import ListMembers

PROGRESS = "members"
"""The document of `directory` that counts changes, so that whoever follows them can be asked how far they are."""
MOST_NAMESAKES = 1_000


def ensure_indexes(database: Database[Document]) -> None:
    """Collections and one index for each way of asking."""
    ensure_collections(database, ("member_names", "directory"))
    database["members"].create_index([("scope", 1), ("_id", 1)])
    database["members"].create_index([("scope", 1), ("state", 1), ("_id", 1)])
    database["members"].create_index("user", partialFilterExpression={"user": {"$gt": ""}})
    database["member_names"].create_index("tag")


def named(work: Work, member: str, tag: bytes) -> None:
    """Keep what a name is found by."""
    work.write("member_names", pymongo.ReplaceOne({"_id": member}, {"_id": member, "tag": tag}, upsert=True))


def bears(work: Work, member: str, tag: bytes) -> bool:
    """Whether that is the member's name, as far as the store knows."""
    known = work.database["member_names"].find_one({"_id": member}, session=work.session)
    return known is None or known["tag"] == tag


def changed(work: Work, changes: int) -> None:
    """Count changes in the same transaction."""
    work.write("directory", pymongo.UpdateOne({"_id": PROGRESS}, {"$inc": {"changes": changes}}, upsert=True))


def one(database: Database[Document], id: str, unit: str, user: str) -> Document:
    """A member of the unit's subtree, or the user themselves.

    Raises:
        DomainError: there is none, or they are out of reach; the two are not told apart.
    """
    found = database["members"].find_one({"_id": id, "$or": [{"scope": unit}, {"user": user}]})
    if found is None:
        raise DomainError("member.not_found", "没有这名党员，或不在您的权限范围内", "not_found")
    return found


def listed(database: Database[Document], asked: ListMembers, tag: bytes | None) -> dict[str, Any]:
    """A page of the members of a unit's subtree by number; `tag` is that of a whole name."""
    filters: Document = {"scope": asked.unit}
    if asked.state:
        filters["state"] = asked.state
    if tag is not None:
        namesakes = database["member_names"].find({"tag": tag}, {"_id": 1}).limit(MOST_NAMESAKES)
        filters["_id"] = {"$in": [row["_id"] for row in namesakes]}
    elif asked.q:
        filters["_id"] = {"$gte": asked.q, "$lt": asked.q + "\uffff"}
    return page(database["members"], filters, sort="_id", page=asked.page, page_size=asked.page_size)


def numbers(database: Database[Document], unit: str, after: str | None, limit: int) -> list[Document]:
    """The next members of a subtree, in the order of their numbers."""
    filters: Document = {"scope": unit, **({"_id": {"$gt": after}} if after else {})}
    return list(database["members"].find(filters).sort("_id").limit(limit))


def listed_in(work: Work, unit: str, most: int) -> list[str]:
    """Some of those on a unit's own list now, by number."""
    asked = {"scope": unit, "unit": unit, "state": "current"}
    found = work.database["members"].find(asked, {"_id": 1}, session=work.session).sort("_id").limit(most)
    return [row["_id"] for row in found]
