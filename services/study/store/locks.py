"""Months that the gateway has locked, as far as study has brought its sessions after them."""

from __future__ import annotations

from datetime import datetime

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.organisation.contract import SubmissionAccepted

_AT_ONCE = 200


def ensure_indexes(database: Database[Document]) -> None:
    """Those that are not done yet."""
    ensure_collections(database, ("locks",))
    database["locks"].create_index([("state", 1), ("asked", 1)])


def note(database: Database[Document], told: SubmissionAccepted, now: datetime, session: ClientSession) -> None:
    """Write a lock down; the same once more changes nothing."""
    lock = {"unit": told.unit, "first": told.first.isoformat(), "last": told.last.isoformat()}
    place = {"_id": f"{told.unit}|{told.month}"}
    fresh = {"$setOnInsert": {**lock, "state": "open", "asked": now}}
    database["locks"].update_one(place, fresh, upsert=True, session=session)


def open_one(database: Database[Document]) -> Document | None:
    """The oldest lock whose sessions are not all accepted."""
    return database["locks"].find_one({"state": "open"}, sort=[("asked", 1)])


def reported(database: Database[Document], lock: Document) -> list[str]:
    """Some of the sessions of a locked month that are reported and not accepted."""
    days = {"$gte": lock["first"], "$lte": lock["last"]}
    asked = {"scope": lock["unit"], "state": "submitted", "day": days}
    return [row["_id"] for row in database["sessions"].find(asked, {"_id": 1}).limit(_AT_ONCE)]


def done(database: Database[Document], lock: Document) -> None:
    """All sessions of the lock are accepted; what is reported later is seen among the corrections."""
    database["locks"].update_one({"_id": lock["_id"]}, {"$set": {"state": "done"}})
