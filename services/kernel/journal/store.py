"""A service's store: opened so that what is written stays, and written in transactions of one snapshot."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, date
from enum import Enum
from typing import Any

import pymongo
from bson.codec_options import CodecOptions, TypeRegistry
from pymongo import WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

Document = dict[str, Any]

MAJORITY = WriteConcern("majority", wtimeout=20_000)
_COMMIT_MS = 2_000
_EXISTS = 48


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored")


CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry(fallback_encoder=_plain)
)


def open_database(client: pymongo.MongoClient[Document], name: str) -> Database[Document]:
    """A service's database, reading what a majority has and writing so that a majority has it."""
    return client.get_database(name, codec_options=CODEC, write_concern=MAJORITY, read_concern=ReadConcern("majority"))


def ensure_collections(database: Database[Document], names: Iterable[str]) -> None:
    """Make the collections that are missing: transactions make none. Several processes may do so at once."""
    for name in set(names) - set(database.list_collection_names()):
        try:
            database.create_collection(name, check_exists=False)
        except OperationFailure as error:
            if error.code != _EXISTS:
                raise


def in_transaction(
    database: Database[Document], act: Callable[[ClientSession], Any], within: float | None = None
) -> Any:
    """Run `act` in one snapshot transaction with majority write concern, again where MongoDB says so.

    `within` bounds all of it in seconds, every retry and the commit too; without it the driver retries for 120 s.

    Raises:
        PyMongoError: the store did not take it in time; whether it was committed may not be known.
    """
    bound = contextlib.nullcontext() if within is None else pymongo.timeout(within)
    with bound, database.client.start_session() as session:
        return session.with_transaction(
            act,
            read_concern=ReadConcern("snapshot"),
            write_concern=MAJORITY,
            max_commit_time_ms=_COMMIT_MS if within is None else None,
        )
