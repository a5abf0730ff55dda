"""Forms as they arrive: what was typed, and the key that makes a form sent twice one record."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request


async def typed(request: Request) -> dict[str, str]:
    """The fields that something was typed in, by name."""
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and value.strip()}


def headers_of(request: Request, key: str = "", version: str = "") -> Mapping[str, str]:
    """The request's headers with a form's own key as Idempotency-Key, and the version that it showed as If-Match.

    A second press of the button changes nothing, and nobody's change is lost.
    """
    told = {name: value for name, value in request.headers.items() if name not in ("idempotency-key", "if-match")}
    told |= {"idempotency-key": key[:128]} if key else {}
    return told | ({"if-match": version} if version else {})


def with_key(request: Request, key: str) -> Request:
    """The request with the form's own key, for handlers of the API that take a request."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in headers_of(request, key).items()]
    return Request({**request.scope, "headers": headers}, request.receive)
