"""Signing in by OIDC, against a provider that signs real tokens over real HTTP, and lies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from services.edge import oidc
from services.edge.gate import identity
from services.edge.http_api.auth import COOKIE
from services.edge.oidc import Provider
from services.kernel.settings import Settings
from tests.component.access.provider import CLIENT, REDIRECT, StandIn, returned, stand_in
from tests.component.access.world import World, world
from tests.eventually import PATIENCE

USER = "unit_admin-inside"
Try = Callable[[World, StandIn], Awaitable[None]]


@asynccontextmanager
async def signing_in(mongo: str, database: str, folder: Path) -> AsyncIterator[tuple[World, StandIn]]:
    """The application with a provider, to which one user of it is known."""
    async with world(mongo, database) as made, stand_in() as provider, httpx.AsyncClient(timeout=PATIENCE) as client:
        given = Settings(oidc_issuer=provider.issuer, oidc_client=CLIENT, oidc_redirect=REDIRECT, secrets=folder)
        made.app.state.oidc = Provider(given, made.gate.database, client)
        known = {"_id": identity(provider.issuer, provider.subject), "user": USER}
        await made.gate.database["identities"].insert_one(known)
        yield made, provider


async def attempt(made: World, provider: StandIn, **change: str) -> httpx.Response:
    """One way there and back, in a browser of its own; `change` is what somebody puts in place of code or state."""
    made.http.cookies.clear()
    begun = await made.http.get("/sign-in/oidc?next=/access/tokens")
    code, state = provider.consent(begun.headers["location"])
    return await made.http.get(returned(change.get("code", code), change.get("state", state)))


def run(mongo: str, database: str, folder: Path, act: Try) -> None:
    async def whole() -> None:
        async with signing_in(mongo, database, folder) as (made, provider):
            await act(made, provider)

    asyncio.run(whole())


def test_who_is_known_by_their_subject_is_signed_in_and_nobody_else_is(
    mongo: str, database: str, tmp_path: Path
) -> None:
    """A subject that is mapped to a user gets that user's session; another gets none, and no account is made."""

    async def act(made: World, provider: StandIn) -> None:
        there = await attempt(made, provider)
        assert (there.status_code, there.headers["location"]) == (303, "/access/tokens")
        me = await made.http.get("/api/v1/me", headers={"Authorization": f"Bearer {there.cookies[COOKIE]}"})
        assert me.json()["user"] == USER
        users = await made.gate.database["users"].count_documents({})
        provider.subject = "somebody-else"
        refused = await attempt(made, provider)
        assert (refused.status_code, COOKIE in refused.cookies) == (403, False)
        assert await made.gate.database["users"].count_documents({}) == users

    run(mongo, database, tmp_path, act)


def test_a_state_serves_once_and_only_the_browser_that_it_was_given_to(
    mongo: str, database: str, tmp_path: Path
) -> None:
    """Neither a made-up state, nor one brought by another browser, nor one used before, nor a stolen code signs in."""

    async def act(made: World, provider: StandIn) -> None:
        assert (await attempt(made, provider, state="made-up")).status_code == 401
        assert (await attempt(made, provider, code="made-up")).status_code == 401
        begun = await made.http.get("/sign-in/oidc")
        code, state = provider.consent(begun.headers["location"])
        made.http.cookies.clear()
        assert (await made.http.get(returned(code, state))).status_code == 401
        kept = {"Cookie": f"shengzhi_oidc={state}"}
        assert (await made.http.get(returned(code, state), headers=kept)).status_code == 303
        made.http.cookies.clear()
        assert (await made.http.get(returned(code, state), headers=kept)).status_code == 401
        begun = await made.http.get("/sign-in/oidc")
        state = provider.consent(begun.headers["location"])[1]
        stolen = provider.consent((await made.http.get("/sign-in/oidc")).headers["location"])[0]
        kept = {"Cookie": f"shengzhi_oidc={state}"}
        made.http.cookies.clear()
        assert (await made.http.get(returned(stolen, state), headers=kept)).status_code == 401

    run(mongo, database, tmp_path, act)


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_says_something_else_signs_nobody_in(
    lie: dict[str, Any], mongo: str, database: str, tmp_path: Path
) -> None:
    """Issuer, audience, authorized party, nonce and times must all be as asked for."""

    async def act(made: World, provider: StandIn) -> None:
        assert (await attempt(made, provider)).status_code == 303
        provider.lies = lie
        refused = await attempt(made, provider)
        assert (refused.status_code, COOKIE in refused.cookies) == (401, False)

    run(mongo, database, tmp_path, act)


def test_keys_are_fetched_again_when_the_provider_signs_with_another(
    mongo: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new RSA key and an elliptic one are learnt; a key that is published nowhere, and no signature, are refused."""
    monkeypatch.setattr(oidc, "_KEYS_AGAIN_SECONDS", 0.0)

    async def act(made: World, provider: StandIn) -> None:
        assert (await attempt(made, provider)).status_code == 303
        provider.rotate(RSAKey.generate_key(2048, {"kid": "r2"}), "RS256")
        assert (await attempt(made, provider)).status_code == 303
        provider.rotate(ECKey.generate_key("P-256", {"kid": "e1"}), "ES256")
        assert (await attempt(made, provider)).status_code == 303
        assert (await attempt(made, provider)).status_code == 303
        assert provider.fetched == 3
        provider.keys = [ECKey.generate_key("P-256", {"kid": "e2"})]
        assert (await attempt(made, provider)).status_code == 401
        provider.keys = [ECKey.generate_key("P-256", {"kid": "e1"})]
        assert (await attempt(made, provider)).status_code == 401
        provider.keys, provider.unsigned = list(provider.published), True
        assert (await attempt(made, provider)).status_code == 401

    run(mongo, database, tmp_path, act)


def test_without_a_provider_there_is_no_such_way_in(mongo: str, database: str) -> None:
    """Where the settings name none, the address answers that there is none, and the form does not offer it."""

    async def act() -> None:
        async with world(mongo, database) as made:
            assert (await made.http.get("/sign-in/oidc")).status_code == 404
            assert "/sign-in/oidc" not in (await made.http.get("/login")).text

    asyncio.run(act())
