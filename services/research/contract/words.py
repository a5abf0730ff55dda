"""Words that several records of research share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message import free_text
from services.kernel.message.event import Command
from services.kernel.message.filters import StateFilter
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField
from services.organisation.contract import PERMISSIONS, Action

NAME = "research"
APPROVERS = frozenset(PERMISSIONS[Action.approve_research])
"""Who approves outlines, gives back, closes and settles; a sheet that says such a thing must come from one of them."""

Unit = Annotated[str, Field(min_length=1, max_length=32)]
Units = Annotated[list[Unit], Field(max_length=20)]
Note = free_text.Note

OWN = UnitField("unit", "所属单位", day="day")
"""Whose record it is: a unit that was there on the record's day."""

EXAMPLE_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-03-05"}


class Counted(BaseModel):
    """One of a figure, for a unit, on a day; of a record that bears these tags."""

    model_config = ConfigDict(frozen=True)

    figure: Literal["topics", "groups", "measures", "measures_settled"]
    unit: str
    day: date
    tags: tuple[str, ...] = ()


class WithId(Command):
    """A record that is there."""

    id: str


class Paged(StateFilter):
    """A page of a list within a unit's subtree."""

    unit: str
    first: Day | None = None
    last: Day | None = None
    q: str | None = Field(default=None, max_length=60)
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class Sorted(Paged):
    """In the order of days, or of titles."""

    sort: Literal["day", "-day", "title", "-title"] = "-day"
