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
    others = [pair for pair in request.scope["headers"] if pair[0] != b"idempotency-key"]
    header = (b"idempotency-key", f"{key}{part}".encode()[:128])
    return Request({**request.scope, "headers": [*others, header]}, request.receive)
