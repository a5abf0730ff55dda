"""Many events at once: one fact each, and increments of the month roll-ups up the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from services.kernel.event import Event

from .catalogue import stored
from .contributions import facts

Paths = Callable[[str, str], Sequence[str]]
"""The path from the root to a unit under the tree of a day."""


class Fact(NamedTuple):
    """An event's fact as it is stored, and what it adds to roll-ups: (unit, month) → field → amount."""

    document: dict[str, Any]
    increments: dict[tuple[str, str], dict[str, int]]


def fold(events: Iterable[Event], paths: Paths) -> tuple[list[dict[str, Any]], dict[tuple[str, str], dict[str, int]]]:
    """Facts of the events and the sum of their increments.

    Raises:
        KeyError: a unit that the tree does not know (whatever `paths` raises passes through).
    """
    documents = []
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        document, increments = fact(event, paths)
        documents.append(document)
        for place, amounts in increments.items():
            for field, amount in amounts.items():
                sums[place][field] += amount
    return documents, sums


def fact(event: Event, paths: Paths) -> Fact:
    """One event's fact; an event that contributes nothing has one too, so that ids can be compared."""
    entries = []
    increments: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, unit, day, amount in facts(event):
        path = paths(unit, day)
        entries.append({"m": key, "u": unit, "p": "/".join(path) + "/", "d": day, "n": amount})
        field = stored(key)
        for above in path:
            amounts = increments[above, day[:7]]
            amounts[f"sum.{field}"] += amount
            amounts[f"days.{day[8:]}.{field}"] += amount
    document = {
        "_id": event.id,
        "service": event.service,
        "type": event.short_type,
        "record": event.subject,
        "version": event.aggregateversion,
        "unit": event.unit,
        "day": event.day.isoformat(),
        "title": event.data.get("title"),
        "recorded": event.recorded,
        "entries": entries,
    }
    return Fact(document, increments)
