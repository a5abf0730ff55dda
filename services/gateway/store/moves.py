"""What a change of the tree writes besides the units that it is about, in its own transaction (the worker's side)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work

from ..projection import LEVEL_FIELDS, Line, is_level, key_of, spread, standing
from .facts import write_rollups
from .generation import PROJECTION, current, generation_of
from .tree import CHANGES


def ensure_indexes(database: Database[Document]) -> None:
    """What concerns a unit, the latest first; collections first, for transactions make none."""
    ensure_collections(database, (CHANGES,))
    database[CHANGES].create_index([("scope", 1), ("day", -1), ("_id", 1)])


def carry(database: Database[Document], unit: str, before: Line, after: Line, session: ClientSession) -> None:
    """Let what a unit counts count above it by another line than before: in the figures read and in those being built.

    The unit's own months hold all that lies below it, whatever it is made of; they stay as they are.
    """
    for projection in database[PROJECTION].find({}, session=session):
        rollups = database[generation_of(projection).rollups]
        change: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in rollups.find(_months(unit), session=session):
            for day, cells in row.get("days", {}).items():
                on = f"{row['month']}-{day}"
                stays = standing(before, on) == standing(after, on)
                for field, amount in cells.items():
                    if not stays or is_level(key_of(field)):
                        _count(change, before, unit, (on, field, -amount))
                        _count(change, after, unit, (on, field, amount))
        write_rollups(rollups, change, session)


def _months(unit: str) -> Document:
    """A unit's roll-ups by their ids: what is being built has no other index yet."""
    return {"_id": {"$gt": f"{unit}|", "$lt": f"{unit}}}"}}


def _count(change: dict[tuple[str, str], dict[str, int]], line: Line, unit: str, cell: tuple[str, str, int]) -> None:
    on, field, amount = cell
    for above, day, by in spread(line, on, amount, is_level(key_of(field))):
        if above != unit:
            change[above, day[:7]][f"sum.{field}"] += by
            change[above, day[:7]][f"days.{day[8:]}.{field}"] += by


def levels(database: Database[Document], unit: str, session: ClientSession) -> list[str]:
    """The levels that are not nothing at a unit, with what lies below it."""
    sums: Counter[str] = Counter()
    rollups = database[current(database).rollups]
    for row in rollups.find(_months(unit), {f"sum.{field}": 1 for field in LEVEL_FIELDS}, session=session):
        sums.update(row.get("sum", {}))
    return [key_of(field) for field, amount in sorted(sums.items()) if amount]


def later(database: Database[Document], unit: str, day: str, session: ClientSession) -> list[str]:
    """The flows that are not nothing at a unit, with what lies below it, on some day from this one on."""
    found: set[str] = set()
    rollups = database[current(database).rollups]
    months = {"_id": {"$gte": f"{unit}|{day[:7]}", "$lt": f"{unit}}}"}}
    for row in rollups.find(months, {"month": 1, "days": 1}, session=session):
        for on, cells in row.get("days", {}).items():
            if f"{row['month']}-{on}" >= day:
                found.update(key_of(field) for field, amount in cells.items() if amount)
    return sorted(key for key in found if not is_level(key))


def lead(work: Work, unit: str, path: list[str]) -> None:
    """Today's path to whatever lies below a unit leads by this one."""
    tail: Any = {"$slice": ["$path", {"$add": [{"$indexOfArray": ["$path", unit]}, 1]}, {"$size": "$path"}]}
    whole = {"$concatArrays": [path, tail]}
    derived = {
        "path": whole,
        "depth": {"$size": whole},
        "scope": whole,
        "paths": {"$arrayToObject": [[{"k": "$_id", "v": whole}]]},
    }
    work.write("units", pymongo.UpdateMany({"scope": unit, "_id": {"$ne": unit}}, [{"$set": derived}]))


def note(work: Work, kind: str, asked: Any, concerned: Iterable[str], told: str, unit: str | None = None) -> None:
    """Write down what a command has made of a unit, in a sentence."""
    place = {"kind": kind, "unit": unit or asked.id, "day": asked.day.isoformat(), "scope": sorted(set(concerned))}
    id = f"{place['unit']}|{place['day']}|{kind}"
    row = {"_id": id, **place, "told": told, "basis": asked.basis, "at": work.now}
    work.write(CHANGES, pymongo.ReplaceOne({"_id": id}, row, upsert=True))
