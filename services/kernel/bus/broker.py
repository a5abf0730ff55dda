"""The bus: connections, the topology that we own, and publishing with pipelined confirms.

Learned the hard way by others (messaging facts 4–6, 11, 16): publishing has a connection of its own, every publish is
mandatory and confirmed, every wait has a time-out, and a channel that saw a return or a time-out is thrown away.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import amqp
from amqp.exceptions import AMQPError, PreconditionFailed
from amqp.transport import TCPTransport
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES, pyamqp

from .. import metrics
from ..message.event import CONTENT_TYPE
from ..message.signing import HEADER, UNTRUSTED, Keys, Untrusted, check_resend, sign_event, sign_resend

BUS_ERRORS = (AMQPError, OSError, OperationalError)
"""What says that the broker is away or refuses; a time-out is an OSError too."""

HEARTBEAT = 30
WAIT_SECONDS = 20.0
"""No wait for the broker's word is longer, its farewell included."""
_DELIVERY_LIMIT = 1_000_000
_PIECE_READ, _PIECE_WRITTEN = 8_192, 65_536


class _Connection(pyamqp.Connection):
    """Waits for nothing for ever. py-amqp sets its limits as options of the socket, which eventlet's ignore."""

    def connect(self, callback: Any = None) -> Any:
        """Open it, and limit every wait on it that brings no limit of its own."""
        opened = super().connect(callback)
        self.transport.sock.settimeout(WAIT_SECONDS)
        return opened


class Transport(pyamqp.Transport):
    """kombu's, with connections that wait for nothing for ever."""

    Connection = _Connection


class SSLTransport(pyamqp.SSLTransport):
    """The same over TLS."""

    Connection = _Connection


TRANSPORT_ALIASES.update(amqp=f"{__name__}:Transport", amqps=f"{__name__}:SSLTransport")  # nameko's connections too


def connect(uri: str, name: str, heartbeat: int = HEARTBEAT) -> Connection:
    """A connection of one's own, opened, with a heartbeat (seconds; 0 is none) and a name that operations can read.

    Raises:
        one of BUS_ERRORS: the broker is not there.
    """
    connection = Connection(
        uri,
        heartbeat=heartbeat,
        connect_timeout=5,
        transport_options={
            "confirm_publish": False,
            "client_properties": {"connection_name": name},
        },
    )
    connection.connect()
    _read_in_pieces(connection.connection.transport)
    return connection


def _read_in_pieces(transport: Any) -> None:
    """py-amqp asks the system nine times a message; what it asks for beyond that it keeps for the next time."""
    if isinstance(transport, TCPTransport):
        receive = transport.sock.recv
        transport._quick_recv = lambda wanted: receive(max(wanted, _PIECE_READ))


@contextlib.contextmanager
def _written_in_pieces(transport: Any) -> Iterator[None]:
    """py-amqp sends every message by itself; inside, many go together, so that neither side wakes up for each."""
    send, piece = transport._write, bytearray()

    def write(frame: memoryview) -> None:
        piece.extend(frame)
        if len(piece) > _PIECE_WRITTEN:
            flush()

    def flush() -> None:
        send(bytes(piece))
        piece.clear()

    transport._write = write
    try:
        yield
        flush()
    finally:
        transport._write = send


@contextlib.contextmanager
def connected(uri: str, name: str) -> Iterator[Connection]:
    """Such a connection for as long as the block lasts; one that failed is left without a word, for none would come.

    Raises:
        one of BUS_ERRORS: the broker is not there, or goes away.
    """
    connection = connect(uri, name)
    try:
        yield connection
    except BaseException:
        connection.collect()
        raise
    with contextlib.suppress(*BUS_ERRORS):
        connection.release()


def take_in(connection: Connection, pause: float, enough: Callable[[], bool]) -> None:
    """Hand what comes to its callbacks until it is enough, or until nothing has come for `pause` seconds.

    The socket's time-out is set once for all of it; py-amqp's own waiting sets it for every frame.

    Raises:
        one of BUS_ERRORS: the broker is away.
    """
    opened = connection.connection
    with contextlib.suppress(TimeoutError), opened.transport.having_timeout(pause):
        while not enough():
            opened.drain_events()


