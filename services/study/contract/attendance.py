"""Attendance of named members: what changes who is covered, and what a unit sees of who was not there."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.instants import Day
from services.organisation.contract import MemberId

from .distinct import Grain
from .session import Way
from .words import EXAMPLE_UNIT

_AT_END: dict[str, Any] = {**EXAMPLE_UNIT, "day": "2026-03-31"}


class MemberFlips(BaseModel):
    """So many members more (or less) count in a window of a grain where they belong when it ends: a unit, and that day.

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
    """What members change in the windows; follows from a session or a move, never sent."""

    unit: str
    day: Day
    flips: list[MemberFlips]


class AttendanceCounted(Payload):
    """It has changed in which windows members are covered, and where: by a session, or because members moved. It names
    no one.

    Somebody who studied in a window counts in it once, at the unit to which they belong on its last day. (Earlier
    versions told where they studied first; what they told is taken back and told anew.)
    """

    type: ClassVar[str] = "attendance.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "flips": [
                {"grain": "month", "window": "2026-03", "way": None, **_AT_END, "change": 18},
                {"grain": "month", "window": "2026-03", "way": "branch", **_AT_END, "change": 18},
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
