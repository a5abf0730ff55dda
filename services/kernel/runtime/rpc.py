"""RPC as a service sees it: `@command` and `@query` on a method of a few lines.

What comes is verified before anything of it is parsed: the edge signed these bytes for this method and for an answer
to itself. The entrypoint then reads envelope and body into their models, refuses what came too late, binds the log's
trace, counts and times. A refusal goes back as a `DomainError` with its four arguments.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
import structlog
from kombu.messaging import Consumer as RawConsumer
from nameko import config
from nameko.amqp.consume import Consumer
from nameko.exceptions import IncorrectSignature, UnserializableValueError, serialize
from nameko.rpc import Rpc, RpcConsumer
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from .. import metrics
from ..bus.replies import Replies
from ..message.clock import utc_now
from ..message.errors import DomainError, FieldError
from ..message.event import Command, Envelope, encode_json, method_name
from ..message.free_text import masked
from ..message.permits import check_permitted
from ..message.refusals import reason_of
from ..message.signing import HEADER, UNTRUSTED, Reason, Seen, Untrusted, check_request, sign_answer
from ..settings import signing_keys

log = structlog.stdlib.get_logger(__name__)

C = TypeVar("C", bound=Command)


def field_errors(invalid: ValidationError) -> list[FieldError]:
    """A failed validation as pointers and Chinese reasons."""
    return [
        {
            "pointer": "".join(f"/{step}" for step in error["loc"]),
            "detail": reason_of(error),
        }
        for error in invalid.errors(include_url=False, include_input=False)
    ]


def parse(model: type[C], body: Any) -> C:
    """A body as its model.

    Raises:
        DomainError: request.invalid, with a pointer to each field that is wrong.
    """
    try:
        return model.model_validate(body)
    except ValidationError as invalid:
        errors = field_errors(invalid)
        told = "；".join(f"{error['pointer']} {error['detail']}" for error in errors[:5])
        raise DomainError("request.invalid", f"提交的内容有误：{told}", "invalid", errors) from invalid


def command(model: type[C]) -> Callable[[Callable[[Any, C, Envelope], Any]], Any]:
    """Make the method the RPC entrypoint of this command (or query); its name must be the command's in snake case."""

    def wrap(method: Callable[[Any, C, Envelope], Any]) -> Any:
        name = method_name(model)
        if method.__name__ != name:
            raise TypeError(f"the method for {model.__name__} must be named {name}, not {method.__name__}")

        def entry(self: Any, envelope: Envelope, body: Any) -> Any:
            return _answer(self, method, model, envelope, body)

        entry.__name__ = name
        entry.__qualname__ = method.__qualname__
        entry.__doc__ = method.__doc__
        return _Entrypoint.decorator(expected_exceptions=DomainError)(entry)

    return wrap


query = command
"""The same for what only reads."""


def _answer(self: Any, method: Any, model: type[Command], given: Envelope, body: Any) -> Any:
    name, started = method.__name__, time.monotonic()
    with structlog.contextvars.bound_contextvars(
        method=name, command=given.command_id, actor=given.actor.user, traceparent=given.traceparent
    ):
        try:
            if utc_now() > given.deadline:
                metrics.REQUESTS_REFUSED.labels(self.name, "expired").inc()
                raise DomainError("command.expired", "请求等待超时，未执行", "timed_out")
            check_permitted(getattr(self, "permits", {}), model, given.actor)
            if journal := getattr(self, "journal", None):
                journal.moves.wait(given.tree, given.deadline)
            answer = method(self, parse(model, body), given)
            return answer if model.unmasks else masked(answer)
        except DomainError as refusal:
            metrics.COMMANDS.labels(self.name, model.__name__, refusal.kind).inc()
            log.info("command.refused", code=refusal.code)
            raise
        except PyMongoError as error:
            metrics.COMMANDS.labels(self.name, model.__name__, "unavailable").inc()
            log.warning("command.store_away", error=repr(error))
            raise DomainError("store.unavailable", "数据库暂时不可用，请稍后重试", "unavailable") from error
        except Exception:
            metrics.COMMANDS.labels(self.name, model.__name__, "failed").inc()
            log.exception("command.failed")
            raise
        finally:
            metrics.COMMAND_SECONDS.labels(self.name, name).observe(time.monotonic() - started)


class _Raw(RawConsumer):
    """Hands a message over with the bytes that were sent; nothing is unpacked on the word of a header."""

    def _receive_callback(self, message: Any) -> Any:
        if message.headers:
            message.headers.pop("compression", None)
        return super()._receive_callback(message)  # type: ignore[no-untyped-call]  # kombu ships no types


