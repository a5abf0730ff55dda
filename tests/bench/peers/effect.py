"""What every peer does with an event: its fact and the roll-ups up the tree, once, in a transaction of its own.

The rules are the platform's own (`fold`), so that only the way to them differs. An event whose fact is there already
has had its effect. The tree is read once, before the first event.
"""

from __future__ import annotations

import os

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from services.gateway.projection import ALWAYS, fold
from services.gateway.store.facts import write_rollups
from services.kernel.journal.store import Document, in_transaction, open_database
from services.kernel.message.event import Event

AMQP, MONGO, DATABASE, QUEUE = "PEER_AMQP", "PEER_MONGO", "PEER_DATABASE", "PEER_QUEUE"
PREFETCH, WORKERS = "PEER_PREFETCH", "PEER_WORKERS"
"""What the environment tells a peer."""
QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}


class Effect:
    """One process's way into the store."""

    def __init__(self) -> None:
        client: MongoClient[Document] = MongoClient(os.environ[MONGO])
        self._database = open_database(client, os.environ[DATABASE])
        self._paths: dict[str, list[str]] = {unit["_id"]: unit["path"] for unit in self._database["units"].find()}

    def take(self, event: Event) -> None:
        """Bring an event into effect, if it has not been."""
        documents, increments = fold([event], lambda unit: [(ALWAYS, self._paths[unit])])

        def act(session: ClientSession) -> None:
            self._database["facts"].insert_one(documents[0], session=session)
            write_rollups(self._database["rollups"], increments, session)

        try:
            in_transaction(self._database, act)
        except DuplicateKeyError:
            return
