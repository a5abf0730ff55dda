"""A command from POST to acknowledged, against the same transaction made directly by as many callers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from services.kernel.event import new_id
from services.kernel.journal import Document, ensure_collections, in_transaction, open_database
from tests.journey.province import Province

from .measured import write

SECONDS = 6.0
Work = Callable[[], None]


@pytest.mark.parametrize("callers", [1, 32])
def test_post_to_acknowledged(
    callers: int, province: Province, mongo_client: MongoClient[Document], database: str
) -> None:
    """Latency and throughput of recording a session over HTTP; the bare transaction beside it in the same run."""
    bare = open_database(mongo_client, database)
    ensure_collections(bare, ("states", "entries", "commands"))

    def transact() -> None:
        def act(session: Any) -> None:
            bare["states"].insert_one({"_id": new_id(), "version": 1, "title": "主题党日"}, session=session)
            bare["entries"].insert_one({"_id": new_id(), "n": 1, "data": {"due": 20}}, session=session)
            bare["commands"].insert_one({"_id": new_id(), "answer": {"version": 1}}, session=session)

        in_transaction(bare, act)

    with httpx.Client(
        base_url=f"{province.platform.url}/api/v1", headers=dict(province.as_user("office").headers), timeout=30
    ) as http:
        body = {"unit": "P000", "day": "2026-03-05", "way": "branch", "form": "theme_day", "title": "演练", "due": 20}

        def post() -> None:
            http.post("/study/sessions", json=body).raise_for_status()

        posted: list[float] = []
        direct: list[float] = []
        latencies: list[float] = []
        for _ in range(3):
            direct.append(_rate(transact, callers, []))
            posted.append(_rate(post, callers, latencies))
    latencies.sort()
    write(
        f"command-{callers}",
        {
            "callers": callers,
            "p50_ms": statistics.median(latencies) * 1000,
            "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
            "per_s": statistics.median(posted),
            "bare_per_s": statistics.median(direct),
            "ratio_to_bare": statistics.median(posted) / statistics.median(direct),
        },
    )


def _rate(work: Work, callers: int, latencies: list[float]) -> float:
    """Calls a second with so many callers; each call's seconds are added to `latencies`."""
    until = time.perf_counter() + SECONDS

    def call(_: int) -> int:
        count = 0
        while (started := time.perf_counter()) < until:
            work()
            latencies.append(time.perf_counter() - started)
            count += 1
        return count

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(call, range(callers))) / SECONDS
