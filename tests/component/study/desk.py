"""Study on a real store without its bus: commands go the way of its entrypoints, and what is sent reaches its units."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel
from pymongo import MongoClient

from services.kernel.journal.journal import Journal
from services.kernel.journal.store import ensure_collections, in_transaction, open_database
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Command, Envelope, Period, method_name, new_id
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import UnitKind
from services.study import store
from services.study.contract import PERMITS
from services.study.domain import KnownUnit
from services.study.service import Study
from services.study.service.distribution import Distribution
from services.study.service.records import decided
from tests.component.edge import acting

NOW = datetime(2026, 5, 20, 4, tzinfo=UTC)
CAMPAIGN = Period(id="C2026", first=date(2026, 1, 1), last=date(2026, 12, 31))
TREE = {
    "R": "committee",
    "R/D1": "department",
    "R/D1/D1-B1": "branch",
    "R/D1/D1-B2": "branch",
    "R/D1/D1-Y1": "youth_group",
    "R/D2": "department",
    "R/D2/D2-B1": "branch",
}
PATHS = {path.split("/")[-1]: path.split("/") for path in TREE}


class _Quiet:
    """Distribution is asked for here, not woken."""

    def wake(self) -> None:
        """Nothing."""


class Desk:
    """One study database of the test's own, with a small tree in its directory."""

    def __init__(self, client: MongoClient[dict[str, Any]], name: str) -> None:
        self.database = open_database(client, name)
        self.now = NOW
        self.journal = Journal(
            self.database,
            service="study",
            site="test",
            chain_key=b"k" * 32,
            clock=lambda: self.now,
            transaction_seconds=10,
        )
        self.journal.follow = Study.journal.follow
        self.journal.ensure_indexes()
        aggregates = Study.journal.aggregates
        ensure_collections(self.database, (aggregate.collection for aggregate in aggregates))
        store.ensure_indexes(self.database)
        for path, kind in TREE.items():
            self.learn(path.split("/"), kind)
        service: Any = Study()
        service.journal, service.distributing = self.journal, _Quiet()
        self.service = service

    def learn(self, path: list[str], kind: str) -> None:
        """A unit comes into the directory."""
        unit = KnownUnit(name=path[-1], kind=UnitKind(kind), path=path, members=9, active_from=date(2026, 1, 1))
        in_transaction(self.database, lambda session: store.units.learn(self.database, path[-1], unit, session))

    def envelope(self, unit: str = "R", **more: Any) -> Envelope:
        """What the gate would know of somebody with a role for a unit."""
        return Envelope(
            command_id=new_id(),
            actor=Actor(user="u1", role="office", unit=unit),
            paths=PATHS,
            periods=[CAMPAIGN],
            deadline=datetime.now(UTC) + timedelta(seconds=60),
            **more,
        )

    def do(self, command: Command, unit: str = "R", **more: Any) -> dict[str, Any]:
        """A command or query, by its entrypoint."""
        method = method_name(type(command))
        actor = acting(PERMITS, method, unit, None, "office")
        envelope = self.envelope(unit, **more).model_copy(update={"actor": actor})
        answer: dict[str, Any] = getattr(self.service, method)(envelope, command.model_dump(mode="json"))
        return answer

    def record(self, aggregate: Aggregate[Any], id: str, *commands: Command) -> None:
        """Commands on a record, all in one transaction."""

        def act(work: Work) -> None:
            for command in commands:
                decided(work, aggregate, id, command)

        self.journal.transact(self.envelope(), act)

    def rows(self, kind: str, *rows: BaseModel) -> int:
        """Rows of a sheet that are decided together, as an import applies them; how many were news."""

        def act(work: Work) -> int:
            self.service.read_ahead(work, kind, rows)
            with work.trial():
                return int(self.service.apply_rows(work, kind, rows))

        return int(self.journal.transact(self.envelope(), act))

    def distribute(self) -> None:
        """All that is to be sent has been sent."""
        distribution = Distribution(self.journal)
        while distribution.step():
            pass
