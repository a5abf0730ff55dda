"""A queue that was lost with what was in it: the subscriber gets it all again, and takes each event once."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import Inbox, Taking, once
from services.kernel.bus.relay import Relay
from services.kernel.bus.resend import Resender
from services.kernel.journal.journal import Journal
from services.kernel.journal.reconcile import (
    ENDED,
    Resend,
    differing_days,
    digest,
    entries_to_resend,
    last_day,
    matches,
    owner_tally,
    requests_queue,
)
from services.kernel.journal.store import open_database
from services.kernel.journal.vault import Cipher
from services.kernel.message.delivery import Delivery
from services.kernel.message.event import CONTENT_TYPE, Event
from tests.component.edge import KEYS
from tests.eventually import eventually

from .jar import change, make_journal


@pytest.fixture
def journal(mongo_client: MongoClient[dict[str, Any]], database: str) -> Journal:
    return make_journal(mongo_client, f"{database}_owner")


@pytest.fixture
def store(mongo_client: MongoClient[dict[str, Any]], database: str) -> Database[dict[str, Any]]:
    opened = open_database(mongo_client, f"{database}_subscriber")
    opened.create_collection("effects")
    return opened


@pytest.fixture
def relay(vhost: str, journal: Journal) -> Iterator[Relay]:
    """The owner's relay, stepped by hand; no transaction is under way, so its watermark is now."""
    made = Relay(journal, Publisher(vhost, "jars", keys=KEYS, name="test"), transaction_seconds=0)
    yield made
    made.close()


@pytest.fixture
def resender(vhost: str, journal: Journal) -> Iterator[Resender]:
    """The owner's answer to requests, stepped by hand."""
    made = Resender(journal, Publisher(vhost, "jars", keys=KEYS, name="test-again"))
    yield made
    made.close()


def take(events: list[Event], taking: Taking) -> int:
    fresh = once(events, taking, "coins")
    for event in fresh:
        taking.database["effects"].update_one(
            {"_id": "sum"}, {"$inc": {"coins": event.data["coins"]}}, upsert=True, session=taking.session
        )
    return len(fresh)


@contextmanager
def consuming(vhost: str, store: Database[dict[str, Any]]) -> Iterator[Inbox]:
    inbox = Inbox(store, "coins", take, cipher=Cipher(b"m" * 32))
    consumer = Consumer(vhost, inbox, [("jars", "#")], keys=KEYS, wait=0.02)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        assert consumer.ready.wait(20)
        yield inbox
    finally:
        consumer.stop()
        thread.join(20)
    assert not thread.is_alive()


def coins(store: Database[dict[str, Any]]) -> int:
    found = store["effects"].find_one({"_id": "sum"})
    return 0 if found is None else int(found["coins"])


def delete_queue(vhost: str) -> int:
    connection = bus.connect(vhost, "test")
    count: int = connection.default_channel.queue_delete("coins")
    connection.release()
    return count


def test_a_queue_deleted_with_messages_in_it_costs_nothing(
    vhost: str, journal: Journal, relay: Relay, resender: Resender, store: Database[dict[str, Any]]
) -> None:
    """The subscriber makes its queue anew, asks for what it missed from its last day on, and has everything once."""
    with consuming(vhost, store):
        assert resender.step() == 0
        for number in range(30):
            change(journal, f"j{number}", 1)
        assert relay.step() == 30
        eventually(lambda: coins(store) == 30)
    for number in range(20):
        change(journal, f"j{number}", 1)
    assert relay.step() == 20
    assert delete_queue(vhost) >= 20
    with consuming(vhost, store):
        assert coins(store) == 30
        assert resender.step() == 50
        eventually(lambda: coins(store) == 50)
        assert resender.step() == 0
    assert coins(store) == 50


def test_a_difference_is_found_by_the_tally_and_mended(
    vhost: str, journal: Journal, relay: Relay, resender: Resender, store: Database[dict[str, Any]]
) -> None:
    """Messages that vanished while the subscriber was there are noticed by the owner's count, and sent again."""
    with consuming(vhost, store) as inbox:
        assert resender.step() == 0
        change(journal, "j1", 1)
        relay.step()
        eventually(lambda: coins(store) == 1)
        for number in range(5):
            change(journal, f"k{number}", 1)
        journal.database["journal"].update_many({"published": False}, {"$set": {"published": True}})  # as if lost
        relay.tell_tally(relay.tell_watermark())
        eventually(lambda: resender.step() > 0)
        eventually(lambda: coins(store) == 6)
        relay.tell_tally(relay.tell_watermark())
        change(journal, "j1", 1)
        relay.step()
        eventually(lambda: coins(store) == 7)
        assert inbox.to_ask == {}
        assert resender.step() == 0


