"""The directory of units: study's own copy of the tree, so that an audience can be listed without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.lives import Life
from services.organisation.contract import UnitKind

from ..domain.unit import KnownUnit


def ensure_indexes(database: Database[Document]) -> None:
    """Subtrees in the order of their codes."""
    database["units"].create_index([("path", 1), ("_id", 1), ("kind", 1)])


def learn(database: Database[Document], id: str, unit: KnownUnit, session: ClientSession) -> None:
    """Write a unit down as it stands now."""
    database["units"].replace_one({"_id": id}, {"_id": id, **unit.model_dump()}, upsert=True, session=session)


def one(database: Database[Document], id: str, session: ClientSession) -> KnownUnit | None:
    """A unit as it is known."""
    found = database["units"].find_one({"_id": id}, {"_id": 0}, session=session)
    return None if found is None else KnownUnit.model_validate(found)


def path(database: Database[Document], id: str) -> list[str]:
    """The way from the root to a unit; the unit alone where it is not known (yet)."""
    found = database["units"].find_one({"_id": id}, {"path": 1})
    return [id] if found is None else list(found["path"])


def paths(
    database: Database[Document], ids: Iterable[str], session: ClientSession | None = None
) -> dict[str, list[str]]:
    """The paths of those units that are known."""
    found = database["units"].find({"_id": {"$in": list(set(ids))}}, {"path": 1}, session=session)
    return {unit["_id"]: unit["path"] for unit in found}


def lives(database: Database[Document], ids: Iterable[str], session: ClientSession | None = None) -> dict[str, Life]:
    """From when until when those units that are known are there."""
    found = database["units"].find({"_id": {"$in": list(set(ids))}}, {"active_from": 1, "until": 1}, session=session)
    return {unit["_id"]: Life(first=unit["active_from"], until=unit["until"]) for unit in found}


def below(
    database: Database[Document],
    top: str,
    kinds: Sequence[UnitKind],
    *,
    after: str = "",
    limit: int,
    ended: bool = False,
    session: ClientSession | None = None,
) -> list[Document]:
    """The next units of these kinds (of all kinds where none is named) in a subtree, in the order of their codes.

    What is no more is among them where `ended` says so.
    """
    filters: Document = {"path": top, "_id": {"$gt": after}, **({} if ended else {"until": None})}
    if kinds:
        filters["kind"] = {"$in": list(kinds)}
    return list(database["units"].find(filters, session=session).sort("_id").limit(limit))


def after(database: Database[Document], id: str, limit: int, session: ClientSession) -> list[Document]:
    """The next units of all there are and were, in the order of their codes."""
    return list(database["units"].find({"_id": {"$gt": id}}, {"_id": 1}, session=session).sort("_id").limit(limit))


def ended(work: Work, ids: Iterable[str]) -> dict[str, date]:
    """Those of the units that are no more, and since when."""
    found = work.database["units"].find({"_id": {"$in": list(ids)}, "until": {"$ne": None}}, session=work.session)
    return {unit["_id"]: KnownUnit.model_validate(unit).until or date.max for unit in found}


def kinds(
    database: Database[Document], ids: Iterable[str], session: ClientSession | None = None
) -> dict[str, UnitKind]:
    """The kinds of those units that are known."""
    found = database["units"].find({"_id": {"$in": list(set(ids))}}, {"kind": 1}, session=session)
    return {unit["_id"]: UnitKind(unit["kind"]) for unit in found}
