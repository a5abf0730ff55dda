"""Which units were visited, once for each campaign, and how often in a month."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day

from .visit import PlaceKind
from .words import EXAMPLE_UNIT


class CountPlace(Command):
    """A visit more (by = 1) or less (by = −1) to a unit or a place; or (by = 0) its day is a campaign's by now.

    Follows from a visit or from a campaign, never sent.
    """

    unit: str
    place: FreeText
    kind: PlaceKind
    day: Day
    campaign: str
    by: Literal[1, 0, -1]


class Reached(BaseModel):
    """In a campaign a unit or place counts as visited on a day (0 → 1) or does so no more (1 → 0): that of its first
    visit. Where that becomes another day there are two of these.
    """

    model_config = ConfigDict(frozen=True)

    grain: Literal["campaign"]
    window: str
    day: date
    was: int
    now: int


class PlaceCounted(Payload):
    """The visits to a unit or a place in a month of a campaign went from `was` to `now`; `flips` tells what follows.

    `campaign` is empty where the day lies in none. `reason` is there where no visit came or went and only the days on
    which campaigns count were set right.
    """

    type: ClassVar[str] = "place.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "place": "D001",
            "kind": "department",
            "campaign": "C2026",
            "month": "2026-03",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "campaign", "window": "C2026", "day": "2026-03-05", "was": 0, "now": 1}],
        }
    ]
    place: FreeText
    kind: PlaceKind
    campaign: str
    month: str
    was: int
    now: int
    flips: list[Reached]
    reason: FreeText | None = None
