"""One transaction's worth of deciding: the records that it reads, what follows from commands, what is written of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from ..message import event, lives
from ..message.clock import business_day
from ..message.errors import DomainError
from ..message.event import EVERYWHERE, Command, Envelope, HeldRole, Payload
from ..resource import units_by
from ..rules.aggregate import Aggregate, S
from .moves import Moves
from .store import Document

_KEPT_BESIDE = ("_id", "version", "head", "paths", "scope")


class Keeper(Protocol):
    """What a work needs of the journal that it is for."""

    database: Database[Document]
    moves: Moves

    def link(self, previous: bytes, entry: Mapping[str, Any]) -> bytes:
        """The hash of an entry, after the one of the entry before it."""


class Conflict(PyMongoError):
    """Somebody else saved the record first: the transaction is tried again from its beginning."""

    def __init__(self, what: str) -> None:
        super().__init__(what, error_labels=("TransientTransactionError",))


@dataclass
class _Loaded:
    state: Any = None
    version: int = 0
    saved: int = 0
    head: bytes = b""
    paths: dict[str, list[str]] = field(default_factory=dict)


class Work:
    """One transaction's worth of deciding. What it decides is written when it ends, or not at all."""

    def __init__(
        self,
        journal: Keeper,
        envelope: Envelope,
        now: datetime,
        session: ClientSession,
        admits: tuple[type[Command], tuple[str, ...]] | None = None,
    ) -> None:
        self.envelope = envelope
        self.admitted: HeldRole | None = None
        """The role by which the record's change was found to be allowed, where the service had to find it."""
        self._admits = admits
        self.paths = journal.moves.current({**envelope.named, **envelope.paths})
        self.lives = dict(envelope.lives)
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
                state_of(self.database, aggregate, document, self.session),
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

    def changed(self, aggregate: Aggregate[S]) -> dict[str, S]:
        """The records of a kind that this work has changed, by id, as it has them so far."""
        return {id: self._loaded[name, id].state for name, id in self._changed if name == aggregate.name}

    def decide(self, aggregate: Aggregate[S], id: str, command: Command, expected: int | None = None) -> S:
        """Decide `command` on the record and keep what follows for the save. Gives the state after it.

        Raises:
            DomainError: the rules refuse it, the record has moved on from version `expected`, or a unit that it names
                was not there on its day.
        """
        self.load(aggregate, [id])
        record = self._loaded[aggregate.name, id]
        if self._admits is not None and type(command) is self._admits[0]:
            self.admit(aggregate, id, self._admits[1])
        if expected is not None and expected != record.version:
            raise DomainError(
                "version.stale",
                f"记录已被他人修改：当前版本为 {record.version}，提交所依据的版本为 {expected}",
                "stale",
            )
        self.ask_lives(command, record.state)
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

    def ask_lives(self, command: Command, state: Any = None) -> None:
        """Refuse a command that names a unit which was not there on its day; `state` is the record before it.

        Raises:
            DomainError: unit.not_active.
        """
        lives.check(command.unit_fields, command, state, self.lives, business_day(self.now))

    def admit(self, aggregate: Aggregate[Any], id: str, by: tuple[str, ...] = ("unit",)) -> None:
        """Find the role of the actor's by which the record may be changed: for a unit in one of its fields `by`.

        Raises:
            DomainError: record.not_found where none of their roles sees it; unit.out_of_scope where none may.
        """
        self.load(aggregate, [id])
        record, roles = self._loaded[aggregate.name, id], self.envelope.actor.roles
        if record.state is not None:
            for unit, path in self.moves.current(record.paths).items():
                self.paths.setdefault(unit, path)
        seen = [role for role in roles if record.state is not None and self._reaches(aggregate, record, role.unit)]
        if not seen:
            raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
        for unit in units_by(record.state, by):
            reach = (EVERYWHERE, *self.paths.get(unit, [unit]))
            if (held := next((role for role in seen if role.unit in reach), None)) is not None:
                self.admitted = held
                actor = self.envelope.actor.model_copy(update=held.model_dump())
                self.envelope = self.envelope.model_copy(update={"actor": actor})
                return
        raise DomainError("unit.out_of_scope", "这项操作不在您的权限范围内", "forbidden")

    def _reaches(self, aggregate: Aggregate[Any], record: _Loaded, unit: str) -> bool:
        units = set(aggregate.parts(record.state))
        known = [paths.get(each, [each]) for each in units for paths in (self.paths, record.paths)]
        return unit in (EVERYWHERE, *aggregate.scope(record.state, [*known, *record.paths.values()]))

    def within(self, aggregate: Aggregate[Any], id: str) -> None:
        """Refuse what was decided on a record that lies outside the role by which it was commanded.

        The edge has asked already, of the tree; this asks again, of the record: its units as they are now, by the paths
        that the command bears and by those that the record was saved with.

        Raises:
            DomainError: unit.out_of_scope.
        """
        if not self._reaches(aggregate, self._loaded[aggregate.name, id], self.envelope.actor.unit):
            raise DomainError("unit.out_of_scope", "该记录不在您的权限范围内", "forbidden")

    def upgrade(self, aggregate: Aggregate[Any], ids: Iterable[str]) -> None:
        """Bring records up to date that an earlier version has saved; each is saved even if nothing follows."""
        if aggregate.upgrade is None:
            raise TypeError(f"{aggregate.name} was never kept otherwise")
        self.load(aggregate, ids)
        for id in ids:
            self.decide(aggregate, id, aggregate.upgrade.command)
            self._changed[aggregate.name, id] = aggregate

    def write(self, collection: str, operation: Any) -> None:
        """Let one of pymongo's bulk operations be part of the save: what belongs beside the journal, never in it."""
        self._writes.append((collection, operation))

    def insert(self, collection: str, document: Document) -> None:
        """Let a document that the store has not be part of the save, before all that is told by `write`."""
        self._inserts.append((collection, document))

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is decided inside counts only if nothing is raised: of many rows one may fail alone."""
        changed = len(self._changed)
        told: list[list[Any]] = [self.entries, self._inserts, self._writes]
        lengths = [len(some) for some in told]
        self._undo = {}
        try:
            yield
        except BaseException:
            self._loaded.update(self._undo)
            while len(self._changed) > changed:
                self._changed.popitem()
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


def state_of(
    database: Database[Document], aggregate: Aggregate[S], document: Document, session: ClientSession | None = None
) -> S:
    """The state in a record's document; made anew of the record's entries where an earlier version has saved it."""
    upgrade = aggregate.upgrade
    if upgrade is None or upgrade.lacks in document:
        return aggregate.state.model_validate(without_bookkeeping(document))
    state = None
    for entry in database["journal"].find({"aggregate": document["_id"]}, session=session).sort("n"):
        told = {**entry["data"], "unit": entry["unit"], "day": entry["day"]}
        state = aggregate.evolve(state, upgrade.event.model_validate(told))
    if state is None:
        raise LookupError(f"{document['_id']} has no entries")
    return state


def without_bookkeeping(document: Mapping[str, Any]) -> Document:
    """A stored record's own fields, without what the kernel keeps beside them."""
    return {key: value for key, value in document.items() if key not in _KEPT_BESIDE}
