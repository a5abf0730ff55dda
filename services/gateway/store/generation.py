"""Generations of the figures: which facts and roll-ups are read, and how a rebuilt generation takes their place.

One document names the generation that is read and written; every batch of the projection writes that document. A
rebuilt generation fills collections of its own, under a document of its own, while the old one serves. It takes over in
one transaction that writes the common document, and only if it has every fact that the old one has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections, in_transaction
from services.registry import SOURCES

from .corrections import Locks
from .tree import lines_of

PROJECTION = "projection"
"""The collection, and the id in it of the document of the generation that is read."""
QUEUE = "gateway.projection"
_ABANDONED = timedelta(minutes=5)


@dataclass(frozen=True)
class Generation:
    """The names of a generation's collections; the first has no id."""

    id: str = ""

    @property
    def facts(self) -> str:
        """One document for each event."""
        return f"facts.{self.id}" if self.id else "facts"

    @property
    def rollups(self) -> str:
        """One document for each unit and month."""
        return f"rollups.{self.id}" if self.id else "rollups"

    @property
    def place(self) -> str:
        """The id of its document while it is being built."""
        return f"{PROJECTION}.{self.id}"

    @property
    def queue(self) -> str:
        """From which it is built."""
        return f"gateway.rebuild.{self.id}"


def generation_of(projection: Mapping[str, Any] | None) -> Generation:
    """The generation that a document of the projection speaks of."""
    return Generation((projection or {}).get("generation", ""))


def current(database: Database[Document]) -> Generation:
    """The generation that is read now."""
    return generation_of(database[PROJECTION].find_one({"_id": PROJECTION}))


def ledger(database: Database[Document]) -> str:
    """The collection that says which events have come to the figures."""
    return current(database).facts


def ensure_collection(database: Database[Document], generation: Generation) -> None:
    """Make a generation's collections; transactions make none."""
    ensure_collections(database, (generation.facts, generation.rollups))


def ensure_indexes(database: Database[Document], generation: Generation) -> None:
    """One index for each way of asking."""
    facts = database[generation.facts]
    facts.create_index([("entries.m", 1), ("entries.p", 1), ("entries.d", 1)])
    facts.create_index([("record", 1), ("version", 1)])
    facts.create_index([("service", 1), ("day", 1)])
    facts.create_index([("service", 1), ("recorded", 1)])
    database[generation.rollups].create_index([("unit", 1), ("month", 1)])


def begin(database: Database[Document], id: str, now: datetime) -> Generation | None:
    """A new generation to be built; None while another one is being built. What was abandoned is tidied away."""
    tidy(database, now)
    if database[PROJECTION].find_one({"_id": {"$ne": PROJECTION}}) is not None:
        return None
    tree = (database[PROJECTION].find_one({"_id": PROJECTION}) or {}).get("tree", 0)
    generation = Generation(id)
    begun = {"_id": generation.place, "generation": id, "tree": tree, "batches": 0, "seen": now}
    database[PROJECTION].insert_one(begun)
    ensure_collection(database, generation)
    return generation


def still_building(database: Database[Document], generation: Generation, now: datetime) -> None:
    """Say that the builder lives."""
    database[PROJECTION].update_one({"_id": generation.place}, {"$set": {"seen": now}})


def take_over(database: Database[Document], generation: Generation) -> int:
    """Let a built generation be read, if it has every fact that the present one has; give how many it lacks.

    In one transaction, which every batch of the projection and every change of the tree conflicts with. The document
    of its building stays until `ended`: a batch that is still under way then writes where it began.

    Raises:
        LookupError: the generation is not being built.
    """

    def act(session: ClientSession) -> int:
        documents = database[PROJECTION]
        live = documents.find_one_and_update(
            {"_id": PROJECTION},
            {"$inc": {"batches": 1}},
            return_document=pymongo.ReturnDocument.AFTER,
            session=session,
        )
        new = documents.find_one({"_id": generation.place}, session=session)
        if live is None or new is None:
            raise LookupError(f"generation {generation.id} is not being built")
        marks: dict[str, datetime] = new.get("watermarks", {})
        if not marks.keys() >= set(SOURCES):
            return len(set(SOURCES) - marks.keys())
        old, lacking = generation_of(live), 0
        for owner in SOURCES:
            recent = database[old.facts].find(
                {"service": owner, "recorded": {"$gt": marks[owner]}}, {"_id": 1}, session=session
            )
            lacking += len(_lacking(database[generation.facts], [fact["_id"] for fact in recent], session))
        if lacking:
            return lacking
        told = {owner: max(until, marks[owner]) for owner, until in live.get("watermarks", {}).items()}
        taken = {"$set": {"generation": generation.id, "watermarks": {**marks, **told}}}
        documents.update_one({"_id": PROJECTION}, taken, session=session)
        ahead = _ahead(database, live, generation, session)
        lines = lines_of(database, {entry["u"] for fact in ahead for entry in fact["entries"]}, session)
        Locks().correct(live, ahead, lines.__getitem__, database, session)
        return 0

    lacking: int = in_transaction(database, act)
    return lacking


def _ahead(
    database: Database[Document], live: Mapping[str, Any], new: Generation, session: ClientSession
) -> list[Document]:
    """Facts that came to the new generation alone: recorded after what the old one knows, or held aside there."""
    later = [{"service": owner, "recorded": {"$gt": until}} for owner, until in live.get("watermarks", {}).items()]
    aside = database["held"].find({"queue": QUEUE, "event": {"$ne": None}}, {"event": 1}, session=session)
    wanted = {"$or": [*later, {"_id": {"$in": [row["event"] for row in aside]}}]}
    found = {fact["_id"]: fact for fact in database[new.facts].find(wanted, session=session)}
    return [found[id] for id in _lacking(database[generation_of(live).facts], list(found), session)]


def ended(database: Database[Document], generation: Generation) -> None:
    """Nobody builds it any more: if it has not taken over, it is tidied away."""
    database[PROJECTION].delete_one({"_id": generation.place})
    database["held"].delete_many({"queue": generation.queue})


def release(database: Database[Document], generation: Generation) -> int:
    """What was held aside before and has its fact now is held no more; give how much that was."""
    held = database["held"]
    aside = {"queue": QUEUE, "sort": {"$ne": "dropped"}, "event": {"$ne": None}}
    events = [row["event"] for row in held.find(aside, {"event": 1})]
    there = [fact["_id"] for fact in database[generation.facts].find({"_id": {"$in": events}}, {"_id": 1})]
    return held.delete_many({**aside, "event": {"$in": there}}).deleted_count


def tidy(database: Database[Document], now: datetime) -> list[str]:
    """Drop what belongs to no generation that is read or being built; give the names of what was dropped."""
    documents = database[PROJECTION]
    documents.delete_many({"_id": {"$ne": PROJECTION}, "seen": {"$lt": now - _ABANDONED}})
    kept = {name for found in documents.find() for name in _collections(generation_of(found))}
    stale = [
        name
        for name in database.list_collection_names()
        if name.partition(".")[0] in ("facts", "rollups") and name not in kept
    ]
    for name in stale:
        database.drop_collection(name)
    return stale


def _collections(generation: Generation) -> tuple[str, str]:
    return generation.facts, generation.rollups


def _lacking(facts: Any, ids: Collection[str], session: ClientSession) -> set[str]:
    there = {fact["_id"] for fact in facts.find({"_id": {"$in": list(ids)}}, {"_id": 1}, session=session)}
    return set(ids) - there
