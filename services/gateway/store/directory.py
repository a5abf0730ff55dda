"""Reading the tree, the campaigns and who may sign in (asyncio: the API's side)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.errors import DomainError
from services.kernel.event import Period
from services.kernel.journal import Document
from services.kernel.lists import containing

Database = AsyncDatabase[Document]


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


async def tree_version(database: Database) -> int:
    """The version of the tree."""
    row = await database["projection"].find_one({"_id": "projection"}, {"tree": 1})
    return 0 if row is None else int(row.get("tree", 0))
