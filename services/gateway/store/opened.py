"""Whom the records behind figures open to: who sees a number, and may not see what it is made of, sees the number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.redaction import redact

from ..domain import HeldRoles, may_open, opens
from ..projection import HIDDEN, METRICS, Metric
from .snapshot import Database

HIDDEN_TITLE = "（标题不公开）"


def check_opens(roles: HeldRoles, metric: Metric) -> None:
    """Refuse the records behind a figure to who may see no record of their kind.

    Raises:
        DomainError: role.missing.
    """
    if not opens(roles, metric.kinds):
        detail = f"您的角色可以查看“{metric.name}”的数字，没有查看其依据的权限"
        raise DomainError("role.missing", detail, "forbidden")


def figures(roles: HeldRoles) -> Callable[[str], bool]:
    """Which figures open to who holds these roles: a rate does, to the figures that it is made of."""
    held = [*roles]
    return lambda figure: figure not in METRICS or opens(held, METRICS[figure].kinds)


async def paths(database: Database, units: Iterable[str], session: AsyncClientSession) -> dict[str, list[str]]:
    """The units' paths of today, by which somebody may see what is theirs."""
    found = database["units"].find({"_id": {"$in": sorted(set(units))}}, {"path": 1}, session=session)
    return {unit["_id"]: unit["path"] async for unit in found}


def open_to(roles: HeldRoles, row: Mapping[str, Any], units: Collection[str], known: Mapping[str, list[str]]) -> bool:
    """Whether the record of a row (`service`, `type`, what is hidden from whom) opens, counting for one of these units.

    Of a hidden title that says not from whom it is hidden (the fact is older than that) only the root knows.
    """
    kind = f"{row['service']}.{row['type'].split('.')[0]}"
    for unit in units:
        path = known.get(unit, [unit])
        if row.get("title") == HIDDEN and "hidden" not in row:
            path = path[:1]
        if may_open(roles, kind, path, [row["hidden"]] if row.get("hidden") else ()):
            return True
    return False


def title_of(row: Mapping[str, Any]) -> str | None:
    """What a record is called, where it may be said."""
    title = row.get("title")
    return HIDDEN_TITLE if title == HIDDEN else redact(title) if title else None


async def said(facts: Any, ids: Iterable[str], session: AsyncClientSession) -> dict[str, Document]:
    """What each record was called last, and from which unit it is kept, where its facts say so."""
    found: dict[str, Document] = {}
    asked = {"record": {"$in": list(ids)}, "title": {"$ne": None}}
    told = facts.find(asked, {"record": 1, "title": 1, "hidden": 1}, session=session)
    async for fact in told.sort([("record", 1), ("version", 1)]):
        row = found.setdefault(fact["record"], {})
        row.update({name: fact[name] for name in ("title", "hidden") if name in fact})
    return found
