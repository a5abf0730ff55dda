"""Taking events exactly once: what a handler does, that it was done, and what is set aside, in one transaction.

Nothing here knows the broker: deliveries come in, and when `take` returns every one of them may be acknowledged.
A handler that fails costs nothing: a batch is halved down to the event that fails; that one is written to `held` with
its reason (retry, or parked for a person) and the rest flows on. When the store is away `take` raises and nothing may
be acknowledged.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pymongo
import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from . import metrics
from .clock import Clock, utc_now
from .errors import Later
from .event import CONTENT_TYPE, Event
from .journal import Document, ensure_collections, in_transaction
from .reconcile import TALLY, Resend, differing_days
from .relay import WATERMARK
from .vault import Cipher, redact

log = structlog.stdlib.get_logger(__name__)

MOST_ATTEMPTS = 5
"""So often may a message come back from a process that died with it before it is parked."""
_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)
_STORE_AWAY = (ConnectionFailure, ExecutionTimeout, WTimeoutError)


@dataclass(frozen=True)
class Delivery:
    """A message as the broker handed it over."""

    body: bytes
    content_type: str | None
    redelivered: bool = False
    routing_key: str = ""

    @property
    def id(self) -> str:
        """Names the message's bytes: the same bytes are the same message."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Taking:
    """The transaction in which a handler's effects belong."""

    session: ClientSession
    database: Database[Document]
    now: datetime


Handler = Callable[[list[Event], Taking], int]
"""Brings events into effect inside the transaction and says how many of them were new."""


class Inbox:
    """One queue's way into the store."""

    def __init__(
        self,
        database: Database[Document],
        queue: str,
        handler: Handler,
        *,
        cipher: Cipher,
        clock: Clock = utc_now,
        ledger: str = "inbox",
    ) -> None:
        self.queue = queue
        self.ledger = ledger
        self.database = database
        self.to_ask: dict[str, Resend] = {}
        self._database = database
        self._handler = handler
        self._cipher = cipher
        self._clock = clock

    def ensure_indexes(self) -> None:
        """Make `held`, `inbox` and `attempts`; transactions make no collections."""
        ensure_collections(self._database, ("held", "inbox", "attempts"))
        self._database["held"].create_index([("queue", 1), ("sort", 1), ("retry_at", 1)])
        self._database["held"].create_index([("queue", 1), ("recorded", 1)])
        self._database[self.ledger].create_index([("service", 1), ("recorded", 1)])
        self._database["held"].create_index([("sort", 1), ("last", -1)])

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Bring the deliveries into effect, or set them aside. After it, all may be acknowledged.

        Raises:
            PyMongoError: the store is away; acknowledge nothing and come again.
        """
        batch: list[tuple[Delivery, Event]] = []
        tallies: list[Event] = []
        for delivery in deliveries:
            try:
                happened = _decode(delivery)
            except ValueError as error:
                self._hold(delivery, None, error)
                continue
            if happened.short_type == TALLY:
                tallies.append(happened)
            elif delivery.redelivered:
                self._alone(delivery, happened)
            else:
                batch.append((delivery, happened))
        if batch:
            self._apply(batch)
        for happened in tallies:
            self._compare(happened)

    def _compare(self, told: Event) -> None:
        """What an owner tells of its journal, against what was taken; what differs is to be asked for."""
        until = datetime.fromisoformat(told.data["until"])
        days = differing_days(self._database, self.ledger, self.queue, told.service, told.data["days"], until)
        if days:
            metrics.RECONCILIATION_DIFFERENCES.labels(self.queue, told.service).inc(len(days))
            log.warning("inbox.differs", queue=self.queue, owner=told.service, days=[day.isoformat() for day in days])
            self.to_ask[told.service] = Resend(queue=self.queue, days=days)

    def retry_due(self) -> int:
        """Try again what is held for retry and due; give how many took effect."""
        due = self._database["held"].find(
            {"queue": self.queue, "sort": "retry", "retry_at": {"$lte": self._clock()}},
            sort=[("retry_at", 1)],
            limit=100,
        )
        return sum(self.replay(held) for held in due)

    def replay(self, held: Document) -> bool:
        """Try one held message again; gone from `held` when it took effect, in the same transaction.

        Raises:
            PyMongoError: the store is away.
        """
        delivery = Delivery(self._cipher.decrypt(held["body"], held["_id"]), held["content_type"])
        happened: Event | None = None
        try:
            happened = _decode(delivery)
            self._transact([happened], release=held["_id"])
        except Exception as error:
            if _store_is_away(error):
                raise
            self._hold(delivery, happened, error)
            return False
        return True

    def text(self, held: Document) -> str:
        """A held message's text."""
        return self._cipher.decrypt(held["body"], held["_id"]).decode("utf-8", "replace")

    def drop(self, held: Document, user: str, reason: str) -> None:
        """Give a held message up: its content goes, and that it counts as handled stays."""
        self._database["held"].update_one(
            {"_id": held["_id"]},
            {
                "$set": {"sort": "dropped", "dropped_by": user, "dropped_reason": reason, "last": self._clock()},
                "$unset": {"body": "", "traceback": "", "retry_at": ""},
            },
        )
        log.warning("inbox.dropped", queue=self.queue, id=held["_id"], user=user)

    def count_held(self) -> None:
        """Bring the gauge of held messages up to date."""
        for sort in ("retry", "parked"):
            metrics.HELD.labels(self.queue, sort).set(
                self._database["held"].count_documents({"queue": self.queue, "sort": sort}, limit=10_000)
            )

    def _apply(self, batch: list[tuple[Delivery, Event]]) -> None:
        try:
            self._transact([happened for _, happened in batch])
        except Exception as error:
            if _store_is_away(error):
                raise
            if len(batch) == 1:
                self._hold(*batch[0], error)
                return
            half = len(batch) // 2
            self._apply(batch[:half])
            self._apply(batch[half:])

    def _alone(self, delivery: Delivery, happened: Event) -> None:
        """A message that came back may have killed its process: its attempt is written down before it is tried."""
        key = f"{self.queue}\x1f{delivery.id}"
        attempt = self._database["attempts"].find_one_and_update(
            {"_id": key}, {"$inc": {"n": 1}}, upsert=True, return_document=pymongo.ReturnDocument.AFTER
        )
        if attempt is not None and attempt["n"] > MOST_ATTEMPTS:
            self._hold(delivery, happened, RuntimeError(f"came back {MOST_ATTEMPTS} times from a process that died"))
        else:
            self._apply([(delivery, happened)])
        self._database["attempts"].delete_one({"_id": key})

    def _transact(self, events: list[Event], release: str | None = None) -> None:
        now = self._clock()

        def act(session: ClientSession) -> int:
            fresh = self._handler(events, Taking(session, self._database, self._clock()))
            if release is not None:
                self._database["held"].delete_one({"_id": release}, session=session)
            return fresh

        with metrics.BATCH_SECONDS.labels(self.queue).time():
            fresh = in_transaction(self._database, act)
        counted = [happened for happened in events if happened.short_type != WATERMARK]
        metrics.CONSUMED.labels(self.queue).inc(fresh)
        metrics.DUPLICATES.labels(self.queue).inc(max(0, len(counted) - fresh))
        if counted:
            metrics.END_TO_END.labels(self.queue).observe((now - counted[0].recorded).total_seconds())

    def _hold(self, delivery: Delivery, happened: Event | None, error: Exception) -> None:
        """Set a message aside with its reason. What is held already keeps its first time and counts the attempt."""
        id, now = f"{self.queue}:{delivery.id}", self._clock()
        known = self._database["held"].find_one({"_id": id}, {"attempts": 1, "first": 1})
        attempts = 1 + (known["attempts"] if known else 0)
        sort = "retry" if isinstance(error, Later) else "parked"
        wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(attempts - 1, 10))
        self._database["held"].replace_one(
            {"_id": id},
            {
                "_id": id,
                "queue": self.queue,
                "sort": sort,
                "event": None if happened is None else happened.id,
                "type": None if happened is None else happened.type,
                "aggregate": None if happened is None else happened.subject,
                "recorded": None if happened is None else happened.recorded,
                "owner": None if happened is None else happened.service,
                "reason": redact(f"{type(error).__name__}: {error}")[:500],
                "traceback": redact("".join(traceback.format_exception(error)))[-4000:],
                "content_type": delivery.content_type,
                "routing_key": delivery.routing_key,
                "body": self._cipher.encrypt(delivery.body, id),
                "attempts": attempts,
                "first": known["first"] if known else now,
                "last": now,
                "retry_at": now + wait if sort == "retry" else None,
            },
            upsert=True,
        )
        metrics.HELD_TOTAL.labels(self.queue, sort).inc()
        log.warning("inbox.held", queue=self.queue, sort=sort, id=id, reason=redact(str(error))[:200])


