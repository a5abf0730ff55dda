"""Taking events exactly once, on a real store; and the consumer that feeds it from a real broker."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import amqp
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from services.kernel import metrics
from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher, QueueDiffers
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import MOST_ATTEMPTS, Inbox, Taking, once
from services.kernel.journal.store import open_database
from services.kernel.journal.vault import Cipher
from services.kernel.message.delivery import Delivery
from services.kernel.message.errors import Later, Park
from services.kernel.message.event import CONTENT_TYPE, Event, new_id
from services.kernel.message.signing import HEADER, sign_answer, sign_event, sign_resend
from tests.component.edge import KEYS
from tests.eventually import eventually

CIPHER = Cipher(b"m" * 32)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def happened(coins: int = 1, **fields: Any) -> Event:
    return Event(
        **{
            "id": new_id(),
            "source": "/test/jars",
            "type": "shengzhi.jars.jar.changed.v1",
            "subject": "j1",
            "time": NOW,
            "aggregateversion": 1,
            "recorded": NOW,
            "unit": "U1",
            "actor": "u1",
            "day": date(2026, 3, 2),
            "data": {"coins": coins},
        }
        | fields
    )


def delivery(event: Event, redelivered: bool = False) -> Delivery:
    return Delivery(event.to_json(), CONTENT_TYPE, redelivered)


class Effects:
    """A subscriber that adds coins to one document, and fails as each event tells it to."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fails: dict[int, Exception] = {}

    def __call__(self, events: list[Event], taking: Taking) -> int:
        """Take what is new, and fail where told to."""
        self.calls.append(len(events))
        fresh = once(events, taking, "q")
        for event in fresh:
            coins = event.data["coins"]
            taking.database["effects"].update_one(
                {"_id": "sum"}, {"$inc": {"coins": coins}}, upsert=True, session=taking.session
            )
            if coins in self.fails:
                raise self.fails[coins]
        return len(fresh)


@pytest.fixture
def store(mongo_client: MongoClient[dict[str, Any]], database: str) -> Database[dict[str, Any]]:
    opened = open_database(mongo_client, database)
    opened.create_collection("effects")
    return opened


@pytest.fixture
def effects() -> Effects:
    return Effects()


@pytest.fixture
def now() -> list[datetime]:
    return [NOW]


@pytest.fixture
def inbox(store: Database[dict[str, Any]], effects: Effects, now: list[datetime]) -> Inbox:
    made = Inbox(store, "q", effects, cipher=CIPHER, clock=lambda: now[0])
    made.ensure_indexes()
    return made


def total(store: Database[dict[str, Any]]) -> int:
    found = store["effects"].find_one({"_id": "sum"})
    return 0 if found is None else int(found["coins"])


def test_repeated_events_take_effect_once(store: Database[dict[str, Any]], inbox: Inbox) -> None:
    """The same event twice in a batch, and again later, counts once."""
    first, second = happened(1), happened(2)
    inbox.take([delivery(first), delivery(second), delivery(first)])
    inbox.take([delivery(second), delivery(first, redelivered=True)])
    assert total(store) == 3


def test_one_poison_in_a_batch_is_parked_and_the_rest_flows(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """A batch is halved down to the event that fails; its effect is undone, the others' stand."""
    effects.fails[4] = Park("no such thing")
    inbox.take([delivery(happened(coins)) for coins in (1, 2, 3, 4, 5, 6, 7)])
    assert total(store) == 1 + 2 + 3 + 5 + 6 + 7
    held = list(store["held"].find())
    assert [(row["sort"], row["reason"], row["attempts"]) for row in held] == [("parked", "Park: no such thing", 1)]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", CONTENT_TYPE),
        (b"\x80\x04\x95", CONTENT_TYPE),
        (b"[" * 100_000, CONTENT_TYPE),
        (b"{}", CONTENT_TYPE),
        (b"\x00\xff\xfe", None),
        (b'{"a":1}', "application/json"),
    ],
    ids=["half", "pickle", "deep", "empty", "bytes", "type"],
)
def test_what_is_no_event_is_parked_with_its_bytes(
    store: Database[dict[str, Any]], inbox: Inbox, body: bytes, content_type: str | None
) -> None:
    """Undecodable messages are kept, encrypted, with the reason, and do not stop the others."""
    inbox.take([Delivery(body, content_type), delivery(happened(2))])
    assert total(store) == 2
    held = store["held"].find_one({"sort": "parked"})
    assert held is not None
    assert CIPHER.decrypt(held["body"], held["_id"]) == body
    assert len(body) < 8 or body not in held["body"]


