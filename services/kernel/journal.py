"""The journal: one transaction holds the record, its events and the command's answer.

The journal is the outbox, the audit trail and what a rebuild replays. Its entries are never changed but for their
publication mark and never deleted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pymongo
import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, PyMongoError

from . import event, metrics
from .aggregate import Aggregate, S
from .clock import Clock, utc_now
from .errors import DomainError
from .event import EVERYWHERE, Command, Envelope, Event, Payload
from .moves import MOVES, Moves
from .store import Document, ensure_collections, in_transaction
from .suite import DIGESTS

log = structlog.stdlib.get_logger(__name__)

CLOCK_SLACK = timedelta(seconds=1)
"""So much may the clocks of two hosts differ without a watermark passing what is yet to be committed."""
_TOLD = ("_id", "aggregate", "n", "type", "time", "recorded", "unit", "actor", "day", "command", "data")
_KEPT_BESIDE = ("_id", "version", "head", "paths", "scope")


class Conflict(PyMongoError):
    """Somebody else saved the record first: the transaction is tried again from its beginning."""

    def __init__(self, what: str) -> None:
        super().__init__(what, error_labels=("TransientTransactionError",))


class TooSlow(PyMongoError):
    """The transaction took longer than the watermark waits: nothing was written; make it smaller, or ask again."""


@dataclass
class _Loaded:
    state: Any = None
    version: int = 0
    saved: int = 0
    head: bytes = b""
    paths: dict[str, list[str]] = field(default_factory=dict)


class Work:
    """One transaction's worth of deciding. What it decides is written when it ends, or not at all."""

    def __init__(self, journal: Journal, envelope: Envelope, now: datetime, session: ClientSession) -> None:
        self.envelope = envelope
        self.paths = journal.moves.current({**envelope.named, **envelope.paths})
        self.now = now
        self.session = session
        self.database = journal.database
        self.moves = journal.moves
        self._journal = journal
        self._loaded: dict[tuple[str, str], _Loaded] = {}
        self._changed: dict[tuple[str, str], Aggregate[Any]] = {}
        self._inserts: list[tuple[str, Document]] = []
        self._writes: list[tuple[str, Any]] = []
        self._undo: dict[tuple[str, str], _Loaded] | None = None
        self.entries: list[Document] = []

    def load(self, aggregate: Aggregate[Any], ids: Iterable[str]) -> None:
        """Read many records in one query, so that `get` and `decide` need none each."""
        wanted = [id for id in dict.fromkeys(ids) if (aggregate.name, id) not in self._loaded]
        if not wanted:
            return
        for id in wanted:
            self._loaded[aggregate.name, id] = _Loaded()
        for document in self.database[aggregate.collection].find({"_id": {"$in": wanted}}, session=self.session):
            self._loaded[aggregate.name, document["_id"]] = _Loaded(
                aggregate.state.model_validate(without_bookkeeping(document)),
                document["version"],
                document["version"],
                document["head"],
                document["paths"],
            )

    def get(self, aggregate: Aggregate[S], id: str) -> S | None:
        """The record's state as this work has it so far, or None."""
        self.load(aggregate, [id])
        state: S | None = self._loaded[aggregate.name, id].state
        return state

    def version(self, aggregate: Aggregate[Any], id: str) -> int:
        """The record's version as this work has it so far; 0 where there is none."""
        self.load(aggregate, [id])
        return self._loaded[aggregate.name, id].version

    def decide(self, aggregate: Aggregate[S], id: str, command: Command, expected: int | None = None) -> S:
        """Decide `command` on the record and keep what follows for the save. Gives the state after it.

        Raises:
            DomainError: the rules refuse it, or the record has moved on from version `expected`.
        """
        self.load(aggregate, [id])
        record = self._loaded[aggregate.name, id]
        if expected is not None and expected != record.version:
            raise DomainError(
                "version.stale",
                f"记录已被他人修改：当前版本为 {record.version}，提交所依据的版本为 {expected}",
                "stale",
            )
        if self._undo is not None:
            self._undo.setdefault((aggregate.name, id), replace(record))
        for payload in aggregate.decide(record.state, command, self.now):
            record.state = aggregate.evolve(record.state, payload)
            record.version += 1
            self._append(aggregate, id, record, payload)
        if record.state is None:
            raise DomainError(f"{aggregate.name}.not_found", "没有这条记录", "not_found")
        decided: S = record.state
        return decided

    def within(self, aggregate: Aggregate[Any], id: str) -> None:
        """Refuse what was decided on a record that lies outside the role by which it was commanded.

        The edge has asked already, of the tree; this asks again, of the record: its units as they are now, by the paths
        that the command bears and by those that the record was saved with.

        Raises:
            DomainError: unit.out_of_scope.
        """
        record, actor = self._loaded[aggregate.name, id], self.envelope.actor
        units = set(aggregate.parts(record.state))
        known = [paths.get(unit, [unit]) for unit in units for paths in (self.paths, record.paths)]
        reached = aggregate.scope(record.state, [*known, *record.paths.values()])
        if actor.unit not in (EVERYWHERE, *reached):
            raise DomainError("unit.out_of_scope", "该记录不在您的权限范围内", "forbidden")

    def write(self, collection: str, operation: Any) -> None:
        """Let one of pymongo's bulk operations be part of the save: what belongs beside the journal, never in it."""
        self._writes.append((collection, operation))

    def insert(self, collection: str, document: Document) -> None:
        """Let a document that the store has not be part of the save, before all that is told by `write`."""
        self._inserts.append((collection, document))

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is decided inside counts only if nothing is raised: of many rows one may fail alone."""
        changed = self._changed.copy()
        told: list[list[Any]] = [self.entries, self._inserts, self._writes]
        lengths = [len(some) for some in told]
        self._undo = {}
        try:
            yield
        except BaseException:
            self._loaded.update(self._undo)
            self._changed = changed
            for some, length in zip(told, lengths, strict=True):
                del some[length:]
            raise
        finally:
            self._undo = None

    def _append(self, aggregate: Aggregate[Any], id: str, record: _Loaded, payload: Payload) -> None:
        self._changed[aggregate.name, id] = aggregate
        entry: Document = {
            "_id": event.new_id(),
            "aggregate": id,
            "n": record.version,
            "type": payload.type,
            "time": self.now,
            "recorded": self.now,
            "unit": payload.unit,
            "actor": self.envelope.actor.user,
            "day": payload.day.isoformat(),
            "command": self.envelope.command_id,
            "data": event.body_of(payload),
            "published": False,
        }
        if self.envelope.traceparent:
            entry["traceparent"] = self.envelope.traceparent
        record.head = entry["hash"] = self._journal.link(record.head, entry)
        self.entries.append(entry)

    def save(self) -> None:
        """Write states and entries into the open transaction."""
        for aggregate in dict.fromkeys(self._changed.values()):
            fresh, changed = [], []
            for name, id in self._changed:
                if name != aggregate.name:
                    continue
                record = self._loaded[name, id]
                document = self._document(aggregate, id, record)
                if record.saved:
                    changed.append(pymongo.ReplaceOne({"_id": id, "version": record.saved}, document))
                else:
                    fresh.append(document)
            collection = self.database[aggregate.collection]
            if fresh:
                _insert(collection, fresh, self.session)
            if changed:
                matched = collection.bulk_write(changed, ordered=False, session=self.session).matched_count
                if matched != len(changed):
                    raise Conflict(f"{aggregate.name}: somebody else saved first")
        fresh_ones = [*(("journal", entry) for entry in self.entries), *self._inserts]
        for name, documents in _by_collection(fresh_ones).items():
            _insert(self.database[name], documents, self.session)
        for name, operations in _by_collection(self._writes).items():
            self.database[name].bulk_write(operations, session=self.session)

    def _document(self, aggregate: Aggregate[Any], id: str, record: _Loaded) -> Document:
        units = dict.fromkeys(aggregate.parts(record.state))
        paths = {unit: self.paths.get(unit) or record.paths.get(unit) or [unit] for unit in units}
        return {
            **record.state.model_dump(),
            "_id": id,
            "version": record.version,
            "head": record.head,
            "paths": paths,
            "scope": aggregate.scope(record.state, paths.values()),
        }


def _by_collection(told: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, what in told:
        found.setdefault(name, []).append(what)
    return found


def _insert(collection: Any, documents: list[Document], session: ClientSession) -> None:
    try:
        if len(documents) == 1:  # half the driver's work
            collection.insert_one(documents[0], session=session)
        else:
            collection.insert_many(documents, ordered=False, session=session)
    except DuplicateKeyError as error:
        raise Conflict("somebody else saved first") from error
    except BulkWriteError as error:
        if any(failure.get("code") == 11000 for failure in error.details.get("writeErrors", ())):
            raise Conflict("somebody else saved first") from error
        raise


def without_bookkeeping(document: Mapping[str, Any]) -> Document:
    """A stored record's own fields, without what the kernel keeps beside them."""
    return {key: value for key, value in document.items() if key not in _KEPT_BESIDE}


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
        self._limit = timedelta(seconds=transaction_seconds) - CLOCK_SLACK

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
            work = Work(self, envelope, self.clock(), session)
            answer = act(work)
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
            work.save()
            self.in_time(work)
            return result

        try:
            result = in_transaction(self.database, run, self._limit.total_seconds())
        except PyMongoError as error:
            if error.timeout:
                raise TooSlow("the transaction took longer than the watermark waits") from error
            raise
        self.committed()
        return result

    def _patiently(self, transact: Callable[[ClientSession], Any], deadline: datetime) -> Any:
        """Try until the caller's deadline. An attempt has no more time than the watermark leaves it: a commit whose
        outcome is unknown is given up, and the next attempt finds the command's row if it was done after all.
        """
        while True:
            try:
                return in_transaction(self.database, transact, self._limit.total_seconds())
            except (ConnectionFailure, TooSlow) as error:
                failure: PyMongoError = error
            except PyMongoError as error:
                if not error.timeout:
                    raise
                failure = error
            if self.clock() >= deadline:
                raise failure
            log.info("journal.trying_again", error=repr(failure))

    def rehearse(self, envelope: Envelope, act: Callable[[Work], Any]) -> Any:
        """Run `act` as if in a transaction and write nothing."""
        with self.database.client.start_session() as session:
            return act(Work(self, envelope, self.clock(), session))

    def in_time(self, work: Work) -> None:
        """Refuse to commit what was stamped too long ago: the watermark may already have passed it."""
        if self.clock() - work.now > self._limit / 2:
            raise TooSlow("the transaction took longer than the watermark waits")

    def get(self, aggregate: Aggregate[S], id: str) -> S | None:
        """The record's state, or None."""
        document = self.database[aggregate.collection].find_one({"_id": id})
        return None if document is None else aggregate.state.model_validate(without_bookkeeping(document))

    def link(self, previous: bytes, entry: Mapping[str, Any], digest: str | None = None) -> bytes:
        """The audit chain: a keyed hash over the entry and the hash of the one before it in its aggregate.

        `digest` is for who verifies what was chained with another hash than this journal's.
        """
        told = {key: entry[key] for key in _TOLD}
        body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        return hmac.digest(self.chain_key, previous + body, digest or self.digest)

    def event(self, entry: Mapping[str, Any]) -> Event:
        """A journal entry as the event that is published of it: the same each time."""
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
            data=entry["data"],
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
