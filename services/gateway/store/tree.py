"""The tree over time, as worker and API read it: what has ever moved, and nothing of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document
from services.organisation.contract import Superior

from ..projection import Line, Path, Tree

CHANGES = "reforms"
"""What has become of which unit, on which day, and which units it is of concern to: read by lists and comparisons."""
_MOVED: Document = {"superiors.unit": {"$gt": ""}}
_SUPERIORS = {"superiors": 1}
_PATH = {"path": 1}


def ensure_indexes(database: Database[Document]) -> None:
    """Whoever has moved, and below whom."""
    database["units"].create_index([("superiors.unit", 1)], partialFilterExpression=_MOVED)


def tree_of(database: Database[Document], session: ClientSession | None = None) -> Tree:
    """The tree over time (the worker's side)."""
    moved = list(database["units"].find(_MOVED, _SUPERIORS, session=session))
    return _tree(moved, database["units"].find(_superiors(moved), _PATH, session=session) if moved else ())


def lines_of(
    database: Database[Document], units: Iterable[str], session: ClientSession | None, over_time: Tree | None = None
) -> dict[str, Line]:
    """Where each of the units that there are stood from which day on."""
    known = tree_of(database, session) if over_time is None else over_time
    found = database["units"].find({"_id": {"$in": list(set(units))}}, _PATH, session=session)
    return {row["_id"]: known.line(row["path"]) for row in found}


def below_on(
    database: Database[Document], over_time: Tree, unit: str, day: date, session: ClientSession | None = None
) -> dict[str, Path]:
    """A unit and everything that stood below it on a day, with the paths of that day."""
    came = [moved for moved in over_time.superiors if unit in over_time.on([moved], day)]
    found = database["units"].find({"scope": {"$in": [unit, *came]}}, _PATH, session=session)
    paths = {row["_id"]: over_time.on(row["path"], day) for row in found}
    return {id: path for id, path in paths.items() if unit in path}


async def tree(database: AsyncDatabase[Document], session: AsyncClientSession | None = None) -> Tree:
    """The tree over time (the API's side)."""
    moved = await database["units"].find(_MOVED, _SUPERIORS, session=session).to_list()
    if not moved:
        return Tree()
    return _tree(moved, await database["units"].find(_superiors(moved), _PATH, session=session).to_list())


def _superiors(moved: list[Document]) -> Document:
    return {"_id": {"$in": sorted({each["unit"] for row in moved for each in row["superiors"]})}}


def _tree(moved: Iterable[Document], above: Iterable[dict[str, Any]]) -> Tree:
    superiors = {row["_id"]: [Superior.model_validate(each) for each in row["superiors"]] for row in moved}
    return Tree(superiors, {row["_id"]: row["path"] for row in above})
