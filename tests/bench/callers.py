"""So many callers at once, each doing the same again and again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

SECONDS = 4.0
Work = Callable[[float], list[float]]
"""Calls until an instant of the clock; gives each call's seconds."""


def timed(call: Callable[[], object], until: float) -> list[float]:
    """Call until the instant; each call's seconds."""
    taken = []
    while (started := time.perf_counter()) < until:
        call()
        taken.append(time.perf_counter() - started)
    return taken


def called(work: Work, callers: int, latencies: list[float]) -> float:
    """Calls a second with so many callers; each call's seconds are added to `latencies`."""
    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        taken = [seconds for each in pool.map(work, [started + SECONDS] * callers) for seconds in each]
    latencies.extend(taken)
    return len(taken) / (time.perf_counter() - started)


def percentiles(latencies: list[float]) -> dict[str, float]:
    """The median and the slowest of a hundred, in milliseconds."""
    slowest = statistics.quantiles(latencies, n=100)[-1]
    return {"p50_ms": statistics.median(latencies) * 1000, "p99_ms": slowest * 1000}
