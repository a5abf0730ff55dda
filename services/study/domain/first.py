"""Who counts once in a window, and where: at the place where they were seen first in it.

Pure arithmetic over one key's places (a member's sessions, say). A place lies on a day; taking one back moves the
count to the next place of the window, or out of it. What results depends on the places that stand, never on the order
in which they came and went.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from services.kernel.event import Period

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


def flips(seen: Seen, changes: Iterable[tuple[Place, Iterable[Window], int]]) -> Counter[Counted]:
    """Make the changes, each with the windows in which its place lies, and say what they change in these."""
    made = list(changes)
    touched = list(dict.fromkeys(window for _, within, _ in made for window in within))
    before = [seen.first(window) for window in touched]
    for place, _, by in made:
        seen.change(place, by)
    found: Counter[Counted] = Counter()
    for window, was in zip(touched, before, strict=True):
        now = seen.first(window)
        if was is not None and now is not None and was[:2] == now[:2]:
            continue
        for place_, by in ((was, -1), (now, 1)):
            if place_ is not None:
                found[Counted(window.grain, window.name, window.way, place_.unit, place_.day)] += by
    return found


def _end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