def exchange_of(service: str) -> str:
    """The exchange on which a service tells what happened: nameko's own convention."""
    return f"{service}.events"


def declare_exchange(channel: Any, service: str) -> None:
    """Make sure that a service's exchange is there."""
    channel.exchange_declare(exchange_of(service), "topic", durable=True, auto_delete=False)


class QueueDiffers(Exception):
    """A queue of that name exists with other arguments: a person must decide, trying again never helps."""


def declare_queue(
    connection: Connection,
    queue: str,
    bindings: Iterable[tuple[str, str]],
    *,
    single_active: bool = False,
    expires_ms: int | None = None,
) -> bool:
    """Declare a quorum queue of ours and bind it to (service, routing key); say whether it had to be made.

    One that `expires` is deleted by the broker once nobody has used it for so long.

    Raises:
        QueueDiffers: it is there with other arguments.
    """
    arguments: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": _DELIVERY_LIMIT}
    if single_active:
        arguments["x-single-active-consumer"] = True
    if expires_ms is not None:
        arguments["x-expires"] = expires_ms
    made = not _exists(connection, queue)
    with connection.channel() as channel:
        try:
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)
        except PreconditionFailed as error:
            raise QueueDiffers(f"queue {queue} exists with other arguments: {error}") from error
        for service, key in bindings:
            declare_exchange(channel, service)
            channel.queue_bind(queue, exchange_of(service), key)
    return made


def ensure_queue(uri: str, queue: str) -> None:
    """Make sure that a queue of ours is there, on a connection of its own."""
    with connected(uri, f"shengzhi-declares-{queue}") as connection:
        declare_queue(connection, queue, ())


def _exists(connection: Connection, queue: str) -> bool:
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except amqp.NotFound:
        return False
    channel.close()
    return True


@dataclass(frozen=True)
class Outgoing:
    """A message to publish; `id` is what comes back with a return."""

    id: str
    routing_key: str
    body: bytes
    headers: dict[str, Any] = field(default_factory=dict)
    expiration_ms: int | None = None
    queue: str | None = None
    """Where it goes straight to one queue instead of the service's exchange."""
    asks: bool = False
    """Whether it asks the owner of that queue to send again; all else tells of something that happened."""


@dataclass
class Sent:
    """What became of a batch: ids that the broker confirmed and ids that no queue wanted."""

    confirmed: list[str] = field(default_factory=list)
    unroutable: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    confirm_seconds: float = 0.0
    """From the last message written to the last confirm."""


