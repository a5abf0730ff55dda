"""Which units are covered: a session that somebody attended, in a month, a quarter, a year, a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate, Upgrade
from services.kernel.distinct import CountAnew, after, anew, moved

from ..contract import CountCoverage, CoverageCounted


class Coverage(BaseModel):
    """A unit's attended sessions by day, campaign and way, and the day on which each covered window counts."""

    model_config = ConfigDict(frozen=True)

    unit: str
    counts: dict[str, int]
    days: dict[str, date]


def coverage_id(unit: str) -> str:
    """The id of a unit's coverage."""
    return f"coverage:{unit}"


def decide(state: Coverage | None, command: CountCoverage | CountAnew, now: datetime) -> list[CoverageCounted]:
    """One session more or less, and where each window counts after it; or that alone, set right."""
    if isinstance(command, CountAnew):
        told = {} if state is None else anew(state.counts, state.days)
        return [CoverageCounted(unit=state.unit, **told)] if state is not None and told else []
    held = Coverage(unit=command.unit, counts={}, days={}) if state is None else state
    return [CoverageCounted(unit=command.unit, **moved(held.counts, held.days, command, way=command.way))]


def evolve(state: Coverage | None, event: CoverageCounted) -> Coverage:
    """The unit's coverage after it."""
    held = Coverage(unit=event.unit, counts={}, days={}) if state is None else state
    counts, days = after(held.counts, held.days, event)
    return Coverage(unit=event.unit, counts=counts, days=days)


def parts(coverage: Coverage) -> Iterable[str]:
    """Coverage concerns its unit alone."""
    return (coverage.unit,)


COVERAGE = Aggregate(
    "coverage", Coverage, decide, evolve, parts, upgrade=Upgrade("counts", CoverageCounted, CountAnew())
)
