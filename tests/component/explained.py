"""Every query that some code sends, explained by the server that answers it: none may read a whole collection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener, CommandStartedEvent, CommandSucceededEvent

from services.kernel.journal.store import open_database

Documents = Database[dict[str, Any]]
_QUERIES = ("find", "aggregate", "count", "distinct")
_OURS = ("$db", "lsid", "txnNumber", "autocommit", "startTransaction", "readConcern", "writeConcern", "$clusterTime")


class Queries(CommandListener):
    """Keeps the queries that a client sends."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Keep a query, as it was sent."""
        if event.command_name in _QUERIES:
            self.sent.append({key: value for key, value in event.command.items() if key not in _OURS})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing: what was asked counts, not what was answered."""

    def failed(self, event: Any) -> None:
        """Nothing."""


@contextmanager
def watched(mongo: str, name: str) -> Iterator[tuple[Documents, Queries]]:
    """A service's database on a client that keeps its queries, dropped in the end."""
    queries = Queries()
    with MongoClient[dict[str, Any]](mongo, tz_aware=True, event_listeners=[queries]) as client:
        try:
            yield open_database(client, name), queries
        finally:
            client.drop_database(name)


def scans(database: Documents, queries: Queries) -> list[str]:
    """The queries for which the server would read a whole collection."""
    asked, queries.sent = queries.sent, []
    found = []
    for query in asked:
        plan = str(database.command("explain", query, verbosity="queryPlanner"))
        if "COLLSCAN" in plan:
            found.append(str(query))
    return found
