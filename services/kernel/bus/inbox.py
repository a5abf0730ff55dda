"""Taking events exactly once: what a handler does, and that it was done, in one transaction.

Nothing here knows the broker: deliveries come in, and when `take` returns every one of them may be acknowledged.
A handler that fails costs nothing: a batch is halved down to the event that fails; that one is set aside on the shelf
with its reason (retry, or parked for a person) and the rest flows on. An ordered inbox lets what comes before its turn
wait there for its predecessor. When the store is away `take` raises and nothing may be acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pymongo
import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from .. import metrics
from ..journal.order import Positions, Record, TooEarly, record_of, sort_out
from ..journal.reconcile import TALLY, Resend, differing_days
from ..journal.store import Document, ensure_collections, in_transaction
from ..journal.vault import Cipher
from ..message.clock import Clock, utc_now
from ..message.delivery import Delivery
from ..message.event import Event
from .held_messages import HeldMessages

log = structlog.stdlib.get_logger(__name__)

MOST_ATTEMPTS = 5
"""So often may a message come back from a process that died with it before it is parked."""
_STORE_AWAY = (ConnectionFailure, ExecutionTimeout, WTimeoutError)

Carried = tuple[Delivery, Event]
"""A message and the event that was read from it."""


@dataclass(frozen=True)
class Taking:
    """The transaction in which a handler's effects belong."""

    session: ClientSession
    database: Database[Document]
    now: datetime


Handler = Callable[[list[Event], Taking], int]
"""Brings events into effect inside the transaction and says how many of them were new."""

Ledger = Callable[[Database[Document]], str]
"""The collection that says which events were taken: `service`, `type`, `recorded`, and the event's id."""


def own_ledger(database: Database[Document]) -> str:
    """The collection in which `once` writes down what was taken."""
    return "inbox"


