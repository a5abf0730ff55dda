"""Which units were reached, window by window."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.kernel.event import Command
from services.kernel.instants import Day

from .distinct import DistinctCounted
from .session import Way
from .words import EXAMPLE_UNIT


class CountCoverage(Command):
    """An attended session more (by = 1) or less (by = −1) on a day of a unit; follows from a session, never sent."""

    unit: str
    day: Day
    campaign: str
    way: Way
    by: Literal[1, -1]


class CoverageCounted(DistinctCounted):
    """A unit's attended sessions of a way in a month of a campaign went from `was` to `now`; `flips` is the change."""

    type: ClassVar[str] = "coverage.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "campaign": "C2026",
            "month": "2026-03",
            "way": "branch",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "month", "window": "2026-03", "day": "2026-03-05", "was": 0, "now": 1}],
        }
    ]
