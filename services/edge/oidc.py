"""Signing in by OpenID Connect: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636).

Nobody registers by it: the provider says who it is, the directory whether they are known. What a provider says is
believed only under a signature of its own keys, which are fetched again when it signs with one that is not known.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.journal.store import Document
from services.kernel.message.clock import utc_now
from services.kernel.message.errors import DomainError
from services.kernel.settings import Settings

log = structlog.stdlib.get_logger(__name__)

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "RS384", "RS512"]
"""Asymmetric ones alone: with none of them is a secret of ours, or nothing, a signature."""
_LEEWAY_SECONDS = 60
_HANDSHAKE = timedelta(minutes=10)
_KEYS_AGAIN_SECONDS = 5.0
_METADATA_SECONDS = 3600.0
_SECRET = "oidc.secret"  # noqa: S105  # the name of a file


class Provider:
    """The provider of an installation's settings."""

    def __init__(self, given: Settings, database: AsyncDatabase[Document], client: httpx.AsyncClient) -> None:
        self.issuer = given.oidc_issuer.rstrip("/")
        self.name = given.oidc_name
        self._client_id = given.oidc_client
        self._redirect = given.oidc_redirect
        secret = given.secrets / _SECRET
        self._secret = secret.read_text().strip() if secret.exists() else None
        self._database = database
        self._http = client
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, target: str) -> tuple[str, str]:
        """The provider's address to which somebody is sent, and the state that their browser keeps meanwhile.

        Raises:
            DomainError: sign_in.provider_unavailable.
        """
        told = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        await self._database["handshakes"].insert_one(
            {
                "_id": _digest(state),
                "nonce": nonce,
                "verifier": verifier,
                "target": target,
                "expires": utc_now() + _HANDSHAKE,
            }
        )
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": _encoded(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        address = told["authorization_endpoint"]
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}", state

    async def finish(self, state: str, kept: str, code: str) -> tuple[str, str]:
        """Who came back with this code (the provider's subject), and where they were going. A state serves once.

        Raises:
            DomainError: sign_in.state_unknown; sign_in.identity_refused; sign_in.provider_unavailable.
        """
        same = secrets.compare_digest(state.encode(), kept.encode())
        found = await self._database["handshakes"].find_one_and_delete({"_id": _digest(state)}) if same else None
        if found is None or found["expires"] <= utc_now():
            raise DomainError("sign_in.state_unknown", "登录请求已失效，请重新登录", "unauthenticated")
        told = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "client_id": self._client_id,
            "code_verifier": found["verifier"],
        }
        auth = None if self._secret is None else httpx.BasicAuth(self._client_id, self._secret)
        answer = await self._asked("POST", told["token_endpoint"], data=form, auth=auth)
        return await self._subject(str(answer.get("id_token", "")), found["nonce"]), str(found["target"])

    async def _subject(self, token: str, nonce: str) -> str:
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            claims = jwt.decode(token, await self._keys_with(kid), algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self._client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
                sub={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused(type(error).__name__) from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise _refused("azp")
        if not isinstance(claims["sub"], str):
            raise _refused("sub")
        return str(claims["sub"])

    async def _keys_with(self, kid: Any) -> KeySet:
        """The provider's keys; fetched again, but not for every liar, where this one is not among them."""
        now = time.monotonic()
        known = self._keys
        among = known is not None and any(key.kid == kid for key in known[1].keys)
        if known is None or (not among and now - known[0] > _KEYS_AGAIN_SECONDS):
            told = await self._discovered()
            known = self._keys = (now, KeySet.import_key_set(await self._asked("GET", told["jwks_uri"])))  # type: ignore[arg-type]
            among = any(key.kid == kid for key in known[1].keys)
        if not among:
            raise _refused("kid")
        return known[1]

    async def _discovered(self) -> Mapping[str, str]:
        """What the provider says of itself; it must call itself as the settings do."""
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[0] > _METADATA_SECONDS:
            told = await self._asked("GET", f"{self.issuer}/.well-known/openid-configuration")
            named = {name: told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            if str(told.get("issuer", "")).rstrip("/") != self.issuer or not all(map(_safe, named.values())):
                raise _away("metadata")
            self._metadata = (now, named)
        return self._metadata[1]

    async def _asked(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, address, **more)
            if method == "POST" and 400 <= answer.status_code < 500:
                raise _refused("code")
            answer.raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(type(error).__name__) from error
        if not isinstance(told, dict):
            raise _away("body")
        return told


def _safe(address: Any) -> bool:
    """Keys and codes travel encrypted, or not beyond this host."""
    parts = urlsplit(str(address or ""))
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _refused(why: str) -> DomainError:
    log.info("oidc.refused", why=why)
    return DomainError("sign_in.identity_refused", "统一身份认证返回的凭证无效，请重新登录", "unauthenticated")


def _away(why: str) -> DomainError:
    log.warning("oidc.provider_away", why=why)
    return DomainError("sign_in.provider_unavailable", "统一身份认证暂时不可用，请稍后重试或用密码登录", "unavailable")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
