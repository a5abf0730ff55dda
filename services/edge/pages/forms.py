"""Forms as they arrive: what was typed, and the key that makes a form sent twice one record."""

from __future__ import annotations

from fastapi import Request


async def typed(request: Request) -> dict[str, str]:
    """The fields that something was typed in, by name."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and value.strip()}


def with_key(request: Request, key: str, part: str = "") -> Request:
    """The request with the form's own key as its Idempotency-Key: a second press of the button changes nothing.

    `part` tells apart several commands that one form gives.
    """
    if not key:
        return request
    return _with_header(request, b"idempotency-key", f"{key}{part}".encode()[:128])


def with_version(request: Request, version: str) -> Request:
    """The request with the version of the record that the form showed as its If-Match: nobody's change is lost."""
    return _with_header(request, b"if-match", version.encode()) if version else request


def _with_header(request: Request, name: bytes, value: bytes) -> Request:
    others = [pair for pair in request.scope["headers"] if pair[0] != name]
    return Request({**request.scope, "headers": [*others, (name, value)]}, request.receive)
