"""Which units were reached, window by window."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.event import Command, Payload

from .words import EXAMPLE_UNIT


class CountCoverage(Command):
    """An attended session more (by = 1) or less (by = −1) on a day of a unit; follows from a session, never sent."""

    unit: str
    day: date
    campaign: str
    by: Literal[1, -1]


Grain = Literal["month", "quarter", "year", "campaign"]


class Flip(BaseModel):
    """In one window of a grain a unit became covered (0 → 1) or is so no more (1 → 0); `day` is where it counts."""

    model_config = ConfigDict(frozen=True)

    grain: Grain
    window: str
    day: date
    was: int
    now: int


class CoverageCounted(Payload):
    """A unit's attended sessions in a month of a campaign went from `was` to `now`; `flips` tells what that changes."""

    type: ClassVar[str] = "coverage.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "campaign": "C2026",
            "month": "2026-03",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "month", "window": "2026-03", "day": "2026-03-05", "was": 0, "now": 1}],
        }
    ]
    campaign: str
    month: str
    was: int
    now: int
    flips: list[Flip]
