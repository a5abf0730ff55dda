"""Reading the tree, the campaigns and who is signed in (asyncio: the API's side)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.journal.lists import containing
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Period
from services.kernel.message.free_text import masked
from services.kernel.message.lives import Life

from ..domain.reform import ALL
from ..domain.unit import standing
from .tree import tree

Database = AsyncDatabase[Document]

ACCESS = "access"
"""The one document whose version every change of a unit, a campaign, a role or a session raises in its transaction."""

_KEPT_SECONDS = 60.0
_PLACED = {"path": 1, "active_from": 1, "until": 1}
_NAMES = [("name", 1), ("short_name", 1)]
_RAISED: Document = {"$inc": {"version": 1}}
_WITH_ROLES = {"$lookup": {"from": "users", "localField": "user", "foreignField": "_id", "as": "users"}}


def raised() -> pymongo.UpdateOne:
    """What belongs into every transaction that makes wrong what a `Directory` may have kept."""
    return pymongo.UpdateOne({"_id": ACCESS}, _RAISED, upsert=True)


async def access(database: Database) -> int:
    """That version."""
    row = await database[ACCESS].find_one({"_id": ACCESS})
    return 0 if row is None else int(row["version"])


async def raise_access(database: Database, session: AsyncClientSession) -> None:
    """The same within a transaction of the API's own."""
    await database[ACCESS].update_one({"_id": ACCESS}, _RAISED, upsert=True, session=session)


@dataclass
class _Kept:
    version: int = -1
    since: float = field(default_factory=time.monotonic)
    signed_in: dict[str, Document] = field(default_factory=dict)
    units: dict[str, Document] = field(default_factory=dict)
    tree: int | None = None
    periods: list[Period] | None = None


class Directory:
    """Who is signed in, the tree and the campaigns: what every request asks, kept for as long as nothing of it changes.

    A request begins with a `look` at the version that each change raises in its own transaction, so that nothing kept
    outlives the change that makes it wrong; and nothing outlives a minute, should somebody have changed the store by
    hand. What is not there is never kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = _Kept()

    async def look(self) -> None:
        """Forget everything if anything has changed. A read that is on its way writes into what was forgotten."""
        version = await access(self._database)
        if version != self._kept.version or time.monotonic() - self._kept.since > _KEPT_SECONDS:
            self._kept = _Kept(version)

    async def signed_in(self, digest: str) -> Document | None:
        """The session of a token with its user's `roles`, or None; a program's token has the one it was made for."""
        kept = self._kept.signed_in
        if digest not in kept:
            found = await self._database["sessions"].aggregate([{"$match": {"_id": digest}}, _WITH_ROLES])
            for session in await found.to_list(1):
                if any(user.get("disabled") for user in session["users"]):
                    continue
                held = [role for user in session["users"] for role in user["roles"]]
                only = session.get("only")
                kept[digest] = {**session, "roles": held if only is None else [role for role in held if role == only]}
        return kept.get(digest)

    async def paths(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """The path from the root to each of the units that exist."""
        return {id: unit["path"] for id, unit in (await self._units(ids)).items()}

    async def lives(self, ids: Iterable[str]) -> dict[str, Life]:
        """From when until when each of the units that exist is there."""
        return {id: life_of(unit) for id, unit in (await self._units(ids)).items()}

    async def _units(self, ids: Iterable[str]) -> dict[str, Document]:
        wanted, kept = set(ids), self._kept.units
        if missing := wanted - kept.keys():
            found = self._database["units"].find({"_id": {"$in": list(missing)}}, _PLACED)
            kept.update({unit["_id"]: unit async for unit in found})
        return {id: kept[id] for id in wanted & kept.keys()}

    async def tree(self) -> int:
        """How many changes of the tree the paths know of."""
        kept = self._kept
        if kept.tree is None:
            row = await self._database["trees"].find_one({"_id": ALL}, {"version": 1})
            kept.tree = 0 if row is None else int(row["version"])
        return kept.tree

    async def periods(self) -> list[Period]:
        """The campaigns' spans."""
        kept = self._kept
        if kept.periods is None:
            kept.periods = await periods(self._database)
        return kept.periods


async def unit(database: Database, id: str, session: AsyncClientSession | None = None) -> Document:
    """A unit.

    Raises:
        DomainError: unit.unknown.
    """
    found = await database["units"].find_one({"_id": id}, session=session)
    if found is None:
        raise DomainError("unit.unknown", f"没有单位 {id}", "not_found")
    return found


async def root(database: Database) -> str | None:
    """The unit at the top of the tree, where there is a tree."""
    found = await database["units"].find_one({"parent": None}, {"_id": 1})
    return None if found is None else str(found["_id"])


async def paths(database: Database, ids: Iterable[str]) -> dict[str, list[str]]:
    """The path from the root to each of the units that exist."""
    found = database["units"].find({"_id": {"$in": list(set(ids))}}, {"path": 1})
    return {unit["_id"]: unit["path"] async for unit in found}


