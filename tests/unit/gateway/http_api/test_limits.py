"""Limits, on the application itself: nothing of these requests comes as far as the store."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx

from services.gateway.gate import Gate
from services.gateway.http_api.app import make_app
from services.gateway.rates import BURST_SECONDS, Rates


def test_who_asks_too_often_is_told_to_wait() -> None:
    """A burst is answered, the next is 429 with Retry-After; another caller and the probes are not concerned."""
    app = make_app(Gate(cast(Any, None), cast(Any, None)), rates=Rates(0.2))

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = [await client.get("/api/v1/me") for _ in range(int(0.2 * BURST_SECONDS) + 1)]
            probe = await client.get("/healthz")
            other = await client.get("/api/v1/unknown", headers={"Authorization": "Bearer other"})
        return [*answers, probe, other]

    first, second, probe, other = asyncio.run(ask())
    assert first.json()["code"] == "token.missing"
    assert (second.status_code, second.json()["code"]) == (429, "request.too_many")
    assert second.headers["Retry-After"]
    assert (probe.status_code, other.status_code) == (200, 404)
