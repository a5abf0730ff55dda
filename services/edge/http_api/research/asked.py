"""What several kinds of research records are asked by, and who may."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.free_text import Reason
from services.kernel.message.instants import Day

from ..records import Records

Answer = dict[str, Any]
RECORDS = Records("research", Action.read_research, Action.write_research)
APPROVE = Action.approve_research


class Body(BaseModel):
    """A body with nothing in it that is not known."""

    model_config = ConfigDict(extra="forbid")


class WithReason(Body):
    """Why."""

    reason: Reason


class OnDay(Body):
    """On which day; today where none is given."""

    day: Day | None = None


class Listing(Body):
    """What lists of records can be asked by."""

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: str | None = Field(None, max_length=20)
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    q: str | None = Field(None, max_length=60)
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)
