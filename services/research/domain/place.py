"""Who was visited: a unit or a place counts once for each campaign, whoever goes there and how often.

A distinct count is decided by its owner and belongs to the thing counted: the unit visited, or the province for a place
that is nobody's. One record for each thing: it counts on the day of the campaign's first visit that stands, in whatever
order visits are reported and taken back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.event import record_id
from services.kernel.rules.aggregate import Aggregate, Upgrade
from services.kernel.rules.distinct import CountAnew, Grain, after, anew, moved

from ..contract import NAME, CountPlace, PlaceCounted, PlaceKind, VisitRow
from .visit import Visit


class Place(BaseModel):
    """A unit or a place that is visited: the visits by day and campaign, and the day on which it counts in each."""

    model_config = ConfigDict(frozen=True)

    unit: str
    place: str
    kind: PlaceKind
    counts: dict[str, int]
    days: dict[str, date]


def name_of_place(visit: Visit | VisitRow) -> str:
    """What was visited: the unit that the visit counts for, or the place outside by its name, however it is spaced."""
    if visit.visited is not None:
        return visit.counts_as or visit.visited
    return "".join(unicodedata.normalize("NFKC", visit.place or "").split())


def place_id_of(visit: Visit | VisitRow) -> str:
    """The id of what a visit went to; the same name of another kind is another place."""
    return record_id(NAME, "places", f"{visit.kind} {visit.visited is None}", name_of_place(visit))


def visiting(visit: Visit | None) -> tuple[str, date] | None:
    """What a visit reaches, and when: while it stands."""
    return None if visit is None or visit.state == "void" else (place_id_of(visit), visit.day)


def in_month(place: Place | None, day: date) -> int:
    """How many visits it got in the month of the day."""
    month = day.isoformat()[:7]
    return 0 if place is None else sum(count for cell, count in place.counts.items() if cell.startswith(month))


def decide(state: Place | None, command: CountPlace | CountAnew, now: datetime) -> list[PlaceCounted]:
    """One visit more or less, and on which day each campaign counts after it; or that alone, set right."""
    if isinstance(command, CountAnew):
        told = {} if state is None else anew(state.counts, state.days, _grains(state.kind))
        return [PlaceCounted(unit=state.unit, place=state.place, kind=state.kind, **told)] if state and told else []
    counts, days = ({}, {}) if state is None else (state.counts, state.days)
    place = {name: getattr(command, name) for name in ("unit", "place", "kind")}
    return [PlaceCounted(**place, **moved(counts, days, command, _grains(command.kind)))]


def _grains(kind: PlaceKind) -> tuple[Grain, ...]:
    return () if kind == PlaceKind.other else ("campaign",)


def evolve(state: Place | None, event: PlaceCounted) -> Place:
    """The visits to it after it."""
    counts, days = after({} if state is None else state.counts, {} if state is None else state.days, event)
    return Place(unit=event.unit, place=event.place, kind=event.kind, counts=counts, days=days)


def parts(place: Place) -> Iterable[str]:
    """It concerns the unit visited."""
    return (place.unit,)


PLACE = Aggregate("place", Place, decide, evolve, parts, upgrade=Upgrade("counts", PlaceCounted, CountAnew()))
