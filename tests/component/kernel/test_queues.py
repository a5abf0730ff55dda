"""The broker as the model uses it: RabbitMQ and its twin in memory pass the same tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.kernel.bus.broker import Outgoing
from tests.faults.queues import Fetched, MemoryQueues, Queues, RabbitQueues

EVERYTHING = [("jars", "#")]


@pytest.fixture(params=["rabbit", "memory"])
def queues(request: pytest.FixtureRequest) -> Iterator[Queues]:
    if request.param == "memory":
        yield MemoryQueues()
        return
    made = RabbitQueues(request.getfixturevalue("vhost"))
    yield made
    made.close()


def message(id: str, key: str = "jar.changed.v1", queue: str | None = None, *, asks: bool = False) -> Outgoing:
    return Outgoing(id, key, id.encode(), queue=queue, asks=asks)


def bodies(fetched: list[Fetched]) -> list[str]:
    return [each.delivery.body.decode() for each in fetched]


def test_messages_go_to_every_queue_whose_key_matches(queues: Queues) -> None:
    """A topic of one word, of any number of words, and another service's; each queue keeps the order."""
    publisher = queues.publisher("jars")
    keys = {"all": "#", "jars": "jar.#", "one": "jar.*.v1", "exact": "lid.closed.v1", "none": "jar.*"}
    for queue, key in keys.items():
        queues.declare(queue, [("jars", key)])
    queues.declare("others", [("lids", "#")])
    sent = publisher.publish([message("a"), message("b", "lid.closed.v1"), message("c", "jar")])
    publisher.close()
    assert (sent.confirmed, sent.unroutable, sent.refused) == (["a", "b", "c"], [], [])
    assert {queue: bodies(queues.fetch(queue, 9)) for queue in [*keys, "others"]} == {
        "all": ["a", "b", "c"],
        "jars": ["a", "c"],
        "one": ["a"],
        "exact": ["b"],
        "none": [],
        "others": [],
    }


def test_what_no_queue_wants_is_told(queues: Queues) -> None:
    """Unroutable is said where it was asked for; a message to a queue that is missing is unroutable too."""
    publisher = queues.publisher("jars")
    queues.declare("q", [("jars", "jar.#")])
    sent = publisher.publish([message("a"), message("b", "lid.closed.v1"), message("c", queue="missing")])
    assert (sorted(sent.confirmed), sorted(sent.unroutable)) == (["a"], ["b", "c"])
    assert publisher.publish([message("d", "lid.closed.v1")], mandatory=False).confirmed == ["d"]
    assert publisher.publish([message("e", queue="q")]).confirmed == ["e"]
    publisher.close()
    assert bodies(queues.fetch("q", 9)) == ["a", "e"]


def test_what_was_not_acknowledged_comes_again(queues: Queues) -> None:
    """A consumer that dies gets back what it had, marked; what it acknowledged is gone."""
    publisher = queues.publisher("jars")
    queues.declare("q", EVERYTHING)
    publisher.publish([message(id) for id in "abcd"])
    publisher.close()
    first = queues.fetch("q", 3)
    assert bodies(first) == ["a", "b", "c"]
    assert not any(each.delivery.redelivered for each in first)
    queues.acknowledge(first[:1])
    queues.give_back()
    again = queues.fetch("q", 9)
    assert {each.delivery.body: each.delivery.redelivered for each in again} == {b"b": True, b"c": True, b"d": False}
    queues.acknowledge(again)
    queues.give_back()
    assert queues.fetch("q", 9) == []


def test_a_deleted_queue_takes_its_messages_with_it(queues: Queues) -> None:
    """Declaring says whether the queue was there; made anew, it is empty, also of what had been fetched."""
    publisher = queues.publisher("jars")
    assert queues.declare("q", EVERYTHING)
    assert not queues.declare("q", EVERYTHING)
    publisher.publish([message("a"), message("b")])
    assert bodies(queues.fetch("q", 1)) == ["a"]
    queues.delete("q")
    assert queues.declare("q", EVERYTHING)
    queues.give_back()
    assert queues.fetch("q", 9) == []
    publisher.publish([message("c")])
    publisher.close()
    assert bodies(queues.fetch("q", 9)) == ["c"]


def test_waiting_messages_are_taken_one_by_one(queues: Queues) -> None:
    """A queue is made by asking what waits in it; what waits is given once, in order."""
    publisher = queues.publisher("jars")
    assert list(publisher.waiting("requests")) == []
    publisher.publish([message("a", queue="requests", asks=True), message("b", queue="requests", asks=True)])
    assert (publisher.depth("requests"), publisher.depth("missing")) == (2, 0)
    assert list(publisher.waiting("requests")) == [b"a", b"b"]
    assert list(publisher.waiting("requests")) == []
    publisher.close()
