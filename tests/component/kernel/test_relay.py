"""The relay between a real store and a real broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Publisher
from services.kernel.bus.relay import WATERMARK, Relay
from services.kernel.journal.journal import Journal
from services.kernel.message.event import CONTENT_TYPE, Event
from tests.component.edge import KEYS
from tests.eventually import PATIENCE, eventually

from .jar import change, make_journal


@pytest.fixture
def journal(mongo_client: MongoClient[dict[str, Any]], database: str) -> Journal:
    return make_journal(mongo_client, database)


@pytest.fixture
def publisher(vhost: str) -> Iterator[Publisher]:
    made = Publisher(vhost, "jars", keys=KEYS, name="test")
    yield made
    made.close()


@pytest.fixture
def relay(journal: Journal, publisher: Publisher) -> Relay:
    return Relay(journal, publisher)


def bind(vhost: str, queue: str = "q", key: str = "#") -> None:
    connection = bus.connect(vhost, "test")
    bus.declare_queue(connection, queue, [("jars", key)])
    connection.release()


def drain(vhost: str, queue: str = "q") -> list[Any]:
    connection = bus.connect(vhost, "test")
    channel, messages = connection.channel(), []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        messages.append(message)
    connection.release()
    return messages


def unpublished(journal: Journal) -> int:
    return journal.database["journal"].count_documents({"published": False})


def test_entries_arrive_in_the_order_of_their_record(vhost: str, journal: Journal, relay: Relay) -> None:
    """Every entry is published once, as a CloudEvent, version after version."""
    bind(vhost)
    for coins in range(1, 8):
        change(journal, f"j{coins % 2}", coins)
    assert relay.step() == 7
    assert relay.step() == 0
    messages = drain(vhost)
    events = [
        Event.from_json(message.body.encode() if isinstance(message.body, str) else message.body)
        for message in messages
    ]
    assert {message.properties["content_type"] for message in messages} == {CONTENT_TYPE}
    for record in ("j0", "j1"):
        versions = [happened.aggregateversion for happened in events if happened.subject == record]
        assert versions == sorted(versions)
        assert versions[0] == 1
    assert all(
        happened.type == "shengzhi.jars.jar.changed.v1" and happened.source == "/test/jars" for happened in events
    )
    assert unpublished(journal) == 0


def test_an_event_that_no_queue_wants_stays_unpublished(vhost: str, journal: Journal, relay: Relay) -> None:
    """Without a queue nothing is marked published; with one, all arrives."""
    change(journal, "j1", 1)
    assert relay.step() == 0
    assert unpublished(journal) == 1
    bind(vhost)
    relay._unroutable.clear()  # the pause before an unroutable event is tried again
    assert relay.step() == 1
    assert len(drain(vhost)) == 1


def test_a_successor_waits_for_what_is_unroutable_before_it(vhost: str, journal: Journal, relay: Relay) -> None:
    """Version 2 does not overtake version 1 that no queue took."""
    change(journal, "j1", 1)
    assert relay.step() == 0
    bind(vhost)
    change(journal, "j1", 1)
    change(journal, "j2", 1)
    assert relay.step() == 1
    assert [Event.from_json(message.body).subject for message in drain(vhost)] == ["j2"]


def test_what_overtook_its_predecessor_in_a_batch_is_sent_again_after_it(
    vhost: str, journal: Journal, relay: Relay
) -> None:
    """Of a batch no queue took version 1 but one took version 2: it counts as published only once 1 does."""
    bind(vhost, key="jar.emptied.v1")
    change(journal, "j1", 1)
    change(journal, "j1", 1)
    journal.database["journal"].update_one({"n": 2}, {"$set": {"type": "jar.emptied.v1"}})
    assert relay.step() == 0
    assert unpublished(journal) == 2
    bind(vhost)
    relay._unroutable.clear()  # the pause before an unroutable event is tried again
    assert relay.step() == 2
    assert [Event.from_json(message.body).aggregateversion for message in drain(vhost)] == [2, 1, 2]


def test_a_version_seen_before_its_predecessor_waits(vhost: str, journal: Journal, publisher: Publisher) -> None:
    """An entry that the scan meets before its predecessor is not sent before it, and does not block."""
    bind(vhost)
    for _ in range(3):
        change(journal, "j1", 1)
    early = datetime.now(UTC) - timedelta(hours=1)
    journal.database["journal"].update_one({"n": 3}, {"$set": {"recorded": early}})
    one = Relay(journal, publisher, batch=1)
    assert [one.step() for _ in range(3)] == [1, 2, 0]
    assert [Event.from_json(message.body).aggregateversion for message in drain(vhost)] == [1, 2, 3]


def test_only_one_of_two_relays_works(journal: Journal, vhost: str, publisher: Publisher) -> None:
    """The lease lets one relay work; when it lapses the other goes on."""
    bind(vhost)
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    first = Relay(journal, publisher, clock=lambda: now[0], lease_seconds=15)
    second = Relay(journal, publisher, clock=lambda: now[0], lease_seconds=15)
    change(journal, "j1", 1)
    assert first.step() == 1
    change(journal, "j1", 1)
    assert second.step() == 0
    now[0] += timedelta(seconds=16)
    assert second.step() == 1


def test_the_watermark_stays_before_what_is_unpublished(vhost: str, journal: Journal, relay: Relay) -> None:
    """The watermark passes nothing that has not been published."""
    bind(vhost, "marks", WATERMARK)
    change(journal, "j1", 1)
    recorded = journal.database["journal"].find_one()["recorded"]  # type: ignore[index]  # just written
    assert relay.tell_watermark() < recorded
    bind(vhost)
    relay.step()
    before = datetime.now(UTC) - timedelta(seconds=5)
    until = relay.tell_watermark()
    assert before - timedelta(milliseconds=2) <= until <= datetime.now(UTC) - timedelta(seconds=5)
    assert len(drain(vhost, "marks")) == 2


def test_a_commit_is_published_promptly_and_the_relay_stops_when_told(
    vhost: str, journal: Journal, publisher: Publisher
) -> None:
    """The signal after a commit wakes the relay long before its next poll."""
    bind(vhost)
    relay = Relay(journal, publisher, poll_seconds=2 * PATIENCE, watermark_seconds=2 * PATIENCE)
    journal.committed = relay.wake
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        change(journal, "j1", 1)
        eventually(lambda: unpublished(journal) == 0)
    finally:
        relay.stop()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert journal.database["leases"].count_documents({}) == 0


def test_the_watermark_stays_before_what_the_clock_has_not_marked(journal: Journal, publisher: Publisher) -> None:
    """It says nothing of an instant whose marks are still to come, and goes on once there are none."""
    passed: list[datetime | None] = [datetime.now(UTC) - timedelta(minutes=2), None]
    relay = Relay(journal, publisher, behind=lambda database, now: passed[0])
    first = passed[0]
    assert first is not None
    assert relay.tell_watermark() == first - timedelta(milliseconds=1)
    passed.pop(0)
    assert relay.tell_watermark() > first
