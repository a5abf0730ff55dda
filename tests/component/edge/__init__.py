"""Asks services over a real bus as the edge does, signed; and as others would, who have a broker account and no key."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import amqp
import orjson
from nameko.exceptions import deserialize

from services.kernel.bus import broker as bus
from services.kernel.message.event import Actor, HeldRole, method_name
from services.kernel.message.permits import Permits
from services.kernel.message.signing import FILE, HEADER, Keys, check_answer, new_key, sign_request, written
from tests.eventually import PATIENCE

EXCHANGE = "nameko-rpc"
_KEY = new_key()
_FOLDER = TemporaryDirectory(prefix="shengzhi-keys-")


def give_keys(folder: Path) -> Keys:
    """Put the key with which everything is signed in this test session where a process looks for it."""
    (folder / FILE).write_text(written([_KEY]))
    return Keys(folder / FILE)


KEYS_FILE = Path(_FOLDER.name) / FILE
KEYS = give_keys(KEYS_FILE.parent)


def acting(permits: Permits, method: str, unit: str, role: str | None, usual: str = "", user: str = "u1") -> Actor:
    """Somebody by a role; by the usual one where none is named and it may ask this, else by one that may."""
    ways = next(ways for command, ways in permits.items() if method_name(command) == method)
    wanted = role or usual
    fitting = [action for action, roles in ways.items() if wanted in roles]
    action = next(iter([*fitting, *ways]))
    held = wanted if role or fitting else min(ways[action])
    return Actor(user=user, role=held, unit=unit, action=action, roles=(HeldRole(role=held, unit=unit),))


class Wire:
    """A connection on which raw messages go to services, with a queue for the answers."""

    def __init__(self, uri: str, seconds: float = PATIENCE, keys: Keys = KEYS) -> None:
        self.keys, self.seconds = keys, seconds
        self._connection = bus.connect(uri, "test-edge", heartbeat=0)
        self.channel: Any = self._connection.channel()
        self.channel.auto_decode = False
        self.channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
        self.reply_to = str(uuid.uuid4())
        queue = self.channel.queue_declare(exclusive=True).queue
        self.channel.queue_bind(queue, EXCHANGE, self.reply_to)
        self.answers: list[Any] = []
        self.channel.basic_consume(queue, no_ack=True, callback=self.answers.append)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.release()

    def publish(self, routing_key: str, body: bytes, **properties: Any) -> None:
        """A message to whoever listens, just as it is given here."""
        told = {"content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 1, **properties}
        self.channel.basic_publish(amqp.Message(body, **told), EXCHANGE, routing_key)

    def send(self, service: str, method: str, envelope: Any, body: Any, /, **other: Any) -> str:
        """Ask something, signed; `other` replaces what is sent after it was signed. Gives the question's id."""
        id = uuid.uuid4().hex
        asked = orjson.dumps({"args": [], "kwargs": {"envelope": envelope, "body": body}})
        signature = sign_request(self.keys, service, method, self.reply_to, id, asked)
        properties = {"reply_to": self.reply_to, "correlation_id": id, "application_headers": {HEADER: signature}}
        key = other.pop("routing_key", f"{service}.{method}")
        self.publish(key, other.pop("body", asked), **{**properties, **other})
        return id

    def answer(self, id: str, seconds: float | None = None) -> Any:
        """The message that answers a question.

        Raises:
            TimeoutError: none came in time.
        """
        until = time.monotonic() + (seconds or self.seconds)
        while True:
            for message in self.answers:
                if message.properties.get("correlation_id") == id:
                    self.answers.remove(message)
                    return message
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no answer to {id}")
            try:
                self._connection.drain_events(timeout=left)
            except socket.timeout as error:  # noqa: UP041  # kombu raises what the socket does
                raise TimeoutError(f"no answer to {id}") from error

    def ask(self, service: str, method: str, envelope: Any, body: Any) -> Any:
        """Ask and wait; the answer's signature is checked.

        Raises:
            RemoteError: the service refused, or failed.
        """
        id = self.send(service, method, envelope, body)
        message = self.answer(id)
        check_answer(self.keys, (message.headers or {}).get(HEADER), self.reply_to, id, message.body)
        told = orjson.loads(message.body)
        if told["error"] is not None:
            raise deserialize(told["error"])
        return told["result"]

    def __getattr__(self, service: str) -> _Service:
        if service.startswith("_"):
            raise AttributeError(service)
        return _Service(self, service)


class _Service:
    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def __getattr__(self, method: str) -> Any:
        return lambda envelope, body: self._wire.ask(self._name, method, envelope, body)


@contextmanager
def calling(uri: str, seconds: float = PATIENCE, keys: Keys = KEYS) -> Iterator[Any]:
    """Services by name, their methods by name: `edge.study.get_session(envelope=…, body=…)`."""
    wire = Wire(uri, seconds, keys)
    try:
        yield wire
    finally:
        wire.close()
