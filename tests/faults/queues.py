"""What the model needs of a broker, twice: RabbitMQ itself, and a twin in memory for thousands of runs.

One suite runs against both (tests/component/kernel/test_queues.py). The twin is faithful and does no harm of its own:
faults come from `Unruly`, which stands before either.
"""

from __future__ import annotations

import itertools
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher, Sent
from services.kernel.message.delivery import Delivery
from services.kernel.message.event import CONTENT_TYPE
from tests.component.edge import KEYS
from tests.eventually import PATIENCE


@dataclass(frozen=True)
class Fetched:
    """A delivery, and what it is acknowledged by."""

    tag: int
    delivery: Delivery


class Queues(Protocol):
    """A broker as one consumer's connection sees it."""

    def publisher(self, service: str) -> Publisher:
        """A publisher to a service's exchange."""

    def declare(self, queue: str, bindings: Sequence[tuple[str, str]]) -> bool:
        """Make a queue with its bindings to (service, routing key); say whether it was not there."""

    def delete(self, queue: str) -> None:
        """Destroy a queue with what is in it."""

    def fetch(self, queue: str, most: int) -> list[Fetched]:
        """The next deliveries, to be acknowledged or given back."""

    def acknowledge(self, fetched: Sequence[Fetched]) -> None:
        """These were dealt with."""

    def give_back(self) -> None:
        """The consumer dies: whatever it had not acknowledged comes again, marked as redelivered."""


class RabbitQueues:
    """The real broker."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection = bus.connect(uri, "model")
        self._channel = self._connection.channel()
        self._unacknowledged: dict[int, str] = {}

    def publisher(self, service: str) -> Publisher:
        """The kernel's own."""
        return Publisher(self._uri, service, keys=KEYS, name="model")

    def declare(self, queue: str, bindings: Sequence[tuple[str, str]]) -> bool:
        """As the kernel declares."""
        return bus.declare_queue(self._connection, queue, bindings)

    def delete(self, queue: str) -> None:
        """By the protocol's own method."""
        self._channel.queue_delete(queue)
        self._unacknowledged = {tag: of for tag, of in self._unacknowledged.items() if of != queue}

    def fetch(self, queue: str, most: int) -> list[Fetched]:
        """One by one, until there is none."""
        fetched: list[Fetched] = []
        while len(fetched) < most and (message := self._channel.basic_get(queue)) is not None:
            info, body = message.delivery_info, message.body
            raw = body if isinstance(body, bytes) else str(body).encode()
            delivery = Delivery(
                raw, message.properties.get("content_type"), bool(info["redelivered"]), info["routing_key"]
            )
            fetched.append(Fetched(info["delivery_tag"], delivery))
            self._unacknowledged[info["delivery_tag"]] = queue
        return fetched

    def acknowledge(self, fetched: Sequence[Fetched]) -> None:
        """One by one."""
        for each in fetched:
            if self._unacknowledged.pop(each.tag, None) is not None:
                self._channel.basic_ack(each.tag)

    def give_back(self) -> None:
        """The channel goes; wait until the broker has put everything back."""
        wanted = {queue: self._ready(queue) for queue in self._unacknowledged.values()}
        for queue in self._unacknowledged.values():
            wanted[queue] += 1
        self._unacknowledged.clear()
        self._channel.close()
        self._channel = self._connection.channel()
        until = time.monotonic() + PATIENCE
        while any(self._ready(queue) < count for queue, count in wanted.items()):
            if time.monotonic() > until:
                raise AssertionError(f"not put back within {PATIENCE} s: {wanted}")
            time.sleep(0.01)

    def close(self) -> None:
        """Leave."""
        self._connection.release()

    def _ready(self, queue: str) -> int:
        return int(self._channel.queue_declare(queue, passive=True).message_count)


@dataclass
class _Queue:
    waiting: deque[Delivery] = field(default_factory=deque)
    bindings: list[tuple[str, str]] = field(default_factory=list)


