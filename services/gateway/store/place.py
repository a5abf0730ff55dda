"""A unit as it was on a day: what it was called, where it stood, what stood right below it (the API's side)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kernel.journal.lists import MOST_COUNTED
from services.kernel.journal.store import Document
from services.kernel.message.free_text import masked

from ..projection import Tree
from . import directory
from .period import Span
from .snapshot import Database
from .tree import CHANGES, tree


@dataclass(frozen=True)
class Place:
    """A unit on a day; `children` are those that stood right below it then, by id."""

    unit: Document
    name: str
    path: list[str]
    children: list[Document]

    @property
    def ids(self) -> list[str]:
        """The unit and its children."""
        return [self.unit["_id"], *(child["_id"] for child in self.children)]

    def told(self, figures: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
        """The children side by side as they are answered."""
        return [
            {"unit": child["_id"], "name": child["name"], "kind": child["kind"], "figures": figures(child["_id"])}
            for child in self.children
        ]


async def place(database: Database, id: str, span: Span, session: AsyncClientSession, children: bool = True) -> Place:
    """A unit at the end of a span, in the same instant of the store as its figures.

    Raises:
        DomainError: unit.unknown.
    """
    unit = await directory.unit(database, id, session)
    below = await database["units"].find(ever_below(id), session=session).sort("_id").to_list() if children else []
    return place_of(unit, below, await tree(database, session), span.last.isoformat())


def ever_below(id: str) -> Document:
    """Which units may have stood right below one on some day."""
    return {"$or": [{"parent": id}, {"superiors.unit": id}]}


def place_of(unit: Document, ever: Iterable[Document], over_time: Tree, day: str) -> Place:
    """A unit on a day, and of the units that ever stood right below it those that did on that day."""
    below = [row for row in ever if _superior(row, day) == unit["_id"] and _there(row, day)]
    named = [{**row, "name": called(row, day)} for row in below]
    return Place(unit, called(unit, day), over_time.on(unit["path"], day), named)


async def changes(
    database: Database, id: str, span: Span, session: AsyncClientSession, after: datetime | None = None
) -> list[dict[str, Any]]:
    """What became of the tree at or below a unit within a span, after its first day; renamings too. With `after`, what
    was written down from that instant on, of the first day too.
    """
    days = {"$gt" if after is None else "$gte": span.first.isoformat(), "$lte": span.last.isoformat()}
    asked: Document = {"scope": id, "day": days}
    if after is not None:
        asked["at"] = {"$gte": after}
    found = database[CHANGES].find(asked, session=session).sort([("day", -1), ("_id", 1)])
    return [shown(row) async for row in found]


async def reforms(database: Database, id: str, page: int, page_size: int) -> dict[str, Any]:
    """A page of what has become of a unit and of those below it, the latest first."""
    asked = {"scope": id}
    total = await database[CHANGES].count_documents(asked, limit=MOST_COUNTED + 1)
    found = database[CHANGES].find(asked).sort([("day", -1), ("_id", 1)]).skip((page - 1) * page_size).limit(page_size)
    return {
        "items": [shown(row) async for row in found],
        "total": min(total, MOST_COUNTED),
        "more_than": total > MOST_COUNTED,
        "page": page,
        "page_size": page_size,
    }


def shown(row: Document) -> dict[str, Any]:
    """A change of the tree as it is answered."""
    told: dict[str, Any] = masked({name: row[name] for name in ("day", "kind", "unit", "told", "basis")})
    return told


def called(unit: Document, day: str) -> str:
    """What a unit was called on a day."""
    names = unit.get("names") or [{"first": "", "name": unit["name"]}]
    return str(next((each["name"] for each in reversed(names) if each["first"] <= day), names[0]["name"]))


def _superior(unit: Document, day: str) -> str | None:
    had = unit.get("superiors") or [{"first": "", "unit": unit["parent"]}]
    found = next((each["unit"] for each in reversed(had) if each["first"] <= day), had[0]["unit"])
    return None if found is None else str(found)


def _there(unit: Document, day: str) -> bool:
    until = unit.get("until")
    return bool(unit["active_from"] <= day and (until is None or day < until))
