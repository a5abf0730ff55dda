"""Limits, on the application itself: nothing of these requests comes as far as the store."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from services.edge.gate import Gate
from services.edge.http_api import limits
from services.edge.http_api.app import make_app
from services.edge.pages import mount
from services.edge.throttle import BURST_SECONDS, Callers
from services.kernel.message.errors import DomainError


def test_who_asks_too_often_is_told_to_wait() -> None:
    """A burst is answered, the next is 429 with Retry-After, whatever token it makes up; probes are not concerned."""
    app = make_app(Gate(cast(Any, None), cast(Any, None)), callers=Callers(0.2, 100))

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = [await client.get("/api/v1/me") for _ in range(int(0.2 * BURST_SECONDS) + 1)]
            probe = await client.get("/healthz")
            made_up = [await client.get("/api/v1/me", headers={"Authorization": f"Bearer {n}"}) for n in range(3)]
        return [*answers, probe, *made_up]

    first, second, probe, *made_up = asyncio.run(ask())
    assert first.json()["code"] == "token.missing"
    assert (second.status_code, second.json()["code"]) == (429, "request.too_many")
    assert 1 <= int(second.headers["Retry-After"]) <= 5
    assert probe.status_code == 200
    assert {answer.status_code for answer in made_up} == {429}


@pytest.mark.parametrize(
    ("address", "sent"),
    [("/api/v1/tokens", {"json": {}}), ("/login", {"data": {"name": "a", "new_password": "b"}})],
    ids=["program", "form"],
)
def test_signing_in_has_a_limit_of_its_own_by_address(address: str, sent: dict[str, Any]) -> None:
    """A form or a program: so many attempts are as many for both; one address does not take another's."""
    app = make_app(Gate(cast(Any, None), cast(Any, None)), callers=Callers(1000, 1 / BURST_SECONDS), extend=mount)

    async def ask(host: str) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/login")  # a template that is read for the first time takes its while
            return [await client.post(address, **sent) for _ in range(2)]

    within, beyond = asyncio.run(ask("10.0.0.1"))
    assert within.status_code == 422
    assert beyond.status_code == 429
    assert 1 <= int(beyond.headers["Retry-After"]) <= BURST_SECONDS
    assert asyncio.run(ask("10.0.0.2"))[0].status_code != 429


def test_a_body_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its seconds, however small the parts in which it comes; one that ends in time is read."""
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.2)

    async def body(parts: int | None) -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in itertools.count() if parts is None else range(parts):
            yield b"x"
            await asyncio.sleep(0.01)
        yield b'"}'

    async def read(parts: int | None) -> bytes:
        messages = body(parts)

        async def receive() -> Message:
            part = await anext(messages, None)
            return {"type": "http.request", "body": part or b"", "more_body": part is not None}

        return await limits.read_body(Request({"type": "http", "method": "POST", "headers": []}, receive))

    assert asyncio.run(read(2)) == b'{"name": "xx"}'
    with pytest.raises(DomainError) as refused:
        asyncio.run(read(None))
    assert refused.value.code == "body.too_slow"
