"""Many events at once: one fact each, and increments of the month roll-ups up the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from services.kernel.message.event import Event

from .catalogue import is_level, stored
from .contributions import Contribution, facts
from .tree import Line, spread, standing

Lines = Callable[[str], Line]
"""Where a unit stood from which day on."""


HIDDEN = ""
"""The title of a record that is not to be shown to everybody who may see figures."""


def fold(
    events: Iterable[Event], lines: Lines, read: Callable[[Event], list[Contribution]] = facts
) -> tuple[list[dict[str, Any]], dict[tuple[str, str], dict[str, int]]]:
    """One fact for each event, and the sum of what they add to the roll-ups: (unit, month) → field → amount.

    Amounts count under the tree of their day. An entry's path is that of its day as the tree is known now, and only
    finds it. An event that contributes nothing has a fact too, so that ids can be compared. `read` is for who has read
    the events' contributions already.

    Raises:
        KeyError: a unit that the tree does not know (whatever `lines` raises passes through).
    """
    documents = []
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        entries = []
        for key, unit, day, amount in read(event):
            line, field = lines(unit), stored(key)
            path = "/".join(standing(line, day)) + "/"
            entries.append({"m": key, "u": unit, "p": path, "d": day, "n": amount})
            for above, on, by in spread(line, day, amount, is_level(key)):
                amounts = sums[above, on[:7]]
                amounts[f"sum.{field}"] += by
                amounts[f"days.{on[8:]}.{field}"] += by
        documents.append(_document(event, entries))
    return documents, sums


def _document(event: Event, entries: list[dict[str, Any]]) -> dict[str, Any]:
    why, title = event.data.get("reason"), _title(event.data)
    return {
        "_id": event.id,
        "service": event.service,
        "type": event.short_type,
        "record": event.subject,
        "version": event.aggregateversion,
        "unit": event.unit,
        "day": event.day.isoformat(),
        "title": title,
        "recorded": event.recorded,
        "entries": entries,
        **({"why": why} if why else {}),
        **_kept_from(event.data),
    }


def _kept_from(data: dict[str, Any]) -> dict[str, Any]:
    """The unit that a report 举报 is about, in a fact that says whether there is one: neither it nor what lies below it
    is shown the record.
    """
    return {"hidden": data["reported_unit"]} if "reported_unit" in data else {}


def _title(data: dict[str, Any]) -> str | None:
    """What the record is called, where the event says it; hidden for a report 举报 and where the caller asks for it."""
    if data.get("kind") == "report" or data.get("confidential"):
        return HIDDEN
    return data.get("title")
