"""A party lecture."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.register import Register

from ..contract import (
    CorrectLecture,
    LectureCorrected,
    LectureMode,
    LectureRecorded,
    LectureVoided,
    RecordLecture,
    VoidLecture,
)


class Lecture(BaseModel):
    """A lecture as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    mode: LectureMode
    speaker_post: str
    audience: int
    number: str | None
    state: Literal["recorded", "void"]
    reason: str | None = None
    rows: list[str] = []


_RULES = Register(
    ("lecture", "专题党课"),
    (RecordLecture, CorrectLecture, VoidLecture),
    (LectureRecorded, LectureCorrected, LectureVoided),
    Lecture,
    ("title", "mode", "speaker_post", "audience", "number"),
)
LECTURE = Aggregate("lecture", Lecture, _RULES.decide, _RULES.evolve, lambda lecture: (lecture.unit,))
