"""Taking each record's events in their order: how far every record has been applied, for one ordered queue.

A position is the number of the last event applied of a record, with none before it missing. What comes before its turn
is too early and waits; what is at or below the position has been applied already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from ..message.errors import Later
from ..message.event import Event
from .store import Document, ensure_collections

Record = tuple[str, str]
"""The owning service and the record's id."""


class TooEarly(Later):
    """The event before this one of the same record has not been applied yet."""


def record_of(happened: Event) -> Record:
    """Whose order an event belongs to."""
    return happened.service, happened.subject


def sort_out(
    events: Sequence[Event], positions: Mapping[Record, int]
) -> tuple[list[Event], list[Event], dict[Record, int]]:
    """What may be applied now, in order; what is too early; and the positions after that. Pure.

    What tells of the journal itself, and not of a record, is always applied. An event that was applied before, or
    stands twice in the list, is in neither list.
    """
    reached, ready, early = dict(positions), [], []
    for happened in sorted(events, key=lambda happened: happened.aggregateversion):
        record, n = record_of(happened), happened.aggregateversion
        at = reached.get(record, 0)
        if happened.of_journal:
            ready.append(happened)
        elif n == at + 1:
            ready.append(happened)
            reached[record] = n
        elif n > at + 1:
            early.append(happened)
    return ready, early, {record: n for record, n in reached.items() if n != positions.get(record, 0)}


class Positions:
    """The positions of one queue, in the subscriber's own store."""

    def __init__(self, database: Database[Document], queue: str) -> None:
        self._positions = database["positions"]
        self._database = database
        self._queue = queue

    def ensure_indexes(self) -> None:
        """Make the collection; transactions make none."""
        ensure_collections(self._database, ("positions",))

    def of(self, records: Iterable[Record], session: ClientSession | None = None) -> dict[Record, int]:
        """How far each record has been applied; a record that is not in the answer has not begun."""
        keys = {self._key(record): record for record in records}
        rows = self._positions.find({"_id": {"$in": list(keys)}}, session=session)
        return {keys[row["_id"]]: row["n"] for row in rows}

    def advance(self, reached: Mapping[Record, int], session: ClientSession) -> None:
        """Write positions down, in the transaction of what they stand for."""
        if reached:
            self._positions.bulk_write(
                [
                    pymongo.UpdateOne({"_id": self._key(record)}, {"$set": {"n": n}}, upsert=True)
                    for record, n in reached.items()
                ],
                ordered=False,
                session=session,
            )

    def _key(self, record: Record) -> str:
        return "\x1f".join((self._queue, *record))
