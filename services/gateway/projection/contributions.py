"""What an event adds to and takes from the figures. An event that changes something counted bears `was` and `now`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

from services.kernel.event import Event

from .catalogue import METRICS, key


class Contribution(NamedTuple):
    """So much of a metric's key, for a unit, on a day."""

    key: str
    unit: str
    day: str
    amount: int


Part = dict[str, Any]


def _session(part: Part) -> Iterable[Contribution]:
    unit, day = part["unit"], part["day"]
    yield Contribution(f"study.sessions.{part['way']}", unit, day, 1)
    for name in ("due", "present", "excused", "absent"):
        yield Contribution(f"study.attendance.{name}", unit, day, part[name])


def _one(metric: str) -> Callable[[Part], Iterable[Contribution]]:
    return lambda part: [Contribution(metric, part["unit"], part["day"], 1)]


def _figure(service: str) -> Callable[[Part], Iterable[Contribution]]:
    """Parts that name their figure, and say how much where it is not one."""
    return lambda part: [Contribution(f"{service}.{part['figure']}", part["unit"], part["day"], part.get("amount", 1))]


_VERSION = ".v1"
"""Of the kinds of events that are read here; what another version means is not known here."""
_READERS: dict[str, Callable[[Part], Iterable[Contribution]]] = {
    "study.session": _session,
    "study.essay": _one("study.essays"),
    "study.lecture": _one("study.lectures"),
    "research.topic": _figure("research"),
    "research.measure": _figure("research"),
    "research.visit": _one("research.visits"),
    "hotline.ticket": _figure("hotline"),
}
_DISTINCT: dict[str, Callable[[Part], str]] = {
    "study.coverage": lambda flip: "study.units_covered",
    "research.place": lambda flip: f"research.units_visited.{flip['kind']}",
}
"""Events whose `flips` say "first in the window", and what is counted by each."""


def _parts(data: dict[str, Any], name: str) -> list[Part]:
    told = data.get(name)
    return told if isinstance(told, list) else [told] if isinstance(told, dict) else []


def facts(event: Event) -> list[Contribution]:
    """What the event contributes; nothing where it changes no figure. Unknown kinds of events contribute nothing.

    Raises:
        ValueError: the event names a figure that the catalogue does not have, or tells in another version than v1.
    """
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    subject = f"{event.service}.{event.short_type.split('.', 1)[0]}"
    if subject in (_READERS.keys() | _DISTINCT.keys()) and not event.short_type.endswith(_VERSION):
        raise ValueError(f"{event.type} is not understood: only v1 is")
    if (counted := _DISTINCT.get(subject)) is not None:
        for flip in event.data["flips"]:
            sums[key(counted(flip), flip["grain"]), event.unit, flip["day"]] += flip["now"] - flip["was"]
    elif (reader := _READERS.get(subject)) is not None:
        for name, sign in (("was", -1), ("now", 1)):
            for part in _parts(event.data, name):
                for metric, unit, day, amount in reader(part):
                    sums[metric, unit, day] += sign * amount
    contributed = [Contribution(*place, amount) for place, amount in sums.items() if amount]
    for contribution in contributed:
        if contribution.key.split("@")[0] not in METRICS:
            raise ValueError(f"{event.type} names {contribution.key}, which is in no catalogue")
        date.fromisoformat(contribution.day)
    return contributed
