"""The figures rebuilt from the journals, on a real broker and a real store, while others read and write them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.cli.rebuild import Rebuild, Refused
from services.gateway.store import generation
from services.gateway.store.facts import Projection
from services.gateway.store.generation import PROJECTION, QUEUE, current, ledger
from services.gateway.store.period import Span
from services.gateway.store.report import report
from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Publisher
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import Inbox
from services.kernel.bus.relay import Relay
from services.kernel.bus.resend import Resender
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document
from services.kernel.journal.vault import Cipher
from services.kernel.message.clock import utc_now
from services.registry import SOURCES
from tests.component.cli.audit.test_books import LATER, Province
from tests.component.edge import KEYS
from tests.eventually import PATIENCE
from tests.unit.gateway.owners import CAMPAIGN

KEY = b"m" * 32
SPAN = Span(CAMPAIGN.first, CAMPAIGN.last)
FIGURE = "study.sessions.branch"


class Running(Province):
    """The province with its owners' relays, answers to requests and the projection at work, in threads of the test."""

    def __init__(self, mongo: str, client: MongoClient[Document], prefix: str, amqp: str) -> None:
        super().__init__(mongo, client, prefix)
        self.amqp = amqp
        self.journals = {name: self._journal(name) for name in SOURCES}
        for name in SOURCES:
            self.write(name, published=True)

    def _journal(self, name: str) -> Journal:
        made = Journal(self.owner(name), service=name, site="test", chain_key=b"k", clock=lambda: LATER)
        made.ensure_indexes()
        return made

    def write(self, name: str, *, published: bool) -> None:
        """Bring an owner's journal up to what its records say."""
        for event in self.owners.events:
            if event.service == name:
                fields = event.model_dump(include={"time", "recorded", "unit", "actor", "data"})
                entry = {**fields, "aggregate": event.subject, "n": event.aggregateversion, "type": event.short_type}
                entry |= {"day": event.day.isoformat(), "published": published}
                journal = self.owner(name)["journal"]
                if journal.find_one({"_id": event.id, "type": {"$exists": True}}) is None:
                    journal.update_one({"_id": event.id}, {"$set": entry}, upsert=True)

    def start(self, leaving: ExitStack) -> None:
        """Let everything run until the stack is closed."""
        database = self.gateway.database
        inbox = Inbox(database, QUEUE, Projection().apply, cipher=Cipher(KEY), ledger=ledger)
        bindings = [(name, "#") for name in SOURCES]
        consumer = Consumer(self.amqp, inbox, bindings, keys=KEYS, single_active=True)
        _in_thread(leaving, consumer.run, consumer.stop)
        assert consumer.ready.wait(30)
        for name, journal in self.journals.items():
            relay = Relay(
                journal,
                Publisher(self.amqp, name, keys=KEYS, name="test"),
                clock=lambda: LATER,
                watermark_seconds=0.1,
                transaction_seconds=0,
            )
            _in_thread(leaving, relay.run, relay.stop)
            resender = Resender(
                journal, Publisher(self.amqp, name, keys=KEYS, name="test-again"), poll_seconds=0.1, batch=3
            )
            _in_thread(leaving, resender.run, resender.stop)

    def rebuild(self, shown: Callable[[str, int, int], None] = lambda *_: None) -> Any:
        """As the command does."""
        made = Rebuild(self.client, self.amqp, self.prefix, KEY, KEYS, batch=4, grace_seconds=0.5)
        return made.run(patience=PATIENCE, shown=shown)

    def figure(self) -> int:
        """One figure of the province, as a report shows it."""

        async def read(database: AsyncDatabase[Document]) -> int:
            told = await report(database, "P", SPAN, children=False)
            return int(told["figures"][FIGURE])

        return self.gateway.ask(read)


