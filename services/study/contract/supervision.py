"""Supervision 督学: who is behind is reminded, and how often branches meet is held against the norms."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, NAMED, FreeText, Reason
from services.kernel.message.lives import UnitField, UnitFields
from services.organisation.contract import UnitId, UnitKind

from .duty import DutyKind, Each, Month
from .words import EXAMPLE_UNIT, Paged

Lapse = Literal["behind", "unacknowledged"]
LAPSES: dict[Lapse, str] = {"behind": "进度落后", "unacknowledged": "通知单未签收"}


class Remind(Command):
    """Remind units that are behind with a plan or notice, or have not acknowledged it; `unit` is who reminds."""

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "提醒单位"), UnitField("units", "被提醒单位"))

    unit: str
    source: Annotated[str, NAMED] = Field(max_length=64)
    what: Lapse
    units: Annotated[list[UnitId], Field(min_length=1, max_length=200)]


class SendReminder(Command):
    """One unit's reminder of the day; follows from `Remind`, never sent."""

    unit: str
    by: str
    source: Annotated[str, NAMED]
    title: FreeText
    what: Lapse


class ListReminders(Paged):
    """Reminders that a unit and those below it were given."""

    states = frozenset({"sent"})


class GetReminder(Command):
    """One reminder, and whether it is about a plan or a notice."""

    id: str


class ReminderSent(Payload):
    """A unit was reminded, on a day, by another."""

    type: ClassVar[str] = "reminder.sent.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "by": "D001",
            "source": "0197a9b0-0000-7000-8000-000000000002",
            "title": "2026年3月组织生活通知单",
            "what": "unacknowledged",
        }
    ]
    by: str
    source: Annotated[str, NAMED]
    title: FreeText
    what: Lapse


class Norm(BaseModel):
    """How often units of some kinds meet, who says so, and how far that is to be trusted.

    It binds units with so many members or more.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: FreeText
    kind: DutyKind
    each: Each
    number: int
    kinds: list[UnitKind]
    from_members: int = 0
    source: FreeText
    trust: FreeText


class NormContent(Command):
    """How often a norm asks for its meetings, and who says so; which meetings it is about does not change."""

    number: int = Field(ge=1, le=31)
    each: Literal[Each.month, Each.quarter]
    from_members: int = Field(default=0, ge=0, le=10_000, description="党员达到此数的单位才适用")
    source: Reason = Field(description="依据")
    trust: Annotated[str, StringConstraints(min_length=1, max_length=40), FREE] = Field(
        description="可信程度，如 已核对原文"
    )


class SetNorm(NormContent):
    """Say a norm anew."""

    id: str = Field(max_length=40)


class PlaceNorm(SetNorm):
    """The same with the unit of who says it; follows from the command, never sent."""

    unit: str


class NormSet(Payload):
    """A norm was said anew."""

    type: ClassVar[str] = "norm.set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            "unit": "P000",
            "day": "2026-03-05",
            "id": "theme_day",
            "number": 1,
            "each": "month",
            "from_members": 0,
            "source": "省直机关工委关于规范主题党日的通知（样例）",
            "trust": "已核对原文",
        }
    ]
    id: str
    number: int
    each: Each
    from_members: int
    source: FreeText
    trust: FreeText


class ListNorms(Command):
    """The norms in force."""


class ListNormStandings(Command):
    """How the units of a subtree stand with the norms in the month (or its quarter), in the order of their codes.

    `after` is the last unit of the page before; with `missing` only those are given that lack something.
    """

    unit: str
    month: Month
    missing: bool = False
    after: str = Field(default="", max_length=32)
    page_size: int = Field(default=50, ge=1, le=200)
