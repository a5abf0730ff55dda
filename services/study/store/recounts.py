"""`recounts`: how far all accounts have been counted again by the rule in force."""

from __future__ import annotations

from datetime import datetime

from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work

RULE = "accounts:1"
"""The rule by which accounts are counted. Another number lets every store be counted again once."""


def ensure_indexes(database: Database[Document]) -> None:
    """A handful of documents, found by their ids."""
    ensure_collections(database, ("recounts",))


def begin(database: Database[Document], rule: str, now: datetime) -> bool:
    """Let all be counted again once by a rule, whether that is new; it is not begun anew where it was done."""
    begun = database["recounts"].update_one({"_id": rule}, {"$setOnInsert": _fresh(now)}, upsert=True)
    return begun.upserted_id is not None


def again(database: Database[Document], now: datetime) -> None:
    """Let all be counted again from the first unit on."""
    database["recounts"].update_one({"_id": RULE}, {"$set": _fresh(now)}, upsert=True)


def state(database: Database[Document]) -> Document | None:
    """How far it is: `state` open or done, how many `units` were counted, how many were `wrong`."""
    return database["recounts"].find_one({"_id": RULE})


def open_one(database: Database[Document], rule: str) -> Document | None:
    """What is to be counted again by a rule and is not done."""
    return database["recounts"].find_one({"_id": rule, "state": "open"})


def move(work: Work, job: Document, moved: Document) -> bool:
    """Go on from where the job stood; False where somebody else has."""
    place = {name: job[name] for name in ("_id", "asked", "after")}
    changed = work.database["recounts"].update_one({**place, "state": "open"}, moved, session=work.session)
    return changed.matched_count == 1


def _fresh(now: datetime) -> Document:
    return {"state": "open", "asked": now, "after": "", "units": 0, "wrong": 0, "until": None}