class Publisher:
    """Publishes batches to one exchange: all sent, then all confirms awaited, each wait bounded."""

    def __init__(self, uri: str, service: str, *, keys: Keys, name: str, confirm_seconds: float = 10.0) -> None:
        self._uri = uri
        self._service = service
        self._keys = keys
        self._name = name
        self._confirm_seconds = confirm_seconds
        self._connection: Connection | None = None
        self._channel: Any = None
        self._tags: dict[int, str] = {}
        self._next_tag = 1
        self._sent = Sent()
        self._returned: set[str] = set()
        self._declared: set[str] = set()

    def twin(self) -> Publisher:
        """Another publisher to the same place, with a connection of its own."""
        name = f"{self._name}-again"
        return Publisher(self._uri, self._service, keys=self._keys, name=name, confirm_seconds=self._confirm_seconds)

    def publish(self, messages: Sequence[Outgoing], *, mandatory: bool = True) -> Sent:
        """Publish all of them and wait for the broker's word on each.

        Raises:
            one of BUS_ERRORS: how many arrived is not known; what `Sent` would have said is lost and
            all of it may be published again.
        """
        self._sent, self._returned = Sent(), set()
        try:
            channel = self._open()
            with _written_in_pieces(channel.connection.transport):
                for message in messages:
                    self._send(channel, message, mandatory)
            written = time.monotonic()
            self._await()
            self._sent.confirm_seconds = time.monotonic() - written
        except BaseException:
            self._give_up()
            raise
        if self._returned:
            self.close()
        return self._sent

    def _send(self, channel: Any, message: Outgoing, mandatory: bool) -> None:
        channel.basic_publish(
            amqp.Message(
                message.body,
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=message.id,
                application_headers={**message.headers, HEADER: self._signature(message)},
                **({"expiration": str(message.expiration_ms)} if message.expiration_ms else {}),
            ),
            exchange=exchange_of(self._service) if message.queue is None else "",
            routing_key=message.queue or message.routing_key,
            mandatory=mandatory,
        )
        self._tags[self._next_tag] = message.id
        self._next_tag += 1

    def _signature(self, message: Outgoing) -> str:
        if message.asks and message.queue is not None:
            return sign_resend(self._keys, message.queue, message.body)
        return sign_event(self._keys, message.body)

    def waiting(self, queue: str) -> Generator[bytes, None, None]:
        """The requests that wait in a queue of ours (made where it is missing), each acknowledged once it was served.

        One that was not served to its end (the generator is closed) comes again; one that nobody signed is passed over.

        Raises:
            one of BUS_ERRORS: the broker is away; what was not acknowledged comes again.
        """
        try:
            channel = self._open()
            if queue not in self._declared and self._connection is not None:
                declare_queue(self._connection, queue, ())
                self._declared.add(queue)
                for reason in UNTRUSTED:  # a counter that begins at one is no increase
                    metrics.EVENTS_REFUSED.labels(queue, reason)
            while (message := channel.basic_get(queue)) is not None:
                body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
                try:
                    check_resend(self._keys, (message.headers or {}).get(HEADER), queue, body)
                except Untrusted as untrusted:
                    metrics.EVENTS_REFUSED.labels(queue, untrusted.reason).inc()
                else:
                    yield body
                channel.basic_ack(message.delivery_tag)
        except (*BUS_ERRORS, GeneratorExit):
            self._give_up()
            raise

    def depth(self, queue: str) -> int:
        """How many messages wait in a queue; 0 where there is none.

        Raises:
            one of BUS_ERRORS: the broker is away.
        """
        self._open()
        channel = self._connection.channel()  # type: ignore[union-attr]  # open channel, open connection
        try:
            count: int = channel.queue_declare(queue, passive=True).message_count
        except amqp.NotFound:
            return 0
        channel.close()
        return count

    def close(self) -> None:
        """Throw channel and connection away; the next publish opens new ones."""
        if (connection := self._forget()) is not None:
            with contextlib.suppress(*BUS_ERRORS):
                connection.release()

    def _give_up(self) -> None:
        """The same after a failure: the broker is not asked whether it agrees, for it may not answer."""
        if (connection := self._forget()) is not None:
            connection.collect()

    def _forget(self) -> Connection | None:
        connection, self._connection, self._channel = self._connection, None, None
        self._tags.clear()
        self._declared.clear()
        return connection

    def _open(self) -> Any:
        if self._channel is None:
            self._connection = connect(self._uri, self._name)
            channel = self._connection.channel()
            declare_exchange(channel, self._service)
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acked)
            channel.events["basic_nack"].add(self._nacked)
            channel.events["basic_return"].add(self._gone)
            self._channel, self._next_tag = channel, 1
        else:
            self._connection.heartbeat_check()  # type: ignore[union-attr]  # open channel, open connection
        return self._channel

    def _await(self) -> None:
        until = time.monotonic() + self._confirm_seconds
        while self._tags:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(self._tags)} confirms did not come within {self._confirm_seconds} s")
            with contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=left)  # type: ignore[union-attr]  # open while tags wait

    def _settle(self, tag: int, multiple: bool) -> list[str]:
        tags = list(takewhile(lambda known: known <= tag, self._tags)) if multiple else [tag]
        return [self._tags.pop(known) for known in tags if known in self._tags]

    def _acked(self, tag: int, multiple: bool) -> None:
        for id in self._settle(tag, multiple):
            (self._sent.unroutable if id in self._returned else self._sent.confirmed).append(id)

    def _nacked(self, tag: int, multiple: bool) -> None:
        self._sent.refused.extend(self._settle(tag, multiple))

    def _gone(self, error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        self._returned.add(message.properties["message_id"])
