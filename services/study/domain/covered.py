"""Which members are covered in which windows, and where: at the unit to which they belong on the window's last day.

Pure arithmetic over one member's places (the sessions at which they were) and stays (the units to which they belonged).
Who studied anywhere in a window is covered in it once, where they belong when it ends; who belongs nowhere then is
not counted. So those who are covered are always among those who are due at that unit at the end of the same window.
What results depends on the places and stays that stand, never on the order in which they came and went.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from services.kernel.message.event import Period
from services.kernel.rules.rules import campaign_of
from services.organisation.contract import Stay

from ..contract import Grain, Way


class Place(NamedTuple):
    """Where somebody was seen: in this order the first of a window is found. `day` is an ISO date."""

    day: str
    unit: str
    way: str

    @classmethod
    def of(cls, key: str) -> Place:
        """Out of the text under which it is stored."""
        return cls(*key.split(" "))

    @property
    def key(self) -> str:
        """As text, without a dot, so that it may be a field's name."""
        return " ".join(self)


class Window(NamedTuple):
    """The days, both included, in which a key counts once; `way` None stands for whichever."""

    grain: Grain
    name: str
    way: Way | None
    first: str
    last: str


class Counted(NamedTuple):
    """In a window something counts at a unit on a day."""

    grain: Grain
    window: str
    way: Way | None
    unit: str
    day: str


def windows(day: date, way: Way, campaign: Period | None) -> list[Window]:
    """The windows to which a day belongs, for its way of study and for whichever; outside campaigns three grains'."""
    quarter = (day.month - 1) // 3
    spans: list[tuple[Grain, str, date, date]] = [
        ("month", f"{day:%Y-%m}", day.replace(day=1), _end(day.year, day.month)),
        ("quarter", f"{day.year}-Q{quarter + 1}", date(day.year, 3 * quarter + 1, 1), _end(day.year, 3 * quarter + 3)),
        ("year", str(day.year), date(day.year, 1, 1), date(day.year, 12, 31)),
    ]
    if campaign is not None:
        spans.append(("campaign", campaign.id, campaign.first, campaign.last))
    return [
        Window(grain, name, by, first.isoformat(), last.isoformat())
        for grain, name, first, last in spans
        for by in (None, way)
    ]


class Seen:
    """How often one key was seen at which places."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts: Counter[str] = Counter({key: count for key, count in counts.items() if count})
        self._order: dict[str | None, list[Place]] = defaultdict(list)
        for place in sorted(map(Place.of, self.counts)):
            self._order[None].append(place)
            self._order[place.way].append(place)

    def first(self, window: Window) -> Place | None:
        """The first place of a window; None where there is none."""
        order = self._order[window.way]
        at = bisect_left(order, (window.first,))
        return order[at] if at < len(order) and order[at].day <= window.last else None

    def change(self, place: Place, by: int) -> None:
        """Seen there once more (1), or once less (−1)."""
        was = self.counts[place.key]
        now = was + by
        if now < 0:
            raise AssertionError("what was never counted cannot be taken back")
        self.counts[place.key] = now
        if now == 0:
            del self.counts[place.key]
        for order in (self._order[None], self._order[place.way]):
            if not was:
                insort(order, place)
            elif not now:
                order.remove(place)


def unit_on(stays: Iterable[Stay], day: date) -> str | None:
    """The unit to which somebody belonged on a day."""
    return next((stay.unit for stay in stays if stay.first <= day and (stay.until is None or day < stay.until)), None)


def within(place: Place, campaigns: Iterable[Period]) -> list[Window]:
    """The windows in which a place lies."""
    day = date.fromisoformat(place.day)
    return windows(day, Way(place.way), campaign_of(day, campaigns))


def flips(
    seen: Seen, changes: Iterable[tuple[Place, int]], stays: Sequence[Stay], campaigns: Sequence[Period]
) -> Counter[Counted]:
    """Make the changes (once more at a place, or once less) and say what they change in the windows touched."""
    made = list(changes)
    touched = list(dict.fromkeys(window for place, _ in made for window in within(place, campaigns)))
    before = {window for window in touched if seen.first(window) is not None}
    for place, by in made:
        seen.change(place, by)
    after = {window for window in touched if seen.first(window) is not None}
    found = Counter(filter(None, (_at_end(window, stays) for window in after - before)))
    found.subtract(filter(None, (_at_end(window, stays) for window in before - after)))
    return found


def covered(seen: Seen, stays: Sequence[Stay], campaigns: Sequence[Period]) -> Counter[Counted]:
    """All windows in which somebody is covered, each where they belong when it ends."""
    held = {window for key in seen.counts for window in within(Place.of(key), campaigns)}
    return Counter(filter(None, (_at_end(window, stays) for window in held)))


def covered_first(seen: Seen, campaigns: Sequence[Period]) -> Counter[Counted]:
    """The same as earlier versions counted it: at the place where somebody was seen first in a window."""
    held = {window for key in seen.counts for window in within(Place.of(key), campaigns)}
    firsts = ((window, seen.first(window)) for window in held)
    return Counter(
        Counted(window.grain, window.name, window.way, place.unit, place.day) for window, place in firsts if place
    )


def _at_end(window: Window, stays: Iterable[Stay]) -> Counted | None:
    unit = unit_on(stays, date.fromisoformat(window.last))
    return None if unit is None else Counted(window.grain, window.name, window.way, unit, window.last)


def _end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