def test_a_subscriber_of_some_kinds_is_held_to_those_alone(journal: Journal, store: Database[dict[str, Any]]) -> None:
    """Kinds that its queue is not bound to neither differ nor are sent again; a day that agreed is not counted anew."""
    for number in range(3):
        change(journal, f"j{number}", 1)
    entries = journal.database["journal"]
    other = entries.find_one({"aggregate": "j2"})
    assert other is not None
    entries.update_one({"_id": other["_id"]}, {"$set": {"type": "lid.lost.v1"}})
    day = other["recorded"].date()
    tomorrow = datetime.combine(day + timedelta(days=1), dt.time(8), UTC)
    told = owner_tally(journal, tomorrow)
    rows = [
        {"service": "jars", "type": entry["type"], "recorded": entry["recorded"], "event": entry["_id"]}
        for entry in entries.find({"type": "jar.changed.v1"})
    ]
    compared = (store, "inbox", "coins", "jars", told, tomorrow)
    assert differing_days(*compared, ["jar.#"]) == [day]
    store["inbox"].insert_many(rows)
    assert differing_days(*compared) == [day]
    assert differing_days(*compared, ["jar.#"]) == []
    store["inbox"].delete_many({})  # never happens; shows that it is not read again
    assert differing_days(*compared, ["jar.#"]) == []
    asked = Resend(queue="coins", keys=["jar.#"])
    assert {entry["type"] for entry in entries_to_resend(journal, asked)} == {"jar.changed.v1"}


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("#", {"jar.changed.v1", "jar", "jars.changed.v1"}),
        ("jar.#", {"jar.changed.v1", "jar"}),
        ("jar.*.v1", {"jar.changed.v1"}),
        ("*.changed.v1", {"jar.changed.v1", "jars.changed.v1"}),
    ],
)
def test_keys_match_as_the_broker_matches(vhost: str, key: str, kinds: set[str]) -> None:
    """What we take to be bound is what RabbitMQ routes."""
    every = ("jar.changed.v1", "jar", "jars.changed.v1")
    connection = bus.connect(vhost, "test")
    bus.declare_queue(connection, "matched", [("jars", key)])
    connection.release()
    with publisher(vhost) as sender:
        sent = sender.publish([Outgoing(kind, kind, b"{}") for kind in every])
    assert set(sent.confirmed) == kinds == {kind for kind in every if matches(kind, [key])}


def test_the_tally_does_not_depend_on_the_order(journal: Journal) -> None:
    """Count and hash-sum are the same whatever the order, and change with any id."""
    assert digest(["a", "b", "c"]) == digest(["c", "a", "b"])
    assert digest(["a", "b"]) != digest(["a", "c"])
    change(journal, "j1", 1)
    change(journal, "j1", 2)
    told = owner_tally(journal, journal.clock())
    ids = [entry["_id"] for entry in journal.database["journal"].find()]
    assert list(told.values()) == [{"jar.changed.v1": digest(ids)}]


def test_a_new_subscriber_gets_everything_from_the_beginning(
    vhost: str, journal: Journal, relay: Relay, store: Database[dict[str, Any]]
) -> None:
    """Also what is published and not marked yet; a queue is not filled faster than it is emptied; the end is told."""
    for number in range(40):
        change(journal, f"j{number % 7}", 1)
    slow = Resender(journal, Publisher(vhost, "jars", keys=KEYS, name="test-slow"), batch=5, most_ahead=10)
    declare(vhost, "full")
    request = Resend(queue="full").model_dump_json().encode()
    bus.ensure_queue(vhost, requests_queue("jars"))
    slow_thread = threading.Thread(target=slow.step)
    with publisher(vhost) as ask:
        ask.publish([Outgoing("r", "", request, queue=requests_queue("jars"), asks=True)])
        slow_thread.start()
        eventually(lambda: ask.depth("full") >= 11)
        time.sleep(0.5)
        assert ask.depth("full") <= 15
        bodies = [body for _ in range(8) for body in take_some(vhost, "full", 6)]
        slow_thread.join(20)
        bodies += take_some(vhost, "full", 100)
    slow.close()
    events = [Event.from_json(body) for body in bodies]
    assert [event.short_type for event in events] == ["jar.changed.v1"] * 40 + [ENDED]
    assert events[-1].data == {"count": 40, "since": None, "days": []}
    assert {event.id for event in events[:-1]} == {entry["_id"] for entry in journal.database["journal"].find()}


