"""Accounts as the worker asks for them: lists, who holds an administrator's role, who combines what separates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from pymongo.database import Database

from services.kernel.journal.lists import MOST_COUNTED
from services.kernel.journal.store import Document
from services.kernel.message.clock import SHANGHAI
from services.kernel.message.errors import DomainError
from services.kernel.message.event import EVERYWHERE
from services.organisation.contract import ListUsers, Role, UserState

from ..domain.separation import ADMINISTRATORS, separated
from .access import MOST_FAILURES

_COMBINING: Document = {"roles.1": {"$exists": True}, "roles.role": {"$in": [str(role) for role in ADMINISTRATORS]}}
"""Whoever combines what separates holds one of these roles, and another."""


def ensure_indexes(database: Database[Document]) -> None:
    """Who holds a role is found without going through everybody."""
    database["users"].create_index([("roles.role", 1), ("_id", 1)])


def listed(database: Database[Document], asked: ListUsers, now: datetime) -> Document:
    """A page of the accounts of a unit's subtree, by id, with whether and when each signs in."""
    found: Document = {"scope": asked.unit}
    if asked.role is not None:
        found["roles.role"] = str(asked.role)
    later: Document = {}
    if asked.state is not None:
        later["state"] = str(asked.state)
    if asked.signed_in_before is not None:
        begins = datetime.combine(asked.signed_in_before, time(), SHANGHAI)
        later["$or"] = [{"signed_in_at": None}, {"signed_in_at": {"$lt": begins}}]
    page: list[Document] = [{"$skip": (asked.page - 1) * asked.page_size}, {"$limit": asked.page_size}]
    first: list[Document] = [{"$match": found}, {"$sort": {"_id": 1}}]
    if later:  # what is asked of a state must be known of each before any is left out
        matching = [*first, *_shown(now), {"$match": later}]
        rows, counted = [*matching, *page], [*matching, {"$limit": MOST_COUNTED + 1}, {"$count": "n"}]
        total = next((int(row["n"]) for row in database["users"].aggregate(counted)), 0)
    else:
        rows = [*first, *page, *_shown(now)]
        total = database["users"].count_documents(found, limit=MOST_COUNTED + 1)
    return {
        "items": list(database["users"].aggregate(rows)),
        "total": min(total, MOST_COUNTED),
        "more_than": total > MOST_COUNTED,
        "page": asked.page,
        "page_size": asked.page_size,
    }


def one(database: Database[Document], id: str, unit: str, now: datetime) -> Document:
    """An account that a role for `unit` reaches.

    Raises:
        DomainError: user.not_found.
    """
    asked = {"_id": id} if unit == EVERYWHERE else {"_id": id, "scope": unit}
    for found in database["users"].aggregate([{"$match": asked}, *_shown(now)]):
        return found
    raise DomainError("user.not_found", "没有这个账号，或不在您的权限范围内", "not_found")


def _shown(now: datetime) -> Sequence[Document]:
    """The stages that make of stored accounts what is answered."""
    locked = {"$and": [{"$gte": ["$$each.failures", MOST_FAILURES]}, {"$gt": ["$$each.expires", now]}]}
    locks = {"$filter": {"input": "$locks", "as": "each", "cond": locked}}
    states = [
        ({"$eq": ["$disabled", True]}, UserState.disabled),
        ({"$gt": [{"$size": locks}, 0]}, UserState.locked),
        ({"$in": [True, "$credentials.once"]}, UserState.pending),
    ]
    return [
        {"$lookup": {"from": "lockouts", "localField": "_id", "foreignField": "user", "as": "locks"}},
        {"$lookup": {"from": "credentials", "localField": "_id", "foreignField": "_id", "as": "credentials"}},
        {"$lookup": {"from": "sign_ins", "localField": "_id", "foreignField": "_id", "as": "signed"}},
        {
            "$project": {
                "_id": 0,
                "id": "$_id",
                **dict.fromkeys(("unit", "roles", "version"), 1),
                "signed_in_at": {"$ifNull": [{"$first": "$signed.at"}, None]},
                "state": {
                    "$switch": {
                        "branches": [{"case": case, "then": {"$literal": str(state)}} for case, state in states],
                        "default": {"$literal": str(UserState.active)},
                    }
                },
            }
        },
    ]


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
    held = {"roles": {"$elemMatch": {"role": str(role), "unit": {"$in": above}}}, "disabled": {"$ne": True}}
    return any(not separated(roles_of(user)) for user in database["users"].find(held))
