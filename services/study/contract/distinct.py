"""Counts in which a thing is counted once in each window, whatever happened in it: what their events share."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from services.kernel.message.event import Payload
from services.kernel.message.free_text import FreeText
from services.kernel.rules import distinct

from .session import Way

Grain = distinct.Grain


class Flip(BaseModel):
    """In one window of a grain the thing began to count on a day (0 → 1) or does so no more (1 → 0).

    It counts on the day of the window's first: where that becomes another day, the window has two flips. `way` says by
    which way of study, where that is told apart; None stands for whichever.
    """

    model_config = ConfigDict(frozen=True)

    grain: Grain
    window: str
    way: Way | None = None
    day: date
    was: int
    now: int


class DistinctCounted(Payload):
    """What happened in a month of a campaign went from `was` to `now`; `flips` tells what that changes.

    `campaign` is empty where the day lies in none. `reason` is there where nothing happened and only the days on which
    windows count were set right.
    """

    campaign: str
    month: str
    way: Way | None = None
    was: int
    now: int
    flips: list[Flip]
    reason: FreeText | None = None
