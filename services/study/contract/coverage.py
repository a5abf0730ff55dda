"""Which units were reached, window by window."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from services.kernel.message.event import Command
from services.kernel.message.instants import Day

from .distinct import DistinctCounted
from .session import Way
from .words import EXAMPLE_UNIT

Span = tuple[Day, Day]
"""The first and the last day of a campaign."""


class CountCoverage(Command):
    """An attended session more (by = 1) or less (by = −1) on a day of a unit; follows from a session, never sent.

    `span` is the campaign's days, as far as they are known.
    """

    unit: str
    day: Day
    campaign: str
    way: Way
    by: Literal[1, -1]
    span: Span | None = None


class PlaceCoverage(Command):
    """A unit is no more from `until` on, or campaigns are known by their days; follows from that, never sent."""

    unit: str
    until: Day | None = None
    spans: dict[str, Span] = Field(default_factory=dict)


class CoverageCounted(DistinctCounted):
    """A unit's attended sessions of a way in a month of a campaign went from `was` to `now`; `flips` is the change.

    A window counts on its last day, while the unit is there on that day. (Earlier versions told the day of the first
    session; what they told is taken back and told anew.) `spans` are the days of campaigns that are known now,
    `until` is the first day on which the unit is no more.
    """

    type: ClassVar[str] = "coverage.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "campaign": "C2026",
            "month": "2026-03",
            "way": "branch",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "month", "window": "2026-03", "day": "2026-03-31", "was": 0, "now": 1}],
        }
    ]
    spans: dict[str, Span] = Field(default_factory=dict)
    until: date | None = None
