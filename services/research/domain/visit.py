"""A visit of a topic's research group to a unit, or to a place that is none of the platform's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.register import Register
from services.kernel.rules.rules import wrong

from ..contract import (
    CorrectVisit,
    PlaceKind,
    RecordVisit,
    VisitContent,
    VisitCorrected,
    VisitRecorded,
    VisitVoided,
    VoidVisit,
)


class Visit(BaseModel):
    """A visit as it stands. `counts_as` is the unit visited as it counts; an outside place is the province's."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    topic: str
    leader: str
    people: int
    visited: str | None
    place: str | None
    kind: PlaceKind
    counts_as: str
    number: str | None
    state: Literal["recorded", "void"]
    reason: str | None = None
    rows: list[str] = []


def check_place(visit: VisitContent) -> None:
    """Either a unit of the platform, or a place outside with its kind.

    Raises:
        DomainError: visit.place_missing, visit.place_twice, visit.kind_missing.
    """
    if visit.visited is None and visit.place is None:
        raise wrong("visit.place_missing", "visited", "请填写被调研单位编码，或平台以外的单位、地点名称")
    if visit.visited is not None and visit.place is not None:
        raise wrong("visit.place_twice", "place", "被调研单位编码和平台以外的地点只填一项")
    if visit.kind is None:
        raise wrong("visit.kind_missing", "kind", "平台以外的单位、地点须填写类别")


def _parts(visit: Visit) -> Iterable[str]:
    """Who went, and who was visited."""
    return (visit.unit, *(() if visit.visited is None else (visit.visited,)))


_RULES: Any = Register(
    ("visit", "调研"),
    (RecordVisit, CorrectVisit, VoidVisit),
    (VisitRecorded, VisitCorrected, VisitVoided),
    Visit,
    ("title", "topic", "leader", "people", "visited", "place", "kind", "number"),
    derived=("counts_as",),
)
VISIT = Aggregate("visit", Visit, _RULES.decide, _RULES.evolve, _parts)
