"""Study, research and gateway side by side on a real store: records as their services decide them, figures as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from services.cli.audit.books import Books
from services.cli.audit.findings import Findings
from services.cli.audit.recount import DISTINCT
from services.gateway.service.units import move_unit
from services.gateway.store.period import Span
from services.gateway.store.report import report
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, open_database
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Command, Envelope, new_id
from services.organisation.contract import MoveUnit, UnitKind
from services.registry import SOURCES
from services.research import contract as r
from services.research import store as research_store
from services.research.domain import MEASURE, NORM, PLACE, TOPIC, VISIT
from services.research.service.deciding import decided
from services.study import contract as c
from services.study import store as study_store
from services.study.domain import ACTIVITY, AGGREGATES, PAIR
from services.study.service.attended import decide_session
from services.study.service.reports import reported
from tests.component.gateway.figures import Figures, watermark
from tests.unit.gateway.owners import CAMPAIGN, NOW
from tests.unit.research.records import APPROVE, OUTLINE, frame

KINDS = {"P": "committee", "R1": "department", "R1X": "department", "A": "department", "B": "branch", "Z": "central"}
PATHS = {
    "P": ["P"],
    "R1": ["P", "R1"],
    "R1X": ["P", "R1X"],
    "A": ["P", "R1", "A"],
    "B": ["P", "R1", "B"],
    "Z": ["P", "R1", "Z"],
}
"""A root with two units, and below the first of them those that move."""
BASIS = "机构改革方案"
_PLACES = {"A": r.PlaceKind.department, "B": r.PlaceKind.department, "Z": r.PlaceKind.central}
LATER = NOW + timedelta(hours=1)


class Ledgers:
    """The databases of one small province, all named by a prefix."""

    def __init__(self, mongo: str, client: MongoClient[Document], prefix: str) -> None:
        self.figures = Figures(mongo, client, f"{prefix}_gateway")
        self._client, self._prefix = client, prefix
        self.study = self._journal("study", AGGREGATES, study_store.ensure_indexes)
        self.research = self._journal("research", [TOPIC, VISIT, PLACE, MEASURE, NORM], research_store.ensure_indexes)
        self.begin()

    def _journal(self, service: str, aggregates: Iterable[Any], indexes: Callable[[Any], None]) -> Journal:
        database = open_database(self._client, f"{self._prefix}_{service}")
        given: dict[str, Any] = {"service": service, "site": "test", "chain_key": b"k" * 32, "transaction_seconds": 60}
        journal = Journal(database, **given, clock=lambda: NOW)
        journal.aggregates = list(aggregates)
        journal.ensure_indexes()
        ensure_collections(database, (aggregate.collection for aggregate in aggregates))
        indexes(database)
        return journal

    def begin(self) -> None:
        """Nothing was ever reported, nobody ever moved."""
        self.periods = [CAMPAIGN]
        for journal in (self.study, self.research):
            for name in journal.database.list_collection_names():
                journal.database[name].delete_many({})
            journal.moves.all(afresh=True)
        self.figures.forget()
        self.figures.settle(PATHS)
        self.paths = {unit: list(path) for unit, path in PATHS.items()}
        for unit, kind in KINDS.items():
            self.figures.database["units"].update_one({"_id": unit}, {"$set": {"kind": kind}})
            kept = {"name": unit, "kind": str(UnitKind(kind)), "path": PATHS[unit], "members": 9}
            self.study.database["units"].insert_one({"_id": unit, **kept, "active_from": "2026-01-01", "until": None})
        pair = {"unit": "A", "day": CAMPAIGN.first, "title": "结对", "central": "Z", "provincial": "A"}
        self._on(self.study, lambda work: reported(work, PAIR, "pair", c.RecordPair(**pair, id="pair")))
        way = (frame(unit="P", day=CAMPAIGN.first), OUTLINE, APPROVE)
        self._on(self.research, lambda work: [decided(work, TOPIC, "t", command) for command in way])

    def envelope(self) -> Envelope:
        """Of somebody who may act everywhere, with the tree as it is known now."""
        return Envelope(
            command_id=new_id(),
            actor=Actor(user="u1", role="office", unit="P"),
            paths=self.paths,
            periods=self.periods,
            deadline=datetime.now(UTC) + timedelta(seconds=60),
        )

    def _on(self, journal: Journal, act: Callable[[Work], Any]) -> None:
        journal.transact(self.envelope(), act)

    def session(self, id: str, *commands: Command) -> None:
        """Commands on a session, as a service decides them.

        Raises:
            DomainError: the rules refuse one of them; nothing has changed.
        """
        self._on(self.study, lambda work: [decide_session(work, id, command) for command in commands])

    def activity(self, id: str, command: Command) -> None:
        """A command on an activity of the pair of Z and A."""
        self._on(self.study, lambda work: reported(work, ACTIVITY, id, command))

    def visit(self, id: str, command: Command) -> None:
        """A command on a visit; its topic is there."""
        self._on(self.research, lambda work: decided(work, VISIT, id, command))

    def move(self, unit: str, parent: str, day: date) -> None:
        """A unit stands below another one from a day on; the services know of it at once."""
        asked = MoveUnit(id=unit, parent=parent, day=day, basis=BASIS)
        self.figures.reform(lambda work: move_unit(work, asked))
        rows = self.figures.database["units"].find({}, {"path": 1})
        self.paths = {row["_id"]: row["path"] for row in rows}

    def arrive(self) -> None:
        """All that was recorded is in the figures."""
        for journal in (self.study, self.research):
            entries = journal.database["journal"].find().sort([("recorded", 1), ("_id", 1)])
            self.figures.project(journal.event(entry) for entry in entries)
        self.figures.tell()
        self.figures.project(watermark(owner, LATER) for owner in SOURCES)

    def figure(self, id: str, unit: str, span: str) -> Any:
        """A figure as a report says it."""
        return self.figures_of(unit, Span.named(span, [CAMPAIGN]))[id]

    def figures_of(self, unit: str, span: Span) -> dict[str, Any]:
        """All of them."""
        told = self.figures.ask(lambda database: report(database, unit, span, children=False))
        return dict(told["figures"])

    def differing(self) -> list[str]:
        """What an audit of the distinct figures and of the roll-ups says."""
        books, found = Books(self._client, self._prefix), Findings()
        books.compare_rollups(found)
        for source, distinct in DISTINCT:
            books.compare_distinct(source, distinct, LATER, found)
        return found.first


def held(id: str, unit: str, day: date, way: str = "branch") -> list[Command]:
    """A session as it is held and submitted."""
    form = {"branch": "theme_day", "youth": "joint_study"}[way]
    content: dict[str, Any] = {"unit": unit, "day": day, "way": way, "form": form, "title": "学习", "due": 9}
    return [c.HoldSession(**content, id=id), c.SubmitSession(id=id)]


def visiting(id: str, unit: str, day: date) -> r.RecordVisit:
    """A visit to a unit, as the edge knows it."""
    told = {"title": "调研", "topic": "t", "leader": "书记", "people": 3}
    return r.RecordVisit(id=id, unit="P", day=day, **told, visited=unit, counts_as=unit, kind=_PLACES[unit])


def joint(id: str, day: date) -> c.RecordActivity:
    """An activity of the pair."""
    return c.RecordActivity(id=id, unit="A", day=day, title="联学", pair="pair")
