"""Accounts as the worker asks for them: who holds an administrator's role, and who combines what separates."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from services.kernel.event import EVERYWHERE
from services.kernel.store import Document

from ..contract import Role
from ..domain.separation import ADMINISTRATORS, separated

_COMBINING: Document = {"roles.1": {"$exists": True}, "roles.role": {"$in": [str(role) for role in ADMINISTRATORS]}}
"""Whoever combines what separates holds one of these roles, and another."""


def ensure_indexes(database: Database[Document]) -> None:
    """Who holds a role is found without going through everybody."""
    database["users"].create_index([("roles.role", 1), ("_id", 1)])


def combining(database: Database[Document], unit: str | None = None) -> list[Document]:
    """The accounts that hold roles which exclude each other, in a unit's subtree or everywhere, by id."""
    asked = _COMBINING if unit is None else {**_COMBINING, "scope": unit}
    return [user for user in database["users"].find(asked).sort("_id") if separated(roles_of(user))]


def roles_of(user: Document) -> list[Role]:
    """The roles that a stored account holds, wherever it holds them."""
    return [Role(held["role"]) for held in user["roles"]]


def holds(database: Database[Document], role: Role) -> bool:
    """Whether somebody holds an administrator's role above all units, and nothing that it excludes."""
    root = database["units"].find_one({"parent": None}, {"_id": 1})
    above: list[Any] = [EVERYWHERE, *([root["_id"]] if root else [])]
    held = {"roles": {"$elemMatch": {"role": str(role), "unit": {"$in": above}}}}
    return any(not separated(roles_of(user)) for user in database["users"].find(held))
