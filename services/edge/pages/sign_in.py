"""Signing in and out. The token is in a cookie that no script can read and no other site can make use of."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from services.kernel.message.errors import DomainError
from services.kernel.rules.rules import wrong

from .. import access_log
from ..gate import Principal
from ..http_api.auth import COOKIE, Gated, token_of
from ..http_api.errors import STATUSES, retry
from ..sign_in import sign_in as enter
from .screens import Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)


@router.get("/login")
async def login_page(request: Request, next: str = "/", change: bool = False) -> Response:
    """The form; with `change` a new password is set while one signs in."""
    told = {"refusal": None, "name": "", "next": next, "oidc": _provider(request), "change": change}
    return screen(request, "login.html", **told)


@router.post("/login")
async def login(
    request: Request,
    gate: Gated,
    name: Annotated[str, Form(max_length=60)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
    new_password: Annotated[str, Form(max_length=200)] = "",
    again: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Sign in, and go where one was going; whoever must set a password of their own is asked for it first."""
    try:
        if new_password != again:
            raise wrong("password.differs", "again", "两次输入的新密码不一致")
        token, principal = await enter(gate, name, password, new_password or None)
    except DomainError as refusal:
        access_log.refused(refusal)
        told = {"refusal": refusal, "name": name, "next": next, "oidc": _provider(request)}
        change = bool(new_password or again) or refusal.code == "password.change_required"
        answer = screen(request, "login.html", STATUSES[refusal.kind][0], **told, change=change)
        answer.headers.update(retry(refusal))
        return answer
    return entered(request, token, principal, next)


@router.post("/logout")
async def logout(request: Request, gate: Gated) -> Response:
    """Sign out."""
    await gate.sign_out(token_of(request) or "")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def entered(request: Request, token: str, principal: Principal, target: str) -> Response:
    """Signed in: the token goes into the cookie, the reader to where they were going."""
    answer = RedirectResponse(within(target), 303)
    answer.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="lax",  # a link in report.html opens for who is signed in; a foreign form's POST brings no cookie
        secure=request.url.scheme == "https",
        expires=principal.expires,
        path="/",
    )
    return answer


def _provider(request: Request) -> str | None:
    """What the OIDC provider is called, where there is one."""
    return None if request.app.state.oidc is None else str(request.app.state.oidc.name)


def within(target: str) -> str:
    """An address of this platform, or the landing page: signing in leads nowhere else."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if inside and target.isprintable() else "/"
