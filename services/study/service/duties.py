"""What follows for what units owe when something is recorded or sent, in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import pymongo

from services.kernel.store import Document
from services.kernel.work import Work

from .. import store
from ..contract import Asked, CountReceipt, SendReceipt
from ..domain import NOTICE, PLAN, RECEIPT, Lecture, Notice, Plan, Receipt, Session, receipt_id
from ..domain.duty import Counts, Window, kept, practice, stands

Sort = Literal["plan", "notice"]


def practise(work: Work, before: Session | Lecture | None, after: Session | Lecture) -> None:
    """Let what a record counts be seen in all that its unit owes: items tick, and lose their tick again."""
    change = practice(after)
    change.subtract(practice(before))
    if not any(change.values()):
        return
    unit, at = after.unit, sorted(month for (month, _), by in change.items() if by)
    store.duties.count(work, unit, {place: by for place, by in change.items() if by})
    owed = store.duties.of_unit(work, unit, at[0], at[-1])
    if owed:
        counts = store.duties.counts(work, [unit], years_of(owed))[unit]
        for duty in owed:
            _reckon(work, duty["source"], duty["sort"], unit, duty["path"], counts)


def _reckon(work: Work, source: str, sort: Sort, unit: str, path: list[str], counts: Counts) -> None:
    """Say anew how a unit stands with a plan or notice."""
    if sort == "plan":
        plan = work.get(PLAN, source)
        if plan is not None:
            stand(work, source, plan, unit, path, counts)
        return
    notice = work.get(NOTICE, source)
    if notice is not None:
        id = receipt_id(source, unit)
        receipt = work.decide(RECEIPT, id, CountReceipt(recorded=_kept(notice.windows(), counts)))
        mirror(work, receipt, path)


def stand(work: Work, source: str, plan: Plan, unit: str, path: list[str], counts: Counts) -> None:
    """How a unit stands with a plan."""
    told = stands(plan.windows(), counts)
    store.duties.owe(work, source, unit, path, sort="plan", first=plan.first, last=plan.last, **told)


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
    mirror(work, receipt, path, first=min(window.first for window in windows), last=notice.month)
    return receipt


def mirror(work: Work, receipt: Receipt, path: list[str], **fields: Any) -> None:
    """A receipt, as it stands, among what its unit owes."""
    store.duties.owe(work, receipt.notice, receipt.unit, path, sort="notice", **receipt.stands(), **fields)


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
