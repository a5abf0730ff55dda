"""The shelf of a queue: messages set aside in `held`, each with its reason, until they take effect or are given up.

Four sorts: `retry` (cannot be handled now), `waiting` (its predecessor has not been applied), `parked` (for a person to
see), `dropped` (given up: it counts as applied, and its content is gone). Bodies are encrypted, texts redacted.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database

from .. import metrics
from ..journal.order import Record, TooEarly
from ..journal.store import Document, ensure_collections
from ..journal.vault import Cipher
from ..message.delivery import Delivery
from ..message.errors import Later
from ..message.event import Event
from ..message.redaction import redact

log = structlog.stdlib.get_logger(__name__)

Sort = Literal["retry", "waiting", "parked", "dropped"]
_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)


class HeldMessages:
    """What one queue's inbox has set aside."""

    def __init__(self, database: Database[Document], queue: str, cipher: Cipher) -> None:
        self._held = database["held"]
        self._database = database
        self._queue = queue
        self._cipher = cipher

    def ensure_indexes(self) -> None:
        """Make `held`; transactions make no collections."""
        ensure_collections(self._database, ("held",))
        self._held.create_index([("queue", 1), ("sort", 1), ("retry_at", 1)])
        self._held.create_index([("queue", 1), ("recorded", 1)])
        self._held.create_index([("queue", 1), ("event", 1)])
        self._held.create_index([("queue", 1), ("aggregate", 1), ("n", 1)])
        self._held.create_index([("sort", 1), ("last", -1)])

    def put(self, delivery: Delivery, happened: Event | None, error: Exception, now: datetime) -> None:
        """Set a message aside. What is held already keeps its first time and counts the attempt."""
        id = f"{self._queue}:{delivery.id}"
        known = self._held.find_one({"_id": id}, {"attempts": 1, "first": 1})
        attempts = 1 + (known["attempts"] if known else 0)
        sort: Sort = "waiting" if isinstance(error, TooEarly) else "retry" if isinstance(error, Later) else "parked"
        wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(attempts - 1, 10))
        self._held.replace_one(
            {"_id": id},
            {
                "_id": id,
                "queue": self._queue,
                "sort": sort,
                **_named(happened),
                "reason": redact(f"{type(error).__name__}: {error}")[:500],
                "traceback": redact("".join(traceback.format_exception(error)))[-4000:],
                "content_type": delivery.content_type,
                "routing_key": delivery.routing_key,
                "body": self._cipher.encrypt(delivery.body, id),
                "attempts": attempts,
                "first": known["first"] if known else now,
                "last": now,
                "retry_at": None if sort == "parked" else now + wait,
            },
            upsert=True,
        )
        metrics.HELD_TOTAL.labels(self._queue, sort).inc()
        log.warning("inbox.held", queue=self._queue, sort=sort, id=id, reason=redact(str(error))[:200])

    def of(self, events: Iterable[Event], session: ClientSession) -> dict[str, Sort]:
        """Which of the events stand on the shelf, and as what."""
        ids = [happened.id for happened in events]
        rows = self._held.find({"queue": self._queue, "event": {"$in": ids}}, {"event": 1, "sort": 1}, session=session)
        return {row["event"]: row["sort"] for row in rows}

    def clear(self, events: Sequence[str], session: ClientSession) -> None:
        """These events took effect after all."""
        if events:
            self._held.delete_many({"queue": self._queue, "event": {"$in": list(events)}}, session=session)

    def due(self, now: datetime) -> list[Document]:
        """Some of what is to be tried again by now, the longest due first."""
        again = {"queue": self._queue, "sort": {"$in": ["retry", "waiting"]}, "retry_at": {"$lte": now}}
        return list(self._held.find(again, sort=[("retry_at", 1)], limit=100))

    def followed(self, records: Iterable[Record]) -> list[Record]:
        """Those of the records of which something waits, or was given up before its turn."""
        wanted = set(records)
        if not wanted:
            return []
        place = {"queue": self._queue, "aggregate": {"$in": [aggregate for _, aggregate in wanted]}}
        rows = self._held.find({**place, "sort": {"$in": ["waiting", "dropped"]}}, {"owner": 1, "aggregate": 1})
        return list(wanted & {(row["owner"], row["aggregate"]) for row in rows})

    def at(self, service: str, aggregate: str, n: int) -> Document | None:
        """What is held of a record's n-th event."""
        place = {"queue": self._queue, "aggregate": aggregate, "n": n, "owner": service}
        row: Document | None = self._held.find_one(place)
        return row

    def delivery(self, row: Document) -> Delivery:
        """A held message as it came."""
        return Delivery(self._cipher.decrypt(row["body"], row["_id"]), row["content_type"])

    def text(self, row: Document) -> str:
        """A held message's text."""
        return self.delivery(row).body.decode("utf-8", "replace")

    def drop(self, id: str, user: str, reason: str, now: datetime) -> None:
        """Give a message up: its content goes, and that it counts as applied stays."""
        self._held.update_one(
            {"_id": id},
            {
                "$set": {"sort": "dropped", "dropped_by": user, "dropped_reason": reason, "last": now},
                "$unset": {"body": "", "traceback": "", "retry_at": ""},
            },
        )
        log.warning("inbox.dropped", queue=self._queue, id=id, user=user)

    def count(self) -> None:
        """Bring the gauge of held messages up to date."""
        for sort in ("retry", "waiting", "parked"):
            metrics.HELD.labels(self._queue, sort).set(
                self._held.count_documents({"queue": self._queue, "sort": sort}, limit=10_000)
            )


def _named(happened: Event | None) -> dict[str, Any]:
    """What of an event names it; nothing where the message could not be read."""
    if happened is None:
        return dict.fromkeys(("event", "type", "aggregate", "n", "recorded", "owner"))
    return {
        "event": happened.id,
        "type": happened.type,
        "aggregate": happened.subject,
        "n": happened.aggregateversion,
        "recorded": happened.recorded,
        "owner": happened.service,
    }


def describe(held: Document) -> dict[str, Any]:
    """A held message as operations may see it: everything but its body and its traceback."""
    return {key: value for key, value in held.items() if key not in ("_id", "body", "traceback")} | {
        "id": held.get("id", held.get("_id"))
    }