def test_later_is_retried_until_it_works(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects, now: list[datetime]
) -> None:
    """An event that cannot be handled yet waits with growing pauses, then takes effect once."""
    effects.fails[3] = Later("unit not known yet")
    inbox.take([delivery(happened(3))])
    assert inbox.retry_due() == 0
    now[0] += timedelta(seconds=2)
    assert inbox.retry_due() == 0
    held = store["held"].find_one()
    assert held is not None
    assert (held["sort"], held["attempts"]) == ("retry", 2)
    del effects.fails[3]
    now[0] += timedelta(seconds=3)
    assert inbox.retry_due() == 1
    assert total(store) == 3
    assert store["held"].count_documents({}) == 0


def test_replaying_a_parked_event_twice_has_effect_once(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """A parked event that was mended is replayed; a second replay of the same row changes nothing."""
    effects.fails[3] = ValueError("bug")
    inbox.take([delivery(happened(3))])
    held = store["held"].find_one()
    assert held is not None
    assert held["sort"] == "parked"
    assert "ValueError" in held["traceback"]
    assert inbox.replay(held) is False
    del effects.fails[3]
    assert inbox.replay(held) is True
    assert inbox.replay(held) is True
    assert total(store) == 3


def test_what_was_dropped_never_takes_effect(store: Database[dict[str, Any]], inbox: Inbox, effects: Effects) -> None:
    """A message that was given up counts as applied: sent again with its whole day, it changes nothing."""
    effects.fails[3] = Park("never")
    given_up = happened(3)
    inbox.take([delivery(given_up)])
    held = store["held"].find_one()
    assert held is not None
    inbox.drop(held, "ops", "wrong for good")
    del effects.fails[3]
    inbox.take([delivery(given_up), delivery(happened(1))])
    assert total(store) == 1


def test_a_parked_event_that_takes_effect_when_it_comes_again_is_parked_no_more(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """What was mended and sent again leaves nothing for a person to do."""
    effects.fails[3] = ValueError("bug")
    event = happened(3)
    inbox.take([delivery(event)])
    del effects.fails[3]
    inbox.take([delivery(event)])
    assert total(store) == 3
    assert store["held"].count_documents({}) == 0


def test_a_message_that_keeps_killing_its_process_is_parked(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """A poison never raises: its attempts are written down before it is tried, and counted when it comes back."""

    class Killed(BaseException):
        """Stands for the process's death: nothing after it runs."""

    effects.fails[3] = Killed()  # type: ignore[assignment]  # a death is no Exception
    poison = delivery(happened(3), redelivered=True)
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            inbox.take([poison])
    inbox.take([poison, delivery(happened(1))])
    assert total(store) == 1
    assert store["held"].count_documents({"sort": "parked"}) == 1
    assert store["attempts"].count_documents({}) == 0


def test_what_came_back_is_tried_together_once_then_each_by_itself(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """A cut connection brings back a thousand innocents: they cost one transaction; with a killer among them, more."""

    class Killed(BaseException):
        """Stands for the process's death: nothing after it runs."""

    inbox.take([delivery(happened(coins), redelivered=True) for coins in (1, 2)])
    assert (effects.calls, store["attempts"].count_documents({})) == ([2], 0)
    effects.fails[5] = Killed()  # type: ignore[assignment]  # a death is no Exception
    back = [delivery(happened(coins), redelivered=True) for coins in (4, 5, 6)]
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            inbox.take(back)
    inbox.take(back)
    assert total(store) == 1 + 2 + 4 + 6
    assert [row["reason"] for row in store["held"].find()] == [
        f"RuntimeError: came back {MOST_ATTEMPTS} times from a process that died"
    ]
    assert store["attempts"].count_documents({}) == 0


def test_a_store_that_is_away_is_no_fault_of_the_event(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """While the store is away nothing is parked and nothing may be acknowledged."""
    effects.fails[3] = AutoReconnect("primary is gone")
    with pytest.raises(AutoReconnect):
        inbox.take([delivery(happened(1)), delivery(happened(3))])
    assert store["held"].count_documents({}) == 0
    assert total(store) == 0


def test_personal_data_is_masked_where_a_message_is_shown(
    store: Database[dict[str, Any]], inbox: Inbox, effects: Effects
) -> None:
    """A reason that quotes a telephone number is kept without it."""
    effects.fails[3] = ValueError("caller 13900001234 not found")
    inbox.take([delivery(happened(3))])
    held = store["held"].find_one()
    assert held is not None
    assert "13900001234" not in json.dumps([held["reason"], held["traceback"]])


@pytest.fixture
def running(vhost: str, inbox: Inbox) -> Iterator[Consumer]:
    consumer = Consumer(vhost, inbox, [("jars", "#")], keys=KEYS, size=50, wait=0.02)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    assert consumer.ready.wait(10)
    yield consumer
    consumer.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_the_consumer_takes_everything_once(
    vhost: str, running: Consumer, store: Database[dict[str, Any]], effects: Effects
) -> None:
    """What is published, twice over and with rubbish among it, takes effect once and leaves the queue empty."""
    publisher = Publisher(vhost, "jars", keys=KEYS, name="test")
    events = [happened(1) for _ in range(200)]
    messages = [Outgoing(event.id, "jar.changed.v1", event.to_json()) for event in events]
    publisher.publish([*messages, Outgoing("x", "jar.changed.v1", b"rubbish"), *messages])
    publisher.close()
    eventually(lambda: total(store) == 200 and store["held"].count_documents({}) == 1)
    assert max(effects.calls) > 1
    connection = bus.connect(vhost, "test")
    eventually(lambda: connection.default_channel.queue_declare("q", passive=True).message_count == 0)
    connection.release()


def test_a_message_keeps_its_bytes_whatever_its_header_claims(
    vhost: str, running: Consumer, store: Database[dict[str, Any]]
) -> None:
    """An encoding named in a header is not applied: what is parked is what came."""
    body = b'{"caf\xe9":1}'
    with bus.connected(vhost, "test") as connection:
        signed = {HEADER: sign_event(KEYS, body)}
        message = amqp.Message(body, content_type=CONTENT_TYPE, content_encoding="latin-1", application_headers=signed)
        connection.default_channel.basic_publish(message, exchange="", routing_key="q")
    eventually(lambda: store["held"].count_documents({}) == 1)
    held = store["held"].find_one()
    assert held is not None
    assert CIPHER.decrypt(held["body"], held["_id"]) == body


@pytest.mark.parametrize("forgery", ["none", "no text", "no key", "of another", "of a request", "of an answer"])
def test_what_nobody_of_ours_signed_has_no_effect(
    vhost: str, running: Consumer, store: Database[dict[str, Any]], forgery: str
) -> None:
    """A forged event, by whatever way it came into the queue, is gone, counted, and the rest flows on."""
    event, before = happened(7), _refused()
    signature: Any = {
        "none": None,
        "no text": 5,
        "no key": "sha256:gone:00",
        "of another": sign_event(KEYS, b"another"),
        "of a request": sign_resend(KEYS, "q", event.to_json()),
        "of an answer": sign_answer(KEYS, "", "", event.to_json()),
    }[forgery]
    with bus.connected(vhost, "test") as connection:
        for exchange, key in (("", "q"), ("jars.events", "jar.changed.v1")):
            headers = {} if signature is None else {HEADER: signature}
            forged = amqp.Message(event.to_json(), content_type=CONTENT_TYPE, application_headers=headers)
            connection.default_channel.basic_publish(forged, exchange=exchange, routing_key=key)
    publisher = Publisher(vhost, "jars", keys=KEYS, name="test")
    publisher.publish([Outgoing("a", "jar.changed.v1", happened(1).to_json())])
    publisher.close()
    eventually(lambda: total(store) == 1)
    assert store["held"].count_documents({}) == 0
    assert _refused() == before + 2
    with bus.connected(vhost, "test") as connection:
        eventually(lambda: connection.default_channel.queue_declare("q", passive=True).message_count == 0)


def _refused() -> float:
    """How many messages of the queue were refused so far."""
    (family,) = metrics.EVENTS_REFUSED.collect()
    counted = (sample for sample in family.samples if sample.name.endswith("_total"))
    return sum(sample.value for sample in counted if sample.labels["queue"] == "q")


def test_a_store_away_stops_consuming_and_nothing_is_lost(
    vhost: str, running: Consumer, store: Database[dict[str, Any]], effects: Effects
) -> None:
    """The consumer holds its batch while the store is away, and applies it when the store is back."""
    effects.fails[1] = AutoReconnect("away")
    publisher = Publisher(vhost, "jars", keys=KEYS, name="test")
    publisher.publish([Outgoing("a", "jar.changed.v1", happened(1).to_json())])
    publisher.close()
    eventually(lambda: len(effects.calls) > 1)
    assert total(store) == 0
    effects.fails.clear()
    eventually(lambda: total(store) == 1)
    assert store["held"].count_documents({}) == 0


def test_a_queue_with_other_arguments_is_said_not_retried(vhost: str, inbox: Inbox) -> None:
    """A queue that exists with other arguments ends the consumer with a message that names it."""
    connection = bus.connect(vhost, "test")
    connection.default_channel.queue_declare("q", durable=True, auto_delete=False)
    connection.release()
    with pytest.raises(QueueDiffers, match="queue q exists"):
        Consumer(vhost, inbox, [("jars", "#")], keys=KEYS).run()
