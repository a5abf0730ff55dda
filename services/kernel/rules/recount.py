"""What records count as they stand now, by their owner's own rules and without a look at any event: pure.

A service says it in `domain/counted.py`, as COUNTED for what its records count and DISTINCT for what counts once in a
window; `shengzhi audit` compares that with what their events have added up to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..message.event import Period
from .aggregate import Aggregate
from .distinct import GRAINS, Grain, last_day, window
from .figures import Metric, key
from .rules import campaign_of

Place = tuple[str, str, str]
"""A metric's key, a unit, a day."""
Reached = tuple[Place, str, str]
"""Where something is reached (a distinct count's key, a unit, a day), in which window it counts once, what it is."""


@dataclass(frozen=True)
class Counted:
    """A kind of record, and what one counts as it stands."""

    aggregate: Aggregate[Any]
    count: Callable[[Any], Counter[Place]]


@dataclass(frozen=True)
class Distinct:
    """A distinct count: the records that reach something, which they reach in which window, and what keeps count.

    `keeper` has a record for each thing that is counted; a unit may have several.
    """

    metric: str
    aggregate: Aggregate[Any]
    reached: Callable[[Any, Iterable[Period]], set[Reached]]
    keeper: Aggregate[Any]


def one(metric: str, states: Iterable[str] = ("recorded",)) -> Callable[[Any], Counter[Place]]:
    """A record counts one for its unit on its day while it is in one of these states."""

    def count(state: Any) -> Counter[Place]:
        return Counter({(metric, state.unit, state.day.isoformat()): 1} if state.state in states else {})

    return count


def amounts(prefix: str, names: Iterable[str], part: Any) -> Counter[Place]:
    """A part counts each of these fields, as the figure of that name."""
    place = (part.unit, part.day.isoformat())
    return Counter({(f"{prefix}{name}", *place): getattr(part, name) for name in names})


def parts(
    service: str, figures: Iterable[Metric], counted: Callable[[Any], Iterable[Any]]
) -> Callable[[Any], Counter[Place]]:
    """A record that says part by part what its life has come to, each part by its figure's name."""
    tagged = {figure.id for figure in figures if figure.tagged}

    def count(state: Any) -> Counter[Place]:
        sums: Counter[Place] = Counter()
        for part in counted(state):
            figure, place = f"{service}.{part.figure}", (part.unit, part.day.isoformat())
            amount = getattr(part, "amount", 1)
            sums[figure, *place] += amount
            for tag in getattr(part, "tags", ()) if figure in tagged else ():
                sums[key(figure, tag=tag), *place] += amount
        return sums

    return count


def reached(keys: Iterable[str], unit: str, day: date, campaigns: Iterable[Period], thing: str) -> set[Reached]:
    """The windows of these keys in which a day lies; what is in no campaign is in no campaign's window."""
    on = day.isoformat()
    within = ((key, window_of(key, on, campaigns)) for key in keys)
    return {((key, unit, on), name, thing) for key, name in within if name}


def counted_once(reached: Iterable[Reached]) -> Counter[Place]:
    """Each thing counts once in a window, where it was reached first."""
    first: dict[tuple[str, str, str], Place] = {}
    for place, name, thing in reached:
        once = place[0], name, thing
        first[once] = min(first.get(once, place), place, key=lambda each: each[2])
    return Counter(first.values())


def window_of(key: str, day: str, campaigns: Iterable[Period]) -> str:
    """The window to which a day of a distinct count belongs; without a name where that is no campaign's."""
    grain = next(grain for grain in GRAINS if key.endswith(f"@{grain}"))
    return _name_of(grain, day, campaigns)


def _name_of(grain: Grain, day: str, campaigns: Iterable[Period]) -> str:
    campaign = campaign_of(date.fromisoformat(day), campaigns)
    return window(grain, day[:7], "" if campaign is None else campaign.id)


def named_window(grain: Grain, day: str, campaigns: Iterable[Period]) -> tuple[str, str]:
    """The name and the last day of the window of a grain in which a day lies; nothing where it lies in no campaign."""
    campaign = campaign_of(date.fromisoformat(day), campaigns)
    if grain == "campaign":
        return ("", "") if campaign is None else (campaign.id, campaign.last.isoformat())
    name = window(grain, day[:7], "")
    return name, last_day(grain, name) or ""
