"""A command from POST to acknowledged, against the same transaction made directly by as many callers."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

from services.kernel.event import new_id
from services.kernel.journal import Document, Journal, ensure_collections, in_transaction, open_database
from services.study import store
from tests.journey.province import Province

from .measured import interleaved, write

ROUNDS = 5
SECONDS = 4.0
BODY = {"unit": "P000", "day": "2026-03-05", "way": "branch", "form": "theme_day", "title": "演练", "due": 20}
Call = Callable[[], None]
Work = Callable[[float], list[float]]
"""Calls until an instant of the clock; gives each call's seconds."""


def test_post_to_acknowledged(province: Province, mongo_client: MongoClient[Document], database: str) -> None:
    """Latency and throughput of recording a session over HTTP; the bare transaction beside it in the same run."""
    post = partial(posting, province)
    post(time.perf_counter() + 1.0)
    bare = partial(transacting, *same_transaction(province, mongo_client, database))
    write("command", {f"callers_{callers}": compared(callers, post, bare) for callers in (1, 32)})


def compared(callers: int, post: Work, bare: Work) -> dict[str, float]:
    """Both in turn, by as many callers."""
    latencies: list[float] = []
    found = interleaved(
        ROUNDS, {"per_s": partial(rate, post, callers, latencies), "bare_per_s": partial(rate, bare, callers, [])}
    )
    return {
        "p50_ms": statistics.median(latencies) * 1000,
        "p99_ms": statistics.quantiles(latencies, n=100)[-1] * 1000,
        **found,
        "ratio_to_bare": found["per_s"] / found["bare_per_s"],
    }


def rate(work: Work, callers: int, latencies: list[float]) -> float:
    """Calls a second with so many callers; each call's seconds are added to `latencies`."""
    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        taken = [seconds for each in pool.map(work, [started + SECONDS] * callers) for seconds in each]
    latencies.extend(taken)
    return len(taken) / (time.perf_counter() - started)


def timed(call: Call, until: float) -> list[float]:
    taken = []
    while (started := time.perf_counter()) < until:
        call()
        taken.append(time.perf_counter() - started)
    return taken


def posting(province: Province, until: float) -> list[float]:
    """Record sessions over one connection: a client that costs next to nothing, for it shares the machine."""
    body, token = json.dumps(BODY).encode(), province.as_user("office").headers["Authorization"]
    head = (
        f"POST /api/v1/study/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json"
    )
    address = urlsplit(province.platform.url)
    with closing(socket.create_connection((address.hostname, address.port))) as line, line.makefile("rb") as answers:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def call() -> None:
            key = f"Content-Length: {len(body)}\r\nIdempotency-Key: {new_id()}"
            line.sendall(f"{head}\r\n{key}\r\n\r\n".encode() + body)
            status, length = answers.readline(), 0
            while (header := answers.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answer = answers.read(length)
            assert b" 201 " in status, answer

        return timed(call, until)


def same_transaction(
    province: Province, client: MongoClient[Document], name: str
) -> tuple[Journal, Document, Document, Document]:
    """A database of our own with the study service's collections and indexes, and what a command leaves in them."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    study = open_database(client, f"{prefix}_study")
    row = study["commands"].find_one({"command": "HoldSession"})
    assert row is not None
    record = study["sessions"].find_one({"_id": row["answer"]["id"]})
    entry = study["journal"].find_one({"aggregate": row["answer"]["id"]})
    assert record is not None
    assert entry is not None
    ours = Journal(open_database(client, name), service="study", site="bench", chain_key=bytes(32))
    ours.ensure_indexes()
    ensure_collections(ours.database, ("sessions", "essays", "lectures", "coverages"))
    store.ensure_indexes(ours.database)
    return ours, row, record, {**entry, "published": False}


def transacting(ours: Journal, row: Document, record: Document, entry: Document, until: float) -> list[float]:
    """The statements of the service's transaction and nothing else."""
    database = ours.database

    def act(session: Any) -> None:
        id = new_id()
        database["sessions"].find_one({"_id": id}, session=session)
        database["commands"].insert_one({**row, "_id": f"office\x1f{new_id()}"}, session=session)
        database["sessions"].insert_one({**record, "_id": id}, session=session)
        database["journal"].insert_one({**entry, "_id": new_id(), "aggregate": id}, session=session)

    return timed(lambda: in_transaction(database, act, 4.0), until)
