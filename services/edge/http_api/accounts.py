"""Signing in, one's own account and password, and what system administrators do to accounts."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.domain.password import LEAST, MOST, check_password
from services.gateway.store import access
from services.kernel.message.errors import DomainError
from services.kernel.message.event import EVERYWHERE
from services.kernel.message.free_text import NAMED, SEALED, Reason
from services.organisation import contract
from services.organisation.contract.words import LOGIN, DisplayName, Login, UnitId

from ..passwords import hashed, one_time
from ..sign_in import change_password as change
from ..sign_in import sign_in as enter
from .access import reached
from .answers import Page, Written
from .auth import Caller, Gated, Principal, token_of

router = APIRouter()
_NEW = f"新密码：不少于 {LEAST} 位，不是常见密码，不含账号"


class SignIn(BaseModel):
    """A name and a password; with `new_password`, which a first sign-in must bring, it is that from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "cz-admin", "password": "…"}]})

    name: Annotated[str, NAMED] = Field(min_length=1, max_length=60)
    password: Annotated[str, SEALED] = Field(min_length=1, max_length=MOST)
    new_password: Annotated[str, SEALED] | None = Field(None, max_length=MOST, description=_NEW)


class NewPassword(BaseModel):
    """One's password, and the one that is to take its place."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"password": "…", "new_password": "三月里的小雨淅沥沥下"}]}
    )

    password: Annotated[str, SEALED] = Field(min_length=1, max_length=MOST)
    new_password: Annotated[str, SEALED] = Field(max_length=MOST, description=_NEW)


class Token(BaseModel):
    """A token to be sent as `Authorization: Bearer`."""

    token: str
    expires_at: AwareDatetime
    user: str


class NewUser(BaseModel):
    """An account; without a password it gets one that is told once. Roles are given by a security administrator."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"id": "cz-admin", "name": "样例·王某", "unit": "D001"}]},
    )

    id: Login
    name: DisplayName
    unit: UnitId = Field(description="账号所属单位")
    password: Annotated[str, SEALED] | None = Field(None, max_length=MOST, description="初始密码；不填由平台生成")
    roles: list[contract.Held] = Field(default=[], max_length=20, description="须为空：角色由安全管理员授予")


class WithPassword(Written):
    """An account after a write, and the password that was made for one sign-in: told here and nowhere again."""

    password: str | None = Field(None, description="一次性密码，只显示这一次；重复的请求不再显示")


class WithReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "调离"}]})

    reason: Reason


@router.post("/tokens", status_code=201, tags=["登录"], summary="登录")
async def sign_in(body: SignIn, gate: Gated) -> Token:
    """A token for a name and a password; after five failures the name is locked for a quarter of an hour.

    403 `password.change_required`: the password was given by somebody else; ask again with `new_password`.
    """
    return _token(*await enter(gate, body.name, body.password, body.new_password))


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


@router.put("/me/password", tags=["登录"], summary="修改本人密码")
async def change_password(body: NewPassword, caller: Caller, gate: Gated) -> Token:
    """Replace one's own password: every session and token of one's own ends, and this is a new session."""
    return _token(*await change(gate, caller, body.password, body.new_password))


@router.get("/users", tags=["用户"], summary="用户列表")
async def list_users(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[contract.ListUsers, Query()]
) -> Page:
    """Accounts of a unit's subtree and those with a role in it: whether each can sign in, and when each did last."""
    actor = await gate.allow(caller, Action.read_users, asked.unit)
    return Page.model_validate(await gate.ask("gateway", asked, actor, request.headers))


@router.get("/users/{id}", tags=["用户"], summary="用户")
async def get_user(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One account: its roles, whether it can sign in (`state`), and when it did last."""
    found: dict[str, Any] = await gate.find(
        "gateway", contract.GetUser(id=_login(id)), caller, Action.read_users, request.headers
    )
    return found


@router.post("/users", status_code=201, tags=["用户"], summary="新增用户")
async def add_user(body: NewUser, request: Request, caller: Caller, gate: Gated) -> WithPassword:
    """Make an account; its roles are given by a security administrator (`PUT /users/{id}/roles`)."""
    actor = await gate.allow(caller, Action.manage_users, body.unit)
    if body.password is not None:
        check_password(body.password, body.id)
    password = body.password or one_time()
    asked = contract.AddUser(**{**body.model_dump(), "password": await hashed(password)})
    answer = await gate.ask("gateway", asked, actor, request.headers, [body.unit])
    return _with_password(answer, asked.password, None if body.password else password)


@router.post("/users/{id}/password-resets", status_code=201, tags=["用户"], summary="重置用户密码")
async def reset_password(id: str, request: Request, caller: Caller, gate: Gated) -> WithPassword:
    """Give somebody a password for one sign-in; every session and token of theirs ends, and so does a lock."""
    actor, units = await reached(gate, caller, Action.manage_users, id)
    password = one_time()
    asked = contract.ResetPassword(id=id, password=await hashed(password))
    answer = await gate.ask("gateway", asked, actor, request.headers, units)
    return _with_password(answer, asked.password, password)


@router.post("/users/{id}/unlocks", status_code=201, tags=["用户"], summary="解除登录锁定")
async def unlock_user(id: str, caller: Caller, gate: Gated) -> dict[str, bool]:
    """Forget somebody's failed attempts to sign in."""
    await reached(gate, caller, Action.manage_users, id)
    return {"unlocked": await access.unlock(gate.database, id)}


@router.post("/users/{id}/disablements", status_code=201, tags=["用户"], summary="停用用户")
async def disable_user(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Written:
    """Let somebody sign in no more; every session and token of theirs ends."""
    return await _manage(contract.DisableUser(id=_login(id), reason=body.reason), request, caller, gate)


@router.post("/users/{id}/enablements", status_code=201, tags=["用户"], summary="启用用户")
async def enable_user(id: str, request: Request, caller: Caller, gate: Gated) -> Written:
    """Let somebody sign in again."""
    return await _manage(contract.EnableUser(id=_login(id)), request, caller, gate)


async def _manage(
    asked: contract.DisableUser | contract.EnableUser, request: Request, caller: Principal, gate: Gated
) -> Written:
    actor, units = await reached(gate, caller, Action.manage_users, asked.id)
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, units))


def _login(id: str) -> str:
    """An id that can be an account's.

    Raises:
        DomainError: user.unknown.
    """
    if not re.fullmatch(LOGIN, id):
        raise DomainError("user.unknown", "没有这个用户", "not_found")
    return id


def _token(token: str, principal: Principal) -> Token:
    return Token(token=token, expires_at=principal.expires, user=principal.user)


def _with_password(answer: dict[str, Any], hash_: str, password: str | None) -> WithPassword:
    """What was made is told where it was this request that made it, and no earlier one under the same key."""
    told = password if answer["mark"] == access.mark(hash_) else None
    return WithPassword(id=answer["id"], version=answer["version"], password=told)
