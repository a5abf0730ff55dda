"""Writing the figures: facts and roll-ups of a batch of events in one transaction (the worker's side)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from services.kernel import metrics
from services.kernel.bus.inbox import Taking
from services.kernel.bus.relay import WATERMARK
from services.kernel.journal.store import Document, ensure_collections
from services.kernel.message.errors import Later
from services.kernel.message.event import Event

from ..projection import Line, Tree, Weights, facts, fold
from . import generation, locks
from .corrections import Locks
from .directory import ACCESS
from .generation import PROJECTION, Generation, generation_of
from .tree import lines_of, tree_of

NORMS = [{"_id": "hotline.weights", **vars(Weights())}]
"""Weights and limits that may be changed in the store, each with its source; these are written where there are none."""


def ensure_indexes(database: Database[Document]) -> None:
    """Collections and one index for each way of asking."""
    ensure_collections(database, (PROJECTION, ACCESS, "norms", "credentials", "sessions", "lockouts"))
    for norm in NORMS:
        database["norms"].update_one({"_id": norm["_id"]}, {"$setOnInsert": norm}, upsert=True)
    database[PROJECTION].update_one({"_id": PROJECTION}, {"$setOnInsert": {"tree": 0, "batches": 0}}, upsert=True)
    read = generation.current(database)
    generation.ensure_collection(database, read)
    generation.ensure_indexes(database, read)
    locks.ensure_indexes(database)
    database["units"].create_index([("parent", 1), ("_id", 1)])
    database["units"].create_index([("scope", 1), ("_id", 1)])
    database["units"].create_index([("name", 1), ("short_name", 1)])
    database["users"].create_index([("scope", 1), ("_id", 1)])


class Projection:
    """Brings events into the facts and roll-ups of a generation: of the one that is read, or of one being built.

    Holds where units stand, and stood, for as long as the tree does not change.
    """

    def __init__(self, building: Generation | None = None) -> None:
        self._building = building
        self._place = PROJECTION if building is None else building.place
        self._tree: int | None = None
        self._over_time = Tree()
        self._lines: dict[str, Line] = {}
        self._locks = Locks()

    def apply(self, events: Sequence[Event], taking: Taking) -> int:
        """Facts and roll-ups of the events that are new, and the watermarks among them; how many were new.

        Raises:
            Later: an event names a unit that the tree does not have yet.
        """
        marks, fresh = _sorted(events)
        # First the document that every batch and every change of the tree writes: from here on none can pass this.
        changed: Document = {"$inc": {"batches": 1, "changes": 1 if fresh else 0}}
        if marks:
            changed["$max"] = {f"watermarks.{owner}": until for owner, until in marks.items()}
        projection = taking.database[PROJECTION].find_one_and_update(
            {"_id": self._place},
            changed,
            upsert=self._building is None,
            return_document=pymongo.ReturnDocument.AFTER,
            session=taking.session,
        )
        if projection is None:
            raise LookupError(f"{self._place} is not being built any more")
        written = generation_of(projection)
        stored = taking.database[written.facts]
        for known in stored.find({"_id": {"$in": list(fresh)}}, {"_id": 1}, session=taking.session):
            del fresh[known["_id"]]
        if fresh:
            told = {id: facts(event) for id, event in fresh.items()}
            units = {contribution.unit for contributions in told.values() for contribution in contributions}
            self._learn(projection, units, taking)
            documents, increments = fold(fresh.values(), self._lines.__getitem__, lambda event: told[event.id])
            stored.insert_many(documents, ordered=False, session=taking.session)
            write_rollups(taking.database[written.rollups], increments, taking.session)
            if self._building is None:  # what is built anew was told before
                self._locks.correct(projection, documents, self._lines.__getitem__, taking.database, taking.session)
        for owner, until in marks.items():
            metrics.WATERMARK_AGE.labels(owner).set((taking.now - until).total_seconds())
        return len(fresh)

    def _learn(self, projection: Document, units: set[str], taking: Taking) -> None:
        if self._tree != projection.get("tree"):
            self._lines.clear()
            self._over_time = tree_of(taking.database, taking.session)
            self._tree = projection.get("tree")
        wanted = units - self._lines.keys()
        if not wanted:
            return
        self._lines |= lines_of(taking.database, wanted, taking.session, self._over_time)
        missing = wanted - self._lines.keys()
        if missing:
            raise Later(f"the tree has no unit {', '.join(sorted(missing)[:5])} yet")


def write_rollups(
    rollups: Collection[Document], increments: dict[tuple[str, str], dict[str, int]], session: ClientSession | None
) -> None:
    """Add the increments to the month roll-ups."""
    operations = []
    for (unit, month), amounts in increments.items():
        some = {field: amount for field, amount in amounts.items() if amount}
        if some:
            place = {"unit": unit, "month": month}
            operations.append(
                pymongo.UpdateOne({"_id": f"{unit}|{month}"}, {"$inc": some, "$setOnInsert": place}, upsert=True)
            )
    if operations:
        rollups.bulk_write(operations, ordered=False, session=session)


def _sorted(events: Sequence[Event]) -> tuple[dict[str, Any], dict[str, Event]]:
    """Watermarks by owner, and the other events each once."""
    marks: dict[str, Any] = {}
    fresh: dict[str, Event] = {}
    for event in events:
        if event.short_type == WATERMARK:
            until = event.time.fromisoformat(event.data["until"])
            marks[event.service] = max(until, marks.get(event.service, until))
        elif not event.of_journal:
            fresh[event.id] = event
    return marks, fresh
