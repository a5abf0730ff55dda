"""`uncounted`: of what coverage is to be counted again, as members move, units end, campaigns are opened.

A row is a member, a unit or a campaign; it is written down with what is learnt of it, and gone once it was counted.
That what earlier versions have kept is counted as it is now is begun once for each store, as `RULE` in `recounts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.event import Period

RULE = "coverage:1"
"""The rule by which coverage is counted: where who studied belongs when the window ends."""
Sort = Literal["member", "unit", "campaign"]


def ensure_indexes(database: Database[Document]) -> None:
    """The oldest of a sort; which campaigns there are."""
    ensure_collections(database, ("uncounted", "campaigns"))
    database["uncounted"].create_index([("sort", 1), ("asked", 1)])


def note(
    database: Database[Document], sort: Sort, ids: Iterable[str], now: datetime, session: ClientSession | None = None
) -> None:
    """Write down what is to be counted again; the same again, while it is counted, is counted once more."""
    rows = [
        pymongo.UpdateOne(
            {"_id": f"{sort}|{id}"},
            {"$set": {"sort": sort, "id": id, "after": ""}, "$setOnInsert": {"asked": now}, "$inc": {"n": 1}},
            upsert=True,
        )
        for id in ids
    ]
    if rows:
        database["uncounted"].bulk_write(rows, ordered=False, session=session)


def oldest(database: Database[Document], sort: Sort, limit: int = 1) -> list[Document]:
    """Those that wait longest."""
    return list(database["uncounted"].find({"sort": sort}).sort("asked", 1).limit(limit))


def done(work: Work, rows: Iterable[Document]) -> bool:
    """They were counted as they were written down; False where one of them was written down again meanwhile."""
    held = [{"_id": row["_id"], "n": row["n"]} for row in rows]
    return bool(work.database["uncounted"].delete_many({"$or": held}, session=work.session).deleted_count == len(held))


def go_on(work: Work, row: Document, after: str) -> bool:
    """So far a campaign was gone through; False where somebody else has."""
    place = {name: row[name] for name in ("_id", "n", "after")}
    moved = work.database["uncounted"].update_one(place, {"$set": {"after": after}}, session=work.session)
    return moved.matched_count == 1


def open_campaign(database: Database[Document], period: Period, session: ClientSession) -> None:
    """Keep the days of a campaign."""
    days = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    database["campaigns"].update_one({"_id": period.id}, {"$set": days}, upsert=True, session=session)


def campaigns(database: Database[Document]) -> list[Period]:
    """The campaigns that study has heard of."""
    return [Period(id=row["_id"], first=row["first"], last=row["last"]) for row in database["campaigns"].find()]


def knows_its_campaigns(database: Database[Document], type: str) -> bool:
    """Whether it has heard of every campaign in which its own events of that type have counted members."""
    counted: list[Any] = [
        {"$match": {"type": type}},
        {"$unwind": "$data.flips"},
        {"$match": {"data.flips.grain": "campaign"}},
        {"$group": {"_id": "$data.flips.window"}},
    ]
    told = {row["_id"] for row in database["journal"].aggregate(counted)}
    return told <= {period.id for period in campaigns(database)}


def is_covering(database: Database[Document]) -> bool:
    """Whether something of coverage is still to be counted again."""
    open_one = database["recounts"].find_one({"_id": RULE, "state": "open"})
    return open_one is not None or database["uncounted"].find_one({}) is not None
