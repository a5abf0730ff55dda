"""The only caller of RPC: nameko's protocol over aio-pika, from the asyncio process.

A request is transient and expires with its caller's patience. Before it is sent the queue's consumers are counted
(known for a second): where nobody listens the answer is 503 at once, for nameko's queue is durable and would run it
after its caller gave up. It is signed, and so must its answer be: the broker is not believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import aio_pika
import orjson
import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustConnection
from aiormq.exceptions import AMQPError

from services.kernel import metrics
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Envelope, method_name
from services.kernel.message.signing import HEADER, UNTRUSTED, Keys, Untrusted, check_answer, sign_request

log = structlog.stdlib.get_logger(__name__)

EXCHANGE = "nameko-rpc"
_REPLY_MS = 300_000
_KNOWN_SECONDS = 1.0
_AWAY = (AMQPError, OSError, asyncio.TimeoutError, aio_pika.exceptions.AMQPException, RuntimeError)


class Commands:
    """A connection to the bus on which commands are asked and their answers awaited."""

    def __init__(self, uri: str, keys: Keys) -> None:
        self._uri = uri
        self._keys = keys
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractRobustChannel | None = None
        self._exchange: Any = None
        self._reply_key = ""
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._listening: dict[str, tuple[float, int]] = {}
        self._opening = asyncio.Lock()
        for reason in UNTRUSTED:  # a counter that begins at one is no increase
            metrics.ANSWERS_REFUSED.labels(reason)

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*_AWAY):
                await connection.close()

    async def call(self, service: str, command: Command, envelope: Envelope) -> Any:
        """Ask a service and wait for its answer until the envelope's deadline.

        Raises:
            DomainError: what the service refused; service.unavailable where nobody listens or the broker is away;
                service.timed_out where the answer did not come in time (the command may have been done: ask again with
                the same id).
        """
        left = (envelope.deadline - datetime.now(UTC)).total_seconds()
        try:
            async with asyncio.timeout(min(left, 5)):
                await self._open()
                listening = await self._consumers(service)
        except _AWAY as error:
            log.warning("commands.broker_away", error=repr(error))
            await self.close()
            raise DomainError("service.unavailable", "消息服务暂时不可用，请稍后重试", "unavailable") from error
        if not listening:
            raise DomainError("service.unavailable", f"服务 {service} 暂时不可用，请稍后重试", "unavailable")
        return await self._ask(service, command, envelope, left)

    async def _ask(self, service: str, command: Command, envelope: Envelope, left: float) -> Any:
        id = uuid.uuid4().hex
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        method = method_name(type(command))
        kwargs = {"envelope": envelope.model_dump(mode="json"), "body": command.model_dump(mode="json")}
        body = orjson.dumps({"args": [], "kwargs": kwargs})
        message = aio_pika.Message(
            body,
            headers={HEADER: sign_request(self._keys, service, method, self._reply_key, id, body)},
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=id,
            reply_to=self._reply_key,
            expiration=max(left, 0.001),
            delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
        )
        try:
            async with asyncio.timeout(left):
                await self._exchange.publish(message, f"{service}.{method}", mandatory=False)
                answer = await future
        except TimeoutError as error:
            raise DomainError("service.timed_out", "服务未在规定时间内答复，可用同一幂等键重试", "timed_out") from error
        except _AWAY as error:
            await self.close()
            raise DomainError("service.unavailable", "消息服务暂时不可用，请稍后重试", "unavailable") from error
        finally:
            self._waiting.pop(id, None)
        return _result(answer)

    async def _open(self) -> None:
        async with self._opening:
            if self._channel is not None and self._connection is not None and self._connection.connected.is_set():
                return
            await self.close()
            connection = await aio_pika.connect_robust(self._uri, client_properties={"connection_name": "shengzhi-api"})
            channel: Any = await connection.channel(publisher_confirms=False)  # the answer is the confirm
            self._exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
            self._reply_key = str(uuid.uuid4())
            queue = await channel.declare_queue(
                f"rpc.reply-api-{self._reply_key}", durable=True, arguments={"x-expires": _REPLY_MS}
            )
            await queue.bind(self._exchange, self._reply_key)
            await queue.consume(self._answered, no_ack=True)
            self._connection, self._channel = connection, channel

    async def _answered(self, message: AbstractIncomingMessage) -> None:
        """Take an answer to a question that is open; what no service signed is left where it is."""
        id = message.correlation_id or ""
        future = self._waiting.get(id)
        if future is None or future.done():
            return
        try:
            check_answer(self._keys, message.headers.get(HEADER), message.routing_key or "", id, message.body)
        except Untrusted as untrusted:
            metrics.ANSWERS_REFUSED.labels(untrusted.reason).inc()
            log.warning("commands.answer_refused", reason=untrusted.reason)
            return
        future.set_result(orjson.loads(message.body))

    async def _consumers(self, service: str) -> int:
        """How many processes listen for the service's commands, as known within the last second."""
        known = self._listening.get(service)
        if known is not None and time.monotonic() - known[0] < _KNOWN_SECONDS:
            return known[1]
        connection: Any = self._connection
        if connection is None:
            return 0
        # A passive declare of a queue that is not there closes its channel, so it has one of its own.
        channel = await aio_pika.Connection.channel(connection)
        try:
            queue = await channel.declare_queue(f"rpc-{service}", passive=True)
            count = queue.declaration_result.consumer_count or 0
        except aio_pika.exceptions.ChannelNotFoundEntity:
            count = 0
        finally:
            with contextlib.suppress(*_AWAY):
                await channel.close()
        self._listening[service] = (time.monotonic(), count)
        return count


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    arguments = error.get("exc_args") or []
    if error.get("exc_type") == "DomainError" and len(arguments) == 4:
        raise DomainError(*arguments)
    log.error("commands.failed", exc_type=error.get("exc_type"), value=str(error.get("value"))[:200])
    raise DomainError("service.failed", "服务处理时发生内部错误，已记录", "failed")
