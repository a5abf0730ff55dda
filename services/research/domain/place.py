"""Who was visited: a unit or a place counts once for each campaign, whoever goes there and how often.

A distinct count is decided by its owner and belongs to the thing counted: the unit visited, or the province for a place
that is nobody's. One record for each thing: the first visit of a campaign counts it, the last one gone takes it back,
on the same day, so that sums stay right whatever the order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.distinct import Grain, after, moved
from services.kernel.event import record_id

from ..contract import NAME, CountPlace, PlaceCounted, PlaceKind, VisitRow
from .visit import Visit


class Place(BaseModel):
    """A unit or a place that is visited: the visits by month and campaign, and the day on which it counts in each."""

    model_config = ConfigDict(frozen=True)

    unit: str
    place: str
    kind: PlaceKind
    visits: dict[str, int]
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
    return 0 if place is None else sum(count for cell, count in place.visits.items() if cell.startswith(month))


def decide(state: Place | None, command: CountPlace, now: datetime) -> list[PlaceCounted]:
    """One visit more or less; a flip only where a campaign gets its first or loses its last."""
    visits, days = ({}, {}) if state is None else (state.visits, state.days)
    grains: tuple[Grain, ...] = () if command.kind == PlaceKind.other else ("campaign",)
    told = {name: getattr(command, name) for name in ("unit", "place", "kind")}
    return [PlaceCounted(**told, **moved(visits, days, command, grains))]


def evolve(state: Place | None, event: PlaceCounted) -> Place:
    """The visits to it after it."""
    visits, days = after({} if state is None else state.visits, {} if state is None else state.days, event)
    return Place(unit=event.unit, place=event.place, kind=event.kind, visits=visits, days=days)


def parts(place: Place) -> Iterable[str]:
    """It concerns the unit visited."""
    return (place.unit,)


PLACE = Aggregate("place", Place, decide, evolve, parts)
