"""From the journal to the figures, exactly once, against the slowest of its parts alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.gateway.store import facts
from services.gateway.store.facts import Projection
from services.gateway.store.generation import ledger
from services.kernel import bus
from services.kernel.bus import Outgoing, Publisher
from services.kernel.consumer import Consumer
from services.kernel.event import Event
from services.kernel.inbox import Inbox, Taking
from services.kernel.journal import Document, Journal, in_transaction, open_database
from services.kernel.vault import Cipher

from .events import entries, tree
from .measured import interleaved, rate, write

EVENTS = 10_000
BATCH = 500
RELAY = """
import sys
from pymongo import MongoClient
from services.kernel.bus import Publisher
from services.kernel.journal import Journal, open_database
from services.kernel.relay import Relay
amqp, mongo, name = sys.argv[1:]
database = open_database(MongoClient(mongo), name)
journal = Journal(database, service="study", site="bench", chain_key=b"k")
relay = Relay(journal, Publisher(amqp, "study", name="bench"))
sys.stdin.readline()
while relay.step():
    pass
"""


class Bench:
    """One size of tree on real servers; every work has its own fresh database and queue."""

    def __init__(self, client: MongoClient[Document], prefix: str, amqp: str, mongo: str, units: int) -> None:
        self._client, self._prefix, self._amqp, self._mongo = client, prefix, amqp, mongo
        self._tree = list(tree(units))
        self._entries = list(entries(EVENTS, units))
        journal = Journal(open_database(client, f"{prefix}_x"), service="study", site="bench", chain_key=b"k")
        self._events = [journal.event(entry) for entry in self._entries]
        self._runs = 0

    def _gateway(self) -> Database[Document]:
        self._runs += 1
        database = open_database(self._client, f"{self._prefix}_{self._runs}")
        facts.ensure_indexes(database)
        database["units"].insert_many(self._tree, ordered=False)
        return database

    def publish(self) -> float:
        """Pipelined publishing into a quorum queue, all confirmed; events a second."""
        messages = [Outgoing(event.id, event.short_type, event.to_json()) for event in self._events]
        queue, publisher = self._queue(), Publisher(self._amqp, "study", name="bench")

        def work() -> None:
            for start in range(0, EVENTS, BATCH):
                publisher.publish(messages[start : start + BATCH])

        done = rate(EVENTS, work)
        publisher.close()
        self._drop(queue)
        return done

    def project(self) -> float:
        """The projection alone: events in memory, one transaction a batch; events a second."""
        database, projection = self._gateway(), Projection()

        def work() -> None:
            for start in range(0, EVENTS, BATCH):
                some = self._events[start : start + BATCH]
                self._apply(database, projection, some)

        done = rate(EVENTS, work)
        self._client.drop_database(database.name)
        return done

    @staticmethod
    def _apply(database: Database[Document], projection: Projection, some: list[Event]) -> None:
        in_transaction(database, lambda session: projection.apply(some, Taking(session, database, datetime.now(UTC))))

    def whole(self) -> float:
        """Journal → relay (its own process) → quorum queue → consumer → facts and roll-ups; events a second."""
        database, projection = self._gateway(), Projection()
        owner = open_database(self._client, f"{database.name}_o")
        journal = Journal(owner, service="study", site="bench", chain_key=b"k")
        journal.ensure_indexes()
        owner["journal"].insert_many([dict(entry) for entry in self._entries])
        queue = f"bench.{database.name}"
        inbox = Inbox(database, queue, projection.apply, cipher=Cipher(b"m" * 32), ledger=ledger)
        consumer = Consumer(self._amqp, inbox, [("study", "#")], size=BATCH, single_active=True)
        command = [sys.executable, "-W", "ignore", "-c", RELAY, self._amqp, self._mongo, owner.name]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as relay:
            seconds = _timed(consumer, relay, database)
        self._drop(queue)
        self._client.drop_database(database.name)
        self._client.drop_database(owner.name)
        return EVENTS / seconds

    def _queue(self) -> str:
        connection = bus.connect(self._amqp, "bench")
        bus.declare_queue(connection, "bench.raw", [("study", "#")])
        connection.release()
        return "bench.raw"

    def _drop(self, queue: str) -> None:
        connection = bus.connect(self._amqp, "bench")
        connection.default_channel.queue_delete(queue)
        connection.release()


def _timed(consumer: Consumer, relay: subprocess.Popen[bytes], database: Database[Document]) -> float:
    """Seconds from the relay's start to the last fact."""
    thread = threading.Thread(target=consumer.run)
    thread.start()
    consumer.ready.wait(30)
    time.sleep(1.5)  # the relay's process has imported what it needs
    started = time.perf_counter()
    assert relay.stdin is not None
    relay.stdin.write(b"go\n")
    relay.stdin.flush()
    while database["facts"].estimated_document_count() < EVENTS:
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    consumer.stop()
    thread.join()
    relay.wait()
    return seconds


@pytest.mark.parametrize("units", [300, 150_000])
def test_journal_to_figures(
    units: int, mongo_client: MongoClient[Document], mongo: str, vhost: str, database: str
) -> None:
    """Every event is a fact once; how many a second, and how near that is to the slowest part alone."""
    bench = Bench(mongo_client, database, vhost, mongo, units)
    rates = interleaved(3, {"publish": bench.publish, "bare_projection": bench.project, "whole": bench.whole})
    limit = min(rates["publish"], rates["bare_projection"])
    write(
        f"bus-{units}",
        {
            "units": units,
            "levels": 5,
            "events": EVENTS,
            "events_per_s": rates["whole"],
            "publish_per_s": rates["publish"],
            "bare_projection_per_s": rates["bare_projection"],
            "ratio_to_limit": rates["whole"] / limit,
        },
    )
    assert rates["whole"] > 0


def test_an_event_is_read_and_written_in_microseconds() -> None:
    """What one event costs before any server sees it."""
    event = Event.model_validate_json(_one().to_json())
    body = event.to_json()
    rates = interleaved(
        3, {"read": lambda: _repeat(lambda: Event.from_json(body)), "write": lambda: _repeat(event.to_json)}
    )
    write("event", {"read_per_s": rates["read"], "write_per_s": rates["write"], "bytes": len(body)})


def _one() -> Event:
    entry = next(entries(1, 1))
    named = {"id": entry["_id"], "subject": entry["aggregate"], "aggregateversion": 1, "source": "/bench/study"}
    known = {key: entry[key] for key in ("time", "recorded", "unit", "actor", "day", "data")}
    return Event.model_validate({**named, **known, "type": f"shengzhi.study.{entry['type']}"})


def _repeat(work: Callable[[], object]) -> float:
    def often() -> None:
        for _ in range(20_000):
            work()

    return rate(20_000, often)
