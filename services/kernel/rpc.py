"""RPC as a service sees it: `@command` and `@query` on a method of a few lines.

The entrypoint reads envelope and body into their models, refuses what came too late, binds the log's trace, counts and
times. A refusal goes back as a `DomainError` with its four arguments.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from nameko import config
from nameko.exceptions import IncorrectSignature, UnserializableValueError, serialize
from nameko.rpc import Rpc, RpcConsumer
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from . import metrics
from .clock import utc_now
from .errors import DomainError, FieldError
from .event import Command, Envelope, encode_json, method_name
from .refusals import REASONS
from .replies import Replies

log = structlog.stdlib.get_logger(__name__)

C = TypeVar("C", bound=Command)


def field_errors(invalid: ValidationError) -> list[FieldError]:
    """A failed validation as pointers and Chinese reasons."""
    return [
        {
            "pointer": "".join(f"/{step}" for step in error["loc"]),
            "detail": REASONS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, "),
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

        def entry(self: Any, envelope: Any, body: Any) -> Any:
            return _answer(self, method, model, envelope, body)

        entry.__name__ = name
        entry.__qualname__ = method.__qualname__
        entry.__doc__ = method.__doc__
        return _Entrypoint.decorator(expected_exceptions=DomainError)(entry)

    return wrap


query = command
"""The same for what only reads."""


def _answer(self: Any, method: Any, model: type[Command], envelope: Any, body: Any) -> Any:
    name, started = method.__name__, time.monotonic()
    try:
        given = Envelope.model_validate(envelope)
    except ValidationError as invalid:
        raise DomainError("envelope.invalid", "命令信封有误", "invalid", field_errors(invalid)) from invalid
    with structlog.contextvars.bound_contextvars(
        method=name, command=given.command_id, actor=given.actor.user, traceparent=given.traceparent
    ):
        try:
            if utc_now() > given.deadline:
                raise DomainError("command.expired", "请求等待超时，未执行", "timed_out")
            if journal := getattr(self, "journal", None):
                journal.moves.wait(given.tree, given.deadline)
            return method(self, parse(model, body), given)
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


class _Consumer(RpcConsumer):
    """nameko's, but for the way in which it finds a method and in which it answers."""

    def setup(self) -> None:
        """Consume; whenever the broker was away, answers take a new connection too."""
        super().setup()
        self.known: dict[str, Any] = {}
        self.replies = Replies(config["AMQP_URI"], f"shengzhi-replies-{self.container.service_name}")
        self.consumer.on_connection_revived = self.replies.forget

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
        self.replies.send(body, message.properties["reply_to"], message.properties.get("correlation_id"))
        self.consumer.ack_message(message)
        return result, exc_info


class _Entrypoint(Rpc):
    """nameko's, for methods that all take the same."""

    rpc_consumer = _Consumer()

    def check_signature(self, args: Any, kwargs: Any) -> None:
        """Without looking the method's signature up for each message."""
        if args or set(kwargs) != {"envelope", "body"}:
            raise IncorrectSignature("expected envelope and body")
