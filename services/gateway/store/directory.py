"""Reading the tree, the campaigns and who is signed in (asyncio: the API's side)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.errors import DomainError
from services.kernel.event import Period
from services.kernel.journal import Document
from services.kernel.lists import containing

from ..domain.unit import standing

Database = AsyncDatabase[Document]

_MOST_KEPT = 10_000
_WHO: list[dict[str, Any]] = [
    {"$lookup": {"from": "users", "localField": "user", "foreignField": "_id", "as": "users"}},
    {
        "$lookup": {
            "from": "projection",
            "pipeline": [{"$match": {"_id": "projection"}}, {"$project": {"tree": 1}}],
            "as": "projection",
        }
    },
]


async def signed_in(database: Database, digest: str) -> Document | None:
    """The session of a token, or None; with its user's `roles` and the version of the `tree`, all in one read."""
    found = await (await database["sessions"].aggregate([{"$match": {"_id": digest}}, *_WHO])).to_list(1)
    if not found:
        return None
    session = found[0]
    roles = [role for user in session.pop("users") for role in user["roles"]]
    tree = max((int(row.get("tree", 0)) for row in session.pop("projection")), default=0)
    return {**session, "roles": roles, "tree": tree}


class Directory:
    """What envelopes say of the tree and the campaigns, kept for as long as the tree's version is the same.

    Every change of a unit or a campaign changes that version in its own transaction, and every request reads it:
    nothing here outlives the change that makes it wrong.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tree = 0
        self._paths: dict[str, list[str]] = {}
        self._periods: list[list[Period]] = []

    def seen(self, tree: int) -> None:
        """The tree has this version: what was kept of another is forgotten."""
        if tree != self.tree or len(self._paths) > _MOST_KEPT:
            # new ones, for a read that is on its way still writes into the old
            self.tree, self._paths, self._periods = tree, {}, []

    async def paths(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """The path from the root to each of the units that exist."""
        wanted, kept = set(ids), self._paths
        if missing := wanted - kept.keys():
            kept.update(await paths(self._database, missing))
        return {id: kept[id] for id in wanted & kept.keys()}

    async def periods(self) -> list[Period]:
        """The campaigns' spans."""
        kept = self._periods
        if not kept:
            kept.append(await periods(self._database))
        return kept[0]


async def unit(database: Database, id: str) -> Document:
    """A unit.

    Raises:
        DomainError: unit.unknown.
    """
    found = await database["units"].find_one({"_id": id})
    if found is None:
        raise DomainError("unit.unknown", f"没有单位 {id}", "not_found")
    return found


async def root(database: Database) -> str | None:
    """The unit at the top of the tree, where there is a tree."""
    found = await database["units"].find_one({"parent": None}, {"_id": 1})
    return None if found is None else str(found["_id"])


async def children(database: Database, id: str) -> list[Document]:
    """The units right below a unit, by id."""
    return await database["units"].find({"parent": id}).sort("_id").to_list()


async def paths(database: Database, ids: Iterable[str]) -> dict[str, list[str]]:
    """The path from the root to each of the units that exist."""
    found = database["units"].find({"_id": {"$in": list(set(ids))}}, {"path": 1})
    return {unit["_id"]: unit["path"] async for unit in found}


async def standings(database: Database, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The unit of the province that each of these units belongs to, and its kind (`domain.unit.standing`)."""
    known = await paths(database, ids)
    above = {"_id": {"$in": list({unit for path in known.values() for unit in path})}}
    kinds = {unit["_id"]: str(unit["kind"]) async for unit in database["units"].find(above, {"kind": 1})}
    return {id: standing([(unit, kinds[unit]) for unit in path]) for id, path in known.items()}


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


def shown_unit(unit: Document) -> dict[str, Any]:
    """A unit as it is answered."""
    names = ("name", "short_name", "kind", "parent", "path", "credit_code", "party_code", "members", "active_from")
    return {"id": unit["_id"], **{name: unit[name] for name in names}, "version": unit["version"]}


async def campaigns(database: Database) -> list[dict[str, Any]]:
    """All campaigns, the newest first."""
    return [
        {"id": row["_id"], **{name: row[name] for name in ("name", "opens", "closes", "requirement")}}
        async for row in database["campaigns"].find().sort("opens", -1)
    ]


async def periods(database: Database) -> list[Period]:
    """The campaigns' spans."""
    return [
        Period(id=row["id"], first=date.fromisoformat(row["opens"]), last=date.fromisoformat(row["closes"]))
        for row in await campaigns(database)
    ]
