"""The hotline on a real store without its bus: commands by its entrypoints, timers when they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from services.hotline import store
from services.hotline.contract import PERMITS
from services.hotline.domain import TICKET
from services.hotline.service import Hotline
from services.kernel.bus.inbox import Taking
from services.kernel.journal import calendars
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import ensure_collections, in_transaction, open_database
from services.kernel.journal.vault import Vault
from services.kernel.message.event import Command, Envelope, method_name, new_id
from services.organisation.contract import CalendarSet
from tests.component.edge import acting
from tests.eventually import PATIENCE

PATHS = {"R": ["R"], "D1": ["R", "D1"]}
TICKET_BODY: dict[str, Any] = {
    "unit": "R",
    "channel": "phone",
    "kind": "complaint",
    "category": "住房",
    "title": "反映供暖问题",
}


class Desk:
    """One hotline database of the test's own, at a time of the test's own."""

    def __init__(self, client: MongoClient[dict[str, Any]], name: str, now: datetime) -> None:
        self.database = open_database(client, name)
        self.now = now
        self.journal = Journal(
            self.database,
            service="hotline",
            site="test",
            chain_key=b"k" * 32,
            clock=lambda: self.now,
            transaction_seconds=10,
        )
        self.journal.ensure_indexes()
        ensure_collections(self.database, (TICKET.collection,))
        store.ensure_indexes(self.database)
        service: Any = Hotline()
        service.journal, service.vault = self.journal, Vault(self.database, b"m" * 32)
        service.vault.ensure_indexes()
        self.service = service

    def do(self, command: Command) -> dict[str, Any]:
        """A command or query by the desk's supervisor, by its entrypoint."""
        method = method_name(type(command))
        envelope = Envelope(
            command_id=new_id(),
            actor=acting(PERMITS, method, "R", None, "duty_supervisor"),
            paths=PATHS,
            deadline=datetime.now(UTC) + timedelta(seconds=PATIENCE),
        )
        entry = getattr(self.service, method)
        answer: dict[str, Any] = entry(envelope, command.model_dump(mode="json"))
        return answer

    def learn(self, told: CalendarSet) -> None:
        """A year's calendar comes from the gateway."""

        def note(session: Any) -> None:
            event: Any = type("Told", (), {"data": told.model_dump(mode="json"), "unit": told.unit, "day": told.day})
            self.service.learn_calendar(event, Taking(session, self.database, self.now))

        in_transaction(self.database, note)

    def tick(self, **later: float) -> None:
        """Time passes, and the timers run."""
        self.now += timedelta(**later)
        self.service.set_deadlines()
        self.service.mark_overdue()

    def events(self, id: str) -> list[str]:
        """What has happened to a ticket."""
        found = self.database["journal"].find({"aggregate": id}, sort=[("n", 1)])
        return [entry["type"].removeprefix("ticket.") for entry in found]

    def overdue(self) -> int:
        """How many tickets are overdue, as their events add up."""
        total = 0
        for entry in self.database["journal"].find():
            for name, sign in (("was", -1), ("now", 1)):
                for part in entry["data"].get(name, ()):
                    total += sign * part["amount"] * (part["figure"] == "overdue")
        return total


def whole(year: int, **fields: Any) -> CalendarSet:
    """A year with the first week of January off, and nothing else."""
    off = {"name": "元旦", "first": f"{year}-01-01", "last": f"{year}-01-07"}
    told = {"unit": "R", "day": date(2026, 12, 1), "year": year, "holidays": [off], "working": [], "source": "样例通知"}
    return CalendarSet.model_validate(told | fields)


def swept(desk: Desk, year: int) -> int:
    """How often tickets were counted again by a year's table."""
    found = desk.database[calendars.CALENDARS].find_one({"_id": year})
    return -1 if found is None else int(found["swept"])
