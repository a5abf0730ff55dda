"""How often branches meet, against the norms. These are kept in the store, each with its source, and changed there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pymongo.database import Database

from services.gateway.contract import UnitKind
from services.kernel.journal import Document

from ..contract import Each, Form, ListNormStandings, Norm
from ..domain.duty import Counts, Window, counted, end_of, quarter_of
from . import units
from .duties import account_id, read_account

_BRANCHES = [UnitKind.branch, UnitKind.joint_branch]
_ARTICLES = "《中国共产党支部工作条例（试行）》"
_READ, _SECONDARY, _UNVERIFIED = "已核对原文", "二手资料", "未核实"
NORMS = [
    Norm(
        id="general_meeting",
        name="支部党员大会",
        kind=Form.general_meeting,
        each=Each.quarter,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_SECONDARY,
    ),
    Norm(
        id="committee_meeting",
        name="支部委员会",
        kind=Form.committee_meeting,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        from_members=7,
        source=f"{_ARTICLES}第十二条（7 人以上设支部委员会，为{_SECONDARY}）",
        trust=_READ,
    ),
    Norm(
        id="group_meeting",
        name="党小组会",
        kind=Form.group_meeting,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        source=f"{_ARTICLES}第十三条",
        trust=_READ,
    ),
    Norm(
        id="lecture",
        name="专题党课",
        kind="lecture",
        each=Each.quarter,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_SECONDARY,
    ),
    Norm(
        id="theme_day",
        name="主题党日",
        kind=Form.theme_day,
        each=Each.month,
        number=1,
        kinds=_BRANCHES,
        source=_ARTICLES,
        trust=_UNVERIFIED,
    ),
]
"""The defaults, written where there are none. Not every branch has groups: the list tells what was held, no verdict."""
_SCANNED = 2_000


def ensure_indexes(database: Database[Document]) -> None:
    """Write the defaults where there are none."""
    for norm in NORMS:
        database["norms"].update_one({"_id": norm.id}, {"$setOnInsert": norm.model_dump(exclude={"id"})}, upsert=True)


def norms(database: Database[Document]) -> list[Norm]:
    """The norms in force."""
    return [Norm(id=row["_id"], **{key: row[key] for key in row if key != "_id"}) for row in database["norms"].find()]


def standings(database: Database[Document], asked: ListNormStandings) -> dict[str, Any]:
    """Units of a subtree with what each norm asks and what was done; `after` goes on, None where there is no more.

    With `missing` so many units are looked at and no more: a page may then be short and yet not the last.
    """
    in_force = norms(database)
    kinds = sorted({kind for norm in in_force for kind in norm.kinds})
    most = _SCANNED if asked.missing else asked.page_size
    found = units.below(database, asked.unit, kinds, after=asked.after, limit=most)
    counts = _counts(database, [unit["_id"] for unit in found], asked.month[:4])
    items: list[dict[str, Any]] = []
    last = None
    for unit in found:
        stands = [_against(norm, asked.month, counts[unit["_id"]]) for norm in in_force if _binds(norm, unit)]
        last = unit["_id"]
        if not asked.missing or any(norm["missing"] for norm in stands):
            items.append({"unit": unit["_id"], "name": unit["name"], "norms": stands})
        if len(items) == asked.page_size:
            break
    more = last is not None and (len(found) == most or last != found[-1]["_id"])
    return {"unit": asked.unit, "month": asked.month, "items": items, "after": last if more else None}


def _counts(database: Database[Document], ids: Iterable[str], year: str) -> dict[str, Counts]:
    """The year's records of units; a quarter lies in one year."""
    found: dict[str, Counts] = {id: Counter() for id in ids}
    for account in database["accounts"].find({"_id": {"$in": [account_id(id, year) for id in found]}}):
        found[account["unit"]] = read_account(account, year)
    return found


def _binds(norm: Norm, unit: Document) -> bool:
    return unit["kind"] in norm.kinds and unit["members"] >= norm.from_members


def _against(norm: Norm, month: str, counts: Counts) -> dict[str, Any]:
    first, last = quarter_of(month) if norm.each == Each.quarter else (month, month)
    done = counted(Window(norm.id, norm.kind, norm.number, first, last, end_of(last)), counts)
    told = {"norm": norm.id, "name": norm.name, "first": first, "last": last, "number": norm.number}
    return {**told, "done": done, "missing": max(0, norm.number - done)}
