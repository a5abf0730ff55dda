"""Figures of a run: medians of interleaved rounds, kept in build/bench/ with their goals and what the machine did."""

from __future__ import annotations

import json
import os
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


def at_least(measured: float, goal: float, of: str = "") -> dict[str, float | bool]:
    """A goal that a figure should not be below, and whether it is; `of` names the figure where there are several."""
    return _aim(goal, measured >= goal, of)


def at_most(measured: float, goal: float, of: str = "") -> dict[str, float | bool]:
    """A goal that a figure should not be above, and whether it is."""
    return _aim(goal, measured <= goal, of)


def _aim(goal: float, reached: bool, of: str) -> dict[str, float | bool]:
    end = f"_{of}" if of else ""
    return {f"goal{end}": goal, f"reached{end}": reached}


class Machine:
    """What else the machine did while something was measured, so that a reader can weigh the figures."""

    def __init__(self) -> None:
        self._before = _ticks()

    def told(self) -> dict[str, float]:
        """The load average of the last minute, and the share of time that the hypervisor gave to others since this was
        told last.
        """
        before, self._before = self._before, _ticks()
        passed = [now - then for now, then in zip(self._before, before, strict=True)]
        return {"load_average": os.getloadavg()[0], "steal_percent": 100 * passed[_STEAL] / max(1, sum(passed))}


_STEAL = 7
"""The place among a processor's times in /proc/stat; proc(5)."""


def _ticks() -> list[int]:
    """Ticks of all processors: user, nice, system, idle, iowait, irq, softirq, steal."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0]
    return [int(part) for part in first.split()[1 : _STEAL + 2]]


_MACHINE = Machine()


def write(name: str, told: dict[str, Any]) -> None:
    """Put a run's figures into build/bench/, with what else the machine did; `tests.bench.table` shows them."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps({**told, **_MACHINE.told()}, indent=1) + "\n")
