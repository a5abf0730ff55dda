"""Corrections: what changes in a period after its figures were kept (a month was locked, a report issued): with which
record, by how much, when and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.message.redaction import redact

from ..domain.period import days_of
from ..projection import HIDDEN, Line, is_level, legs

Days = tuple[str, str]
"""The first and last day of a period."""


def affects(key: str, day: str, days: Days) -> bool:
    """Whether what a key counts on a day is part of a period's figures: of a level everything up to its end."""
    return day <= days[1] and (is_level(key) or days[0] <= day)


class Locks:
    """Which periods are kept for whom, as the projection must know for each batch; known until another one is."""

    def __init__(self) -> None:
        self._version = 0
        self._holders: dict[Days, set[str]] = {}

    def correct(
        self,
        projection: Mapping[str, Any],
        facts: Iterable[Document],
        lines: Callable[[str], Line],
        database: Database[Document],
        session: ClientSession,
    ) -> None:
        """Write down which of the facts that come now are corrections; `projection` is the common document after its
        change, `lines` says where their units stood.
        """
        version = projection.get("locks", 0)
        if version != self._version:
            self._holders = {}
            for row in database["locks"].find({}, {"unit": 1, "month": 1}, session=session):
                first, last = days_of(row["month"])
                self._holders.setdefault((first.isoformat(), last.isoformat()), set()).add(row["unit"])
            for row in database["reports"].find({}, {"unit": 1, "first": 1, "last": 1}, session=session):
                self._holders.setdefault((row["first"], row["last"]), set()).add(row["unit"])
            self._version = version
        if not self._holders:
            return
        made = (self._correction(fact, lines, projection["batches"]) for fact in facts)
        if late := [correction for correction in made if correction is not None]:
            database["corrections"].insert_many(late, ordered=False, session=session)

    def _correction(self, fact: Document, lines: Callable[[str], Line], batch: int) -> Document | None:
        entries = []
        for entry in fact["entries"]:
            line = lines(entry["u"])
            above = {unit for _, path in line for unit in path}  # whoever keeps a period keeps it for all that is below
            for path, day, amount in legs(line, entry["d"], entry["n"], is_level(entry["m"])):
                if path and any(
                    affects(entry["m"], day, days) and not holders.isdisjoint(above)
                    for days, holders in self._holders.items()
                ):
                    told = {"m": entry["m"], "u": entry["u"], "d": day, "n": amount}
                    entries.append({**told, "path": path})
        if not entries:
            return None
        names = ("_id", "service", "type", "record", "title", "hidden", "recorded")
        told = {name: fact[name] for name in names if name in fact}
        why = None if fact["title"] == HIDDEN else redact(fact.get("why") or "") or None
        return {**told, "why": why, "batch": batch, "entries": entries}
