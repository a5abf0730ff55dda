"""The working calendar as a service has learnt it: the years that were entered, over those that are delivered.

What a service has worked out by a year's table is counted again when the table changes: at once, and once more when
every transaction that did not know of it yet has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from ..rules.working_days import Calendar
from .store import Document, ensure_collections

CALENDARS = "calendars"
_SETTLED = timedelta(seconds=10)
"""A transaction has four seconds, and what it knew of the calendar was no older than one."""
_TWICE = 2


def ensure_indexes(database: Database[Document]) -> None:
    """Make the collection: transactions make none."""
    ensure_collections(database, (CALENDARS,))


def note(
    database: Database[Document], year: int, exceptions: Mapping[date, bool], now: datetime, session: ClientSession
) -> None:
    """Write a year's table down, in the transaction in which it is taken; it is to be counted by again."""
    days: Document = {day.isoformat(): works for day, works in exceptions.items()}
    told = {"_id": year, "days": days, "noted": now, "swept": 0}
    database[CALENDARS].replace_one({"_id": year}, told, upsert=True, session=session)


def known(database: Database[Document], delivered: Calendar) -> Calendar:
    """The calendar as it is known here."""
    entered = {row["_id"]: _days(row["days"]) for row in database[CALENDARS].find({}, {"days": 1})}
    return Calendar({**delivered.years, **entered})


def to_sweep(database: Database[Document], now: datetime) -> list[Document]:
    """Years by which what was worked out is to be counted again now, each with how often that was done."""
    first, again = {"swept": 0}, {"swept": {"$lt": _TWICE}, "noted": {"$lt": now - _SETTLED}}
    return list(database[CALENDARS].find({"$or": [first, again]}, {"swept": 1}))


def swept(database: Database[Document], row: Mapping[str, Any]) -> None:
    """All that was worked out by the year has been counted again once more."""
    place = {"_id": row["_id"], "swept": row["swept"]}
    database[CALENDARS].update_one(place, {"$set": {"swept": row["swept"] + 1}})


def _days(told: Mapping[str, bool]) -> dict[date, bool]:
    return {date.fromisoformat(day): works for day, works in told.items()}