def life_of(unit: Document) -> Life:
    """From when until when a unit is there."""
    return Life(first=unit["active_from"], until=unit.get("until"))


async def standings(database: Database, visits: Iterable[tuple[str, date]]) -> dict[tuple[str, date], tuple[str, str]]:
    """The unit of the province that each of these units belonged to on a day, and its kind (`domain.unit.standing`)."""
    asked = list(visits)
    known, over_time = await paths(database, {id for id, _ in asked}), await tree(database)
    stood = {(id, day): over_time.on(known[id], day) for id, day in asked if id in known}
    above = {"_id": {"$in": list({unit for path in stood.values() for unit in path})}}
    kinds = {unit["_id"]: str(unit["kind"]) async for unit in database["units"].find(above, {"kind": 1})}
    return {visit: standing([(unit, kinds[unit]) for unit in path]) for visit, path in stood.items()}


async def names(database: Database, ids: Iterable[str]) -> dict[str, str]:
    """The names of units that exist."""
    found = database["units"].find({"_id": {"$in": sorted(set(ids))}}, {"name": 1})
    return {unit["_id"]: unit["name"] async for unit in found}


async def listed(database: Database, below: str | None, q: str | None, page: int, page_size: int) -> dict[str, Any]:
    """A page of the units in a subtree (all of them where `below` is None), by id."""
    filters: Document = {} if below is None else {"scope": below}
    if q:
        filters["$or"] = [{"name": containing(q)}, {"_id": containing(q)}]
    total = await database["units"].count_documents(filters, limit=10_001)
    rows = await database["units"].find(filters).sort("_id").skip((page - 1) * page_size).limit(page_size).to_list()
    return {
        "items": [shown_unit(row) for row in rows],
        "total": min(total, 10_000),
        "more_than": total > 10_000,
        "page": page,
        "page_size": page_size,
    }


async def matching(database: Database, below: Iterable[str] | None, q: str, most: int) -> list[dict[str, Any]]:
    """At most so many units of these subtrees, or of all: first whose id begins so, then whose names contain it.

    Among all units the second looks through an index (150,000 names in a fifth of a second).
    """
    there: Document = {} if below is None else {"scope": {"$in": list(below)}}
    begins: Document = {**there, "_id": {"$regex": f"^{re.escape(q)}"}}
    found = {row["_id"]: row async for row in database["units"].find(begins).sort("_id").limit(most)}
    if len(found) < most:
        contains = {**there, "name": {"$gt": ""}, "$or": [{"name": containing(q)}, {"short_name": containing(q)}]}
        rows = database["units"].find(contains).limit(most)
        found |= {row["_id"]: row async for row in (rows.hint(_NAMES) if below is None else rows)}
    return [shown_unit(row) for row in list(found.values())[:most]]


def shown_unit(unit: Document) -> dict[str, Any]:
    """A unit as it is answered."""
    names = ("name", "short_name", "kind", "parent", "path", "credit_code", "party_code", "members", "active_from")
    later = {name: unit.get(name) for name in ("until", "into")}
    had = {name: unit.get(name) or [] for name in ("superiors", "names")}
    told = {"id": unit["_id"], **{name: unit[name] for name in names}, **later, **had, "version": unit["version"]}
    shown: dict[str, Any] = masked(told)
    return shown


async def campaigns(database: Database) -> list[dict[str, Any]]:
    """All campaigns, the newest first."""
    return [
        {
            "id": row["_id"],
            **masked({name: row[name] for name in ("name", "opens", "closes", "requirement")}),
            "phases": row.get("phases", []),
            "submissions": row.get("submissions"),
        }
        async for row in database["campaigns"].find().sort("opens", -1)
    ]


async def periods(database: Database) -> list[Period]:
    """The campaigns' spans, the newest first."""
    return [Period(id=row["id"], first=row["opens"], last=row["closes"]) for row in await campaigns(database)]


async def spans(database: Database) -> list[Period]:
    """The same, and after them those of their phases: `C2026:1` is the first of C2026."""
    known = await campaigns(database)
    return [
        *(Period(id=row["id"], first=row["opens"], last=row["closes"]) for row in known),
        *(
            Period(id=f"{row['id']}:{number}", first=phase["first"], last=phase["last"])
            for row in known
            for number, phase in enumerate(row["phases"], start=1)
        ),
    ]


async def member_of(database: Database, user: str) -> str | None:
    """The number of the member whose account this is."""
    found = await database["members"].find_one({"user": user}, {"_id": 1})
    return None if found is None else str(found["_id"])


async def member_changes(database: Database) -> int:
    """How many changes of members there have been; whoever follows them is up to date when they have taken as many."""
    row = await database["directory"].find_one({"_id": "members"}, {"changes": 1})
    return 0 if row is None else int(row["changes"])


async def unit_of_member(database: Database, id: str) -> str | None:
    """The unit to which a member belongs, or belonged last; None for who is not known."""
    found = await database["members"].find_one({"_id": id}, {"unit": 1})
    return None if found is None else str(found["unit"])
