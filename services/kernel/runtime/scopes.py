"""Records follow the tree: when a unit has moved, paths and scopes of all that concerns it are written anew, in chunks.

Each change is followed twice: at once, and again when every transaction that did not know of it yet has ended. What it
writes follows from the changes alone, so that it may be done by several processes, again, or from anywhere on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pymongo
import structlog
from pymongo.errors import PyMongoError

from ..journal.journal import Journal
from ..journal.moves import Move
from ..journal.store import Document
from ..journal.work import state_of
from ..rules.aggregate import Aggregate
from .entrypoints import every

log = structlog.stdlib.get_logger(__name__)

_SETTLED = timedelta(seconds=10)
"""A transaction has four seconds, and what it knew of the tree was no older than one."""
_TWICE = 2
_CHUNK = 500


class Scoped:
    """A service whose records follow the tree."""

    journal: Any
    leading: ClassVar[tuple[str, ...]] = ()
    """Collections beside the journal whose documents bear the `path` of a unit."""

    @every(1, eager=True)
    def follow_tree(self) -> None:
        """Bring records after what has changed."""
        follow(self.journal, self.journal.aggregates, self.leading)


def follow(journal: Journal, aggregates: Sequence[Aggregate[Any]], leading: Sequence[str] = ()) -> int:
    """Bring records after each change that is due; how many were written."""
    written = 0
    for move in journal.moves.all(afresh=True):
        if move.swept < _TWICE and (move.swept == 0 or journal.clock() > move.noted + _SETTLED):
            try:
                written += sum(_records(journal, aggregate, move) for aggregate in aggregates)
                written += sum(_paths(journal, collection, move) for collection in leading)
                journal.moves.swept(move)
            except PyMongoError as error:
                log.warning("scopes.later", change=move.n, error=repr(error))
                break
    return written


def _records(journal: Journal, aggregate: Aggregate[Any], move: Move) -> int:
    """Records of a kind that concern the unit or what lies below it. Who saves one meanwhile comes after, or before."""
    collection, written = journal.database[aggregate.collection], 0
    for some in _chunks(collection.find({"scope": move.unit})):
        changed = []
        for document in some:
            paths = journal.moves.current(document["paths"])
            if paths != document["paths"]:
                state = state_of(journal.database, aggregate, document)
                told = {"paths": paths, "scope": aggregate.scope(state, paths.values())}
                place = {"_id": document["_id"], "version": document["version"]}
                changed.append(pymongo.UpdateOne(place, {"$set": told}))
        if changed:
            written += collection.bulk_write(changed, ordered=False).modified_count
    return written


def _paths(journal: Journal, name: str, move: Move) -> int:
    """Documents that bear the path of a unit that has moved with it."""
    collection, written = journal.database[name], 0
    for some in _chunks(collection.find({"path": move.unit}, {"path": 1})):
        paths = {document["_id"]: document["path"] for document in some}
        changed = [
            pymongo.UpdateOne({"_id": id, "path": paths[id]}, {"$set": {"path": path}})
            for id, path in journal.moves.current(paths).items()
            if path != paths[id]
        ]
        if changed:
            written += collection.bulk_write(changed, ordered=False).modified_count
    return written


def _chunks(found: Any) -> Iterator[list[Document]]:
    some: list[Document] = []
    for document in found:
        some.append(document)
        if len(some) == _CHUNK:
            yield some
            some = []
    if some:
        yield some
