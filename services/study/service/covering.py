"""Coverage follows where members belong, which units there are, and which campaigns: in the background, some at a time.

A session counts its members and its unit in its own transaction, by what is known then. What is learnt later is counted
here, by compensating events: no entry is rewritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from pymongo.errors import PyMongoError

from services.kernel.journal.journal import Journal, TooSlow
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.clock import business_day
from services.kernel.message.event import Actor, Envelope, Period
from services.kernel.rules.distinct import Cell, outside

from .. import store
from ..contract import AttendanceCounted, CountAttendance, CountJoining, CoverageCounted, PlaceCoverage
from ..domain import ATTENDANCE, COVERAGE, JOINING, coverage_id
from ..domain.attendance import as_flips, moves_id
from ..domain.covered import Counted, unit_on
from ..store.uncounted import RULE

log = structlog.stdlib.get_logger(__name__)

_AT_ONCE = 50


class Covering:
    """Counts again what is written down as to be counted again; a crash repeats nothing and leaves nothing out."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._database = journal, journal.database
        self._size = _AT_ONCE
        if store.recounts.begin(self._database, RULE, journal.clock()):
            ended = self._database["units"].find({"until": {"$ne": None}}, {"_id": 1})
            store.uncounted.note(self._database, "unit", [unit["_id"] for unit in ended], journal.clock())

    def step(self) -> bool:
        """Count some again; say whether there were any.

        Raises:
            PyMongoError: the store is away, or somebody else counts these; it is tried again.
        """
        old = store.recounts.open_one(self._database, RULE)
        if old is not None and not store.uncounted.knows_its_campaigns(self._database, AttendanceCounted.type):
            return False  # what earlier versions counted can be taken back only once all of it is known
        try:
            return bool(self._some(old))
        except TooSlow:
            self._size = max(1, self._size // 2)
            log.info("covering.smaller_transactions", size=self._size)
            return True

    def _some(self, old: Document | None) -> bool:
        if members := store.uncounted.oldest(self._database, "member", self._size):
            self._transact(lambda work: self._members(work, members))
        elif units := store.uncounted.oldest(self._database, "unit", self._size):
            self._transact(lambda work: self._units(work, units))
        elif found := store.uncounted.oldest(self._database, "campaign"):
            self._campaign(found[0])
        elif old is not None:
            self._old(old)
        else:
            return False
        return True

    def _transact(self, act: Callable[[Work], None]) -> None:
        now = self._journal.clock()
        envelope = Envelope(
            command_id=RULE,
            actor=Actor(user="platform", role="platform", unit="*"),
            periods=store.uncounted.campaigns(self._database),
            deadline=now + timedelta(seconds=60),
        )
        self._journal.transact(envelope, act)

    def _members(self, work: Work, rows: Sequence[Document]) -> None:
        """Members who have moved count where they belong now."""
        count_members_again(work, [row["id"] for row in rows])
        if not store.uncounted.done(work, rows):
            raise PyMongoError("a member has moved once more")

    def _units(self, work: Work, rows: Sequence[Document]) -> None:
        """Units that are no more count in no window that ends later."""
        work.load(COVERAGE, [coverage_id(row["id"]) for row in rows])
        for row in rows:
            unit = store.units.one(self._database, row["id"], work.session)
            if unit is not None and work.get(COVERAGE, coverage_id(row["id"])) is not None:
                work.paths[row["id"]] = unit.path
                work.decide(COVERAGE, coverage_id(row["id"]), PlaceCoverage(unit=row["id"], until=unit.until))
        if not store.uncounted.done(work, rows):
            raise PyMongoError("a unit has changed once more")

    def _campaign(self, row: Document) -> None:
        """What lies in the days of a campaign is counted in it: members' years first, then units, then joint study."""
        (period,) = (each for each in store.uncounted.campaigns(self._database) if each.id == row["id"])
        sort, _, after = (row["after"] or "members ").partition(" ")
        if sort == "members":
            ids, last = self._uncounted(after, period)

            def members(work: Work) -> None:
                count_members_again(work, ids)
                self._go_on(work, row, f"members {last}" if last else "units ")

            self._transact(members)
            return
        if sort == "joined":
            self._joined(row, period, after)
            return
        records = list(self._database["coverages"].find({"_id": {"$gt": after}}).sort("_id").limit(self._size))

        def units(work: Work) -> None:
            for record in records:
                if period.id not in record.get("spans", {}) and _lies_in(record, period):
                    asked = PlaceCoverage(unit=record["unit"], spans={period.id: (period.first, period.last)})
                    work.decide(COVERAGE, record["_id"], asked)
            self._go_on(work, row, f"units {records[-1]['_id']}" if records else "joined ")

        self._transact(units)

    def _joined(self, row: Document, period: Period, after: str) -> None:
        """Units that took part in joint study on the campaign's days."""
        records = list(self._database["joinings"].find({"_id": {"$gt": after}}).sort("_id").limit(self._size))

        def act(work: Work) -> None:
            for record in records:
                for day in outside(record["counts"], period.first, period.last):
                    place = {"unit": record["unit"], "side": record["side"]}
                    work.decide(JOINING, record["_id"], CountJoining(**place, day=day, campaign=period.id, by=0))
            if records:
                self._go_on(work, row, f"joined {records[-1]['_id']}")
            elif not store.uncounted.done(work, [row]):
                raise PyMongoError("another process counts this campaign")

        self._transact(act)

    def _go_on(self, work: Work, row: Document, after: str) -> None:
        if not store.uncounted.go_on(work, row, after):
            raise PyMongoError("another process counts this campaign")

    def _uncounted(self, after: str, campaign: Period | None) -> tuple[list[str], str]:
        """The next members to be counted again, and as far as which of their years that goes; nothing at the end."""
        ids, last = list[str](), ""
        for each in store.studied.after(self._database, after, 20 * self._size):
            if not store.studied.is_counted(each, campaign):
                if len(ids) == self._size:
                    break
                ids.append(each["member"])
            last = each["_id"]
        return ids, last

    def _old(self, job: Document) -> None:
        """Members' years that an earlier version has kept."""
        ids, last = self._uncounted(job["after"], None)

        def act(work: Work) -> None:
            count_members_again(work, ids)
            state = {"after": last} if last else {"state": "done", "until": work.now}
            if not store.recounts.move(work, job, {"$set": state, "$inc": {"wrong": len(ids)}}):
                raise PyMongoError("another process counts these members")

        self._transact(act)
        if not last:
            log.info("covering.done", members=job["wrong"])


def follow(work: Work) -> None:
    """A unit whose coverage is new in this work may be no more: then its coverage is to know it."""
    new = [entry["unit"] for entry in work.entries if (entry["type"], entry["n"]) == (CoverageCounted.type, 1)]
    for unit, until in store.units.ended(work, new).items() if new else ():
        work.decide(COVERAGE, coverage_id(unit), PlaceCoverage(unit=unit, until=until))


def count_members_again(work: Work, ids: Sequence[str]) -> None:
    """Count all windows of members where they belong now, and tell what that changes, unit by unit."""
    store.studied.load_whole(work, ids)
    today = business_day(work.now)
    found: dict[str, Counter[Counted]] = {}
    for member in dict.fromkeys(ids):
        stays = store.studied.stays_of(work, member)
        unit = unit_on(stays, today) or (stays[-1].unit if stays else None)
        if unit is not None:
            found.setdefault(unit, Counter()).update(store.studied.count_again(work, member))
    work.paths.update(store.units.paths(work.database, found, work.session))
    for unit, counted in sorted(found.items()):
        if flips := as_flips(counted):
            work.decide(ATTENDANCE, moves_id(unit), CountAttendance(unit=unit, day=today, flips=flips))


def _lies_in(record: Document, period: Period) -> bool:
    """Whether a unit has a session on the days of a campaign."""
    days = (Cell.of(key).day for key in record.get("counts", {}))
    return any(period.first.isoformat() <= day <= period.last.isoformat() for day in days)