class MemoryQueues:
    """The twin: durable queues bound by topic, deliveries that come again until they are acknowledged.

    Nothing expires in it; a run is shorter than any expiry of ours.
    """

    def __init__(self) -> None:
        self.queues: dict[str, _Queue] = {}
        self._fetched: dict[int, tuple[str, Delivery]] = {}
        self._tags = itertools.count(1)

    def publisher(self, service: str) -> Publisher:
        """One that puts into these queues."""
        return _MemoryPublisher(self, service)

    def declare(self, queue: str, bindings: Sequence[tuple[str, str]]) -> bool:
        """Make what is missing."""
        made = queue not in self.queues
        known = self.queues.setdefault(queue, _Queue())
        known.bindings += [binding for binding in bindings if binding not in known.bindings]
        return made

    def delete(self, queue: str) -> None:
        """Gone, and what had been fetched of it too."""
        self.queues.pop(queue, None)
        self._fetched = {tag: held for tag, held in self._fetched.items() if held[0] != queue}

    def fetch(self, queue: str, most: int) -> list[Fetched]:
        """From the head."""
        fetched: list[Fetched] = []
        waiting = self.queues[queue].waiting
        while waiting and len(fetched) < most:
            tag, delivery = next(self._tags), waiting.popleft()
            self._fetched[tag] = queue, delivery
            fetched.append(Fetched(tag, delivery))
        return fetched

    def acknowledge(self, fetched: Sequence[Fetched]) -> None:
        """Forgotten."""
        for each in fetched:
            self._fetched.pop(each.tag, None)

    def give_back(self) -> None:
        """To the head, in the old order."""
        for _, (queue, delivery) in sorted(self._fetched.items(), reverse=True):
            self.queues[queue].waiting.appendleft(replace(delivery, redelivered=True))
        self._fetched.clear()

    def put(self, service: str, message: Outgoing) -> bool:
        """Route one message; whether any queue took it."""
        delivery = Delivery(message.body, CONTENT_TYPE, routing_key=message.queue or message.routing_key)
        if message.queue is not None:
            takers = [found] if (found := self.queues.get(message.queue)) else []
        else:
            takers = [
                queue
                for queue in self.queues.values()
                if any(owner == service and _matches(key, message.routing_key) for owner, key in queue.bindings)
            ]
        for queue in takers:
            queue.waiting.append(delivery)
        return bool(takers)


def _matches(key: str, routing_key: str) -> bool:
    """Topic routing: `*` is one word, `#` any number of them."""
    words = [{"*": r"\.[^.]+", "#": r"(?:\.[^.]+)*"}.get(word, r"\." + re.escape(word)) for word in key.split(".")]
    return re.fullmatch("".join(words), f".{routing_key}") is not None


class _MemoryPublisher(Publisher):
    def __init__(self, queues: MemoryQueues, service: str) -> None:
        super().__init__("memory://", service, keys=KEYS, name="model")
        self._queues = queues

    def twin(self) -> Publisher:
        return _MemoryPublisher(self._queues, self._service)

    def publish(self, messages: Sequence[Outgoing], *, mandatory: bool = True) -> Sent:
        sent = Sent()
        for message in messages:
            routed = self._queues.put(self._service, message)
            (sent.confirmed if routed or not mandatory else sent.unroutable).append(message.id)
        return sent

    def waiting(self, queue: str) -> Generator[bytes, None, None]:
        self._queues.declare(queue, ())
        waiting = self._queues.queues[queue].waiting
        while waiting:
            yield waiting[0].body
            waiting.popleft()

    def depth(self, queue: str) -> int:
        return len(self._queues.queues[queue].waiting) if queue in self._queues.queues else 0

    def close(self) -> None:
        pass


class Killed(BaseException):
    """Stands for a process's death: nothing after it runs."""


@dataclass
class Fate:
    """What happens to one batch on its way: nothing, unless said."""

    refused: int | None = None
    """The broker refuses the message at this place."""
    line_breaks: int | None = None
    """The connection is lost after so many messages arrived; the publisher knows of none."""
    killed: bool = False
    """The process dies once all has arrived, before it could write that down."""
    before: Callable[[], Any] = lambda: None
    """Happens between choosing the messages and sending them."""
    after: Callable[[], Any] = lambda: None
    """Happens between sending them and marking them sent."""


class Unruly(Publisher):
    """A publisher that passes messages on to another, and whose next batch meets its `fate`.

    `attempted` are the ids in the order in which they were sent, whatever became of them.
    """

    def __init__(self, inner: Publisher, attempted: list[str]) -> None:
        super().__init__("unruly://", "", keys=KEYS, name="model")
        self.inner = inner
        self.fate = Fate()
        self.attempted = attempted

    def publish(self, messages: Sequence[Outgoing], *, mandatory: bool = True) -> Sent:
        """Send what fate lets through.

        Raises:
            OSError: the line broke.
            Killed: the process died.
        """
        fate, self.fate = self.fate, Fate()
        fate.before()
        arriving = list(messages[: fate.line_breaks])
        self.attempted += [message.id for message in arriving]
        refused = [arriving.pop(fate.refused)] if fate.refused is not None and fate.refused < len(arriving) else []
        sent = self.inner.publish(arriving, mandatory=mandatory)
        sent.refused += [message.id for message in refused]
        if fate.line_breaks is not None:
            raise OSError("the line broke")
        fate.after()
        if fate.killed:
            raise Killed
        return sent

    def close(self) -> None:
        """Close what it passes on to."""
        self.inner.close()
