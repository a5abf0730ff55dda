"""Figures as they stood when a report was issued, beside those of now, and the corrections between (the API)."""

from __future__ import annotations

from datetime import date
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kernel.journal.lists import MOST_COUNTED
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.message.free_text import masked
from services.kernel.message.keys import spellings

from ..domain import HeldRoles
from ..projection import METRICS, RATES, Metric, Rate
from . import directory
from .issues import ISSUED, digest
from .locked import changed_since
from .period import Span
from .place import changes
from .report import details_of
from .snapshot import Database, known, one_instant, weights

_ENTRIES: dict[str, Metric | Rate] = {**METRICS, **RATES}


async def issued_report(
    database: Database, unit_id: str, span: Span | None, number: str | None = None, *, children: bool = True
) -> dict[str, Any]:
    """The same answer as a report's, of what was kept when a report that shows the unit was issued: the one that bears
    a number, or the latest over just this span; with `now`, what differs, and what has been written down of the tree
    since. `intact` says that what was kept is what the journal says was issued.

    Raises:
        DomainError: report.not_issued.
    """
    asked: Document = {"unit": unit_id}
    if number is not None:
        numbered = {"number": {"$in": spellings(number)}}
        asked["report"] = {"$in": [row["_id"] async for row in database["reports"].find(numbered, {"_id": 1})]}
    elif span is not None:
        asked |= {"first": span.first.isoformat(), "last": span.last.isoformat()}
    found = await database[ISSUED].find_one(asked, {"report": 1}, sort=[("batch", -1)])
    if found is None:
        detail = (
            f"没有文号为 {number} 的、列有单位 {unit_id} 的已印发报告" if number else "该期间没有印发过列有本单位的报告"
        )
        raise DomainError("report.not_issued", detail, "not_found", [{"pointer": "/as", "detail": detail}])
    return await one(database, unit_id, found["report"], children=children)


async def one(database: Database, unit_id: str, id: str, *, children: bool = True) -> dict[str, Any]:
    """An issued report as it shows a unit: its own, or one right below.

    Raises:
        DomainError: report.not_issued.
    """
    campaigns = await directory.periods(database)
    async with one_instant(database) as session:
        state, row = await _kept(database, unit_id, id, session)
        rows = await database[ISSUED].find({"report": id}, session=session).sort("place", 1).to_list()
        entry = await database["journal"].find_one({"aggregate": id, "n": 1}, session=session)
        span = _span(row)
        generation, _ = await known(database, session)
        weighed = await weights(database, session)
        details = await details_of(database[generation.rollups], [unit_id], span, campaigns, weighed, session)
        since = await changes(database, unit_id, span, session, after=row["at"])
    now = {figure: detail["value"] for figure, detail in details[unit_id].items()}
    figures = _values(row)
    own = unit_id == state["unit"]
    return {
        "unit": unit_id,
        "unit_name": row["name"],
        "path": row["path"],
        "period": span.told(),
        "as_of": state["as_of"],
        "figures": figures,
        "details": {
            figure: {
                "value": value,
                "name": _ENTRIES[figure].name,
                "unit_of_measure": _ENTRIES[figure].measure,
                "sort": _ENTRIES[figure].sort,
                "reason": reason,
            }
            for figure, (value, reason) in row["figures"].items()
            if figure in _ENTRIES
        },
        "children": [
            {"unit": each["unit"], "name": each["name"], "kind": each["kind"], "figures": _values(each)}
            for each in (rows[1:] if children and own else [])
        ],
        "tree_changes": since,
        "issued": {**_told(state), "intact": entry is not None and digest(rows) == entry["data"]["digest"]},
        "now": now,
        "differing": [figure for figure, value in figures.items() if figure in now and value != now[figure]],
    }


async def issues(database: Database, unit_id: str, page: int, page_size: int) -> dict[str, Any]:
    """A page of the issued reports that show a unit, the latest first."""
    asked = {"unit": unit_id}
    total = await database[ISSUED].count_documents(asked, limit=MOST_COUNTED + 1)
    found = database[ISSUED].find(asked, {"report": 1}).sort("batch", -1).skip((page - 1) * page_size)
    ids = [row["report"] async for row in found.limit(page_size)]
    states = {row["_id"]: row async for row in database["reports"].find({"_id": {"$in": ids}})}
    names = await directory.names(database, {state["unit"] for state in states.values()})
    return {
        "items": [{**_told(states[id]), "unit_name": names[states[id]["unit"]]} for id in ids],
        "total": min(total, MOST_COUNTED),
        "more_than": total > MOST_COUNTED,
        "page": page,
        "page_size": page_size,
    }


async def corrections(
    database: Database, unit_id: str, id: str, page: int, page_size: int, *, roles: HeldRoles
) -> dict[str, Any]:
    """A page of what changed in a unit's figures of a report after it was issued.

    Raises:
        DomainError: report.not_issued.
    """
    async with one_instant(database) as session:
        state, row = await _kept(database, unit_id, id, session)
        changed = await changed_since(database, unit_id, _span(row), row["batch"], page, page_size, session, roles)
    return {"unit": unit_id, "unit_name": row["name"], "issued": _told(state), **changed}


async def _kept(database: Database, unit_id: str, id: str, session: AsyncClientSession) -> tuple[Document, Document]:
    """A report that was issued, and what is kept of a unit that it shows."""
    state = await database["reports"].find_one({"_id": id}, session=session)
    row = await database[ISSUED].find_one({"_id": f"{id}|{unit_id}"}, session=session)
    if state is None or row is None:
        raise DomainError("report.not_issued", "没有这份列有本单位的已印发报告", "not_found")
    return state, row


def _span(row: Document) -> Span:
    return Span(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))


def _values(row: Document) -> dict[str, Any]:
    return {figure: value for figure, (value, _) in row["figures"].items()}


def _told(state: Document) -> dict[str, Any]:
    names = ("unit", "number", "title", "day", "as_of")
    return {
        "id": state["_id"],
        **masked({name: state[name] for name in names}),
        "from": state["first"],
        "to": state["last"],
    }
