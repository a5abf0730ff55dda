"""An OIDC provider on loopback that signs real tokens, changes its keys, and can lie."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.cli.local.process import free_port

CLIENT, REDIRECT = "shengzhi", "http://shengzhi.test/sign-in/oidc/return"


class StandIn:
    """What the provider knows; a test changes it to make it lie. `lies` replaces claims of the next tokens."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.subject = "248289761001"
        self.keys: list[RSAKey | ECKey] = [RSAKey.generate_key(2048, {"kid": "r1"})]
        self.published = list(self.keys)
        self.algorithm = "RS256"
        self.lies: dict[str, Any] = {}
        self.unsigned = False
        self.fetched = 0
        self._codes: dict[str, dict[str, str]] = {}

    def rotate(self, key: RSAKey | ECKey, algorithm: str) -> None:
        """Sign with another key from now on, and publish it alone."""
        self.keys, self.published, self.algorithm = [key], [key], algorithm

    def consent(self, address: str) -> tuple[str, str]:
        """The person agrees at the provider: the code and state with which their browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["client_id"], asked["redirect_uri"], asked["scope"]) == (CLIENT, REDIRECT, "openid")
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return code, asked["state"]

    def exchange(self, form: dict[str, str]) -> Response:
        """A code for a token: once, with the verifier of the challenge, at the address that was told."""
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.subject, "nonce": asked["nonce"], "iat": now}
        claims = {**claims, "exp": now + 300, **self.lies}
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self._token(claims)})

    def _token(self, claims: dict[str, Any]) -> str:
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            return ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts) + "."
        key = self.keys[0]
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key, algorithms=[self.algorithm])

    def app(self) -> FastAPI:
        """Its four addresses; where the person consents is the test itself."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, str]:
            named = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in named.items()}}

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            self.fetched += 1
            return dict(KeySet(list(self.published)).as_dict(private=False))

        @app.post("/token")
        async def token(request: Request) -> Response:
            body = parse_qs((await request.body()).decode())
            return self.exchange({name: values[0] for name, values in body.items()})

        return app


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        """Say when it listens."""
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """The provider, answering over HTTP."""
    port = free_port()
    provider = StandIn(port)
    config = uvicorn.Config(provider.app(), host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield provider
    finally:
        server.should_exit = True
        await serving


def returned(code: str, state: str) -> str:
    """Where the browser is sent back to."""
    return f"/sign-in/oidc/return?{urlencode({'code': code, 'state': state})}"
