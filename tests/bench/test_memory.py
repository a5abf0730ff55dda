"""What every process holds while 200,000 events pass from the study service's journal into the figures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pymongo import MongoClient

from services.cli.local.broker import MEMORY_WATERMARK, Broker
from services.cli.local.platform import Platform
from services.cli.local.process import resident_bytes
from services.cli.local.store import Store
from services.kernel.journal.store import Document, open_database

from .events import entries, tree
from .measured import write

EVENTS, WARM = 200_000, 50_000
CHUNK, AHEAD = 2_000, 6_000
"""So many entries are recorded at a time, and so many may be on their way: the stream is steady, not one heap."""
UNITS = 300
SHARE, MIB = 0.15, 30
"""What may be held more at the end than once warm, in a process of ours: both bounds hold."""
SECONDS = 600
Sample = tuple[int, dict[str, float]]
"""So many events had passed, and MiB by process."""


def test_memory_is_flat(
    own_platform: Platform, broker_node: Broker, store_node: Store, mongo_client: MongoClient[Document], database: str
) -> None:
    """No process of ours grows with the number of events that have passed through it."""
    ours = {process.name: process for process in own_platform.processes}
    theirs = {process.name: process for process in (*broker_node.processes, *store_node.processes)}
    started, held = time.perf_counter(), list[Sample]()
    for passed in _passing(mongo_client, database):
        sizes = {name: resident_bytes(process.pid or 0) / 2**20 for name, process in (ours | theirs).items()}
        held.append((passed, sizes))
    rate = EVENTS / (time.perf_counter() - started)
    told = {name: _grown(held, name) for name in ours | theirs}
    told["mongod"]["cache"] = f"{store_node.cache_gb} GB"
    told["rabbitmq"]["cache"] = f"watermark {MEMORY_WATERMARK}"
    write("memory", {"events": EVENTS, "events_per_s": rate, **told})
    assert not any(process.restarts for process in ours.values())
    for name in ours:
        grown = told[name]
        assert grown["grown_mib"] <= min(MIB, SHARE * grown["warm_mib"]), f"{name}: {grown}"


def _passing(client: MongoClient[Document], prefix: str) -> Iterator[int]:
    """Record the events, never far ahead of the figures; every 10,000 give how many have passed."""
    owner, gateway = (open_database(client, f"{prefix}_{name}") for name in ("study", "gateway"))
    gateway["units"].insert_many(tree(UNITS))
    stream, facts = entries(EVENTS, UNITS), gateway["facts"]
    before, until = facts.estimated_document_count(), time.monotonic() + SECONDS
    for recorded in range(0, EVENTS, CHUNK):
        owner["journal"].insert_many(list(islice(stream, CHUNK)))
        wanted = recorded + CHUNK if recorded + CHUNK == EVENTS else recorded + CHUNK - AHEAD
        while (passed := facts.estimated_document_count() - before) < wanted:
            assert time.monotonic() < until, f"{passed} of {recorded + CHUNK} events have passed"
            time.sleep(0.05)
        if (recorded + CHUNK) % 10_000 == 0:
            yield recorded + CHUNK


def _grown(held: list[Sample], name: str) -> dict[str, Any]:
    """A process at the beginning, once warm and at the end (medians of three samples), and its slope in between."""
    sizes = [(passed, sample[name]) for passed, sample in held]
    warm = [(passed, size) for passed, size in sizes if passed >= WARM]
    first, last = (statistics.median(size for _, size in some) for some in (warm[:3], warm[-3:]))
    slope, _ = statistics.linear_regression(*zip(*warm, strict=True))
    return {
        "begin_mib": sizes[0][1],
        "warm_mib": first,
        "end_mib": last,
        "grown_mib": last - first,
        "mib_per_100000_events": slope * 100_000,
    }
