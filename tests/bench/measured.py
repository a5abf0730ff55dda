"""Figures of a run: medians of interleaved rounds, kept in build/bench/."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[2] / "build" / "bench"


def interleaved(rounds: int, works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Do each work once a round, in turn; the median of the units a second that each says of itself."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            rates[name].append(work())
    return {name: statistics.median(found) for name, found in rates.items()}


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def write(name: str, told: dict[str, Any]) -> None:
    """Put a run's figures into build/bench/; `tests.bench.table` shows them."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
