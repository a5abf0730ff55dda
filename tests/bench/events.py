"""Events to measure with: sessions of many units at the foot of a tree of five levels."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.kernel.journal.store import Document
from services.kernel.message.event import new_id

NOW = datetime(2026, 3, 5, 1, tzinfo=UTC)


def unit_id(number: int) -> str:
    """The id of the n-th unit at the foot of the tree."""
    return f"B{number:06d}"


def tree(units: int) -> Iterator[Document]:
    """Units at the foot of a tree of five levels, and every unit above them."""
    seen: set[str] = set()
    for number in range(units):
        path = ["P000", f"D{number % 10:03d}", f"C{number % 100:04d}", f"G{number % 1000:05d}", unit_id(number)]
        for depth in range(1, 6):
            if path[depth - 1] not in seen:
                seen.add(path[depth - 1])
                yield unit(path[:depth])


def unit(path: Sequence[str]) -> Document:
    """A unit as the gateway keeps it, whose id is its name."""
    id, kind = path[-1], "branch" if len(path) > 3 else "department" if len(path) > 1 else "committee"
    told: dict[str, Any] = {"name": id, "short_name": id, "kind": kind, "credit_code": "", "party_code": ""}
    above = {"parent": path[-2] if len(path) > 1 else None, "path": list(path), "scope": list(path)}
    return {"_id": id, **told, **above, "depth": len(path), "members": 20, "active_from": "2026-01-01", "version": 1}


def added(unit: Document) -> Document:
    """The journal entry by which a unit came into the tree, unpublished."""
    names = ("name", "short_name", "kind", "parent", "path", "credit_code", "party_code", "members")
    told = {name: unit[name] for name in names}
    return {
        **_entry(unit["_id"], unit["active_from"], NOW),
        "aggregate": unit["_id"],
        "type": "unit.added.v1",
        "data": told,
    }


def _entry(unit: str, day: str, recorded: datetime) -> Document:
    marks: Document = {"_id": new_id(), "aggregate": new_id(), "n": 1, "time": NOW, "recorded": recorded}
    return {**marks, "unit": unit, "actor": "u1", "day": day, "command": "c", "published": False, "hash": b""}


def entries(count: int, units: int, seed: int = 1) -> Iterator[Document]:
    """Journal entries of reported sessions over nine months, unpublished."""
    chosen = random.Random(seed)
    for number in range(count):
        unit = unit_id(chosen.randrange(units))
        day = f"2026-{chosen.randint(2, 10):02d}-{chosen.randint(1, 28):02d}"
        due = chosen.randint(5, 40)
        counted: dict[str, Any] = {"unit": unit, "day": day, "way": "branch", "due": due, "present": due - 1}
        data = {"title": "主题党日", "now": {**counted, "excused": 1, "absent": 0}}
        entry = _entry(unit, day, NOW + timedelta(milliseconds=number))
        yield {**entry, "type": "session.submitted.v1", "data": data}


def withdrawn(submitted: Document) -> Document:
    """The entry by which a reported session counts nothing any more."""
    told = {"title": submitted["data"]["title"], "was": submitted["data"]["now"], "reason": "重复"}
    return {**submitted, "_id": new_id(), "n": 2, "type": "session.voided.v1", "data": told}
