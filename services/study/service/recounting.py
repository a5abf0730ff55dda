"""All accounts counted again from the records, in the background: once after an upgrade, and when operators ask for it.

Facts are never rewritten: what a receipt said too much or too little of is taken back and added by one event more.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

from services.kernel.journal.journal import Journal, TooSlow
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Envelope

from .. import store
from ..domain.account import counted
from ..store.recounts import RULE
from .duties import update_duties

log = structlog.stdlib.get_logger(__name__)

MOST_UNITS = 50


class Recounting:
    """Goes through all units, some a transaction; a crash repeats nothing and leaves nothing out."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._size = MOST_UNITS
        store.recounts.begin(journal.database, RULE, journal.clock())

    def step(self) -> bool:
        """Count some units again; say whether there were any left to count.

        Raises:
            PyMongoError: the store is away, or somebody else took these units; it is tried again.
        """
        job = store.recounts.open_one(self._journal.database, RULE)
        if job is None:
            return False
        try:
            self._journal.transact(self._envelope(), lambda work: self._chunk(work, job, self._size))
        except TooSlow:
            self._size = max(1, self._size // 2)
            log.info("recount.smaller_transactions", units=self._size)
        return True

    def _envelope(self) -> Envelope:
        deadline = self._journal.clock() + timedelta(seconds=60)
        return Envelope(command_id=RULE, actor=Actor(user="platform", role="platform", unit="*"), deadline=deadline)

    def _chunk(self, work: Work, job: Document, size: int) -> None:
        units = store.units.after(work.database, job["after"], size, work.session)
        ids = [unit["_id"] for unit in units]
        wrong = _count_again(work, ids)
        moved: Document = {"$inc": {"units": len(ids), "wrong": len(wrong)}}
        if len(ids) < size:
            moved["$set"] = {"state": "done", "until": work.now}
            log.info("recount.done", units=job["units"] + len(ids), wrong=job["wrong"] + len(wrong))
        else:
            moved["$set"] = {"after": ids[-1]}
        if not store.recounts.move(work, job, moved):
            raise PyMongoError("another process counts these units")


def _count_again(work: Work, units: list[str]) -> set[str]:
    """Bring accounts and duties of units to what their records say; which units' were not so."""
    found = store.accounts.all_records(work, units)
    accounts = {unit: counted(records) for unit, records in found.items()}
    stored = store.accounts.of_units(work, units)
    wrong = {unit for unit in units if accounts[unit] != stored[unit]}
    open_sources = store.plans.on_their_way(work)
    owed: dict[str, list[Document]] = {unit: [] for unit in units}
    for duty in store.duties.all_of(work, units):
        if duty["source"] not in open_sources:  # what is on its way to its units is counted where it comes to them
            owed[duty["unit"]].append(duty)
    wrong |= {unit for unit in units if update_duties(work, owed[unit], accounts)}
    store.accounts.replace(work, {unit: accounts[unit] for unit in wrong}, stored)
    return wrong
