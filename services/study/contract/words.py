"""Words that several records of study share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.event import Command

NAME = "study"

_PRINTABLE = r"^[^\x00-\x1f]*$"
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_PRINTABLE)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Post = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PRINTABLE)]
OwnNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_PRINTABLE)]
Whole = Annotated[int, Field(ge=0, le=1_000_000)]


class Paged(Command):
    """A page of a list within a unit's subtree."""

    unit: str
    state: str | None = None
    first: date | None = None
    last: date | None = None
    q: str | None = Field(default=None, max_length=60)
    sort: Literal["day", "-day", "title", "-title"] = "-day"
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class Placed(BaseModel):
    """Where something that counts one is counted."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date


EXAMPLE_UNIT: dict[str, Any] = {"unit": "D001-B01", "day": "2026-03-05"}
