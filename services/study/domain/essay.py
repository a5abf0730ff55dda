"""A reflection essay."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate

from ..contract import CorrectEssay, EssayCorrected, EssayRecorded, EssayVoided, RecordEssay, VoidEssay
from .register import Register


class Essay(BaseModel):
    """An essay as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    session: str | None
    number: str | None
    state: Literal["recorded", "void"]
    reason: str | None = None
    rows: list[str] = []


_RULES = Register(
    ("essay", "学习体会文章"),
    (RecordEssay, CorrectEssay, VoidEssay),
    (EssayRecorded, EssayCorrected, EssayVoided),
    Essay,
    ("title", "session", "number"),
)
ESSAY = Aggregate("essay", Essay, _RULES.decide, _RULES.evolve, lambda essay: (essay.unit,))
