"""What the edge looks up for a record's content before it is sent: what only the tree, the lists or the roles know."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.domain import Action
from services.gateway.store import directory
from services.gateway.store.initiatives import check_tags
from services.hotline import contract as hotline
from services.kernel.message.clock import utc_now
from services.kernel.message.errors import DomainError, FieldError
from services.organisation.contract import Role

from ..gate import Gate, Principal
from ..members_known import members_known, plain


@dataclass(frozen=True)
class About:
    """What a lookup is told: who asks, what they say, of which record, whether that is to be a new one."""

    gate: Gate
    caller: Principal
    content: Mapping[str, Any]
    id: str
    new: bool
    headers: Mapping[str, str]


async def _tags(about: About) -> dict[str, Any]:
    """The tags as the lists spell them."""
    found = await check_tags(about.gate.database, about.content.get("tags") or (), new=about.new)
    return {"tags": found} if found else {}


async def _visited(about: About) -> dict[str, Any]:
    """What the tree knows of the unit visited, so that nobody types it."""
    unit = about.content.get("visited")
    if unit is None:
        return {}
    await about.gate.known({"visited": unit})
    visit = (unit, about.content["day"])
    counts_as, kind = (await directory.standings(about.gate.database, [visit]))[visit]
    return {"counts_as": counts_as, "kind": kind}


async def _judges(about: About) -> dict[str, Any]:
    """The judges with the units of all their roles; each must hold the role of a judge over the organiser."""
    unit, users, database = about.content["unit"], about.content["judges"], about.gate.database
    path = (await directory.paths(database, [unit])).get(unit, ())
    known = {row["_id"]: row["roles"] async for row in database["users"].find({"_id": {"$in": users}})}
    judges, wrong = [], list[FieldError]()
    for place, user in enumerate(users):
        roles = known.get(user, [])
        if any(held["role"] == Role.judge and held["unit"] in path for held in roles):
            judges.append({"user": user, "units": sorted({held["unit"] for held in roles})[:20]})
        else:
            wrong.append({"pointer": f"/judges/{place}", "detail": f"账号 {user} 不是可为单位 {unit} 评审的评委"})
    if wrong:
        raise DomainError("contest.judge_unknown", wrong[0]["detail"], "invalid", wrong)
    return {"judges": judges}


async def _members(about: About) -> dict[str, Any]:
    """Wait until the service knows every change of members, where it is to say who was due."""
    if about.content.get("due") is None:
        await members_known(about.gate, about.gate.own(about.caller, Action.write_study), about.headers)
    return {}


async def _received(about: About) -> dict[str, Any]:
    """A ticket is received now unless an instant is given; one sent again under its key, when it first was."""
    if about.content.get("received"):
        return {}
    if "idempotency-key" in about.headers:
        query = hotline.GetTicket(id=about.id)
        with contextlib.suppress(DomainError):
            known = await about.gate.find("hotline", query, about.caller, Action.read_tickets, plain(about.headers))
            return {"received": datetime.fromisoformat(known["received"])}
    return {"received": utc_now()}


LOOKUPS: dict[str, Callable[[About], Awaitable[dict[str, Any]]]] = {
    "tags": _tags,
    "visited": _visited,
    "judges": _judges,
    "members": _members,
    "received": _received,
}
"""By the names that descriptions use (`Resource.lookups`)."""
