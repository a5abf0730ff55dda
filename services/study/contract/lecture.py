"""Party lectures."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitFields

from .words import EXAMPLE_UNIT, OWN, OwnNumber, Paged, Placed, Post, Reason, Title, Whole


class LectureMode(StrEnum):
    """A party lecture to all 集中讲, or by each leader 分头讲."""

    all = "all"
    each = "each"


MODE_NAMES = {LectureMode.all: "集中讲", LectureMode.each: "分头讲"}


class LectureContent(Command):
    """A party lecture; the speaker is named by post."""

    unit_fields: ClassVar[UnitFields] = (OWN,)

    unit: str
    day: Day
    title: Title
    mode: LectureMode
    speaker_post: Post
    audience: Whole
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class RecordLecture(LectureContent):
    """Record a lecture."""

    id: str
    row: str | None = None


class CorrectLecture(LectureContent):
    """Say a lecture anew, with the reason."""

    id: str
    reason: Reason
    row: str | None = None


class VoidLecture(Command):
    """Take a lecture back."""

    id: str
    reason: Reason
    row: str | None = None


class GetLecture(Command):
    """One lecture."""

    id: str


class ListLectures(Paged):
    """Lectures of a unit and those below it."""

    states = frozenset({"recorded", "void"})


class LectureFields(Payload):
    """The content of a lecture as an event tells it; a lecture counts one on its day."""

    title: FreeText
    mode: LectureMode
    speaker_post: FreeText
    audience: int
    number: str | None = None
    row: str | None = None


_LECTURE: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "title": "专题党课",
    "mode": "all",
    "speaker_post": "党组书记",
    "audience": 60,
}


class LectureRecorded(LectureFields):
    """A lecture was recorded."""

    type: ClassVar[str] = "lecture.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_LECTURE, "now": EXAMPLE_UNIT}]
    now: Placed


class LectureCorrected(LectureFields):
    """A lecture was said anew."""

    type: ClassVar[str] = "lecture.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_LECTURE, "reason": "日期有误", "was": EXAMPLE_UNIT, "now": EXAMPLE_UNIT}
    ]
    reason: FreeText
    was: Placed
    now: Placed


class LectureVoided(Payload):
    """A lecture was taken back."""

    type: ClassVar[str] = "lecture.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": EXAMPLE_UNIT}]
    reason: FreeText
    was: Placed
    row: str | None = None
