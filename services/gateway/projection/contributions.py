"""What an event adds to and takes from the figures, as the catalogue's entries say.

An event that changes something counted bears `was` and `now`: parts that leave the figures and parts that enter them.
One that moves a distinct count bears `flips`, each a part that says by how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from services.kernel.message.event import Event
from services.kernel.rules.figures import Metric, key

from .catalogue import METRICS, Counted, by_subject


class Contribution(NamedTuple):
    """So much of a metric's key, for a unit, on a day."""

    key: str
    unit: str
    day: str
    amount: int


Part = dict[str, Any]
_FIRST = ".v1"
_LATER = frozenset(source for metric in METRICS.values() for source in metric.sources if not source.endswith(_FIRST))
"""Later versions of which it is known what they mean; of another the event is for a person to see."""
_COUNTED = by_subject(METRICS.values())


def _stay(event: Event) -> Iterable[Contribution]:
    """A member's stay in a unit begins on one day and ends on another."""
    for part, sign in _parts(event):
        yield Contribution("study.members_due", part["unit"], part["first"], sign)
        if part.get("until"):
            yield Contribution("study.members_due", part["unit"], part["until"], -sign)
            yield Contribution("study.members_departed", part["unit"], part["until"], sign)


def _unit(event: Event) -> Iterable[Contribution]:
    """A unit is there from one day on, until it is no more."""
    for type, sign in (("unit.added.v1", 1), ("unit.merged.v1", -1), ("unit.abolished.v1", -1)):
        if event.short_type == type:
            yield Contribution("study.units_due", event.unit, event.day.isoformat(), sign)


_BY_HAND: dict[str, Callable[[Event], Iterable[Contribution]]] = {"gateway.member": _stay, "gateway.unit": _unit}
"""Kinds of records whose figures follow from something else than parts that count."""


def _parts(event: Event) -> Iterator[tuple[Part, int]]:
    """What was, which leaves the figures, and what is, which enters them."""
    for name, sign in (("was", -1), ("now", 1)):
        told = event.data.get(name)
        for part in told if isinstance(told, list) else [told] if isinstance(told, dict) else []:
            yield part, sign


def _flipped(event: Event, counted: Counted) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        part = {**event.data, "unit": event.unit, **flip}
        by = flip["change"] if "change" in flip else flip["now"] - flip["was"]
        for metric in counted.of(part):
            yield Contribution(key(metric.id, part["grain"]), part["unit"], part["day"], by)


def _moved(event: Event, counted: Counted) -> Iterable[Contribution]:
    for part, sign in _parts(event):
        unit, day = part["unit"], part["day"]
        for metric in [_named(event, part)] if "figure" in part else counted.of(part):
            amount = sign * part.get(metric.amount or "amount", 0 if metric.amount else 1)
            yield Contribution(metric.id, unit, day, amount)
            if metric.tagged:
                for tag in part.get("tags", ()):
                    yield Contribution(key(metric.id, tag=tag), unit, day, amount)


def _named(event: Event, part: Part) -> Metric:
    """The figure that a part names."""
    id = f"{event.service}.{part['figure']}"
    if id not in METRICS:
        raise ValueError(f"{event.type} names {id}, which is in no catalogue")
    return METRICS[id]


def facts(event: Event, counted: Mapping[str, Counted] = _COUNTED) -> list[Contribution]:
    """What the event contributes; nothing where it changes no figure. Unknown kinds of events contribute nothing.

    Raises:
        ValueError: the event names a figure that the catalogue does not have, or tells of something that none of the
            entries chooses, or in another version than v1.
    """
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    subject = f"{event.service}.{event.short_type.split('.', 1)[0]}"
    if subject not in counted:
        return []
    if not event.short_type.endswith(_FIRST) and f"{event.service}.{event.short_type}" not in _LATER:
        raise ValueError(f"{event.type} is not understood: only v1 is, or what the catalogue names")
    if subject in _BY_HAND:
        found = _BY_HAND[subject](event)
    else:
        found = (_flipped if "flips" in event.data else _moved)(event, counted[subject])
    for metric, unit, day, amount in found:
        sums[metric, unit, day] += amount
    for day in {day for _, _, day in sums}:
        date.fromisoformat(day)
    return [Contribution(*place, amount) for place, amount in sums.items() if amount]
