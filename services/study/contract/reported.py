"""What pairs, activities, contests, entries, materials and programmes share: the words of a reported record's life."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitFields

from .words import EXAMPLE_UNIT, OWN, OwnNumber, Paged, Reason, Title

Link = Annotated[str, Field(min_length=1, max_length=64, description="关联记录的标识，或登记单位自己的编号")]
MOST_UNITS = 200


class Part(BaseModel):
    """So much of a figure, for a unit, on a day; of a record that bears these tags."""

    model_config = ConfigDict(frozen=True)

    figure: str
    unit: str
    day: date
    amount: int = 1
    tags: tuple[str, ...] = ()


class Content(Command):
    """What every such record says: whose it is, when, what it is called, and the unit's own number for it."""

    unit_fields: ClassVar[UnitFields] = (OWN,)

    unit: str
    day: Day
    title: Title
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class Recording(Command):
    """Record it; `row` names the spreadsheet row it came in."""

    id: str
    row: str | None = None


class Correction(Recording):
    """Say it anew, with the reason; a returned record is reported again by it. Its unit and number stay."""

    reason: Reason


class GiveBack(Command):
    """Give it back to its unit: it leaves the figures until it is corrected."""

    id: str
    reason: Reason


class TakeBack(GiveBack):
    """Take it back for good."""

    row: str | None = None


REPORTED_STATES = frozenset({"recorded", "returned", "void"})


class Offered(Paged):
    """A list; `offered` asks for what the units above have put before this one, instead of its own and those below."""

    offered: bool = False


class Told(Payload):
    """The content as an event tells it; `was` leaves the figures and `now` enters them."""

    title: FreeText
    number: str | None = None
    row: str | None = None
    reason: FreeText | None = None
    was: list[Part] = Field(default_factory=list)
    now: list[Part] = Field(default_factory=list)


class Returned(Payload):
    """It was given back."""

    reason: FreeText
    was: list[Part] = Field(default_factory=list)


class Voided(Returned):
    """It was taken back for good."""

    row: str | None = None


class Examples:
    """The examples of a kind of record's events; `figure` is None for a kind that is in none."""

    def __init__(self, figure: str | None, **content: Any) -> None:
        parts = [] if figure is None else [{"figure": figure, **EXAMPLE_UNIT, "amount": 1}]
        told = {**EXAMPLE_UNIT, **content}
        self.recorded = [{**told, "now": parts}]
        self.corrected = [{**told, "reason": "日期有误", "was": parts, "now": parts}]
        self.returned = [{**EXAMPLE_UNIT, "reason": "内容不全", "was": parts}]
        self.voided = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": parts}]
