"""Which units are covered: a session that somebody attended, in a month, a quarter, a year, a campaign.

A distinct count is decided by its owner: the unit says "first in the window" and takes it back when the window's last
session is gone. What a flip added is taken back on the same day, so that sums stay right whatever the order.
One record a unit, not a campaign: two campaigns in one year cover the year once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import get_args

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate

from ..contract import CountCoverage, CoverageCounted, Flip, Grain

GRAINS: tuple[Grain, ...] = get_args(Grain)


class Coverage(BaseModel):
    """A unit's attended sessions by month and campaign, and the day on which each covered window counts."""

    model_config = ConfigDict(frozen=True)

    unit: str
    sessions: dict[str, int]
    days: dict[str, date]


def coverage_id(unit: str) -> str:
    """The id of a unit's coverage."""
    return f"coverage:{unit}"


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
    sessions = {} if state is None else state.sessions
    days = {} if state is None else state.days
    month = command.day.isoformat()[:7]
    cell = _cell(month, command.campaign)
    was = sessions.get(cell, 0)
    changed = {**sessions, cell: was + command.by}
    if changed[cell] < 0:
        raise AssertionError(f"{command.unit} has no session left in {cell}")
    flips = []
    for grain in GRAINS:
        name = window(grain, month, command.campaign)
        before, after = (_held_in(counts, grain, name) > 0 for counts in (sessions, changed))
        if before != after:
            day = days[_key(grain, name)] if before else command.day
            flips.append(Flip(grain=grain, window=name, day=day, was=int(before), now=int(after)))
    return [
        CoverageCounted(
            unit=command.unit,
            day=command.day,
            campaign=command.campaign,
            month=month,
            was=was,
            now=changed[cell],
            flips=flips,
        )
    ]


def evolve(state: Coverage | None, event: CoverageCounted) -> Coverage:
    """The unit's coverage after it."""
    sessions = {**({} if state is None else state.sessions), _cell(event.month, event.campaign): event.now}
    days = dict({} if state is None else state.days)
    for flip in event.flips:
        if flip.now:
            days[_key(flip.grain, flip.window)] = flip.day
        else:
            days.pop(_key(flip.grain, flip.window), None)
    return Coverage(unit=event.unit, sessions={cell: count for cell, count in sessions.items() if count}, days=days)


def parts(coverage: Coverage) -> Iterable[str]:
    """Coverage concerns its unit alone."""
    return (coverage.unit,)


def _cell(month: str, campaign: str) -> str:
    return f"{month} {campaign}"


def _held_in(sessions: dict[str, int], grain: Grain, name: str) -> int:
    return sum(count for cell, count in sessions.items() if window(grain, *cell.split(" ", 1)) == name)


def _key(grain: Grain, name: str) -> str:
    return f"{grain} {name}"


COVERAGE = Aggregate("coverage", Coverage, decide, evolve, parts)
