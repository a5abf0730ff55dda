"""A unit's account: how many records of each kind it has in a month, counted from the records themselves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .duty import month_of
from .lecture import Lecture
from .session import Session, covering

Account = Counter[tuple[str, str]]
"""How many records of a unit there are: (month, kind) → number."""
UnitMonth = tuple[str, str]
"""A unit and a month of its records, such as 2026-03."""


def counts_of(record: Session | Lecture) -> Account:
    """What a record counts for its unit: a submitted session that somebody attended, for its form and its way; a
    lecture while it stands.
    """
    if isinstance(record, Lecture):
        return Counter({(month_of(record.day), "lecture"): 1} if record.state == "recorded" else {})
    if covering(record) is None:
        return Counter()
    return Counter({(month_of(record.day), str(kind)): 1 for kind in (record.form, record.way)})


def counted(records: Iterable[Session | Lecture]) -> Account:
    """The account that follows from a unit's records."""
    account: Account = Counter()
    for record in records:
        account.update(counts_of(record))
    return account


def touched(entries: Iterable[Mapping[str, Any]]) -> set[UnitMonth]:
    """The units' months that are to be counted again after these journal entries: those of records that count
    otherwise than before, by whatever command.
    """
    found: set[UnitMonth] = set()
    for entry in entries:
        if entry["type"].split(".", 1)[0] in ("session", "lecture"):
            was, now = (_place(entry["data"].get(name)) for name in ("was", "now"))
            if was != now:
                found |= {place[:2] for place in (was, now) if place is not None}
    return found


def _place(part: Mapping[str, Any] | None) -> tuple[str, str, Any, Any] | None:
    """Where, when and for what a part of an event counts; None where it counts nothing."""
    if part is None or part.get("present", 1) < 1:
        return None
    return part["unit"], part["day"][:7], part.get("form"), part.get("way")
