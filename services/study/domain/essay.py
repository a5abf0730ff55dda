"""A reflection essay, linked to the reading class it came of."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.register import Register
from services.kernel.rules.rules import wrong

from ..contract import (
    CorrectEssay,
    EssayCorrected,
    EssayRecorded,
    EssayVoided,
    Form,
    RecordEssay,
    SessionState,
    VoidEssay,
)
from .session import Session


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


def check_link(session: Session | None, path: Container[str]) -> None:
    """An essay comes of a reading class that stands, of its own unit or of one above it (`path`).

    Raises:
        DomainError: essay.session_unknown, essay.session_not_reading_class.
    """
    if session is None or session.unit not in path or session.state == SessionState.void:
        raise wrong("essay.session_unknown", "session", "没有这个读书班：应为本单位或上级单位已登记、未作废的读书班")
    if session.form != Form.reading_class:
        raise wrong("essay.session_not_reading_class", "session", f"关联的活动“{session.title}”不是读书班")


_RULES = Register(
    ("essay", "学习体会文章"),
    (RecordEssay, CorrectEssay, VoidEssay),
    (EssayRecorded, EssayCorrected, EssayVoided),
    Essay,
    ("title", "session", "number"),
)
ESSAY = Aggregate("essay", Essay, _RULES.decide, _RULES.evolve, lambda essay: (essay.unit,))
