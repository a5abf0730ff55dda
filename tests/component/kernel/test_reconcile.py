"""A queue that was lost with what was in it: the subscriber gets it all again, and takes each event once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel import bus
from services.kernel.batch import Consumer
from services.kernel.bus import Publisher
from services.kernel.event import Event
from services.kernel.inbox import Inbox, Taking, once
from services.kernel.journal import Journal, open_database
from services.kernel.reconcile import digest, owner_tally
from services.kernel.relay import Relay
from services.kernel.vault import Cipher

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
    made = Relay(journal, Publisher(vhost, "jars", name="test"), transaction_seconds=0)
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
    consumer = Consumer(vhost, inbox, [("jars", "#")], wait=0.02)
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


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not (done := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    assert done


def delete_queue(vhost: str) -> int:
    connection = bus.connect(vhost, "test")
    count: int = connection.default_channel.queue_delete("coins")
    connection.release()
    return count


def test_a_queue_deleted_with_messages_in_it_costs_nothing(
    vhost: str, journal: Journal, relay: Relay, store: Database[dict[str, Any]]
) -> None:
    """The subscriber makes its queue anew, asks for what it missed from its last day on, and has everything once."""
    with consuming(vhost, store):
        for number in range(30):
            change(journal, f"j{number}", 1)
        assert relay.resend_asked() == 0
        assert relay.step() == 30
        wait_for(lambda: coins(store) == 30)
    for number in range(20):
        change(journal, f"j{number}", 1)
    assert relay.step() == 20
    assert delete_queue(vhost) >= 20
    with consuming(vhost, store):
        assert coins(store) == 30
        assert relay.resend_asked() == 50
        wait_for(lambda: coins(store) == 50)
        assert relay.resend_asked() == 0
    assert coins(store) == 50


def test_a_difference_is_found_by_the_tally_and_mended(
    vhost: str, journal: Journal, relay: Relay, store: Database[dict[str, Any]]
) -> None:
    """Messages that vanished while the subscriber was there are noticed by the owner's count, and sent again."""
    with consuming(vhost, store) as inbox:
        assert relay.resend_asked() == 0
        change(journal, "j1", 1)
        relay.step()
        wait_for(lambda: coins(store) == 1)
        for number in range(5):
            change(journal, f"k{number}", 1)
        journal.database["journal"].update_many({"published": False}, {"$set": {"published": True}})  # as if lost
        relay.tell_tally(relay.tell_watermark())
        wait_for(lambda: relay.resend_asked() > 0)
        wait_for(lambda: coins(store) == 6)
        relay.tell_tally(relay.tell_watermark())
        change(journal, "j1", 1)
        relay.step()
        wait_for(lambda: coins(store) == 7)
        assert inbox.to_ask == {}
        assert relay.resend_asked() == 0


def test_the_tally_does_not_depend_on_the_order(journal: Journal) -> None:
    """Count and hash-sum are the same whatever the order, and change with any id."""
    assert digest(["a", "b", "c"]) == digest(["c", "a", "b"])
    assert digest(["a", "b"]) != digest(["a", "c"])
    change(journal, "j1", 1)
    change(journal, "j1", 2)
    told = owner_tally(journal, journal.clock())
    ids = [entry["_id"] for entry in journal.database["journal"].find()]
    assert list(told.values()) == [{"jar.changed.v1": digest(ids)}]