class _Wire(Consumer):
    """nameko's, but that nothing is decoded on the way to the one who verifies it."""

    def get_consumers(self, consumer_cls: Any, channel: Any) -> list[Any]:
        """One consumer of the service's queue."""
        channel.auto_decode = False
        consumer: Any = _Raw(channel, self.queues, on_message=lambda message: self.on_message(None, message))  # type: ignore[no-untyped-call]
        consumer.qos(prefetch_count=self.prefetch_count)
        return [consumer]


class _Consumer(RpcConsumer):
    """nameko's, but for what it takes for a request, how it finds a method, and how it answers."""

    consumer_cls = _Wire

    def setup(self) -> None:
        """Consume; whenever the broker was away, answers take a new connection too."""
        super().setup()
        self.known: dict[str, Any] = {}
        self.seen = Seen()
        self.keys = signing_keys()
        for reason in (*UNTRUSTED, "replayed", "expired"):  # a counter that begins at one is no increase
            metrics.REQUESTS_REFUSED.labels(self.container.service_name, reason)
        self.replies = Replies(config["AMQP_URI"], f"shengzhi-replies-{self.container.service_name}")
        self.consumer.on_connection_revived = self.replies.forget

    def handle_message(self, _body: Any, message: Any) -> None:
        """Verify, then read, then let a worker answer."""
        try:
            request = self._request(message)
            if request is not None:
                self.get_provider_for_method(message.delivery_info["routing_key"]).handle_message(request, message)
        except Untrusted as untrusted:
            self._refuse(message, untrusted.reason)
        except Exception:  # noqa: BLE001  # whatever it is goes back to the edge, which sent it
            self.handle_result(message, None, sys.exc_info())

    def _request(self, message: Any) -> dict[str, Any] | None:
        """What the edge asks; None where it has asked just this before.

        Raises:
            Untrusted: it was not the edge that sent it, or not so.
        """
        signature, body = message.headers.get(HEADER), message.body
        check_request(self.keys, signature, message.delivery_info["routing_key"], *_asker(message), body)
        request: dict[str, Any] = orjson.loads(body)
        try:
            given = Envelope.model_validate(request["kwargs"]["envelope"])
        except ValidationError as invalid:
            raise DomainError("envelope.invalid", "命令信封有误", "invalid", field_errors(invalid)) from invalid
        if not self.seen.first(signature, given.deadline, utc_now()) and not message.delivery_info.get("redelivered"):
            self._count(message, "replayed")  # its answer is on the way, and another would only disturb it
            self.consumer.ack_message(message)
            return None
        request["kwargs"]["envelope"] = given
        return request

    def _refuse(self, message: Any, reason: Reason) -> None:
        """Say no, without a signature: whoever sent it is not known, and nothing else of it is looked at."""
        self._count(message, reason)
        reply_to, correlation_id = _asker(message)
        if reply_to and (reply_to + correlation_id).isascii():
            refusal = DomainError(f"envelope.{reason}", "请求没有有效的签名，未执行", "forbidden")
            self.replies.send(encode_json({"result": None, "error": serialize(refusal)}), reply_to, correlation_id)
        self.consumer.ack_message(message)

    def _count(self, message: Any, reason: str) -> None:
        service, routing_key = self.container.service_name, message.delivery_info["routing_key"]
        known = {f"{service}.{provider.method_name}" for provider in self._providers}
        metrics.REQUESTS_REFUSED.labels(service, reason).inc()
        log.warning("request.refused", method=routing_key if routing_key in known else "", reason=reason)

    def get_provider_for_method(self, routing_key: str) -> Any:
        """The method that a routing key names, without going through all of them for each message."""
        found = self.known.get(routing_key)
        if found is None:
            found = self.known[routing_key] = super().get_provider_for_method(routing_key)
        return found

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """Answer, then acknowledge: a process that dies in between is asked again and finds its first answer."""
        try:
            body = encode_json({"result": result, "error": exc_info and serialize(exc_info[1])})
        except TypeError:
            exc_info = sys.exc_info()
            body = encode_json({"result": None, "error": serialize(UnserializableValueError(result))})
        reply_to, correlation_id = _asker(message)
        self.replies.send(body, reply_to, correlation_id, sign_answer(self.keys, reply_to, correlation_id, body))
        self.consumer.ack_message(message)
        return result, exc_info


def _asker(message: Any) -> tuple[str, str]:
    """Where the answer goes, and to which question."""
    return message.properties.get("reply_to") or "", message.properties.get("correlation_id") or ""


class _Entrypoint(Rpc):
    """nameko's, for methods that all take the same."""

    rpc_consumer = _Consumer()

    def check_signature(self, args: Any, kwargs: Any) -> None:
        """Without looking the method's signature up for each message."""
        if args or set(kwargs) != {"envelope", "body"}:
            raise IncorrectSignature("expected envelope and body")