def _in_thread(leaving: ExitStack, run: Callable[[], None], stop: Callable[[], None]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    leaving.callback(thread.join, 30)
    leaving.callback(stop)


@pytest.fixture
def running(mongo: str, mongo_client: MongoClient[Document], database: str, vhost: str) -> Iterator[Running]:
    made = Running(mongo, mongo_client, database, vhost)
    with ExitStack() as leaving:
        made.start(leaving)
        yield made


def spoil(running: Running) -> int:
    """Make the figures wrong, as a mistake in an earlier version would have; the right value of one."""
    right = running.figure()
    rollups = running.gateway.database[current(running.gateway.database).rollups]
    rollups.update_many({"unit": "P"}, {"$inc": {f"sum.{FIGURE.replace('.', ':')}": 100}})
    assert running.figure() > right
    assert running.audit().wrong > 0
    return right


def test_wrong_figures_are_right_again_and_reading_went_on(running: Running) -> None:
    """The books agree after it; whoever read meanwhile saw the old figure or the new one, and nothing else."""
    right = spoil(running)
    seen, over = set(), threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(running.figure())

    wrong = running.figure()
    reader = threading.Thread(target=read)
    reader.start()
    try:
        found = running.rebuild()
    finally:
        over.set()
        reader.join()
    assert found.compared["facts"] == found.compared["journal"] == len(running.owners.events)
    assert running.audit().wrong == 0
    assert running.figure() == right
    assert seen <= {wrong, right}


def test_nothing_is_left_of_the_old_figures_nor_of_the_building(running: Running) -> None:
    """One generation, one document, no queue: a second rebuild begins where the first began."""
    running.rebuild()
    first = current(running.gateway.database)
    running.rebuild()
    second = current(running.gateway.database)
    assert first.id < second.id
    names = running.gateway.database.list_collection_names()
    assert {name for name in names if name.partition(".")[0] in ("facts", "rollups")} == {second.facts, second.rollups}
    assert [found["_id"] for found in running.gateway.database[PROJECTION].find()] == [PROJECTION]
    connection = bus.connect(running.amqp, "test")
    assert bus.declare_queue(connection, second.queue, ()) is True
    connection.release()


def test_what_arrives_while_it_is_built_is_in_it(running: Running) -> None:
    """Events that come at the last moment, through both queues, are in the figures that take over."""
    before = running.figure()

    def shown(step: str, done: int, total: int) -> None:
        if step == "切换" and ("session", "s9") not in running.owners.states:
            running.owners.ask("report", 9, "B1", date(2026, 3, 5), 1)
            running.keep()
            running.write("study", published=False)
            running.journals["study"].committed()

    running.rebuild(shown)
    assert running.figure() == before + 1
    assert running.audit().wrong == 0


def test_what_a_person_gave_up_stays_out(running: Running) -> None:
    """A dropped event counts as applied: a rebuild does not bring it back."""
    database = running.gateway.database
    given_up = next(event for event in running.owners.events if event.short_type == "essay.recorded.v1")
    place = {"queue": QUEUE, "aggregate": given_up.subject, "owner": given_up.service, "n": given_up.aggregateversion}
    database["held"].insert_one({"_id": "x", "sort": "dropped", "event": given_up.id, **place, "recorded": LATER})
    running.rebuild()
    assert database[current(database).facts].find_one({"_id": given_up.id}) is None


def test_what_could_not_be_handled_before_and_can_be_now_is_held_no_more(running: Running) -> None:
    """A rebuild with mended rules takes what was parked; nobody has to replay it."""
    event = running.owners.events[0]
    parked = {"queue": QUEUE, "sort": "parked", "event": event.id, "aggregate": event.subject, "recorded": None}
    running.gateway.database["held"].insert_one({"_id": "x", **parked})
    running.rebuild()
    assert running.gateway.database["held"].count_documents({}) == 0


def test_books_that_do_not_agree_change_nothing(running: Running) -> None:
    """An entry that the rules cannot count is said, the old figures stay, and what was built is gone."""
    figure = running.figure()
    entry = running.owner("study")["journal"].find_one({"type": "session.submitted.v1"})
    assert entry is not None
    told = {**entry["data"]["now"], "way": "by_post"}
    running.owner("study")["journal"].update_one({"_id": entry["_id"]}, {"$set": {"data.now": told}})
    with pytest.raises(Refused, match="by_post"):
        running.rebuild()
    database = running.gateway.database
    assert current(database).id == ""
    assert running.figure() == figure
    assert [name for name in database.list_collection_names() if name.startswith("facts")] == ["facts"]
    assert database["held"].count_documents({}) == 0


def test_one_rebuild_at_a_time_and_a_dead_one_is_tidied_away(running: Running) -> None:
    """A second is refused while the first lives; what a killed one left is dropped by the next."""
    database, now = running.gateway.database, utc_now()
    assert generation.begin(database, "killed", now) is not None
    with pytest.raises(Refused, match="另一次重建"):
        running.rebuild()
    database[PROJECTION].update_one({"_id": "projection.killed"}, {"$set": {"seen": now - timedelta(hours=1)}})
    running.rebuild()
    assert "facts.killed" not in database.list_collection_names()


def test_a_generation_that_lacks_something_does_not_take_over(running: Running) -> None:
    """Not before it has every fact that the present one has."""
    database = running.gateway.database
    building = generation.begin(database, "slow", utc_now())
    assert building is not None
    marks = {f"watermarks.{owner}": LATER - timedelta(days=1) for owner in SOURCES}
    database[PROJECTION].update_one({"_id": building.place}, {"$set": marks})
    assert generation.take_over(database, building) == len(running.owners.events)
    assert current(database).id == ""
    generation.ended(database, building)
    with pytest.raises(LookupError):
        generation.take_over(database, building)
