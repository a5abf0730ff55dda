"""Reflection essays, linked to the reading class that they came of."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitFields

from .words import EXAMPLE_UNIT, OWN, OwnNumber, Paged, Placed, Reason, Reference, Title


class EssayContent(Command):
    """A reflection essay, linked to the reading class it came of by that session's id or own number."""

    unit_fields: ClassVar[UnitFields] = (OWN,)

    unit: str
    day: Day
    title: Title
    session: Reference | None = Field(default=None, description="关联的读书班：其记录标识或本单位编号")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class RecordEssay(EssayContent):
    """Record an essay."""

    id: str
    row: str | None = None


class CorrectEssay(EssayContent):
    """Say an essay anew, with the reason."""

    id: str
    reason: Reason
    row: str | None = None


class VoidEssay(Command):
    """Take an essay back."""

    id: str
    reason: Reason
    row: str | None = None


class GetEssay(Command):
    """One essay."""

    id: str


class ListEssays(Paged):
    """Essays of a unit and those below it."""

    states = frozenset({"recorded", "void"})


class EssayFields(Payload):
    """The content of an essay as an event tells it; an essay counts one on its day."""

    title: FreeText
    session: str | None = None
    number: str | None = None
    row: str | None = None


_ESSAY: dict[str, Any] = {**EXAMPLE_UNIT, "title": "学习体会", "session": "DS-2026-003", "number": "TH-001"}


class EssayRecorded(EssayFields):
    """An essay was recorded."""

    type: ClassVar[str] = "essay.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_ESSAY, "now": EXAMPLE_UNIT}]
    now: Placed


class EssayCorrected(EssayFields):
    """An essay was said anew."""

    type: ClassVar[str] = "essay.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_ESSAY, "reason": "日期有误", "was": EXAMPLE_UNIT, "now": EXAMPLE_UNIT}
    ]
    reason: FreeText
    was: Placed
    now: Placed


class EssayVoided(Payload):
    """An essay was taken back."""

    type: ClassVar[str] = "essay.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": EXAMPLE_UNIT}]
    reason: FreeText
    was: Placed
    row: str | None = None
