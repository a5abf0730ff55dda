"""The journal: one transaction holds the record, its events and the command's answer.

The journal is the outbox, the audit trail and what a rebuild replays. Its entries are never changed but for their
publication mark and never deleted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from .. import metrics
from ..message import event
from ..message.clock import Clock, utc_now
from ..message.errors import DomainError
from ..message.event import ADMITTED, Command, Envelope, Event
from ..message.free_text import masked
from ..message.suite import DIGESTS
from ..rules.aggregate import Aggregate, S
from .moves import MOVES, Moves
from .store import Document, ensure_collections, in_transaction
from .work import Work, state_of

log = structlog.stdlib.get_logger(__name__)

CLOCK_SLACK = timedelta(seconds=1)
"""So much may the clocks of two hosts differ without a watermark passing what is yet to be committed."""
_TOLD = ("_id", "aggregate", "n", "type", "time", "recorded", "unit", "actor", "day", "command", "data")


Follow = Callable[[Work], None]
"""What follows from all that a work has decided, however many commands or rows that was; it is saved with them."""


class TooSlow(PyMongoError):
    """The transaction took longer than the watermark waits: nothing was written; make it smaller, or ask again."""


class Journal:
    """A service's records and what happened to them."""

    def __init__(
        self,
        database: Database[Document],
        *,
        service: str,
        site: str,
        chain_key: bytes,
        clock: Clock = utc_now,
        transaction_seconds: float = 5.0,
        committed: Callable[[], None] = lambda: None,
        digest: str = DIGESTS[0],
    ) -> None:
        self.database = database
        self.service = service
        self.source = f"/{site}/{service}"
        self.clock = clock
        self.committed = committed
        self.chain_key = chain_key
        self.digest = digest
        self.moves = Moves(database, clock)
        self.aggregates: Sequence[Aggregate[Any]] = ()
        self.follow: Follow = lambda work: None
        self.by: Mapping[type[Command], tuple[str, ...]] = {}
        """Command → the record's fields that name who may make this change of it."""
        self._limit = timedelta(seconds=transaction_seconds) - CLOCK_SLACK
        self.deciding_seconds = self._limit.total_seconds() / 2
        """What decides longer than this is `TooSlow`, and is asked for again in smaller parts."""

    def ensure_indexes(self) -> None:
        """Make the journal's own collections and indexes; collections first, for transactions make none."""
        ensure_collections(self.database, ("journal", "commands", "leases", "anchors", "tallies", MOVES))
        journal = self.database["journal"]
        journal.create_index([("aggregate", 1), ("n", 1)], unique=True)
        journal.create_index([("recorded", 1), ("n", 1)], partialFilterExpression={"published": False}, name="outbox")
        journal.create_index([("recorded", 1), ("_id", 1)])

    def execute(self, envelope: Envelope, command: Command, act: Callable[[Work], Document]) -> Document:
        """Run `act` and save what it decided, once for each (actor, command id).

        The same command again gives its first answer; the same id with another body is refused. A refusal is not
        remembered: it is decided afresh. Nearly every command is new, so each is first taken to be: its row's key says
        if it is not.

        Raises:
            DomainError: the rules refuse it; nothing was changed.
            PyMongoError: the store did not take it; it may be asked again with the same id.
        """
        digest = hashlib.sha256(
            orjson.dumps([type(command).__name__, command.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
        ).digest()
        key = f"{envelope.actor.user}\x1f{envelope.command_id}"

        def once(session: ClientSession, look: bool) -> tuple[Document, bool]:
            row = self.database["commands"].find_one({"_id": key}, session=session) if look else None
            if row is not None:
                if row["body"] != digest:
                    raise DomainError("command.reused", "幂等键已用于内容不同的另一次提交，请更换", "invalid")
                first: Document = row["answer"]
                return first, False
            by = self.by.get(type(command))
            work = Work(self, envelope, self.clock(), session, (type(command), by) if by else None)
            answer = act(work)
            if by and work.admitted is None:
                raise TypeError(f"{type(command).__name__} was carried out on no record that it may be")
            if work.admitted is not None:
                answer = {**answer, ADMITTED: work.admitted.model_dump()}
            self.follow(work)
            row = {"_id": key, "body": digest, "answer": answer, "time": work.now, "command": type(command).__name__}
            self.database["commands"].insert_one(row, session=session)
            work.save()
            self.in_time(work)
            return answer, True

        try:
            answer, fresh = self._patiently(lambda session: once(session, look=False), envelope.deadline)
        except (DomainError, DuplicateKeyError):
            # It was done before, or what refuses it may be what it did then: only now is its row looked for.
            answer, fresh = self._patiently(lambda session: once(session, look=True), envelope.deadline)
        if fresh:
            self.committed()
        metrics.COMMANDS.labels(self.service, type(command).__name__, "accepted" if fresh else "repeated").inc()
        return dict(answer)

    def transact(self, envelope: Envelope, act: Callable[[Work], Any]) -> Any:
        """Run `act` in one transaction without a command's row: for imports and timers that keep their own."""

        def run(session: ClientSession) -> Any:
            work = Work(self, envelope, self.clock(), session)
            result = act(work)
            self.follow(work)
            work.save()
            self.in_time(work)
            return result

        result = self._once(run)
        self.committed()
        return result

    def _patiently(self, transact: Callable[[ClientSession], Any], deadline: datetime) -> Any:
        """Try until the caller's deadline. An attempt has no more time than the watermark leaves it: a commit whose
        outcome is unknown is given up, and the next attempt finds the command's row if it was done after all.
        """
        while True:
            try:
                return self._once(transact)
            except (ConnectionFailure, TooSlow) as error:
                if self.clock() >= deadline:
                    raise
                log.info("journal.trying_again", error=repr(error))

    def _once(self, act: Callable[[ClientSession], Any]) -> Any:
        """One transaction within the time that the watermark leaves it; being begun again or cut off is counted.

        Raises:
            TooSlow: it took longer.
        """
        begun = False

        def attempt(session: ClientSession) -> Any:
            nonlocal begun
            if begun:
                metrics.TRANSACTIONS_AGAIN.labels(self.service, "conflict").inc()
            begun = True
            return act(session)

        try:
            return in_transaction(self.database, attempt, self._limit.total_seconds())
        except PyMongoError as error:
            if not error.timeout and not isinstance(error, TooSlow):
                raise
            metrics.TRANSACTIONS_AGAIN.labels(self.service, "too_slow").inc()
            raise TooSlow("the transaction took longer than the watermark waits") from error

    def rehearse(self, envelope: Envelope, act: Callable[[Work], Any]) -> Any:
        """Run `act` as if in a transaction and write nothing."""
        with self.database.client.start_session() as session:
            return act(Work(self, envelope, self.clock(), session))

    def in_time(self, work: Work) -> None:
        """Refuse to commit what was stamped too long ago: the watermark may already have passed it."""
        if self.clock() - work.now > timedelta(seconds=self.deciding_seconds):
            raise TooSlow("the transaction took longer than the watermark waits")

    def get(self, aggregate: Aggregate[S], id: str) -> S | None:
        """The record's state, or None."""
        document = self.database[aggregate.collection].find_one({"_id": id})
        return None if document is None else state_of(self.database, aggregate, document)

    def link(self, previous: bytes, entry: Mapping[str, Any], digest: str | None = None) -> bytes:
        """The audit chain: a keyed hash over the entry and the hash of the one before it in its aggregate.

        `digest` is for who verifies what was chained with another hash than this journal's.
        """
        told = {key: entry[key] for key in _TOLD}
        body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        return hmac.digest(self.chain_key, previous + body, digest or self.digest)

    def event(self, entry: Mapping[str, Any]) -> Event:
        """A journal entry as the event that is published of it: the same each time, its free text redacted.

        The entry itself stays as it was written: it is chained.
        """
        return Event(
            id=entry["_id"],
            source=self.source,
            type=f"{event.NAMESPACE}.{self.service}.{entry['type']}",
            subject=entry["aggregate"],
            time=entry["time"],
            aggregateversion=entry["n"],
            recorded=entry["recorded"],
            unit=entry["unit"],
            actor=entry["actor"],
            day=entry["day"],
            traceparent=entry.get("traceparent"),
            data=masked(entry["data"]),
        )

    def told(self, kind: str, data: Document, now: datetime) -> Event:
        """Something about the journal itself, as an event: it stands in no journal and has no place in an order."""
        return Event(
            id=event.new_id(),
            source=self.source,
            type=f"{event.NAMESPACE}.{self.service}.{kind}",
            subject=self.service,
            time=now,
            aggregateversion=0,
            recorded=now,
            unit="",
            actor=self.service,
            day=now.date(),
            data=data,
        )
