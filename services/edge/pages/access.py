"""Pages about access: one's sessions and tokens, the table of permissions, the access log, signing in by OIDC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.store.access import Asked
from services.kernel.message.errors import DomainError
from services.organisation.contract import ROLES
from services.organisation.contract.permissions import EVERYWHERE, SCOPES, rows

from ..gate import Gate, Principal
from ..http_api import access as api
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..oidc import Provider
from ..sign_in import sign_in_by
from .fields import Field, Fields, chosen, filled, made
from .forms import typed
from .screens import Reader, Screen, screen
from .sign_in import entered, within
from .words import ACTIONS

router = APIRouter(include_in_schema=False, route_class=Screen)
STATE = "shengzhi_oidc"
_STATE_SECONDS = 600
_TOKEN: Fields = {
    "name": Field("名称", required=True),
    "role": Field("角色", required=True),
    "days": Field("有效天数", "number", required=True, note="1 至 366", value="90"),
}


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        raise DomainError("sign_in.oidc_off", "未启用统一身份认证", "not_found")
    return provider


@router.get("/sign-in/oidc")
async def oidc_begin(request: Request, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """Off to the provider; the browser keeps the state, so that nobody is signed in by a link of somebody else's."""
    address, state = await _provider(request).begin(within(next))
    answer = RedirectResponse(address, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(STATE, state, _STATE_SECONDS, httponly=True, samesite="lax", secure=secure, path="/sign-in/oidc")
    return answer


@router.get("/sign-in/oidc/return")
async def oidc_return(
    request: Request,
    gate: Gated,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Back from the provider."""
    provider = _provider(request)
    try:
        subject, target = await provider.finish(state, request.cookies.get(STATE, ""), code)
        token, principal = await sign_in_by(gate, provider.issuer, subject)
    except DomainError as refusal:
        return screen(
            request,
            "login.html",
            STATUSES[refusal.kind][0],
            refusal=api.noted(refusal),
            name="",
            next="/",
            oidc=provider.name,
            change=False,
        )
    answer = entered(request, token, principal, target)
    answer.delete_cookie(STATE, path="/sign-in/oidc")
    return answer


@router.get("/access/permissions")
async def permissions_view(request: Request, reader: Reader) -> Response:
    """The table of permissions, on one screen."""
    lines = [
        {"action": ACTIONS[action], "scope": SCOPES[scope], "roles": [ROLES[role] for role in ROLES if role in roles]}
        for action, scope, roles in rows()
    ]
    return screen(request, "permissions.html", lines=lines)


@router.get("/access/tokens")
async def tokens_view(request: Request, reader: Reader, gate: Gated) -> Response:
    """Where one is signed in, and the tokens of one's programs."""
    return await _tokens(request, reader, gate)


@router.post("/access/tokens")
async def token_made(request: Request, reader: Reader, gate: Gated) -> Response:
    """A new token, shown this once."""
    values = await typed(request)
    role, _, unit = values.get("role", "").partition("@")
    try:
        told = {"name": values.get("name", ""), "role": role, "unit": unit, "days": values.get("days", "")}
        new = await api.make_token(made(api.NewToken, told), request, reader, gate)
    except DomainError as refusal:
        return await _tokens(request, reader, gate, values, refusal=api.noted(refusal))
    return await _tokens(request, reader, gate, token=new.token)


@router.post("/access/tokens/{id}")
async def token_revoked(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """It is worth nothing from now on."""
    await api.revoke_token(id, reader, gate)
    return RedirectResponse("/access/tokens", 303)


async def _tokens(
    request: Request,
    reader: Principal,
    gate: Gate,
    values: Mapping[str, str] = {},
    refusal: DomainError | None = None,
    token: str = "",
) -> Response:
    found = await api.list_tokens(reader, gate)
    held = {
        f"{role}@{unit}": f"{'全平台' if unit == EVERYWHERE else unit} · {ROLES[role]}" for role, unit in reader.roles
    }
    fields = filled({**_TOKEN, "role": replace(_TOKEN["role"], choices=chosen(held))}, values, refusal)
    status = STATUSES[refusal.kind][0] if refusal else 201 if token else 200
    shown = {"fields": fields, "refusal": refusal, "token": token}
    return screen(request, "tokens.html", status, items=found.items, roles=ROLES, **shown)


@router.get("/access/log")
async def log_view(request: Request, reader: Reader, gate: Gated, asked: Annotated[Asked, Query()]) -> Response:
    """The access log."""
    found = await api.list_audit(reader, gate, asked)
    given = asked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    pages = max(1, -(-found.total // found.page_size))
    return screen(request, "log.html", found=found, asked=given, pages=min(pages, 200), actions=ACTIONS, roles=ROLES)
