"""Lists of excuses, and absences as a unit or the member may see them."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from services.kernel.journal.lists import page, shown
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError

from ..contract import ListAbsences, ListExcuses
from . import rolls


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way of asking."""
    database["excuses"].create_index([("member", 1), ("first", -1), ("_id", -1)])
    database["excuses"].create_index([("scope", 1), ("first", -1), ("_id", -1)])
    database["excuses"].create_index([("scope", 1), ("state", 1), ("first", -1), ("_id", -1)])


def one(database: Database[Document], id: str) -> Document:
    """An excuse.

    Raises:
        DomainError: there is none.
    """
    found = database["excuses"].find_one({"_id": id})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return found


def listed(database: Database[Document], asked: ListExcuses) -> dict[str, Any]:
    """A page of the excuses of a subtree, or of one member, the newest first."""
    filters: Document = {"scope": asked.unit} if asked.member is None else {"member": asked.member}
    if asked.state is not None:
        filters["state"] = asked.state
    return page(database["excuses"], filters, sort="-first", page=asked.page, page_size=asked.page_size)


def missed(database: Database[Document], asked: ListAbsences) -> dict[str, Any]:
    """A page of the sessions at which a member was not there, the newest first, with the true reason."""
    found = page(
        database["absences"], {"member": asked.member}, sort="-day", page=asked.page, page_size=asked.page_size
    )
    titles = database["sessions"].find({"_id": {"$in": [row["session"] for row in found["items"]]}}, {"title": 1})
    named = {row["_id"]: row["title"] for row in titles}
    items = [
        {
            "session": row["session"],
            "title": named.get(row["session"]),
            "unit": row["unit"],
            "day": row["day"],
            "reason": row["told"] if row["sealed"] is None else rolls.unseal(row["sealed"], row["id"]),
            "excuse": row["excuse"],
        }
        for row in found["items"]
    ]
    return {**found, "items": items}


def shown_excuse(found: Document) -> dict[str, Any]:
    """An excuse as it is answered, without its reason."""
    return shown(found)
