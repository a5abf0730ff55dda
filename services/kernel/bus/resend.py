"""Sending again what a subscriber asks for, to its own queue, beside the relay and never in its way.

Whoever takes a request from the owner's queue serves it; it is acknowledged once all of it was confirmed, so that a
crash sends it again, which is harmless. A new subscriber, and a rebuild, ask for everything: then the queue is not
filled faster than it is emptied.
"""

from __future__ import annotations

import threading
from contextlib import closing

import structlog
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from ..journal.journal import Journal
from ..journal.reconcile import ENDED, Resend, entries_to_resend, requests_queue
from ..message.clock import Clock, utc_now
from .broker import BUS_ERRORS, Outgoing, Publisher

log = structlog.stdlib.get_logger(__name__)

MOST_AHEAD = 20_000
"""So many messages may wait in a queue that is being sent to."""
_LOOK_AGAIN = 0.2


class Resender:
    """Serves the requests to one service's journal."""

    def __init__(
        self,
        journal: Journal,
        publisher: Publisher,
        *,
        clock: Clock = utc_now,
        batch: int = 500,
        poll_seconds: float = 1.0,
        most_ahead: int = MOST_AHEAD,
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self._requests = publisher.twin()
        self._clock = clock
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._most_ahead = most_ahead
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let `run` end after the batch in hand; the request is served again by the next process."""
        self._stopping.set()

    def run(self) -> None:
        """Serve until stopped; whatever fails is tried again after a pause that grows to 5 s."""
        pause = 0.0
        while not self._stopping.is_set():
            try:
                self.step()
                pause = 0.0
            except (*BUS_ERRORS, PyMongoError) as error:
                log.warning("resender.failed", service=self._journal.service, error=repr(error))
                pause = min(5.0, pause * 2 or 0.2)
            self._stopping.wait(pause or self._poll_seconds)
        self.close()

    def close(self) -> None:
        """Give its connections back."""
        self._publisher.close()
        self._requests.close()

    def step(self) -> int:
        """Serve what has been asked; give how many events were sent.

        Raises:
            BUS_ERRORS, PyMongoError: broker or store is away; the request stays where it is.
        """
        count = 0
        with closing(self._requests.waiting(requests_queue(self._journal.service))) as requests:
            for body in requests:
                try:
                    asked = Resend.model_validate_json(body)
                except ValidationError as error:
                    log.warning("resender.not_understood", service=self._journal.service, error=str(error)[:200])
                    continue
                sent = self._send(asked)
                if self._stopping.is_set():
                    break
                count += sent
                log.info("resender.sent", service=self._journal.service, queue=asked.queue, events=sent)
        return count

    def _send(self, asked: Resend) -> int:
        count = 0
        batch: list[Outgoing] = []
        for entry in entries_to_resend(self._journal, asked):
            happened = self._journal.event(entry)
            batch.append(Outgoing(happened.id, happened.short_type, happened.to_json(), queue=asked.queue))
            if len(batch) == self._batch:
                count += self._publish(batch, asked.queue)
                batch = []
                if self._stopping.is_set():
                    return count
        count += self._publish(batch, asked.queue)
        told = {"count": count, **asked.model_dump(mode="json", include={"since", "days"})}
        ended = self._journal.told(ENDED, told, self._clock())
        self._publish([Outgoing(ended.id, ENDED, ended.to_json(), queue=asked.queue)], asked.queue)
        return count

    def _publish(self, batch: list[Outgoing], queue: str) -> int:
        while self._requests.depth(queue) > self._most_ahead and not self._stopping.wait(_LOOK_AGAIN):
            pass
        return len(self._publisher.publish(batch).confirmed) if batch else 0
