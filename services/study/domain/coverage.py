"""Which units are covered: at least one submitted session in a month, a quarter, a year, a campaign.

A distinct count is decided by its owner: the unit says "first in the grain" and takes it back when the last session of
the grain is gone. What a flip added is taken back on the same day, so that sums stay right whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import get_args

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate

from ..contract import CountCoverage, CoverageCounted, Flip, Grain


class Coverage(BaseModel):
    """A unit's submitted sessions in a campaign by month, and the day on which each covered window counts."""

    model_config = ConfigDict(frozen=True)

    unit: str
    campaign: str
    months: dict[str, int]
    days: dict[str, date]


def coverage_id(campaign: str, unit: str) -> str:
    """The id of a unit's coverage in a campaign."""
    return f"coverage:{campaign}:{unit}"


def window(grain: Grain, month: str, campaign: str) -> str:
    """The window of a grain in which a month ("2026-03") lies: "2026-03", "2026-Q1", "2026", the campaign's id."""
    year, number = month.split("-")
    match grain:
        case "month":
            return month
        case "quarter":
            return f"{year}-Q{(int(number) + 2) // 3}"
        case "year":
            return year
        case "campaign":
            return campaign


def decide(state: Coverage | None, command: CountCoverage, now: datetime) -> list[CoverageCounted]:
    """One session more or less; flips only where a window gets its first or loses its last."""
    months = {} if state is None else state.months
    days = {} if state is None else state.days
    month = command.day.isoformat()[:7]
    was = months.get(month, 0)
    changed = {**months, month: was + command.by}
    if changed[month] < 0:
        raise AssertionError(f"{command.unit} has no session left in {month}")
    flips = []
    for grain in get_args(Grain):
        name = window(grain, month, command.campaign)
        before, after = (
            sum(count for other, count in counts.items() if window(grain, other, command.campaign) == name)
            for counts in (months, changed)
        )
        if (before > 0) != (after > 0):
            flips.append(
                Flip(
                    grain=grain,
                    window=name,
                    day=days.get(_key(grain, name), command.day) if before else command.day,
                    was=int(before > 0),
                    now=int(after > 0),
                )
            )
    return [
        CoverageCounted(
            unit=command.unit,
            day=command.day,
            campaign=command.campaign,
            month=month,
            was=was,
            now=changed[month],
            flips=flips,
        )
    ]


def evolve(state: Coverage | None, event: CoverageCounted) -> Coverage:
    """The unit's coverage after it."""
    months = {**({} if state is None else state.months), event.month: event.now}
    days = dict({} if state is None else state.days)
    for flip in event.flips:
        if flip.now:
            days[_key(flip.grain, flip.window)] = flip.day
        else:
            days.pop(_key(flip.grain, flip.window), None)
    return Coverage(
        unit=event.unit,
        campaign=event.campaign,
        months={month: count for month, count in months.items() if count},
        days=days,
    )


def parts(coverage: Coverage) -> Iterable[str]:
    """Coverage concerns its unit alone."""
    return (coverage.unit,)


def _key(grain: str, name: str) -> str:
    return f"{grain} {name}"


COVERAGE = Aggregate("coverage", Coverage, decide, evolve, parts)
