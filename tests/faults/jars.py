"""A small service on real parts, for the model and the proof: jars, who is told of them, what the judge is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from services.kernel.bus.inbox import Inbox, Taking, once
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, open_database
from services.kernel.journal.vault import Cipher
from services.kernel.journal.work import Work
from services.kernel.message.clock import Clock, utc_now
from services.kernel.message.event import Actor, Command, Envelope, Event
from tests.component.kernel.jar import JAR, Change

from . import judge
from .judge import Finding

CIPHER = Cipher(b"m" * 32)


class Move(Command):
    """Put coins into jars, or take them out, all at once."""

    changes: dict[str, int]


def move(
    journal: Journal, command_id: str, changes: dict[str, int], act: Any = lambda: None, seconds: float = 10
) -> Document:
    """Ask the service to do it within `seconds`; `act` happens once all is decided and nothing is committed.

    The answer gives each jar's version and coins.
    """
    command = Move(changes=changes)
    envelope = Envelope(
        command_id=command_id,
        actor=Actor(user="u1", role="handler", unit="R"),
        paths={"U1": ["R", "U1"]},
        deadline=journal.clock() + timedelta(seconds=seconds),
    )

    def decide(work: Work) -> Document:
        answer = {}
        for jar, coins in command.changes.items():
            state = work.decide(JAR, jar, Change(coins=coins))
            answer[jar] = [work.version(JAR, jar), state.coins]
        act()
        return answer

    return journal.execute(envelope, command, decide)


class Subscriber:
    """Writes down what it is told, once, and adds up the coins; fails with the jars that it is told to fail with."""

    ledger = "inbox"
    ordered = False

    def __init__(self, database: Database[Document], owner: str, queue: str, clock: Clock) -> None:
        self.queue = queue
        self.bindings = [(owner, "#")]
        self.failing: dict[str, type[BaseException]] = {}
        self.inbox = Inbox(
            database, queue, self.handle, cipher=CIPHER, clock=clock, ledger=lambda _: self.ledger, ordered=self.ordered
        )

    def handle(self, events: list[Event], taking: Taking) -> int:
        """Bring into effect those that are new."""
        fresh = self.fresh(events, taking)
        for event in fresh:
            if event.subject in self.failing:
                raise self.failing[event.subject]("as it was told to")
        effects = [
            {
                "queue": self.queue,
                "event": event.id,
                "jar": event.subject,
                "n": event.aggregateversion,
                "coins": event.data["coins"],
            }
            for event in fresh
        ]
        if effects:
            taking.database["effects"].insert_many(effects, session=taking.session)
            taking.database["sums"].update_one(
                {"_id": self.queue},
                {"$inc": {"coins": sum(event.data["coins"] for event in fresh)}},
                upsert=True,
                session=taking.session,
            )
        return len(fresh)

    def fresh(self, events: list[Event], taking: Taking) -> list[Event]:
        """Those that it has not taken yet, each once, marked as taken."""
        return once(events, taking, self.queue)

    def effects(self) -> list[Document]:
        """What it wrote down, in the order in which it did."""
        return list(self.inbox.database["effects"].find({"queue": self.queue}))


class Facts(Subscriber):
    """A subscriber whose own documents bear the event's id, as the figures' do."""

    ledger = "facts"

    def fresh(self, events: list[Event], taking: Taking) -> list[Event]:
        """Those that have no document yet."""
        fresh = {event.id: event for event in events if not event.of_journal}
        facts = taking.database["facts"]
        for known in facts.find({"_id": {"$in": list(fresh)}}, session=taking.session):
            del fresh[known["_id"]]
        if fresh:
            rows = [
                {"_id": id, "service": event.service, "type": event.short_type, "recorded": event.recorded}
                for id, event in fresh.items()
            ]
            facts.insert_many(rows, session=taking.session)
        return list(fresh.values())


class Ordered(Subscriber):
    """A subscriber that is told of each jar's events in their order, with none missing."""

    ordered = True


class Stage:
    """Databases and collections, made once and emptied for each run, and a service's name."""

    def __init__(self, client: MongoClient[Document], name: str, service: str = "jars") -> None:
        self.service = service
        self.owner = open_database(client, f"{name}_{service}")
        self.subscriber = open_database(client, f"{name}_{service}_subscriber")
        self.journal(utc_now).ensure_indexes()
        ensure_collections(self.owner, ("jars",))
        ensure_collections(self.subscriber, ("effects", "sums", "facts"))
        for kind in (Subscriber, Facts, Ordered):
            kind(self.subscriber, service, "", utc_now).inbox.ensure_indexes()

    def journal(self, clock: Clock) -> Journal:
        """The service's journal under a clock."""
        return Journal(self.owner, service=self.service, site="test", chain_key=b"k" * 32, clock=clock)

    def clear(self) -> None:
        """Empty all of it; the last write waits until a majority has the others."""
        for database in (self.owner, self.subscriber):
            for name in database.list_collection_names():
                database.get_collection(name, write_concern=WriteConcern(1)).delete_many({})
        self.owner["jars"].delete_many({})


def judged(
    journal: Journal,
    subscribers: Iterable[Subscriber],
    asked: Collection[tuple[str, str]],
    acknowledged: Collection[tuple[str, str]],
    sendings: Sequence[str] = (),
) -> list[Finding]:
    """What the judge finds when all has been drained.

    `asked` and `acknowledged` are (command, jar) of each change; `sendings` ids of events as they were sent.
    """
    entries = list(journal.database["journal"].find())
    places = {entry["_id"]: (entry["aggregate"], entry["n"]) for entry in entries}
    marked = [(entry["aggregate"], entry["n"], entry["published"]) for entry in entries]
    records = {record["_id"]: record["version"] for record in journal.database["jars"].find()}
    found = judge.commands(asked, acknowledged, [(entry["command"], entry["aggregate"]) for entry in entries])
    found += judge.versions(records, places.values())
    found += judge.order(places[id] for id in sendings if id in places)
    found += judge.marks(marked)
    found += judge.drained(marked)
    for subscriber in subscribers:
        aside = [row["event"] for row in subscriber.inbox.database["held"].find({"queue": subscriber.queue})]
        taken = [effect["event"] for effect in subscriber.effects()]
        found += judge.deliveries(subscriber.queue, places.keys(), taken, aside)
    return found