def test_a_request_that_could_not_be_served_comes_again(
    vhost: str, journal: Journal, resender: Resender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails half-way is not kept by the process that failed: its next look serves it."""
    change(journal, "j1", 1)
    declare(vhost, "wanting")
    with publisher(vhost) as ask:
        assert resender.step() == 0
        request = Resend(queue="wanting").model_dump_json().encode()
        ask.publish([Outgoing("f", "", request, queue="jars.resend")])  # signed for something else
        assert (resender.step(), ask.depth("wanting"), ask.depth("jars.resend")) == (0, 0, 0)
        ask.publish([Outgoing("r", "", request, queue="jars.resend", asks=True)])
        with monkeypatch.context() as failing:
            failing.setattr(resender, "_send", mock.Mock(side_effect=TimeoutError))
            with pytest.raises(TimeoutError):
                resender.step()
        eventually(lambda: resender.step() == 1)
        assert ask.depth("wanting") == 2


def declare(vhost: str, queue: str) -> None:
    connection = bus.connect(vhost, "test")
    bus.declare_queue(connection, queue, (), expires_ms=60_000)
    connection.release()


@contextmanager
def publisher(vhost: str) -> Iterator[Publisher]:
    made = Publisher(vhost, "jars", keys=KEYS, name="test")
    yield made
    made.close()


def take_some(vhost: str, queue: str, most: int) -> list[bytes]:
    """Take messages off a queue after a moment, as a slow subscriber would."""
    time.sleep(0.3)
    connection = bus.connect(vhost, "test")
    found: list[bytes] = []
    while len(found) < most and (message := connection.default_channel.basic_get(queue, no_ack=True)) is not None:
        found.append(message.body if isinstance(message.body, bytes) else message.body.encode())
    connection.release()
    return found


def test_what_another_queue_of_the_same_service_took_counts_for_it_alone(
    journal: Journal, store: Database[dict[str, Any]]
) -> None:
    """Of two queues that keep what they took in one collection, the one that took nothing knows it."""
    inbox = Inbox(store, "coins", take, cipher=Cipher(b"m" * 32))
    inbox.ensure_indexes()
    change(journal, "j1", 1)
    inbox.take([Delivery(journal.event(entry).to_json(), CONTENT_TYPE) for entry in journal.database["journal"].find()])
    until, today = journal.clock(), journal.clock().date()
    told = owner_tally(journal, until)
    assert differing_days(store, "inbox", "coins", "jars", told, until) == []
    assert differing_days(store, "inbox", "others", "jars", told, until) == [today]
    assert last_day(store, "inbox", "coins", "jars") == today
    assert last_day(store, "inbox", "others", "jars") is None


def test_a_forged_event_that_was_parked_is_no_difference(journal: Journal, store: Database[dict[str, Any]]) -> None:
    """What no journal has would otherwise be asked for again with every tally; what is there and parked counts."""

    def refuse(events: list[Event], taking: Taking) -> int:
        raise ValueError("strange")

    taking, refusing = (Inbox(store, "coins", does, cipher=Cipher(b"m" * 32)) for does in (take, refuse))
    taking.ensure_indexes()
    change(journal, "j1", 1)
    change(journal, "j2", 1)
    first, second = (journal.event(entry) for entry in journal.database["journal"].find())
    taking.take([Delivery(first.to_json(), CONTENT_TYPE)])
    until, today = journal.clock(), journal.clock().date()
    compared = (store, "inbox", "coins", "jars", owner_tally(journal, until), until)
    assert differing_days(*compared) == [today]
    refusing.take([Delivery(second.to_json(), CONTENT_TYPE)])
    assert differing_days(*compared) == []
    taking.replay(store["held"].find_one() or {})
    forged = second.model_copy(update={"id": "forged"})
    refusing.take([Delivery(forged.to_json(), CONTENT_TYPE)])
    assert store["held"].count_documents({"sort": "parked"}) == 1
    assert differing_days(*compared) == []
