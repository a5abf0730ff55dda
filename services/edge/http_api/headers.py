"""What answers bear beside their body: protection, a record's version and address; and HEAD, which has no body."""

from __future__ import annotations

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_MOST_BYTES = 64 * 1024
"""No record's answer is longer; what is, is a list or a file, and has no version."""


class Headers:
    """Adds them, where the answer does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added, and to HEAD without the body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bare = scope["method"] == "HEAD"
        started: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type") == "application/json":
                    started = message  # until the body says what the record is
                    return
            if started is not None:
                _name(started, scope, message)
                await send(started)
                started = None
            await send({**message, "body": b""} if bare else message)

        await self._app({**scope, "method": "GET"} if bare else scope, receive, sending)


def _name(start: Message, scope: Scope, message: Message) -> None:
    """Add the record's version, and of a new one the address."""
    path, body = scope["path"], message.get("body", b"")
    answers = start["status"] in (200, 201) and path.startswith("/api/") and not message.get("more_body")
    record = orjson.loads(body) if answers and len(body) <= _MOST_BYTES else None
    if not isinstance(record, dict):
        return
    headers = MutableHeaders(scope=start)
    if isinstance(record.get("version"), int):
        headers.setdefault("ETag", f'"{record["version"]}"')
    if start["status"] == 201 and isinstance(record.get("id"), str) and record["id"] not in path:
        headers.setdefault("Location", f"{path}/{record['id']}")
