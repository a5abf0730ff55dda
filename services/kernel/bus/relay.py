"""The relay: journal → broker, each entry at least once, an aggregate's entries in their order.

It runs inside the service's process. Work is found by state (entries not yet marked published), so a crash anywhere
causes a second sending at worst; a signal after each commit makes it prompt. A plain lease keeps two relays of one
service from doing the same work: it is efficiency, not safety.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from .. import metrics
from ..journal.chain import anchor_days
from ..journal.journal import Journal
from ..journal.reconcile import TALLY, owner_tally
from ..journal.store import Document
from ..message import event
from ..message.clock import Clock, utc_now
from .broker import BUS_ERRORS, Outgoing, Publisher

log = structlog.stdlib.get_logger(__name__)

WATERMARK = "watermark.passed.v1"
_UNROUTABLE_PAUSE = timedelta(seconds=5)
_TOLD_MS = 60_000
_FIRST_TALLY = 30.0
_GATHER_SECONDS = 0.02
"""What is committed within this time of the first goes along with it: a batch costs as much for one as for ten."""


Behind = Callable[[Database[Document], datetime], datetime | None]
"""What a service marks by the clock: the earliest instant that has passed of which the mark is not published yet."""


def on_time(database: Database[Document], now: datetime) -> None:
    """Nothing is marked by the clock."""


class Relay:
    """Publishes one service's journal."""

    def __init__(
        self,
        journal: Journal,
        publisher: Publisher,
        *,
        clock: Clock = utc_now,
        batch: int = 500,
        poll_seconds: float = 0.5,
        watermark_seconds: float = 1.0,
        transaction_seconds: float = 5.0,
        lease_seconds: float = 15.0,
        tally_seconds: float = 3600.0,
        behind: Behind = on_time,
    ) -> None:
        self._journal = journal
        self._service = journal.service
        self._database = journal.database
        self._publisher = publisher
        self._clock = clock
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._watermark_seconds = watermark_seconds
        self._transaction = timedelta(seconds=transaction_seconds)
        self._lease = timedelta(seconds=lease_seconds)
        self._leased_until: datetime | None = None
        self._me = event.new_id()
        self._tally_seconds, self._behind = tally_seconds, behind
        self._unroutable: dict[str, datetime] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Something was committed: look now, not at the next poll."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the batch in hand."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Publish until stopped; whatever fails is tried again after a pause that grows to 5 s."""
        pause, told, tallied = 0.0, 0.0, time.monotonic() - self._tally_seconds + _FIRST_TALLY
        while not self._stopping.is_set():
            try:
                published = self.step()
                if time.monotonic() - told >= self._watermark_seconds and self._leased_until is not None:
                    until = self.tell_watermark()
                    told = time.monotonic()
                    if time.monotonic() - tallied >= self._tally_seconds:
                        self.tell_tally(until)
                        anchor_days(self._journal, until)
                        tallied = time.monotonic()
                pause = 0.0
            except (*BUS_ERRORS, PyMongoError) as error:
                metrics.PUBLISH_FAILURES.labels(self._service, type(error).__name__).inc()
                log.warning("relay.failed", service=self._service, error=repr(error))
                pause = min(5.0, pause * 2 or 0.2)
                self._stopping.wait(pause)
                continue
            if not published:
                self._wake.wait(self._poll_seconds)
            if published < self._batch:
                self._stopping.wait(_GATHER_SECONDS)
            self._wake.clear()
        self.close()
        self._give_back_lease()

    def close(self) -> None:
        """Give its connection back."""
        self._publisher.close()

    def step(self) -> int:
        """Publish one batch; give the number of entries newly marked published.

        Raises:
            BUS_ERRORS, PyMongoError: broker or store is away; nothing is lost.
        """
        if not self._has_lease():
            return 0
        entries = self._next_entries()
        if not entries:
            return 0
        started = time.monotonic()
        events = {entry["_id"]: self._journal.event(entry) for entry in entries}
        sent = self._publisher.publish(
            [Outgoing(id, happened.short_type, happened.to_json()) for id, happened in events.items()]
        )
        metrics.PUBLISH_SECONDS.labels(self._service).observe(time.monotonic() - started)
        metrics.CONFIRM_SECONDS.labels(self._service).observe(sent.confirm_seconds)
        for id in sent.unroutable:
            self._unroutable[id] = self._clock() + _UNROUTABLE_PAUSE
            metrics.UNROUTABLE.labels(self._service).inc()
            log.error("relay.unroutable", service=self._service, id=id, type=events[id].type)
        metrics.PUBLISH_FAILURES.labels(self._service, "nack").inc(len(sent.refused))
        published = _up_to_gaps(entries, set(sent.confirmed))
        if published:
            self._database["journal"].update_many({"_id": {"$in": published}}, {"$set": {"published": True}})
            metrics.PUBLISHED.labels(self._service).inc(len(published))
        return len(published)

    def tell_watermark(self) -> datetime:
        """Publish, and give, the instant up to which all that was recorded, and all that is marked by the clock, has
        been published: a figure of what is overdue is no later than a report says.
        """
        now = self._clock()
        behind = self._behind(self._database, now)
        oldest = self._database["journal"].find_one(
            {"published": False}, {"recorded": 1}, sort=[("recorded", 1)], hint="outbox"
        )
        until = now - self._transaction
        if behind is not None:
            until = min(until, behind - timedelta(milliseconds=1))
        if oldest is not None:
            until = min(until, oldest["recorded"] - timedelta(milliseconds=1))
        metrics.UNPUBLISHED_AGE.labels(self._service).set(
            0 if oldest is None else (now - oldest["recorded"]).total_seconds()
        )
        metrics.UNPUBLISHED.labels(self._service).set(
            self._database["journal"].count_documents({"published": False}, hint="outbox", limit=10_000)
        )
        self._tell(WATERMARK, {"until": until}, now)
        return until

    def tell_tally(self, until: datetime) -> None:
        """Publish, by day and kind, count and hash-sum of what was recorded up to a watermark."""
        told = owner_tally(self._journal, until)
        self._tell(TALLY, {"until": until, "days": told}, self._clock())

    def _tell(self, kind: str, data: dict[str, Any], now: datetime) -> None:
        """Publish something about the journal itself: in no journal, wanted by nobody or somebody, soon out of date."""
        told = self._journal.told(kind, data, now)
        self._publisher.publish([Outgoing(told.id, kind, told.to_json(), expiration_ms=_TOLD_MS)], mandatory=False)

    def _next_entries(self) -> list[Document]:
        """The oldest unpublished entries, but none whose predecessor is neither published nor before it in the list.

        A scan may meet version 2 of a record before version 1 was committed to its index; the second query, begun
        after the first, cannot. A predecessor that the scan left out (clocks differ) is fetched.
        """
        journal, now = self._database["journal"], self._clock()
        self._unroutable = {id: until for id, until in self._unroutable.items() if until > now}
        found = list(
            journal.find({"published": False}, sort=[("recorded", 1), ("n", 1)], hint="outbox").limit(
                self._batch + len(self._unroutable)
            )
        )
        later = {entry["aggregate"] for entry in found if entry["n"] > 1}
        expected: dict[str, int] = {}
        for entry in (
            journal.aggregate(
                [
                    {"$match": {"aggregate": {"$in": list(later)}, "published": False}},
                    {"$group": {"_id": "$aggregate", "n": {"$min": "$n"}}},
                ]
            )
            if later
            else ()
        ):
            expected[entry["_id"]] = entry["n"]
        met = {(entry["aggregate"], entry["n"]) for entry in found}
        left_out = [{"aggregate": aggregate, "n": n} for aggregate, n in expected.items() if (aggregate, n) not in met]
        if left_out:
            found.extend(journal.find({"$or": left_out, "published": False}))
        chosen = []
        for entry in sorted(found, key=lambda entry: int(entry["n"])):
            aggregate = entry["aggregate"]
            if entry["n"] == expected.get(aggregate, 1) and entry["_id"] not in self._unroutable:
                expected[aggregate] = entry["n"] + 1
                chosen.append(entry)
        return chosen

    def _has_lease(self) -> bool:
        now = self._clock()
        if self._leased_until is not None and now < self._leased_until - self._lease / 2:
            return True
        had = self._leased_until is not None
        try:
            self._database["leases"].find_one_and_update(
                {"_id": "relay", "$or": [{"owner": self._me}, {"until": {"$lt": now}}]},
                {"$set": {"owner": self._me, "until": now + self._lease}},
                upsert=True,
            )
        except DuplicateKeyError:
            self._leased_until = None
            return False
        self._leased_until = now + self._lease
        if not had:
            metrics.LEASE_CHANGES.labels(self._service).inc()
            log.info("relay.lease_taken", service=self._service)
        return True

    def _give_back_lease(self) -> None:
        try:
            self._database["leases"].delete_one({"_id": "relay", "owner": self._me})
        except PyMongoError as error:
            log.warning("relay.lease_kept", error=repr(error))


def _up_to_gaps(entries: list[Document], confirmed: set[str]) -> list[str]:
    """The confirmed entries before which none of their record is missing; what overtook one is sent again after it."""
    gaps, published = set(), []
    for entry in entries:
        if entry["_id"] not in confirmed:
            gaps.add(entry["aggregate"])
        elif entry["aggregate"] not in gaps:
            published.append(entry["_id"])
    return published
