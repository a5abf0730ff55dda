"""Signing in, units, campaigns, users."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.kernel.free_text import NAMED, SEALED

from .. import contract
from ..contract.permissions import EVERYWHERE
from ..domain import Action
from ..store import directory
from .answers import Page, Written
from .auth import Caller, Gated, hash_password, token_of

router = APIRouter()


class SignIn(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "cz-admin", "password": "…"}]})

    name: Annotated[str, NAMED] = Field(min_length=1, max_length=60)
    password: Annotated[str, SEALED] = Field(min_length=1, max_length=200)


class Token(BaseModel):
    """A token to be sent as `Authorization: Bearer`."""

    token: str
    expires_at: AwareDatetime
    user: str


@router.post("/tokens", status_code=201, tags=["登录"], summary="登录")
async def sign_in(body: SignIn, gate: Gated) -> Token:
    """A token for a name and a password; after five failures the name is locked for a quarter of an hour."""
    token, principal = await gate.sign_in(body.name, body.password)
    return Token(token=token, expires_at=principal.expires, user=principal.user)


@router.delete("/tokens/current", status_code=204, tags=["登录"], summary="退出")
async def sign_out(request: Request, caller: Caller, gate: Gated) -> Response:
    """The token is worth nothing from now on."""
    await gate.sign_out(token_of(request) or "")
    return Response(status_code=204)


@router.get("/me", tags=["登录"], summary="我是谁")
async def me(caller: Caller) -> dict[str, Any]:
    """The user, and the roles held for units."""
    return {
        "user": caller.user,
        "roles": [
            {"role": role, "name": contract.ROLES[role], "unit": None if unit == EVERYWHERE else unit}
            for role, unit in caller.roles
        ],
        "expires_at": caller.expires,
    }


@router.get("/units", tags=["组织"], summary="单位列表")
async def list_units(
    caller: Caller,
    gate: Gated,
    unit: str | None = Query(None, max_length=32, description="只列此单位及其下级"),
    q: str | None = Query(None, max_length=60),
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """Units of the caller's subtree."""
    actor = gate.own(caller, Action.read_units) if unit is None else await gate.allow(caller, Action.read_units, unit)
    below = unit or (None if actor.unit == EVERYWHERE else actor.unit)
    return Page.model_validate(await directory.listed(gate.database, below, q, page, page_size))


@router.get("/units/{id}", tags=["组织"], summary="单位")
async def get_unit(id: str, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One unit."""
    await gate.allow(caller, Action.read_units, id)
    return directory.shown_unit(await directory.unit(gate.database, id))


@router.post("/units", status_code=201, tags=["组织"], summary="新增单位")
async def add_unit(body: contract.AddUnit, request: Request, caller: Caller, gate: Gated) -> Written:
    """Put a unit into the tree."""
    actor = await gate.allow(caller, Action.manage_units, body.parent or body.id)
    units = [body.id, *([body.parent] if body.parent else [])]
    asked = body.model_copy(update={"row": None})
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, units))


@router.get("/campaigns", tags=["组织"], summary="主题教育活动")
async def list_campaigns(caller: Caller, gate: Gated) -> Page:
    """All campaigns, the newest first."""
    found = await directory.campaigns(gate.database)
    return Page(items=found, total=len(found), more_than=False, page=1, page_size=200)


@router.post("/campaigns", status_code=201, tags=["组织"], summary="开启一次活动")
async def open_campaign(body: contract.OpenCampaign, request: Request, caller: Caller, gate: Gated) -> Written:
    """Open a campaign; every record's day lies in one."""
    actor = gate.own(caller, Action.manage_campaigns)
    root = await directory.root(gate.database)
    if root is not None:  # a campaign binds every unit: who opens it must reach them all
        actor = await gate.allow(caller, Action.manage_campaigns, root)
    return Written.model_validate(await gate.ask("gateway", body, actor, request.headers, [actor.unit]))


@router.get("/users", tags=["用户"], summary="用户列表")
async def list_users(
    request: Request,
    caller: Caller,
    gate: Gated,
    unit: str = Query(max_length=32),
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """Users with a role in a unit's subtree."""
    actor = await gate.allow(caller, Action.manage_users, unit)
    asked = contract.ListUsers(unit=unit, page=page, page_size=page_size)
    return Page.model_validate(await gate.ask("gateway", asked, actor, request.headers))


@router.post("/users", status_code=201, tags=["用户"], summary="新增用户")
async def add_user(body: contract.AddUser, request: Request, caller: Caller, gate: Gated) -> Written:
    """Make an account; its roles are given by a security administrator (`PUT /users/{id}/roles`)."""
    actor = await gate.allow(caller, Action.manage_users, body.unit)
    hashed = await asyncio.to_thread(hash_password, body.password)
    asked = body.model_copy(update={"password": hashed})
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [body.unit]))
