"""What units owe and have done follows from their records: counted again in its cause's transaction, once for all.

`follow` is asked once a work, whatever commands or rows it consisted of, and asks nothing of it but its journal entries
and the records as they are: it can as well be asked of a batch of entries that were saved long ago.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pymongo

from services.kernel.journal.store import Document
from services.kernel.journal.work import Work

from .. import store
from ..contract import Asked, CountReceipt, SendReceipt
from ..domain import NOTICE, PLAN, RECEIPT, Notice, Plan, Receipt, receipt_id
from ..domain.account import Account, UnitMonth, counted, touched
from ..domain.duty import Counts, Window, kept, stands

Sort = Literal["plan", "notice"]


def follow(work: Work) -> None:
    """Count again the months that the work's entries touch, and bring what their units owe after them."""
    months = touched(work.entries)
    if months:
        accounts = recount(work, months)
        owed = store.duties.of_units(work, months)
        update_duties(work, owed, _with_others(work, accounts, years_of(owed)))


def recount(work: Work, months: Iterable[UnitMonth]) -> dict[UnitMonth, Account]:
    """Count units' months again from their records, and keep them so."""
    found = store.accounts.records(work, months)
    accounts = {place: counted(records) for place, records in found.items()}
    store.accounts.write(work, accounts)
    return accounts


def _with_others(work: Work, recounted: Mapping[UnitMonth, Account], years: Iterable[str]) -> Mapping[str, Account]:
    """The accounts of units in some years: months that were counted again as they are now, others as stored."""
    units = {unit for unit, _ in recounted}
    stored = store.accounts.read(work.database, units, years, work.session)
    found: dict[str, Account] = defaultdict(Counter)
    for unit in units:
        found[unit].update({place: n for place, n in stored[unit].items() if (unit, place[0]) not in recounted})
    for (unit, _), account in recounted.items():
        found[unit].update(account)
    return found


def update_duties(work: Work, owed: Iterable[Document], accounts: Mapping[str, Account]) -> int:
    """Bring duties after their units' accounts: items tick, and lose their tick again; how many stand otherwise now."""
    plans, notices = ([duty for duty in owed if duty["sort"] == sort] for sort in ("plan", "notice"))
    work.load(PLAN, [duty["source"] for duty in plans])
    work.load(NOTICE, [duty["source"] for duty in notices])
    work.load(RECEIPT, [receipt_id(duty["source"], duty["unit"]) for duty in notices])
    changed = 0
    for duty in plans:
        plan = work.get(PLAN, duty["source"])
        if plan is not None:
            counts = accounts[duty["unit"]]
            changed += update_plan_standing(work, duty["source"], plan, duty["unit"], duty["path"], counts, duty)
    for duty in notices:
        notice = work.get(NOTICE, duty["source"])
        if notice is not None:
            recorded = CountReceipt(recorded=_kept(notice.windows(), accounts[duty["unit"]]))
            receipt = work.decide(RECEIPT, receipt_id(duty["source"], duty["unit"]), recorded)
            changed += sync_duty(work, receipt, duty["path"], duty)
    return changed


def update_plan_standing(
    work: Work, source: str, plan: Plan, unit: str, path: list[str], counts: Counts, known: Document | None = None
) -> bool:
    """How a unit stands with a plan; whether that differs from what is known."""
    told = stands(plan.windows(), counts)
    return store.duties.owe(work, source, unit, path, known, sort="plan", first=plan.first, last=plan.last, **told)


def send(work: Work, id: str, notice: Notice, unit: str, path: list[str], counts: Counts) -> Receipt:
    """Bring a notice's edition to a unit; the same edition again changes nothing."""
    windows = notice.windows()
    asked = SendReceipt(
        unit=unit,
        notice=id,
        title=notice.title,
        month=notice.month,
        day=notice.day,
        edition=notice.edition,
        asked=[Asked(key=window.key, due=window.due, by_hand=window.kind is None) for window in windows],
        recorded=_kept(windows, counts),
    )
    receipt = work.decide(RECEIPT, receipt_id(id, unit), asked)
    sync_duty(work, receipt, path, first=min(window.first for window in windows), last=notice.month)
    return receipt


def sync_duty(work: Work, receipt: Receipt, path: list[str], known: Document | None = None, **fields: Any) -> bool:
    """A receipt, as it stands, among what its unit owes; whether that differs from what is known."""
    told = {**receipt.stands(), **fields}
    return store.duties.owe(work, receipt.notice, receipt.unit, path, known, sort="notice", **told)


def _kept(windows: Iterable[Window], counts: Counts) -> list[str]:
    return [window.key for window in windows if kept(window, counts)]


def years_of(owed: Iterable[Document]) -> list[str]:
    """The years of all months in which any of it is owed."""
    years = {year for duty in owed for year in range(int(duty["first"][:4]), int(duty["last"][:4]) + 1)}
    return [str(year) for year in sorted(years)]


def distribute(work: Work, sort: Sort, source: str) -> None:
    """Let a plan or notice reach its audience: in the background, some units at a time."""
    job = {"sort": sort, "state": "open", "asked": work.now, "root": 0, "after": "", "units": 0, "until": None}
    work.write("distributions", pymongo.ReplaceOne({"_id": source}, {"source": source, **job}, upsert=True))