def once(events: list[Event], taking: Taking, queue: str) -> list[Event]:
    """Those of the events that `queue` has not taken yet, each once; marks them taken in the same transaction.

    Watermarks are none of them: they tell of the journal, not of a record.
    """
    fresh = {happened.id: happened for happened in events if happened.short_type != WATERMARK}
    keys = {f"{queue}\x1f{id}": id for id in fresh}
    inbox = taking.database["inbox"]
    for row in inbox.find({"_id": {"$in": list(keys)}}, {"_id": 1}, session=taking.session):
        del fresh[keys[row["_id"]]]
    if fresh:
        rows = [
            {
                "_id": f"{queue}\x1f{id}",
                "event": id,
                "service": happened.service,
                "type": happened.short_type,
                "recorded": happened.recorded,
                "time": taking.now,
            }
            for id, happened in fresh.items()
        ]
        inbox.insert_many(rows, ordered=False, session=taking.session)
    return list(fresh.values())


def _decode(delivery: Delivery) -> Event:
    if delivery.content_type != CONTENT_TYPE:
        raise ValueError(f"content type {delivery.content_type!r} is not {CONTENT_TYPE}")
    return Event.from_json(delivery.body)


def _store_is_away(error: BaseException) -> bool:
    if isinstance(error, _STORE_AWAY):
        return True
    return isinstance(error, PyMongoError) and any(
        error.has_error_label(label) for label in ("TransientTransactionError", "UnknownTransactionCommitResult")
    )


def describe(held: Document) -> dict[str, Any]:
    """A held message as operations may see it: everything but its body and its traceback."""
    return {key: value for key, value in held.items() if key not in ("_id", "body", "traceback")} | {
        "id": held.get("id", held.get("_id"))
    }
