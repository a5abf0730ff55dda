"""The way from the journal to the figures, and each of its parts alone, on real servers."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from kombu.connection import Connection
from pymongo import MongoClient
from pymongo.database import Database

from services.gateway.store.facts import Projection
from services.gateway.store.generation import ledger
from services.gateway.store.indexes import ensure_indexes
from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import Inbox, Taking
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, in_transaction, open_database
from services.kernel.journal.vault import Cipher
from services.kernel.message.event import Event
from tests.component.edge import KEYS, KEYS_FILE

from .events import entries, tree
from .measured import rate
from .peers.runs import Peer

EVENTS = 10_000
PEER_EVENTS = 1_000
BATCH = 500
PREFETCH = 1_000
QUEUE = "bench"
RELAY = """
import sys
from pathlib import Path
from pymongo import MongoClient
from services.kernel.bus import Publisher
from services.kernel.journal import Journal
from services.kernel.store import open_database
from services.kernel.relay import Relay
from tests.component.edge import KEYS
amqp, mongo, name, keys = sys.argv[1:]
database = open_database(MongoClient(mongo), name)
journal = Journal(database, service="study", site="bench", chain_key=b"k")
relay = Relay(journal, Publisher(amqp, "study", keys=Keys(Path(keys)), name="bench"))
sys.stdin.readline()
while relay.step():
    pass
"""


def project(database: Database[Document], events: Sequence[Event]) -> None:
    """The projection alone: events in memory, one transaction a batch."""
    projection = Projection()

    def take(some: Sequence[Event]) -> None:
        in_transaction(database, lambda session: projection.apply(some, Taking(session, database, datetime.now(UTC))))

    for start in range(0, len(events), BATCH):
        take(events[start : start + BATCH])


def emptied(database: Database[Document]) -> Database[Document]:
    """A gateway's database with nothing in it but its units."""
    for name in database.list_collection_names():
        if name != "units":
            database.drop_collection(name)
    ensure_indexes(database)
    return database


class Parts:
    """One size of tree. Every work begins with an empty store and queue and says how many events a second it did."""

    def __init__(self, client: MongoClient[Document], prefix: str, amqp: str, mongo: str, units: int) -> None:
        self._client, self._amqp, self._mongo = client, amqp, mongo
        self._entries = list(entries(EVENTS, units))
        self._owner = open_database(client, f"{prefix}_owner_{units}")
        self._gateway = open_database(client, f"{prefix}_gateway_{units}")
        self._gateway["units"].insert_many(tree(units), ordered=False)
        journal = Journal(self._owner, service="study", site="bench", chain_key=b"k")
        self._events = [journal.event(entry) for entry in self._entries]
        self._bodies = [event.to_json() for event in self._events]
        self._results: dict[int, bytes] = {}

    def publish(self) -> float:
        """Pipelined publishing into a quorum queue, all confirmed."""
        connection = self._queue()
        messages = self._messages()
        done = rate(EVENTS, lambda: self._send(messages))
        self._drop(connection)
        return done

    def consume(self) -> float:
        """Fetching and reading JSON, acknowledging many together; nothing is done with it."""
        connection = self._queue()
        self._send(self._messages())
        channel = connection.channel()
        channel.basic_qos(0, PREFETCH, False)
        count = 0

        def fetched(message: Any) -> None:
            nonlocal count
            orjson.loads(message.body)
            count += 1
            if count % BATCH == 0:
                channel.basic_ack(message.delivery_tag, multiple=True)

        def work() -> None:
            channel.basic_consume(QUEUE, callback=fetched)
            while count < EVENTS:
                connection.drain_events(timeout=300)

        done = rate(EVENTS, work)
        channel.close()
        self._drop(connection)
        return done

    def project(self) -> float:
        """Events in memory straight into the figures."""
        emptied(self._gateway)
        done = rate(EVENTS, lambda: project(self._gateway, self._events))
        self._compare(EVENTS)
        return done

    def whole(self) -> float:
        """Journal → relay (its own process) → quorum queue → consumer → facts and roll-ups."""
        emptied(self._gateway)
        self._client.drop_database(self._owner.name)
        journal = Journal(self._owner, service="study", site="bench", chain_key=b"k")
        journal.ensure_indexes()
        self._owner["journal"].insert_many([dict(entry) for entry in self._entries])
        inbox = Inbox(self._gateway, QUEUE, Projection().apply, cipher=Cipher(b"m" * 32), ledger=ledger)
        consumer = Consumer(self._amqp, inbox, [("study", "#")], keys=KEYS, size=BATCH, single_active=True)
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            RELAY,
            self._amqp,
            self._mongo,
            self._owner.name,
            str(KEYS_FILE),
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as relay:
            done = EVENTS / self._timed(consumer, relay)
        self._drop(bus.connect(self._amqp, "bench"))
        self._compare(EVENTS)
        return done

    def peer(self, peer: Peer) -> float:
        """Another framework at the same work: its facts and roll-ups must be ours."""
        if PEER_EVENTS not in self._results:
            emptied(self._gateway)
            project(self._gateway, self._events[:PEER_EVENTS])
            self._compare(PEER_EVENTS)
        emptied(self._gateway)
        done = peer.rate(self._amqp, self._mongo, self._gateway.name, self._bodies[:PEER_EVENTS])
        self._compare(PEER_EVENTS)
        return done

    def _messages(self) -> list[Outgoing]:
        return [
            Outgoing(event.id, event.short_type, body) for event, body in zip(self._events, self._bodies, strict=True)
        ]

    def _send(self, messages: list[Outgoing]) -> None:
        publisher = Publisher(self._amqp, "study", keys=KEYS, name="bench")
        for start in range(0, len(messages), BATCH):
            publisher.publish(messages[start : start + BATCH])
        publisher.close()

    def _timed(self, consumer: Consumer, relay: subprocess.Popen[bytes]) -> float:
        """Seconds from the relay's start to the last fact."""
        thread = threading.Thread(target=consumer.run)
        thread.start()
        consumer.ready.wait(30)
        time.sleep(1.5)  # the relay's process has imported what it needs
        started = time.perf_counter()
        assert relay.stdin is not None
        relay.stdin.write(b"go\n")
        relay.stdin.flush()
        while self._gateway["facts"].estimated_document_count() < EVENTS:
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        consumer.stop()
        thread.join()
        relay.wait()
        return seconds

    def _compare(self, count: int) -> None:
        """The first result with so many events is what every later one must be, to the last number."""
        stored = [list(self._gateway[name].find(sort=[("_id", 1)])) for name in ("facts", "rollups")]
        assert len(stored[0]) == count
        result = hashlib.sha256(orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)).digest()
        assert result == self._results.setdefault(count, result)

    def _queue(self) -> Connection:
        connection = bus.connect(self._amqp, "bench")
        bus.declare_queue(connection, QUEUE, [("study", "#")])
        return connection

    def _drop(self, connection: Connection) -> None:
        connection.default_channel.queue_delete(QUEUE)
        connection.release()
