"""Which units are covered: a session that somebody attended, in a month, a quarter, a year, a campaign.

A window counts at its end: for the unit that is there then, below the units under which it stands then. So who is
counted as covered is always among those who are due at the end of the same window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.rules.aggregate import Aggregate, Upgrade
from services.kernel.rules.distinct import COUNTED_ANEW, Cell, CountAnew, Dated, Window, after, anew, last_day, moved

from ..contract import CountCoverage, CoverageCounted, PlaceCoverage, Span


class Coverage(BaseModel):
    """A unit's attended sessions by day, campaign and way, and the day on which each covered window counts.

    `spans` are the days of campaigns, `until` is the first day on which the unit is no more.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    counts: dict[str, int]
    days: dict[str, date]
    spans: dict[str, tuple[date, date]]
    until: date | None = None

    def dated(self) -> Dated:
        """Windows count on their last day; none where the unit is no more. A campaign whose last day is not known yet
        counts on the day of its first session until it is.
        """

        def on(place: Window, first: str) -> str | None:
            span = self.spans.get(place.name) if place.grain == "campaign" else None
            last = last_day(place.grain, place.name) or (first if span is None else span[1].isoformat())
            return last if self.until is None or last < self.until.isoformat() else None

        return on


def coverage_id(unit: str) -> str:
    """The id of a unit's coverage."""
    return f"coverage:{unit}"


def decide(
    state: Coverage | None, command: CountCoverage | PlaceCoverage | CountAnew, now: datetime
) -> list[CoverageCounted]:
    """One session more or less, and where each window counts after it; or that alone, set right."""
    match command:
        case CountCoverage():
            spans = {} if command.span is None else {command.campaign: command.span}
            held = _placed(state, command.unit, spans, None)
            told = moved(held.counts, held.days, command, way=command.way, dated=held.dated())
            return [CoverageCounted(unit=command.unit, **told, **_news(state, held))]
        case PlaceCoverage() if state is not None:
            return _anew(state, _placed(state, command.unit, command.spans, command.until))
        case CountAnew() if state is not None:
            return _anew(state, state)
    return []


def _anew(state: Coverage, held: Coverage) -> list[CoverageCounted]:
    told = anew(held.counts, held.days, dated=held.dated())
    news = _news(state, held)
    if not told and "until" in news:  # nothing counts on another day yet: what comes later is to know of it
        first = min(map(Cell.of, held.counts), default=Cell(str(held.until), "", None))
        place = {"day": date.fromisoformat(first.day), "campaign": first.campaign, "month": first.day[:7]}
        told = {**place, "was": 0, "now": 0, "flips": [], "reason": COUNTED_ANEW}
    return [CoverageCounted(unit=state.unit, **told, **news)] if told else []


def _placed(state: Coverage | None, unit: str, spans: Mapping[str, Span], until: date | None) -> Coverage:
    """The coverage with what is known now; a campaign may have been opened over days that have sessions."""
    held = Coverage(unit=unit, counts={}, days={}, spans={}) if state is None else state
    counts: Counter[str] = Counter()
    for key, count in held.counts.items():
        cell = Cell.of(key)
        if cell.campaign:
            counts[key] += count
        else:
            within = (id for id, (first, last) in spans.items() if first.isoformat() <= cell.day <= last.isoformat())
            counts[cell._replace(campaign=next(within, "")).key] += count
    known = {"counts": dict(counts), "spans": {**held.spans, **spans}, "until": until or held.until}
    return held.model_copy(update=known)


def _news(state: Coverage | None, held: Coverage) -> dict[str, object]:
    """What an event has to tell so that the record knows it from then on."""
    known = {} if state is None else state.spans
    news: dict[str, object] = {}
    if spans := {id: days for id, days in held.spans.items() if known.get(id) != days}:
        news["spans"] = spans
    if held.until != (None if state is None else state.until):
        news["until"] = held.until
    return news


def evolve(state: Coverage | None, event: CoverageCounted) -> Coverage:
    """The unit's coverage after it."""
    held = _placed(state, event.unit, event.spans, event.until)
    counts, days = after(held.counts, held.days, event)
    return held.model_copy(update={"counts": counts, "days": days})


def parts(coverage: Coverage) -> Iterable[str]:
    """Coverage concerns its unit alone."""
    return (coverage.unit,)


COVERAGE = Aggregate(
    "coverage", Coverage, decide, evolve, parts, upgrade=Upgrade("spans", CoverageCounted, CountAnew())
)
