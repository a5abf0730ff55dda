"""Locking a month: its figures as they stand are kept, and what changes in it later is a correction.

For every unit below a lock, always: what was kept + the corrections that came after = what the roll-ups say now,
because a lock and every batch of the projection write one common document: a batch comes before the lock or after it.
Nothing here belongs to a generation of the figures, so that a rebuild leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.registry import SOURCES

from ..domain.period import days_of
from ..projection import LEVEL_FIELDS
from .generation import PROJECTION, generation_of
from .snapshot import WEIGHTS, weights_of
from .tree import below_on, tree_of

_CHUNK = 500


def ensure_indexes(database: Database[Document]) -> None:
    """Collections and one index for each way of asking."""
    ensure_collections(database, ("locks", "locked", "corrections"))
    database["locks"].create_index([("unit", 1), ("month", 1)])
    database["locks"].create_index([("month", 1), ("unit", 1)])
    database["locks"].create_index([("path", 1), ("month", 1)])
    database["corrections"].create_index([("entries.path", 1), ("entries.d", 1), ("batch", 1)])


def first_open_day(
    database: Database[Document], units: Iterable[str], session: ClientSession | None = None
) -> date | None:
    """The first day from which on nothing of these units is locked, by themselves or by who stands above them; None
    where nothing is. Whatever takes effect before that day would be a correction.

    Read in the transaction that writes what follows from it, and with it `touched` written: then no lock slips between.
    """
    found = database["units"].find({"_id": {"$in": list(set(units))}}, {"path": 1}, session=session)
    above = sorted({step for unit in found for step in unit["path"]})
    last = database["locks"].find_one({"unit": {"$in": above}}, sort=[("month", -1)], session=session)
    return None if last is None else days_of(last["month"])[1] + timedelta(days=1)


def holder_of(database: Database[Document], path: Sequence[str], month: str, session: ClientSession) -> str | None:
    """Who of a path has locked a month, if anybody has."""
    found = database["locks"].find_one({"unit": {"$in": list(path)}, "month": month}, session=session)
    return None if found is None else str(found["unit"])


def touched() -> pymongo.UpdateOne:
    """What belongs into every transaction that rests on which months are open: two of them conflict."""
    return pymongo.UpdateOne({"_id": PROJECTION}, {"$inc": {"periods": 1}})


def arrived(database: Database[Document], until: datetime) -> bool:
    """Whether all that any owner recorded up to an instant is in the figures."""
    return _reached(database[PROJECTION].find_one({"_id": PROJECTION}), until)


def _reached(projection: Mapping[str, Any] | None, until: datetime) -> bool:
    marks = (projection or {}).get("watermarks", {})
    return marks.keys() >= set(SOURCES) and all(mark >= until for mark in marks.values())


def lock(work: Work, unit: str, month: str, confirmed: datetime) -> None:
    """Keep the figures of a unit's month, and of all below it that nobody has locked, in the transaction of `work`.

    What is below it is what was on the month's last day. What is part of what a unit above has locked is kept there.

    Raises:
        DomainError: submission.figures_behind, where not all that was recorded before the confirmation has arrived.
    """
    database, session = work.database, work.session
    changed: Document = {"$inc": {"batches": 1, "locks": 1}}
    after = pymongo.ReturnDocument.AFTER
    projection = database[PROJECTION].find_one_and_update(
        {"_id": PROJECTION}, changed, return_document=after, session=session
    )
    if projection is None or not _reached(projection, confirmed):
        detail = "上报前登记的记录尚未全部进入统计，请稍后再采纳"
        raise DomainError("submission.figures_behind", detail, "conflict")
    over_time, last = tree_of(database, session), days_of(month)[1]
    path = over_time.on(work.paths[unit], last)
    if holder_of(database, path, month, session) is not None:
        return
    holders = {row["unit"] for row in database["locks"].find({"month": month}, {"unit": 1}, session=session)}
    below = below_on(database, over_time, unit, last, session)
    open_ = [id for id, above in below.items() if holders.isdisjoint(above)]
    batch, rollups = projection["batches"], generation_of(projection).rollups
    for place in range(0, len(open_), _CHUNK):
        kept = _figures(database, rollups, open_[place : place + _CHUNK], month, session)
        rows = [
            {"_id": f"{id}|{month}", "unit": id, "month": month, "batch": batch, "lock": unit, **figures}
            for id, figures in kept.items()
        ]
        if rows:
            database["locked"].insert_many(rows, ordered=False, session=session)
    weights = vars(weights_of(database["norms"].find_one(WEIGHTS, session=session)))
    row = {"_id": f"{unit}|{month}", "unit": unit, "month": month, "path": path, "batch": batch, "at": work.now}
    database["locks"].insert_one({**row, "by": work.envelope.actor.user, "weights": weights}, session=session)


def _figures(
    database: Database[Document], rollups: str, units: list[str], month: str, session: ClientSession
) -> dict[str, Document]:
    """What the month's roll-ups and the levels at its end are, for those units that have any."""
    kept: dict[str, Document] = {}
    found = database[rollups].find({"unit": {"$in": units}, "month": month}, {"unit": 1, "sum": 1}, session=session)
    for row in found:
        kept[row["unit"]] = {"sum": row.get("sum", {}), "levels": {}}
    wanted = {"unit": 1, **{f"sum.{field}": 1 for field in LEVEL_FIELDS}}
    for row in database[rollups].find({"unit": {"$in": units}, "month": {"$lte": month}}, wanted, session=session):
        levels = kept.setdefault(row["unit"], {"sum": {}, "levels": {}})["levels"]
        for field, amount in row.get("sum", {}).items():
            levels[field] = levels.get(field, 0) + amount
    return kept
