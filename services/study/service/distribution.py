"""Plans and notices on their way to their audiences: in the background, some units a transaction, to the end."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

from services.kernel.journal.journal import Journal, TooSlow
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Envelope
from services.kernel.runtime.entrypoints import DependencyProvider
from services.kernel.runtime.providers import Journalled, finish

from .. import store
from ..contract import VoidReceipt
from ..domain import NOTICE, PLAN, RECEIPT, Notice, Plan, receipt_id
from ..domain.account import Account
from ..domain.duty import months
from .covering import Covering
from .duties import recount, send, update_plan_standing
from .recounting import Recounting

log = structlog.stdlib.get_logger(__name__)

MOST_UNITS = 200


class Distribution:
    """Brings plans and notices to their audiences, chunk by chunk; a crash repeats nothing and leaves nothing out."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._jobs = journal.database["distributions"]
        self._size = MOST_UNITS

    def step(self) -> bool:
        """Do one chunk of the oldest job; say whether there was one.

        Raises:
            PyMongoError: the store is away, or somebody else took the chunk; it is tried again.
        """
        job = self._jobs.find_one({"state": "open"}, sort=[("asked", 1)])
        if job is None:
            return False
        try:
            self._journal.transact(self._envelope(job), lambda work: self._chunk(work, job, self._size))
        except TooSlow:
            self._size = max(10, self._size // 2)
            log.info("distribution.smaller_transactions", source=job["source"], units=self._size)
        return True

    def _envelope(self, job: Document) -> Envelope:
        now = self._journal.clock()
        actor = Actor(user="platform", role="platform", unit="*")
        return Envelope(command_id=f"distribution:{job['_id']}", actor=actor, deadline=now + timedelta(seconds=60))

    def _chunk(self, work: Work, job: Document, size: int) -> None:
        id: str = job["source"]
        found = work.get(PLAN, id) if job["sort"] == "plan" else work.get(NOTICE, id)
        if found is None:
            raise AssertionError(f"{job['sort']} {job['source']} is to be distributed and is not there")
        units = self._units(work, job, found, size)
        if units:
            self._bring(work, job, found, units)
        moved: Document = {"$inc": {"units": len(units)}}
        last_root = "below" in job or job["root"] + 1 >= len(found.units)
        if job.get("only") or (len(units) < size and last_root):
            moved["$set"] = {"state": "done", "until": work.now}
        elif len(units) < size:
            moved["$set"] = {"root": job["root"] + 1, "after": ""}
        else:
            moved["$set"] = {"after": units[-1]["_id"]}
        place = {name: job[name] for name in ("_id", "asked", "root", "after")}
        if self._jobs.update_one({**place, "state": "open"}, moved, session=work.session).matched_count != 1:
            raise PyMongoError("another process distributes this, or it was asked for anew")

    def _units(self, work: Work, job: Document, found: Plan | Notice, size: int) -> list[Document]:
        if job.get("only"):
            return list(work.database["units"].find({"_id": job["only"]}, session=work.session))
        root = job.get("below") or found.units[job["root"]]
        after, ended, session = job["after"], found.state == "withdrawn", work.session
        return store.units.below(
            work.database, root, found.kinds, after=after, limit=size, ended=ended, session=session
        )

    def _bring(self, work: Work, job: Document, found: Plan | Notice, units: Sequence[Document]) -> None:
        source, ids = job["source"], [unit["_id"] for unit in units]
        work.load(RECEIPT, [receipt_id(source, id) for id in ids] if job["sort"] == "notice" else [])
        if found.state == "withdrawn":
            for id in ids:
                store.duties.forgive(work, source, id)
                if isinstance(found, Notice) and work.get(RECEIPT, receipt_id(source, id)) is not None:
                    work.decide(RECEIPT, receipt_id(source, id), VoidReceipt())
            return
        first = min(window.first for window in found.windows())
        last = found.last if isinstance(found, Plan) else found.month
        asked = [(id, month) for id in ids for month in months(first, last)]
        accounts: dict[str, Account] = defaultdict(Counter)
        for (id, _), account in recount(work, asked).items():
            accounts[id].update(account)
        for unit in units:
            id, path = unit["_id"], unit["path"]
            work.paths[id] = path
            if isinstance(found, Plan):
                update_plan_standing(work, source, found, id, path, accounts[id])
            else:
                send(work, source, found, id, path, accounts[id])


class Distributing(DependencyProvider):
    """Distributes, and counts again what is to be counted again, from a thread of the service's process."""

    def start(self) -> None:
        """Begin with what an earlier process left."""
        journal = next(found for found in self.container.extensions if isinstance(found, Journalled)).journal
        self._work = (Distribution(journal), Recounting(journal), Covering(journal))
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = self.container.spawn_managed_thread(self._run, identifier="distribution")

    def stop(self) -> None:
        """Finish the transaction in hand."""
        self._stopping.set()
        self._wake.set()
        finish(self._thread)

    def get_dependency(self, worker_ctx: object) -> Distributing:
        """Itself."""
        return self

    def wake(self) -> None:
        """Something is to be distributed."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                while not self._stopping.is_set() and any(work.step() for work in self._work):
                    pass
            except PyMongoError as error:
                log.warning("distribution.waiting", error=repr(error))
                self._stopping.wait(1)
            self._wake.wait(1)
            self._wake.clear()
