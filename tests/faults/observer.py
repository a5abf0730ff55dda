"""Somebody outside who listens to all that is published: does any record's event come before the one before it?"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from typing import Any

from services.cli import WORKERS
from services.kernel.bus import broker as bus
from services.kernel.message.event import Event

QUEUE = "faults.observer"


class Observer(threading.Thread):
    """Keeps a durable queue of its own, so that what comes while it is away waits for it."""

    def __init__(self, uri: str) -> None:
        super().__init__(name="observer", daemon=True)
        self._uri = uri
        self._stopping = threading.Event()
        self._newest: dict[str, int] = defaultdict(int)
        self.seen: set[str] = set()
        self.inversions: list[str] = []
        self.ready = threading.Event()

    def run(self) -> None:
        """Listen until told to stop, connecting again as often as it takes."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except bus.BUS_ERRORS:
                self._stopping.wait(0.5)

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self.join(30)

    def bind(self, connection: Any) -> None:
        """Make queue and bindings."""
        bus.declare_queue(connection, QUEUE, [(service, "#") for service in WORKERS])

    def unbind(self, connection: Any) -> None:
        """Leave nobody who wants what is published."""
        with connection.channel() as channel:
            for service in WORKERS:
                channel.queue_unbind(QUEUE, bus.exchange_of(service), "#")

    def _listen(self) -> None:
        connection = bus.connect(self._uri, "faults-observer")
        try:
            if not self.ready.is_set():
                self.bind(connection)
            channel = connection.channel()
            channel.basic_qos(0, 500, False)
            channel.basic_consume(QUEUE, callback=lambda message: self._saw(channel, message))
            self.ready.set()
            beat = time.monotonic()
            while not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=1)  # asked again
                if time.monotonic() - beat > bus.HEARTBEAT / 4:
                    connection.heartbeat_check()
                    beat = time.monotonic()
        finally:
            connection.release()

    def _saw(self, channel: Any, message: Any) -> None:
        body = message.body if isinstance(message.body, bytes) else message.body.encode("utf-8", "surrogateescape")
        try:
            event = Event.from_json(body)
        except ValueError:
            event = None
        if event is not None and event.aggregateversion and event.id not in self.seen:
            self.seen.add(event.id)
            record = f"{event.source}/{event.subject}"
            before = self._newest[record]
            if event.aggregateversion != before + 1:
                self.inversions.append(f"inversion: {record} {event.aggregateversion} came after {before}")
            self._newest[record] = max(before, event.aggregateversion)
        channel.basic_ack(message.delivery_tag)
