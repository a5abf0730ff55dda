"""Which units are covered: a session that somebody attended, in a month, a quarter, a year, a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.distinct import GRAINS, after, moved, window

from ..contract import CountCoverage, CoverageCounted

__all__ = ["COVERAGE", "GRAINS", "Coverage", "coverage_id", "window"]


class Coverage(BaseModel):
    """A unit's attended sessions by month, campaign and way, and the day on which each covered window counts."""

    model_config = ConfigDict(frozen=True)

    unit: str
    sessions: dict[str, int]
    days: dict[str, date]


def coverage_id(unit: str) -> str:
    """The id of a unit's coverage."""
    return f"coverage:{unit}"


def decide(state: Coverage | None, command: CountCoverage, now: datetime) -> list[CoverageCounted]:
    """One session more or less; flips only where a window gets its first or loses its last."""
    held = Coverage(unit=command.unit, sessions={}, days={}) if state is None else state
    return [CoverageCounted(unit=command.unit, **moved(held.sessions, held.days, command, way=command.way))]


def evolve(state: Coverage | None, event: CoverageCounted) -> Coverage:
    """The unit's coverage after it."""
    held = Coverage(unit=event.unit, sessions={}, days={}) if state is None else state
    sessions, days = after(held.sessions, held.days, event)
    return Coverage(unit=event.unit, sessions=sessions, days=days)


def parts(coverage: Coverage) -> Iterable[str]:
    """Coverage concerns its unit alone."""
    return (coverage.unit,)


COVERAGE = Aggregate("coverage", Coverage, decide, evolve, parts)