class Inbox:
    """One queue's way into the store.

    An `ordered` one hands over each record's events in their order with none missing; its queue must therefore be bound
    to all events of the records that it follows (`<subject>.#`). `keys` are those by which the queue is bound. One that
    is not `reconciling` takes no notice of what owners tell of their journals.
    """

    def __init__(
        self,
        database: Database[Document],
        queue: str,
        handler: Handler,
        *,
        cipher: Cipher,
        clock: Clock = utc_now,
        ledger: Ledger = own_ledger,
        ordered: bool = False,
        keys: Sequence[str] = ("#",),
        reconciling: bool = True,
    ) -> None:
        self.queue = queue
        self.keys = list(keys)
        self._ledger = ledger
        self._reconciling = reconciling
        self.database = database
        self.shelf = HeldMessages(database, queue, cipher)
        self.to_ask: dict[str, Resend] = {}
        self._positions = Positions(database, queue) if ordered else None
        self._releasing: set[Record] = set()
        self._handler = handler
        self._clock = clock

    @property
    def ledger(self) -> str:
        """The collection that says which events were taken, as it is now."""
        return self._ledger(self.database)

    def ensure_indexes(self) -> None:
        """Make the collections; transactions make none."""
        ensure_collections(self.database, ("inbox", "attempts", "agreed"))
        self.database["agreed"].create_index([("queue", 1), ("owner", 1)])
        if self._reconciling:
            self.database[self.ledger].create_index([("service", 1), ("recorded", 1)])
        self.shelf.ensure_indexes()
        if self._positions is not None:
            self._positions.ensure_indexes()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Bring the deliveries into effect, or set them aside. After it, all may be acknowledged.

        Raises:
            PyMongoError: the store is away; acknowledge nothing and come again.
        """
        batch: list[Carried] = []
        back: list[Carried] = []
        tallies: list[Event] = []
        for delivery in deliveries:
            try:
                happened = delivery.read()
            except ValueError as error:
                self.shelf.put(delivery, None, error, self._clock())
                continue
            if happened.short_type == TALLY:
                if self._reconciling:
                    tallies.append(happened)
            elif delivery.redelivered:
                back.append((delivery, happened))
            else:
                batch.append((delivery, happened))
        if back:
            self._again(back)
        if batch:
            self._apply(batch)
        for happened in tallies:
            self._compare(happened)

    def retry_due(self) -> int:
        """Try again what is to be tried again by now; give how many took effect."""
        return sum(self.replay(held) for held in self.shelf.due(self._clock()))

    def replay(self, held: Document) -> bool:
        """Try one held message again; gone from the shelf when it took effect, in the same transaction.

        Raises:
            PyMongoError: the store is away.
        """
        delivery = self.shelf.delivery(held)
        happened: Event | None = None
        try:
            happened = delivery.read()
            return not self._transact([(delivery, happened)])
        except Exception as error:
            if _store_is_away(error):
                raise
            self.shelf.put(delivery, happened, error, self._clock())
            return False

    def drop(self, held: Document, user: str, reason: str) -> None:
        """Give a held message up: it counts as applied, and its successors go on."""
        self.shelf.drop(held["_id"], user, reason, self._clock())
        if held["event"] is not None:
            self._release((held["owner"], held["aggregate"]))

    def _compare(self, told: Event) -> None:
        """What an owner tells of its journal, against what was taken; what differs is to be asked for."""
        until = datetime.fromisoformat(told.data["until"])
        tally = told.data["days"]
        days = differing_days(self.database, self.ledger, self.queue, told.service, tally, until, self.keys)
        if days:
            metrics.RECONCILIATION_DIFFERENCES.labels(self.queue, told.service).inc(len(days))
            log.warning("inbox.differs", queue=self.queue, owner=told.service, days=[day.isoformat() for day in days])
            self.to_ask[told.service] = Resend(queue=self.queue, days=days, keys=self.keys)

    def _apply(self, batch: list[Carried]) -> None:
        try:
            self._transact(batch)
        except Exception as error:
            if _store_is_away(error):
                raise
            if len(batch) == 1:
                self.shelf.put(*batch[0], error, self._clock())
                return
            half = len(batch) // 2
            self._apply(batch[:half])
            self._apply(batch[half:])

    def _again(self, back: list[Carried]) -> None:
        """Messages that came back; one may have killed its process: attempts are written down before they are tried.

        Mostly it was no message's fault, and they are many: the first time they are tried together, then one by one.
        """
        carried = {f"{self.queue}\x1f{delivery.id}": (delivery, happened) for delivery, happened in back}
        attempts = self.database["attempts"]
        known = {row["_id"] for row in attempts.find({"_id": {"$in": list(carried)}}, {"_id": 1})}
        first = [key for key in carried if key not in known]
        if first:
            attempts.insert_many([{"_id": key, "n": 1} for key in first], ordered=False)
            self._apply([carried[key] for key in first])
            attempts.delete_many({"_id": {"$in": first}})
        for key, (delivery, happened) in carried.items():
            if key in known:
                self._alone(key, delivery, happened)

    def _alone(self, key: str, delivery: Delivery, happened: Event) -> None:
        """Count the attempt, then try; what came back too often is for a person to see."""
        attempt = self.database["attempts"].find_one_and_update(
            {"_id": key}, {"$inc": {"n": 1}}, upsert=True, return_document=pymongo.ReturnDocument.AFTER
        )
        if attempt is not None and attempt["n"] > MOST_ATTEMPTS:
            error = RuntimeError(f"came back {MOST_ATTEMPTS} times from a process that died")
            self.shelf.put(delivery, happened, error, self._clock())
        else:
            self._apply([(delivery, happened)])
        self.database["attempts"].delete_one({"_id": key})

    def _transact(self, batch: list[Carried]) -> list[Event]:
        """Bring a batch into effect in one transaction, then what waited for it; give what had to wait itself."""
        now, events = self._clock(), [happened for _, happened in batch]

        def act(session: ClientSession) -> tuple[int, list[Event], list[Record]]:
            shelved = self.shelf.of(events, session)
            ready = [happened for happened in events if shelved.get(happened.id) != "dropped"]
            early: list[Event] = []
            reached: dict[Record, int] = {}
            if self._positions is not None:
                at = self._positions.of({record_of(happened) for happened in ready}, session)
                ready, early, reached = sort_out(ready, at)
                self._positions.advance(reached, session)
            fresh = self._handler(ready, Taking(session, self.database, self._clock())) if ready else 0
            still = {happened.id for happened in early}
            done = [id for id, sort in shelved.items() if sort != "dropped" and id not in still]
            self.shelf.clear(done, session)
            return fresh, early, list(reached)

        early: list[Event]
        with metrics.BATCH_SECONDS.labels(self.queue).time():
            fresh, early, reached = in_transaction(self.database, act)
        counted = [happened for happened in events if not happened.of_journal]
        metrics.CONSUMED.labels(self.queue).inc(fresh)
        metrics.DUPLICATES.labels(self.queue).inc(max(0, len(counted) - len(early) - fresh))
        if counted:
            metrics.END_TO_END.labels(self.queue).observe((now - counted[0].recorded).total_seconds())
        if early:
            came = {happened.id: delivery for delivery, happened in batch}
            for happened in early:
                reason = TooEarly(f"event {happened.aggregateversion} came before the one that precedes it")
                self.shelf.put(came[happened.id], happened, reason, now)
        for record in self.shelf.followed([*reached, *map(record_of, early)]):
            self._release(record)
        return early

    def _release(self, record: Record) -> None:
        """Let a record's held events go on, one by one, for as long as the next one only waits for its turn."""
        if self._positions is None or record in self._releasing:
            return  # each one that goes on comes by here, and this loop lets the next go
        self._releasing.add(record)
        try:
            while True:
                at = self._positions.of([record]).get(record, 0)
                held = self.shelf.at(*record, at + 1)
                if held is None or held["sort"] not in ("waiting", "dropped"):
                    return
                if held["sort"] == "dropped":
                    self._pass_over(record, at + 1)
                elif not self.replay(held):
                    return
        finally:
            self._releasing.discard(record)

    def _pass_over(self, record: Record, n: int) -> None:
        """A dropped event counts as applied."""
        positions = self._positions
        if positions is None:
            return

        def act(session: ClientSession) -> None:
            if positions.of([record], session).get(record, 0) == n - 1:
                positions.advance({record: n}, session)

        in_transaction(self.database, act)


def once(events: list[Event], taking: Taking, queue: str) -> list[Event]:
    """Those of the events that `queue` has not taken yet, each once; marks them taken in the same transaction.

    What tells of the journal (watermarks) and not of a record is none of them.
    """
    fresh = {happened.id: happened for happened in events if not happened.of_journal}
    keys = {f"{queue}\x1f{id}": id for id in fresh}
    inbox = taking.database["inbox"]
    for row in inbox.find({"_id": {"$in": list(keys)}}, {"_id": 1}, session=taking.session):
        del fresh[keys[row["_id"]]]
    if fresh:
        rows = [
            {
                "_id": f"{queue}\x1f{id}",
                "queue": queue,
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


def _store_is_away(error: BaseException) -> bool:
    if isinstance(error, _STORE_AWAY):
        return True
    return isinstance(error, PyMongoError) and any(
        error.has_error_label(label) for label in ("TransientTransactionError", "UnknownTransactionCommitResult")
    )
