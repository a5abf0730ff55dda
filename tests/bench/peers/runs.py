"""Starting a peer on a full queue and timing it from its first events to its last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from celery import Celery
from kombu.entity import Queue
from pymongo import MongoClient
from pymongo.collection import Collection

from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher
from services.kernel.journal.store import Document
from tests.component.edge import KEYS

from .effect import AMQP, DATABASE, MONGO, PREFETCH, QUEUE, QUORUM, WORKERS

WARM = 0.05
"""So much of the events passes before the clock starts: a peer's start is none of its work."""
SECONDS = 180

Fill = Callable[[str, str, Sequence[bytes]], None]
"""Puts events into a peer's queue (broker's address, queue, bodies) before the peer is started."""


def as_events(amqp: str, queue: str, bodies: Sequence[bytes]) -> None:
    """The CloudEvents as they are."""
    publisher = Publisher(amqp, "peer", keys=KEYS, name="bench")
    sent = publisher.publish([Outgoing(str(number), "", body, queue=queue) for number, body in enumerate(bodies)])
    publisher.close()
    assert len(sent.confirmed) == len(bodies)


def as_tasks(amqp: str, queue: str, bodies: Sequence[bytes]) -> None:
    """Celery's own messages, each with a CloudEvent as its argument."""
    with Celery("peer", broker=amqp) as sender:
        sender.conf.task_queues = [Queue(queue, queue_arguments=QUORUM)]
        sender.conf.broker_transport_options = {"confirm_publish": True}
        for body in bodies:
            sender.send_task("project", (body.decode(),), queue=queue)


@dataclass(frozen=True)
class Peer:
    """A framework doing this work as well as it can; `settings` are those that were tried and found best."""

    name: str
    command: tuple[str, ...]
    fill: Fill
    settings: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def rate(self, amqp: str, mongo: str, database: str, bodies: Sequence[bytes]) -> float:
        """Events a second over all but the first of them; the database then has a fact for each."""
        queue = f"peer.{self.name}"
        connection = bus.connect(amqp, "bench")
        bus.declare_queue(connection, queue, ())
        self.fill(amqp, queue, bodies)
        told = {AMQP: amqp, MONGO: mongo, DATABASE: database, QUEUE: queue}
        with ExitStack() as leaving:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", *self.command], env={**os.environ, **told, **self.environment}
            )
            leaving.callback(_end, process)
            facts = leaving.enter_context(MongoClient[Document](mongo))[database]["facts"]
            before, started = _reached(facts, int(len(bodies) * WARM), process)
            done, ended = _reached(facts, len(bodies), process)
        connection.default_channel.queue_delete(queue)
        connection.release()
        return (done - before) / (ended - started)


CELERY = ("--pool", "threads", "--concurrency", "10", "--without-mingle", "--without-gossip", "--without-heartbeat")
PEERS = (
    Peer(
        "nameko",
        ("tests.bench.peers.in_nameko",),
        as_events,
        "quorum queue, 1 process, prefetch 100, max_workers 10, requeue_on_error",
        {PREFETCH: "100", WORKERS: "10"},
    ),
    Peer(
        "celery",
        ("celery", "--quiet", "-A", "tests.bench.peers.in_celery", "worker", "--loglevel", "ERROR", *CELERY),
        as_tasks,
        "quorum queue, 1 process, 10 threads, prefetch 100, acks_late, no events, gossip, mingle or heartbeat",
        {PREFETCH: "10"},
    ),
    Peer(
        "faststream",
        ("tests.bench.peers.in_faststream",),
        as_events,
        "quorum queue, 1 process, prefetch 10 (so many threads), nack_on_error",
        {PREFETCH: "10"},
    ),
)
"""Each with the settings that gave the most of those tried (docs/benchmarks.md)."""


def _reached(facts: Collection[Document], count: int, process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """How many facts there are once there are so many, and when that was."""
    until = time.perf_counter() + SECONDS
    while (found := facts.estimated_document_count()) < count:
        going = process.poll() is None and time.perf_counter() < until
        assert going, f"{process.args!r}: {found} of {count} events took effect"
        time.sleep(0.01)
    return found, time.perf_counter()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
