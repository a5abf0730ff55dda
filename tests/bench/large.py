"""The province's report over 100,000, 1,000,000 and 10,000,000 facts, against MongoDB's aggregation of the same facts.

Nine months, every figure, 150,000 units, 100 children side by side, over HTTP. `make bench-large`; its sizes may be
given: SHENGZHI_BENCH_FACTS=100000,1000000.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from pymongo import MongoClient

from services.cli.local.platform import Platform
from services.cli.local.process import free_port, resident_bytes
from services.kernel.journal.store import Document, open_database
from tests.bench.callers import called, percentiles, timed
from tests.bench.filled import MONTHS, ROOT, fill
from tests.bench.line import Line
from tests.bench.measured import at_least, at_most, write
from tests.journey.province import PASSWORD, administrators

SIZES = tuple(int(size) for size in os.environ.get("SHENGZHI_BENCH_FACTS", "100000,1000000,10000000").split(","))
FIRST, LAST = f"{MONTHS[0]}-01", f"{MONTHS[-1]}-31"
REPORT = f"/api/v1/reports/{ROOT}?from={FIRST}&to={LAST}"
CALLS, ROUNDS, CALLERS = 300, 3, 32
MOST_P99_MS, MOST_COST, LEAST_TIMES = 60, 1.2, 100
MOST_GROWN_MIB = 30
Sums = dict[str, dict[str, int]]


@pytest.mark.parametrize("sizes", [SIZES])
def test_report_of_the_province(
    tmp_path: Path,
    fresh_vhosts: Iterator[str],
    mongo: str,
    mongo_client: MongoClient[Document],
    database: str,
    sizes: tuple[int, ...],
) -> None:
    """Latency at each size in turn, throughput and memory at the largest, and the aggregation beside it."""
    told: dict[str, Any] = {}
    for size in sizes:
        name = f"{database}{size}"
        started = time.perf_counter()
        fill(mongo_client, mongo, f"{name}_gateway", size)
        filled = time.perf_counter() - started
        with _running(tmp_path / str(size), next(fresh_vhosts), mongo, name) as (platform, token):
            told[f"facts_{size}"] = {"filled_s": filled, **_measured(platform, token, mongo_client, name)}
        print(size, told[f"facts_{size}"], flush=True)
    least, most = (told[f"facts_{size}"] for size in (min(sizes), max(sizes)))
    told["cost_10m_to_100k"] = most["p50_ms"] / least["p50_ms"]
    told["ratio_to_aggregation_at_10m"] = most["aggregation_ms"] / most["p50_ms"]
    told["per_s_32_callers"] = most["per_s_32_callers"]
    told |= at_most(most["p99_ms"], MOST_P99_MS, "p99_ms") | at_most(told["cost_10m_to_100k"], MOST_COST, "cost")
    told |= at_least(told["ratio_to_aggregation_at_10m"], LEAST_TIMES, "times")
    write("report", told)
    assert most["grown_mib"] <= MOST_GROWN_MIB


@contextmanager
def _running(folder: Path, vhost: str, mongo: str, prefix: str) -> Iterator[tuple[Platform, str]]:
    """The platform on such a store, and the token of somebody who may see the province."""
    environment = {
        "SHENGZHI_DATABASE_PREFIX": prefix,
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
        "SHENGZHI_REQUEST_RATE": "10000",
    }
    with Platform(folder, amqp_uri=vhost, mongo_uri=mongo, environment=environment) as platform:
        with httpx.Client(base_url=f"{platform.url}/api/v1", timeout=60) as http:

            def signed_in(name: str, password: str) -> str:
                answer = http.post("/tokens", json={"name": name, "password": password})
                return f"Bearer {answer.raise_for_status().json()['token']}"

            with administrators(platform) as first:
                first.enrol("office", ("office", ROOT))
            http.headers["Authorization"] = token = signed_in("office", PASSWORD)
            campaign = {"id": "C", "name": "样例", "opens": FIRST, "closes": LAST}
            http.post("/campaigns", json=campaign).raise_for_status()
        yield platform, token


def _measured(platform: Platform, token: str, client: MongoClient[Document], name: str) -> dict[str, Any]:
    """One caller's latency beside the aggregation's, whose answers must be equal; then many callers, and what grew."""
    api = next(process for process in platform.processes if process.name == "api")
    facts = open_database(client, f"{name}_gateway")["facts"]

    def asking(until: float) -> list[float]:
        with Line(platform.url, {"Authorization": token}) as line:
            return timed(partial(line.ask, "GET", REPORT), until)

    latencies, aggregated = list[float](), list[float]()
    for _ in range(ROUNDS):
        with Line(platform.url, {"Authorization": token}) as line:  # anew: the server keeps none as long as it may take
            answer = orjson.loads(line.ask("GET", REPORT))
            latencies += [_seconds(partial(line.ask, "GET", REPORT)) for _ in range(CALLS)]
        started = time.perf_counter()
        sums = _aggregated(facts)
        aggregated.append(time.perf_counter() - started)
    _compare(answer, sums)
    called(asking, CALLERS, [])
    before = resident_bytes(api.pid or 0)
    many = list[float]()
    rate = statistics.median(called(asking, CALLERS, many) for _ in range(ROUNDS))
    return {
        **percentiles(latencies),
        "aggregation_ms": statistics.median(aggregated) * 1000,
        "per_s_32_callers": rate,
        "p99_ms_32_callers": percentiles(many)["p99_ms"],
        "grown_mib": (resident_bytes(api.pid or 0) - before) / 2**20,
        "answer_kib": len(orjson.dumps(answer)) / 1024,
    }


def _seconds(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _aggregated(facts: Any) -> Sums:
    """The flows of each child, from the facts themselves: nearly all of them are asked for, so no index is of use."""
    within = {"$gte": FIRST, "$lte": LAST}
    found: Sums = defaultdict(dict)
    for row in facts.aggregate(
        [
            {"$match": {"entries.d": within}},
            {"$project": {"_id": 0, "entries": 1}},
            {"$unwind": "$entries"},
            {"$match": {"entries.d": within}},
            {
                "$group": {
                    "_id": {"key": "$entries.m", "child": {"$arrayElemAt": [{"$split": ["$entries.p", "/"]}, 1]}},
                    "sum": {"$sum": "$entries.n"},
                }
            },
        ],
        allowDiskUse=True,
    ):
        found[row["_id"]["child"]][row["_id"]["key"]] = row["sum"]
    return found


def _compare(answer: dict[str, Any], sums: Sums) -> None:
    """Every figure that the facts bear is the same by both ways, for the province and each child."""
    keys = {key for amounts in sums.values() for key in amounts}
    assert keys
    for child in answer["children"]:
        assert {key: child["figures"][key] for key in keys} == {key: sums[child["unit"]].get(key, 0) for key in keys}
    total = {key: sum(amounts.get(key, 0) for amounts in sums.values()) for key in keys}
    assert {key: answer["figures"][key] for key in keys} == total
