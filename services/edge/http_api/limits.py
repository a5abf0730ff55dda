"""What is refused before it is read: too many requests, bodies that are too large or nested too deep; and a trace."""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import time
from collections import Counter

import orjson
import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel import metrics
from services.kernel.message.errors import DomainError, FieldError
from services.kernel.message.free_text import noting

from .. import access_log
from ..gate import Gate
from ..throttle import Callers
from .auth import token_of
from .errors import is_json, plain, problem

log = structlog.stdlib.get_logger(__name__)

MOST_BYTES = 16 * 1024 * 1024
MOST_JSON_BYTES = 1024 * 1024
SLOW = "body.too_slow"
BODY_SECONDS = 30
LEAST_BYTES_A_SECOND = 32 * 1024
"""A body has so many seconds, and a second more for so many bytes that have come: one that never ends is refused."""
_MOST_DEPTH = 32
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_API = "/api/v1"
_SIGN_INS = (("POST", "/login"), ("POST", f"{_API}/tokens"), ("GET", "/sign-in/oidc/return"))
"""By which one signs in: argon2 and a provider's answer cost more than other requests."""
_UNCOUNTED = ("/pages/", "/static/", "/healthz", "/readyz")
"""Files that each page brings along, and probes."""
_UNAUTHENTICATED = 401
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # possessive, and to the end where it is not closed: linear
_BRACKETS = re.compile(rb"[\[\]{}]")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Limits:
    """Reads the body itself, counting; a lying or missing content-length changes nothing."""

    def __init__(self, app: ASGIApp, callers: Callers | None = None) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        known = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        request.state.trace_id = known.group(1) if known else secrets.token_hex(16)
        traceparent = f"00-{request.state.trace_id}-{secrets.token_hex(8)}-01".encode()
        others = [pair for pair in scope["headers"] if pair[0] != b"traceparent"]
        scope = {**scope, "headers": [*others, (b"traceparent", traceparent)]}
        with structlog.contextvars.bound_contextvars(trace_id=request.state.trace_id), noting():
            started = time.monotonic()
            asking = access_log.begin(
                request.client.host if request.client else "",
                request.state.trace_id,
                changes=request.method in _CHANGING,
            )
            answer = _Answer(scope, asking, send)
            try:
                self._check_rate(request)
                if b"%00" in scope["query_string"] or "\0" in scope["path"]:
                    raise DomainError("request.malformed", "地址中含有不可见的控制字符")
                _check_query(request)
                if request.method in _CHANGING:
                    body = await read_body(request)
                    _check_json(request, body)
                    receive = _again(body)
            except DomainError as refusal:
                status = 408 if refusal.code == SLOW else None
                shown = problem if scope["path"].startswith("/api/") else plain
                await shown(request, refusal, status)(scope, receive, answer)
            else:
                await self._app(scope, receive, answer)
            finally:
                self._learn(request, asking, answer.status)
                route = getattr(scope.get("route"), "path", "other")
                method = request.method if request.method in _METHODS else "other"
                metrics.HTTP_REQUESTS.labels(method, route, str(answer.status)).inc()
                metrics.HTTP_SECONDS.labels(method, route).observe(time.monotonic() - started)
            if asking.changes and answer.status < 400 and not asking.withheld:
                await answer.write_down()

    def _check_rate(self, request: Request) -> None:
        """Nobody asks more often than their bucket gives, by sign-in where it is known to be one, else by address."""
        path = request.url.path
        if self._callers is None or path.startswith(_UNCOUNTED):
            return
        address, now = request.client.host if request.client else "", time.monotonic()
        wait = self._callers.wait(token_of(request), address, now)
        if not wait and (request.method, path) in _SIGN_INS:
            wait = self._callers.wait_to_sign_in(address, now)
        if wait:
            raise DomainError("request.too_many", "请求过于频繁，请稍后再试", "too_many").after(math.ceil(wait))

    def _learn(self, request: Request, asking: access_log.Asking, status: int) -> None:
        """A token by which somebody was known has a bucket of its own from now on; one that is refused has none."""
        token = token_of(request)
        if self._callers is None or token is None:
            return
        if asking.bearer == hash(token):
            self._callers.keep(token)
        elif status == _UNAUTHENTICATED:
            self._callers.forget(token)


def _check_query(request: Request) -> None:
    """Whatever an address asks for it says once: no parameter takes several values.

    Raises:
        DomainError: request.repeated, with a pointer to each such parameter.
    """
    asked = Counter(name for name, _ in request.query_params.multi_items())
    repeated: list[FieldError] = [
        {"pointer": f"/{name[:60]}", "detail": f"参数 {name[:60]} 只能填写一次"}
        for name, count in asked.items()
        if count > 1
    ]
    if repeated:
        raise DomainError("request.repeated", repeated[0]["detail"], "invalid", repeated)


class _Answer:
    """The way back: what may not be answered before it stands in the access log waits here until it does.

    A change that was allowed has happened, and stands in its journal with who made it: its answer waits for nothing.
    """

    def __init__(self, scope: Scope, asking: access_log.Asking, send: Send) -> None:
        self.status = 0
        self._scope = scope
        self._asking = asking
        self._send = send

    async def __call__(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._asking.withheld:
                await self.write_down()
        await self._send(message)

    async def write_down(self) -> None:
        """Put the request into the access log."""
        scope, asking = self._scope, self._asking
        gate: Gate = scope["app"].state.gate
        within = _API if scope["path"].startswith(f"{_API}/") else ""  # a route's path is its router's
        route = getattr(scope.get("route"), "path", "/…")
        asking.operation = f"{scope['method']} {within}{route}" if scope["method"] in _METHODS else "other"
        try:
            await access_log.keep(gate.log, gate.directory, asking)
        except PyMongoError:
            if asking.reason:  # nothing is shown unless it is written down
                raise
            log.exception("access_log.not_written", **vars(asking))


async def read_body(request: Request) -> bytes:
    """The whole body, of a bounded size, in a bounded time.

    Raises:
        DomainError: body.too_large, body.too_slow.
    """
    most = MOST_JSON_BYTES if is_json(request) else MOST_BYTES
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise _too_large(most)
    parts, size = [], 0
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(BODY_SECONDS) as patience:
            begun = loop.time()
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
                patience.reschedule(begun + BODY_SECONDS + size / LEAST_BYTES_A_SECOND)
    except TimeoutError:
        detail = f"提交的内容 {BODY_SECONDS} 秒内未传完"
        raise DomainError(SLOW, detail, "timed_out") from None
    return b"".join(parts)


def _too_large(most: int) -> DomainError:
    return DomainError("body.too_large", f"提交的内容超过 {most // 1024 // 1024} MB", "too_large")


def _check_json(request: Request, body: bytes) -> None:
    """Refuse JSON that is nested deeper than any of ours, or bears characters that no text has."""
    if not body or not is_json(request):
        return
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_QUOTED.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > _MOST_DEPTH:
        raise DomainError("body.too_deep", f"JSON 嵌套超过 {_MOST_DEPTH} 层")
    try:
        text = orjson.dumps(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise DomainError("request.malformed", "不是有效的 JSON") from error
    if b"\\u0000" in text:
        raise DomainError("request.malformed", "文字中含有不可见的控制字符")


def _again(body: bytes) -> Receive:
    sent = [False]

    async def receive() -> Message:
        if sent[0]:
            return {"type": "http.disconnect"}
        sent[0] = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
