"""Feeding one queue into an inbox, with a connection of its own.

Messages are fetched ahead, handed over `size` at a time, when no more come, or after `wait` seconds, and acknowledged
together once the transaction is done; what no process of the platform signed is acknowledged and no more. While the
store is busy with them, the next are fetched. A failure of the broker is waited out; a failure of the store stops
consuming until it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from .. import metrics
from ..journal.reconcile import Resend, last_day, requests_queue
from ..message.delivery import Delivery
from ..message.event import new_id
from ..message.signing import HEADER, UNTRUSTED, Keys, Untrusted, check_event
from . import broker as bus
from .inbox import Inbox

log = structlog.stdlib.get_logger(__name__)

_BACKLOG = 2
_IDLE_SECONDS = 0.5
_GLANCE_SECONDS = 0.01
_GAP_SECONDS = 0.02
_TURN = 16


class _Taking(threading.Thread):
    """A batch on its way into the store."""

    def __init__(self, inbox: Inbox, deliveries: list[Delivery]) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self._inbox = inbox
        self._deliveries = deliveries
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Take it; what is raised is kept for `finish`."""
        try:
            self._inbox.take(self._deliveries)
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            self._failure = error
        finally:
            self.over.set()

    def finish(self) -> None:
        """Raise what `take` raised."""
        if self._failure is not None:
            raise self._failure


class Consumer:
    """Feeds one queue into an inbox until stopped."""

    def __init__(
        self,
        uri: str,
        inbox: Inbox,
        bindings: Sequence[tuple[str, str]],
        *,
        keys: Keys,
        size: int = 500,
        wait: float = 0.25,
        single_active: bool = False,
        expires_ms: int | None = None,
    ) -> None:
        self._uri = uri
        self._inbox = inbox
        self._bindings = bindings
        self._keys = keys
        for reason in UNTRUSTED:  # a counter that begins at one is no increase
            metrics.EVENTS_REFUSED.labels(inbox.queue, reason)
        self._size = size
        self._wait = wait
        self._single_active = single_active
        self._expires_ms = expires_ms
        self._stopping = threading.Event()
        self._fetched: list[tuple[int, Delivery | None]] = []
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
        with bus.connected(self._uri, f"shengzhi-consumer-{self._inbox.queue}") as connection:
            self._inbox.ensure_indexes()
            self.made_queue |= bus.declare_queue(
                connection,
                self._inbox.queue,
                self._bindings,
                single_active=self._single_active,
                expires_ms=self._expires_ms,
            )
            if self.made_queue:
                self._ask_from_last_day()
            channel = connection.channel()
            channel.auto_decode = False  # a message keeps its bytes, whatever encoding its header claims
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

    def _fetch(self, message: Any) -> None:
        info, body = message.delivery_info, message.body
        delivery = Delivery(
            body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogateescape"),
            message.properties.get("content_type"),
            bool(info["redelivered"]),
            info["routing_key"],
        )
        try:
            check_event(self._keys, (message.headers or {}).get(HEADER), delivery.body)
        except Untrusted as untrusted:
            metrics.EVENTS_REFUSED.labels(self._inbox.queue, untrusted.reason).inc()
            self._fetched.append((info["delivery_tag"], None))
        else:
            self._fetched.append((info["delivery_tag"], delivery))

    def _fill(self, connection: Any) -> None:
        """Wait for a batch to be full, for a pause in what comes, or for `wait` seconds after its first message."""
        if not self._fetched:
            bus.take_in(connection, _IDLE_SECONDS, lambda: bool(self._fetched) or self._stopping.is_set())
        if self._fetched:
            until = time.monotonic() + self._wait
            full = self._size
            bus.take_in(connection, _GAP_SECONDS, lambda: len(self._fetched) >= full or time.monotonic() > until)

    def _hand_over(self, connection: Any, channel: Any) -> None:
        batch, self._fetched = self._fetched[: self._size], self._fetched[self._size :]
        trusted = [delivery for _, delivery in batch if delivery is not None]
        if len(trusted) < len(batch):
            log.warning("consumer.refused", queue=self._inbox.queue, messages=len(batch) - len(trusted))
        pause = 0.0
        while not self._stopping.is_set():
            taking = _Taking(self._inbox, trusted)
            try:
                self._fetch_during(taking, connection)
                taking.finish()
            except PyMongoError as error:
                pause = min(5.0, pause * 2 or 0.2)
                log.warning("consumer.store_away", queue=self._inbox.queue, error=repr(error), seconds=pause)
                self._stopping.wait(pause)
                connection.heartbeat_check()
            else:
                channel.basic_ack(batch[-1][0], multiple=True)
                self._ask(self._inbox.to_ask)
                return

    def _fetch_during(self, taking: _Taking, connection: Any) -> None:
        """Fetch the next batch, no more, while one is being taken."""

        def enough() -> bool:
            if len(self._fetched) % _TURN == 0:
                time.sleep(0)  # the store may have answered: whoever takes goes first
            return taking.over.is_set() or len(self._fetched) >= self._size

        try:
            while not taking.over.is_set() and len(self._fetched) < self._size:
                bus.take_in(connection, _GLANCE_SECONDS, enough)
        except bus.BUS_ERRORS:
            taking.over.wait()
            raise
        taking.over.wait()

    def _ask_from_last_day(self) -> None:
        """The queue is new: what was published before it is lost to it unless it is sent again."""
        inbox = self._inbox
        owners = dict.fromkeys(owner for owner, _ in self._bindings)
        since = {owner: last_day(inbox.database, inbox.ledger, inbox.queue, owner) for owner in owners}
        self._ask({owner: Resend(queue=inbox.queue, since=day, keys=inbox.keys) for owner, day in since.items()})
        self.made_queue = False

    def _ask(self, wanted: dict[str, Resend]) -> None:
        """Ask owners to send again; a request is forgotten once the broker has confirmed it."""
        if not wanted:
            return
        queue = self._inbox.queue
        publisher = bus.Publisher(self._uri, queue.split(".")[0], keys=self._keys, name=f"shengzhi-asks-{queue}")
        try:
            for owner, resend in list(wanted.items()):
                bus.ensure_queue(self._uri, requests_queue(owner))
                body = resend.model_dump_json().encode()
                message = bus.Outgoing(new_id(), "", body, queue=requests_queue(owner), asks=True)
                if publisher.publish([message]).confirmed:
                    wanted.pop(owner, None)
        finally:
            publisher.close()
