"""nameko entrypoints that consume events: `@batch` for many a transaction, `@subscribe` for one.

Each has its own connection, its own queue under a name of ours, and one worker: messages are fetched ahead, handed over
`size` at a time or after `wait` seconds, and acknowledged together once the transaction is done. A failure of the
broker is waited out; a failure of the store stops consuming until it is back.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from eventlet.event import Event as Answer
from nameko.extensions import Entrypoint
from pymongo.errors import PyMongoError

from . import bus
from .delivery import Delivery
from .event import Event, new_id
from .inbox import Inbox, Taking, once
from .providers import Journalled, finish
from .reconcile import Resend, last_day, requests_queue
from .settings import settings
from .vault import Cipher

log = structlog.stdlib.get_logger(__name__)

_BACKLOG = 2
_READY_SECONDS = 10
_IDLE_SECONDS = 0.5


class Consumer:
    """Feeds one queue into an inbox until stopped."""

    def __init__(
        self,
        uri: str,
        inbox: Inbox,
        bindings: Sequence[tuple[str, str]],
        *,
        size: int = 500,
        wait: float = 0.05,
        single_active: bool = False,
    ) -> None:
        self._uri = uri
        self._inbox = inbox
        self._bindings = bindings
        self._size = size
        self._wait = wait
        self._single_active = single_active
        self._stopping = threading.Event()
        self._fetched: list[tuple[int, Delivery]] = []
        self.ready = threading.Event()
        self.made_queue = False

    def stop(self) -> None:
        """Let `run` end after the batch in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until stopped.

        Raises:
            QueueDiffers: the queue exists with other arguments; only a person can mend that.
        """
        pause = 0.0
        while not self._stopping.is_set():
            try:
                self._connected()
                pause = 0.0
            except (*bus.BUS_ERRORS, PyMongoError) as error:
                self.ready.clear()
                pause = min(5.0, pause * 2 or 0.2)
                log.warning("consumer.waiting", queue=self._inbox.queue, error=repr(error), seconds=pause)
                self._stopping.wait(pause)

    def _connected(self) -> None:
        connection = bus.connect(self._uri, f"shengzhi-consumer-{self._inbox.queue}")
        try:
            self._inbox.ensure_indexes()
            self.made_queue |= bus.declare_queue(
                connection, self._inbox.queue, self._bindings, single_active=self._single_active
            )
            if self.made_queue:
                self._ask_from_last_day()
            channel = connection.channel()
            channel.basic_qos(0, _BACKLOG * self._size, False)
            self._fetched = []
            channel.basic_consume(self._inbox.queue, callback=self._fetch)
            self.ready.set()
            beat = retried = time.monotonic()
            while not self._stopping.is_set():
                self._fill(connection)
                if self._fetched:
                    self._hand_over(connection, channel)
                if time.monotonic() - beat > bus.HEARTBEAT / 4:
                    connection.heartbeat_check()
                    beat = time.monotonic()
                if time.monotonic() - retried > 1:
                    self._inbox.retry_due()
                    self._inbox.shelf.count()
                    retried = time.monotonic()
        finally:
            with contextlib.suppress(*bus.BUS_ERRORS):
                connection.release()

    def _fetch(self, message: Any) -> None:
        info, body = message.delivery_info, message.body
        delivery = Delivery(
            body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogateescape"),
            message.properties.get("content_type"),
            bool(info["redelivered"]),
            info["routing_key"],
        )
        self._fetched.append((info["delivery_tag"], delivery))

    def _fill(self, connection: Any) -> None:
        """Wait for a batch to be full, or for `wait` seconds after its first message; a moment if there is none."""
        until = time.monotonic() + (self._wait if self._fetched else _IDLE_SECONDS)
        while len(self._fetched) < self._size and not self._stopping.is_set():
            empty = not self._fetched
            left = until - time.monotonic()
            if left <= 0:
                return
            try:
                connection.drain_events(timeout=left)
            except TimeoutError:
                return
            if empty and self._fetched:
                until = time.monotonic() + self._wait

    def _hand_over(self, connection: Any, channel: Any) -> None:
        batch, self._fetched = self._fetched[: self._size], self._fetched[self._size :]
        pause = 0.0
        while not self._stopping.is_set():
            try:
                self._inbox.take([delivery for _, delivery in batch])
            except PyMongoError as error:
                pause = min(5.0, pause * 2 or 0.2)
                log.warning("consumer.store_away", queue=self._inbox.queue, error=repr(error), seconds=pause)
                self._stopping.wait(pause)
                connection.heartbeat_check()
            else:
                channel.basic_ack(batch[-1][0], multiple=True)
                self._ask(self._inbox.to_ask)
                return

    def _ask_from_last_day(self) -> None:
        """The queue is new: what was published before it is lost to it unless it is sent again."""
        owners = dict.fromkeys(owner for owner, _ in self._bindings)
        self._ask(
            {
                owner: Resend(queue=self._inbox.queue, since=last_day(self._inbox.database, self._inbox.ledger, owner))
                for owner in owners
            }
        )
        self.made_queue = False

    def _ask(self, wanted: dict[str, Resend]) -> None:
        """Ask owners to send again; a request is forgotten once the broker has confirmed it."""
        if not wanted:
            return
        publisher = bus.Publisher(self._uri, self._inbox.queue.split(".")[0], name=f"shengzhi-asks-{self._inbox.queue}")
        try:
            for owner, resend in list(wanted.items()):
                bus.ensure_queue(self._uri, requests_queue(owner))
                message = bus.Outgoing(new_id(), "", resend.model_dump_json().encode(), queue=requests_queue(owner))
                if publisher.publish([message]).confirmed:
                    wanted.pop(owner, None)
        finally:
            publisher.close()


class Batch(Entrypoint):
    """Hands the handler a list of events and the transaction: `(self, events, taking) -> int | None`.

    The handler keeps its effects idempotent itself (its own documents bear the event's id) and returns how many events
    were new. `Later` holds an event to be tried again, any other exception parks it. `ordered` hands over each record's
    events in their order, none missing: bind such a queue to all events of a subject (`keys=["session.#"]`).
    """

    def __init__(
        self,
        queue: str,
        sources: Sequence[str],
        *,
        keys: Sequence[str] = ("#",),
        size: int = 500,
        wait: float = 0.05,
        single_active: bool = False,
        ledger: str = "inbox",
        ordered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.queue = queue
        self.bindings = [(source, key) for source in sources for key in dict.fromkeys((*keys, "tally.#"))]
        self.size = size
        self.wait = wait
        self.single_active = single_active
        self.ledger = ledger
        self.ordered = ordered
        self._consumer: Consumer | None = None
        self.inbox: Inbox | None = None

    def start(self) -> None:
        """Begin to consume in a thread of the container; go on once the queue is there to catch what is published."""
        journal = next(extension for extension in self.container.extensions if isinstance(extension, Journalled))
        self.inbox = inbox = Inbox(
            journal.database,
            self.queue,
            self.handle,
            cipher=Cipher(settings().secret("master.key")),
            clock=journal.clock,
            ledger=self.ledger,
            ordered=self.ordered,
        )
        self._consumer = Consumer(
            settings().amqp_uri,
            inbox,
            self.bindings,
            size=self.size,
            wait=self.wait,
            single_active=self.single_active,
        )
        self._thread = self.container.spawn_managed_thread(self._consumer.run, identifier=f"consumer {self.queue}")
        self._consumer.ready.wait(_READY_SECONDS)

    def stop(self) -> None:
        """Finish the batch in hand and consume no more."""
        if self._consumer is not None:
            self._consumer.stop()
            finish(self._thread)

    @property
    def ready(self) -> bool:
        """Whether the queue is there and is being consumed."""
        return self._consumer is not None and self._consumer.ready.is_set()

    def handle(self, events: list[Event], taking: Taking) -> int:
        """Run the service's method as a worker of the container and wait for it."""
        answer: Answer = Answer()

        def result(worker: Any, value: Any, exc_info: Any) -> tuple[Any, Any]:
            answer.send((value, exc_info))
            return value, None

        self.container.spawn_worker(self, self.arguments(events, taking), {}, handle_result=result)
        value, exc_info = answer.wait()
        if exc_info is not None:
            raise exc_info[1]
        return len(events) if value is None else int(value)

    def arguments(self, events: list[Event], taking: Taking) -> tuple[Any, ...]:
        """What the service's method is called with."""
        return events, taking


class Subscribe(Batch):
    """Hands the handler one event: `(self, event, taking)`; that it was taken is written in the same transaction."""

    def __init__(self, queue: str, sources: Sequence[str], **kwargs: Any) -> None:
        super().__init__(queue, sources, **{"size": 100, **kwargs})

    def handle(self, events: list[Event], taking: Taking) -> int:
        """Call the method for each event that this queue has not taken yet."""
        fresh = once(events, taking, self.queue)
        for happened in fresh:
            super().handle([happened], taking)
        return len(fresh)

    def arguments(self, events: list[Event], taking: Taking) -> tuple[Any, ...]:
        """One event and the transaction."""
        return events[0], taking


def batch(queue: str, sources: Sequence[str], **options: Any) -> Callable[[Any], Any]:
    """Mark a service's method as the handler of a queue's batches (see `Batch`)."""
    decorated: Callable[[Any], Any] = Batch.decorator(queue, sources, **options)
    return decorated


def subscribe(queue: str, sources: Sequence[str], **options: Any) -> Callable[[Any], Any]:
    """Mark a service's method as the handler of a queue's events, one by one (see `Subscribe`)."""
    decorated: Callable[[Any], Any] = Subscribe.decorator(queue, sources, **options)
    return decorated
