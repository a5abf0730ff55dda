"""What an event adds to and takes from the figures, as the catalogue's entries say.

An event that changes something counted bears `was` and `now`: parts that leave the figures and parts that enter them.
One that moves a distinct count bears `flips`, each a part that says by how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from services.kernel.event import Event

from .catalogue import METRICS, Metric, by_subject, key, metric_of


class Contribution(NamedTuple):
    """So much of a metric's key, for a unit, on a day."""

    key: str
    unit: str
    day: str
    amount: int


Part = dict[str, Any]
_VERSION = ".v1"
"""Of the kinds of events that are read here; what another version means is not known here."""
_COUNTED = by_subject(METRICS.values())


def _stay(event: Event) -> Iterable[Contribution]:
    """A member's stay in a unit begins on one day and ends on another."""
    for part, sign in _parts(event):
        yield Contribution("study.members_due", part["unit"], part["first"], sign)
        if part.get("until"):
            yield Contribution("study.members_due", part["unit"], part["until"], -sign)


def _unit(event: Event) -> Iterable[Contribution]:
    if event.short_type == "unit.added.v1":
        yield Contribution("study.units_due", event.unit, event.day.isoformat(), 1)


_BY_HAND: dict[str, Callable[[Event], Iterable[Contribution]]] = {"gateway.member": _stay, "gateway.unit": _unit}
"""Kinds of records whose figures follow from something else than parts that count."""


def _parts(event: Event) -> Iterator[tuple[Part, int]]:
    """What was, which leaves the figures, and what is, which enters them."""
    for name, sign in (("was", -1), ("now", 1)):
        told = event.data.get(name)
        for part in told if isinstance(told, list) else [told] if isinstance(told, dict) else []:
            yield part, sign


def _flipped(event: Event, metrics: list[Metric]) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        part = {**event.data, "unit": event.unit, **flip}
        by = flip["change"] if "change" in flip else flip["now"] - flip["was"]
        for metric in metrics:
            if metric.matches(part):
                yield Contribution(key(metric.id, part["grain"]), part["unit"], part["day"], by)


def _moved(event: Event, metrics: list[Metric]) -> Iterable[Contribution]:
    for part, sign in _parts(event):
        if "figure" in part:
            yield from _of(f"{event.service}.{part['figure']}", part, sign * part.get("amount", 1))
        else:
            for metric in metrics:
                if metric.matches(part):
                    yield from _of(metric.id, part, sign * (1 if metric.amount is None else part.get(metric.amount, 0)))


def _of(metric: str, part: Part, amount: int) -> Iterable[Contribution]:
    """So much of a metric, and of it by each tag that the part bears."""
    yield Contribution(metric, part["unit"], part["day"], amount)
    if part.get("tags") and metric in METRICS and METRICS[metric].tagged:
        for tag in part["tags"]:
            yield Contribution(key(metric, tag=tag), part["unit"], part["day"], amount)


def facts(event: Event, counted: Mapping[str, list[Metric]] = _COUNTED) -> list[Contribution]:
    """What the event contributes; nothing where it changes no figure. Unknown kinds of events contribute nothing.

    Raises:
        ValueError: the event names a figure that the catalogue does not have, or tells in another version than v1.
    """
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    subject = f"{event.service}.{event.short_type.split('.', 1)[0]}"
    if subject not in counted:
        return []
    if not event.short_type.endswith(_VERSION):
        raise ValueError(f"{event.type} is not understood: only v1 is")
    if subject in _BY_HAND:
        found = _BY_HAND[subject](event)
    else:
        found = (_flipped if "flips" in event.data else _moved)(event, counted[subject])
    for metric, unit, day, amount in found:
        sums[metric, unit, day] += amount
    contributed = [Contribution(*place, amount) for place, amount in sums.items() if amount]
    for contribution in contributed:
        if metric_of(contribution.key) not in METRICS:
            raise ValueError(f"{event.type} names {contribution.key}, which is in no catalogue")
        date.fromisoformat(contribution.day)
    return contributed
