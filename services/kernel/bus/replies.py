"""Answers to RPC callers: transient and unconfirmed, on a connection of their own.

nameko's own responder takes a producer from a pool for each answer, has the answer stored on disk and waits for the
broker's word. A caller who gets no answer asks again with the same id and gets the first one: neither is needed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import amqp
import structlog
from kombu.connection import Connection

from ..message.signing import HEADER
from .broker import BUS_ERRORS, connect

log = structlog.stdlib.get_logger(__name__)

EXCHANGE = "nameko-rpc"
_TRUSTED_SECONDS = 5.0


class Replies:
    """Sends answers.

    Nobody reads what the broker says on the connection, and what is sent on a dead one is lost without a word: where it
    was idle the broker is asked something first, and it does not outlive the consumer's.
    """

    def __init__(self, uri: str, name: str) -> None:
        self._uri = uri
        self._name = name
        self._connection: Connection | None = None
        self._channel: Any = None
        self._used = 0.0
        self._one = threading.Lock()

    def send(self, body: bytes, to: str, correlation_id: str | None, signature: str | None = None) -> None:
        """Send an answer; with the broker away it is dropped, for then its request comes again."""
        message = amqp.Message(
            body,
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=correlation_id,
            delivery_mode=1,
            **({"application_headers": {HEADER: signature}} if signature else {}),
        )
        with self._one:  # the frames of two answers may not mix
            try:
                self._publish(message, to)
            except BUS_ERRORS:
                self._close()
                try:
                    self._publish(message, to)
                except BUS_ERRORS as error:
                    self._close()
                    log.warning("replies.dropped", error=repr(error))

    def forget(self) -> None:
        """The broker was away: the next answer opens a new connection."""
        with self._one:
            self._close()

    def _publish(self, message: amqp.Message, to: str) -> None:
        if self._connection is None:
            self._connection = connect(self._uri, self._name, heartbeat=0)
            self._channel = self._connection.channel()
        elif time.monotonic() - self._used > _TRUSTED_SECONDS:
            self._channel.basic_qos(0, 1, False)  # changes nothing for who does not consume
        self._channel.basic_publish(message, EXCHANGE, to)
        self._used = time.monotonic()

    def _close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*BUS_ERRORS):
                connection.collect()  # without the farewell, for which a dead broker would be waited
