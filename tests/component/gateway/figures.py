"""The gateway's store with a small tree in it, written as the worker writes and read as the API reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.cli.audit.issued import differences as issued_differences
from services.cli.audit.locked import differences
from services.gateway.contract import IssueReport
from services.gateway.domain import AGGREGATES
from services.gateway.domain.report import report_id
from services.gateway.store import issues, locks
from services.gateway.store.facts import Projection
from services.gateway.store.generation import current
from services.gateway.store.indexes import ensure_indexes
from services.gateway.store.period import Span
from services.kernel.bus.inbox import Taking
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import CODEC, Document, ensure_collections, in_transaction, open_database
from services.kernel.journal.work import Work
from services.kernel.message.event import EVERYWHERE, Actor, Envelope, Event, new_id
from services.organisation.contract import Role
from services.registry import SOURCES
from tests.unit.gateway.owners import CAMPAIGN, NOW, PATHS

T = TypeVar("T")
READER = ((Role.committee, EVERYWHERE),)
"""The roles of who may open every record."""


class Figures:
    """One gateway database: `project` as the worker does, `ask` as the API does."""

    def __init__(self, mongo: str, client: MongoClient[Document], name: str) -> None:
        self._mongo, self._name = mongo, name
        self.database = open_database(client, name)
        self.projection = Projection()
        self.journal = Journal(self.database, service="gateway", site="test", chain_key=b"k" * 32, clock=lambda: NOW)
        self.journal.ensure_indexes()
        ensure_indexes(self.database)
        ensure_collections(self.database, [aggregate.collection for aggregate in AGGREGATES])
        self.settle()
        opened = {"opens": CAMPAIGN.first.isoformat(), "closes": CAMPAIGN.last.isoformat()}
        self.database["campaigns"].insert_one(
            {"_id": CAMPAIGN.id, "name": "主题教育", "requirement": "", "version": 1, **opened}
        )

    def settle(self, paths: dict[str, list[str]] = PATHS) -> None:
        """Let there be these units, as if they had never been others."""
        for name in ("units", "trees", "moves", "reforms", "journal"):
            self.database[name].delete_many({})
        self.database["units"].insert_many(unit(id, path) for id, path in paths.items())
        self.database["projection"].update_one({"_id": "projection"}, {"$inc": {"tree": 1}})

    def reform(self, change: Callable[[Work], object], actor: str = "P") -> None:
        """Change the tree as a command does.

        Raises:
            DomainError: it is refused; nothing has changed.
        """
        asked = Actor(user="admin", role="system_admin", unit=actor)
        envelope = Envelope(command_id=new_id(), actor=asked, deadline=NOW)
        self.journal.transact(envelope, change)

    def tell(self) -> int:
        """Bring what the gateway itself has recorded into effect; how much of it was new."""
        return self.project(self.journal.event(entry) for entry in self.database["journal"].find({"time": NOW}))

    def project(self, events: Iterable[Event]) -> int:
        """Bring a batch into effect; how many of it were new."""
        batch = list(events)
        taken: int = in_transaction(
            self.database, lambda session: self.projection.apply(batch, Taking(session, self.database, NOW))
        )
        return taken

    def forget(self) -> None:
        """Begin again with no event."""
        for name in ("facts", "rollups", "held", "locks", "locked", "corrections", "reports", "issued", "journal"):
            self.database[name].delete_many({})
        anew = {"$unset": {"watermarks": 1}, "$inc": {"locks": 1}}
        self.database["projection"].update_one({"_id": "projection"}, anew)

    def arrive(self, until: datetime = NOW) -> None:
        """Every owner has said that all up to an instant has been published."""
        self.project(watermark(service, until) for service in SOURCES)

    def lock(self, unit: str, month: str, confirmed: datetime = NOW) -> None:
        """Lock a month of a unit, as an acceptance does."""
        envelope = Envelope(
            command_id=f"{unit}|{month}",
            actor=Actor(user="office", role="office", unit="P"),
            paths={unit: PATHS[unit]},
            deadline=NOW,
        )
        self.journal.transact(envelope, lambda work: locks.lock(work, unit, month, confirmed))

    def issue(self, unit: str, number: str, span: Span, title: str = "通报") -> str:
        """Issue a unit's report over a span, as the service does; give its id.

        Raises:
            DomainError: it is refused; nothing is kept.
        """
        id = report_id(unit, number)
        asked = IssueReport(id=id, unit=unit, number=number, title=title, first=span.first, last=span.last)
        envelope = Envelope(
            command_id=new_id(),
            actor=Actor(user="office", role="office", unit="P"),
            paths={unit: PATHS[unit]},
            deadline=NOW,
        )
        self.journal.transact(envelope, lambda work: issues.issue(work, asked))
        return id

    def unequal(self) -> list[str]:
        """Where what was kept at a lock or an issue, and corrected, is not what the roll-ups say now."""
        with self.database.client.start_session(snapshot=True) as session:
            rollups = current(self.database).rollups
            return [
                *differences(self.database, rollups, session)[1],
                *issued_differences(self.database, rollups, [CAMPAIGN], session)[1],
            ]

    def ask(self, read: Callable[[AsyncDatabase[Document]], Awaitable[T]]) -> T:
        """Read with a client of asyncio's."""

        async def reading() -> T:
            async with AsyncMongoClient[Document](self._mongo, tz_aware=True) as client:
                return await read(client.get_database(self._name, codec_options=CODEC))

        return asyncio.run(reading())


def unit(id: str, path: list[str]) -> Document:
    """A unit as the kernel keeps it."""
    told: dict[str, Any] = {
        "name": f"单位{id}",
        "short_name": id,
        "kind": "department",
        "credit_code": "",
        "party_code": "",
    }
    above = {"parent": path[-2] if len(path) > 1 else None, "path": path, "scope": sorted(path), "depth": len(path)}
    kept: dict[str, Any] = {"version": 1, "head": b"", "paths": {id: path}}
    return {"_id": id, **told, **above, **kept, "members": 10, "active_from": "2026-01-01"}


def watermark(service: str, until: datetime) -> Event:
    """An owner's word that all up to this instant has been published."""
    return Event(
        id=f"w-{service}-{until.timestamp()}",
        source=f"/test/{service}",
        type=f"shengzhi.{service}.watermark.passed.v1",
        subject=service,
        time=until,
        aggregateversion=0,
        recorded=until,
        unit="",
        actor=service,
        day=until.date(),
        data={"until": until.isoformat()},
    )
