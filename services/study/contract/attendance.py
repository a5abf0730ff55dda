"""Attendance of named members: what changes who is covered, and what a unit sees of who was not there."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.contract import MemberId
from services.kernel.event import Command, Payload
from services.kernel.instants import Day

from .distinct import Grain
from .session import Way
from .words import EXAMPLE_UNIT


class MemberFlips(BaseModel):
    """In one window of a grain so many members more (or less) count where they studied first: a unit and a day.

    `way` says by which way of study; None stands for whichever.
    """

    model_config = ConfigDict(frozen=True)

    grain: Grain
    window: str
    way: Way | None = None
    unit: str
    day: Day
    change: int


class CountAttendance(Command):
    """What a session's members change in the windows; follows from a session, never sent."""

    unit: str
    day: Day
    flips: list[MemberFlips]


class AttendanceCounted(Payload):
    """A session changed in which windows members are covered, and where. It names no one.

    Somebody counts once in a window, where they studied first in it; taken back there, they count where they did next.
    """

    type: ClassVar[str] = "attendance.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "flips": [
                {"grain": "month", "window": "2026-03", "way": None, **EXAMPLE_UNIT, "change": 18},
                {"grain": "month", "window": "2026-03", "way": "branch", **EXAMPLE_UNIT, "change": 18},
            ],
        }
    ]
    flips: list[MemberFlips]


class GetAttendance(Command):
    """Who was not at a session, and why; the unit's own to see."""

    id: str


class ListAbsences(Command):
    """Sessions at which a member was not there; for that member and their branch."""

    member: MemberId
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class GetDirectory(Command):
    """How many changes of members study has learnt."""
