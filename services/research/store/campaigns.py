"""Campaigns, as they were opened: visits on their days that were recorded before are still to be counted in them."""

from __future__ import annotations

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.event import Period


def ensure(database: Database[Document]) -> None:
    """The collection: it is written in transactions."""
    ensure_collections(database, ("campaigns",))


def note(database: Database[Document], period: Period, session: ClientSession | None = None) -> None:
    """A campaign was opened; heard of twice it is counted once."""
    told = {"first": period.first.isoformat(), "last": period.last.isoformat(), "after": "", "done": False}
    database["campaigns"].update_one({"_id": period.id}, {"$setOnInsert": told}, upsert=True, session=session)


def open_one(database: Database[Document]) -> Document | None:
    """A campaign whose days are not counted to the end."""
    return database["campaigns"].find_one({"done": False})


def places(database: Database[Document], campaign: Document, most: int) -> list[Document]:
    """The next places and units visited, by their ids."""
    found = database["places"].find({"_id": {"$gt": campaign["after"]}})
    return list(found.sort("_id", pymongo.ASCENDING).limit(most))


def counted(work: Work, campaign: Document, last: str | None) -> bool:
    """They are counted up to this one, or all of them; False where another process has counted them."""
    change: Document = {"done": True} if last is None else {"after": last}
    known = {"_id": campaign["_id"], "after": campaign["after"], "done": False}
    moved = work.database["campaigns"].update_one(known, {"$set": change}, session=work.session)
    return moved.matched_count == 1
