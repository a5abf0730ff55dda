"""Words that several records of study share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from services.kernel.message import free_text
from services.kernel.message.filters import StateFilter
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField
from services.kernel.rules import register
from services.kernel.sheets import cells

NAME = "study"

Title = free_text.Title
Reason = free_text.Reason
Post = free_text.Post
OwnNumber = cells.OwnNumber
Reference = cells.Reference
Whole = cells.Whole
Placed = register.Placed
OWN = UnitField("unit", "所属单位", day="day")
"""Whose record it is: a unit that was there on the record's day."""


class Paged(StateFilter):
    """A page of a list within a unit's subtree."""

    unit: str
    first: Day | None = None
    last: Day | None = None
    q: str | None = Field(default=None, max_length=60)
    sort: Literal["day", "-day", "title", "-title"] = "-day"
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


EXAMPLE_UNIT: dict[str, Any] = {"unit": "D001-B01", "day": "2026-03-05"}
