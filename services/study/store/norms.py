"""How often branches meet, against the norms: the defaults, and what was said anew of them."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.journal.work import without_bookkeeping

from ..contract import Each, ListNormStandings, Norm
from ..domain import SaidNorm
from ..domain.duty import Counts, Window, counted, end_of, quarter_of
from ..domain.norm import NORMS, in_force
from . import accounts, units

_SCANNED = 2_000


def norms(database: Database[Document]) -> list[Norm]:
    """The norms in force, in the order of the defaults."""
    found = database["norms"].find({"_id": {"$in": [norm.id for norm in NORMS]}})
    said = {row["_id"]: SaidNorm.model_validate(without_bookkeeping(row)) for row in found}
    return [in_force(norm, said.get(norm.id)) for norm in NORMS]


def standings(database: Database[Document], asked: ListNormStandings) -> dict[str, Any]:
    """Units of a subtree with what each norm asks and what was done; `after` goes on, None where there is no more.

    With `missing` so many units are looked at and no more: a page may then be short and yet not the last.
    """
    known = norms(database)
    kinds = sorted({kind for norm in known for kind in norm.kinds})
    most = _SCANNED if asked.missing else asked.page_size
    found = units.below(database, asked.unit, kinds, after=asked.after, limit=most)
    counts = accounts.read(database, [unit["_id"] for unit in found], [asked.month[:4]])  # a quarter lies in one year
    items: list[dict[str, Any]] = []
    last = None
    for unit in found:
        stands = [_against(norm, asked.month, counts[unit["_id"]]) for norm in known if _binds(norm, unit)]
        last = unit["_id"]
        if not asked.missing or any(norm["missing"] for norm in stands):
            items.append({"unit": unit["_id"], "name": unit["name"], "norms": stands})
        if len(items) == asked.page_size:
            break
    more = last is not None and (len(found) == most or last != found[-1]["_id"])
    return {"unit": asked.unit, "month": asked.month, "items": items, "after": last if more else None}


def _binds(norm: Norm, unit: Document) -> bool:
    return unit["kind"] in norm.kinds and unit["members"] >= norm.from_members


def _against(norm: Norm, month: str, counts: Counts) -> dict[str, Any]:
    first, last = quarter_of(month) if norm.each == Each.quarter else (month, month)
    done = counted(Window(norm.id, norm.kind, norm.number, first, last, end_of(last)), counts)
    told = {"norm": norm.id, "name": norm.name, "first": first, "last": last, "number": norm.number}
    return {**told, "done": done, "missing": max(0, norm.number - done)}
