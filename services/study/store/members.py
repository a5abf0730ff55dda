"""Study's copy of the lists of members, learnt from what the gateway tells, so that who is due need not be typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.message.event import Event
from services.organisation.contract import Stay

PROGRESS = "members"
"""The document of `directory` that counts the changes taken, so that the edge can tell whether all have come."""


def ensure_indexes(database: Database[Document]) -> None:
    """Members by the units that they belonged to."""
    database["members"].create_index("stays.unit")


def learn(database: Database[Document], events: Iterable[Event], session: ClientSession) -> list[str]:
    """Write members down as the newest of these events leaves them; one that is known to be older changes nothing. Give
    those who were known before and have changed.
    """
    newest: dict[str, Event] = {}
    count = 0
    for event in events:
        count += 1
        known = newest.get(event.subject)
        if known is None or known.aggregateversion < event.aggregateversion:
            newest[event.subject] = event
    stored = database["members"].find({"_id": {"$in": list(newest)}}, {"version": 1}, session=session)
    versions = {row["_id"]: row["version"] for row in stored}
    written = [
        pymongo.ReplaceOne({"_id": id}, _document(id, event), upsert=True)
        for id, event in newest.items()
        if versions.get(id, 0) < event.aggregateversion
    ]
    if written:
        database["members"].bulk_write(written, ordered=False, session=session)
    if count:
        database["directory"].update_one({"_id": PROGRESS}, {"$inc": {"changes": count}}, upsert=True, session=session)
    return [id for id, event in newest.items() if 0 < versions.get(id, 0) < event.aggregateversion]


def changes(database: Database[Document]) -> int:
    """How many changes have been learnt."""
    row = database["directory"].find_one({"_id": PROGRESS})
    return 0 if row is None else int(row["changes"])


def of_unit(database: Database[Document], unit: str, session: ClientSession | None) -> dict[str, list[Stay]]:
    """Everybody who ever belonged to a unit, with all their stays."""
    return _stays(database["members"].find({"stays.unit": unit}, session=session))


def stays_of(database: Database[Document], member: str, session: ClientSession | None = None) -> list[Stay]:
    """The units that a member belonged to; none for who is not known."""
    return _stays(database["members"].find({"_id": member}, session=session)).get(member, [])


def stays_of_many(
    database: Database[Document], chosen: Iterable[str], session: ClientSession | None = None
) -> dict[str, list[Stay]]:
    """The same of many, of those who are known."""
    return _stays(database["members"].find({"_id": {"$in": list(chosen)}}, session=session))


def _stays(found: Iterable[Mapping[str, Any]]) -> dict[str, list[Stay]]:
    return {row["_id"]: [Stay.model_validate(stay) for stay in row["stays"]] for row in found}


def _document(id: str, event: Event) -> Document:
    return {"_id": id, "version": event.aggregateversion, "stays": event.data["now"]}
