"""Access: tokens of programs, sessions and who ends them, who somebody is elsewhere, and the access log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.gateway.domain import Action
from services.gateway.domain.separation import separated
from services.gateway.store import access, directory
from services.kernel.message.errors import DomainError
from services.kernel.message.free_text import FREE, SEALED
from services.kernel.settings import settings
from services.organisation import contract
from services.organisation.contract import Role
from services.organisation.contract.permissions import EVERYWHERE, SCOPES, rows

from .. import access_log
from ..gate import identity
from .answers import Page, Written
from .auth import Caller, Gated

router = APIRouter()


class NewToken(BaseModel):
    """A program's token: for one of the roles that its user holds."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "月报导出", "role": "unit_admin", "unit": "D001"}]}
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=60), FREE]
    role: Role
    unit: str = Field(max_length=32)
    days: int = Field(90, ge=1, le=366, description="有效天数")


class MadeToken(BaseModel):
    """The token itself, which is shown this once and kept nowhere."""

    token: str


class Subject(BaseModel):
    """Who somebody is to the OIDC provider; null: nobody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"subject": "248289761001"}]})

    subject: Annotated[str, SEALED] | None = Field(max_length=255)


class Roles(BaseModel):
    """All roles that somebody is to hold."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"roles": [{"role": "handler", "unit": "D001"}]}]}
    )

    roles: list[contract.Held] = Field(max_length=20)


class Permission(BaseModel):
    """A line of the table: an action, on which units, by whom."""

    action: Action
    scope: str
    roles: list[Role]


class Permissions(BaseModel):
    """The whole table, and the pairs of roles that no account holds both of."""

    items: list[Permission]
    separated: list[list[Role]]


@router.get("/permissions", tags=["登录"], summary="权限表")
async def list_permissions(caller: Caller) -> Permissions:
    """Who may do what, and where: the table by which every operation is decided."""
    items = [Permission(action=action, scope=SCOPES[scope], roles=sorted(roles)) for action, scope, roles in rows()]
    return Permissions(items=items, separated=[list(pair) for pair in separated(Role)])


@router.get("/me/tokens", tags=["登录"], summary="我的会话与令牌")
async def list_tokens(caller: Caller, gate: Gated) -> Page:
    """Where one is signed in, and the tokens that one's programs bear."""
    found = [_shown(row) for row in await access.sessions(gate.database, caller.user)]
    return Page(items=found, total=len(found), more_than=False, page=1, page_size=200)


@router.post("/me/tokens", status_code=201, tags=["登录"], summary="生成接口令牌")
async def make_token(body: NewToken, request: Request, caller: Caller, gate: Gated) -> MadeToken:
    """A token for a program; it is shown this once: asked again with the same key, 409 says that it was made."""
    given = request.headers.get("idempotency-key")
    return MadeToken(token=await gate.make_token(caller, body.name, body.role, body.unit, body.days, given))


@router.delete("/me/tokens/{id}", status_code=204, tags=["登录"], summary="撤销会话或令牌")
async def revoke_token(id: str, caller: Caller, gate: Gated) -> Response:
    """It is worth nothing from now on, at every process of the API."""
    if not await access.end_sessions(gate.database, {"user": caller.user, "id": id}):
        raise DomainError("token.unknown", "没有这个会话或令牌，或已失效", "not_found")
    return Response(status_code=204)


@router.post("/users/{id}/revocations", status_code=201, tags=["用户"], summary="撤销用户的全部会话与令牌")
async def revoke_user(id: str, caller: Caller, gate: Gated) -> dict[str, int]:
    """Somebody is signed in nowhere any more, and no program of theirs."""
    access_log.told(target=id)
    await reached(gate, caller, Action.end_sessions, id)
    return {"ended": await access.end_sessions(gate.database, {"user": id})}


@router.put("/users/{id}/roles", tags=["用户"], summary="授予、收回角色")
async def set_roles(id: str, body: Roles, request: Request, caller: Caller, gate: Gated) -> Written:
    """Replace the roles that somebody else holds; roles that exclude each other (`/permissions`) are refused."""
    actor, units = await reached(gate, caller, Action.grant_roles, id)
    for held in body.roles:
        actor = await gate.allow(caller, Action.grant_roles, held.unit, "roles")
    command = contract.SetRoles(id=id, roles=body.roles)
    named = [*units, *(held.unit for held in body.roles)]
    return Written.model_validate(await gate.ask("gateway", command, actor, request.headers, named))


@router.get("/role-conflicts", tags=["用户"], summary="兼有互斥角色的账号")
async def list_combined(
    request: Request, caller: Caller, gate: Gated, unit: Annotated[str, Query(max_length=32)]
) -> Page:
    """Accounts of an earlier version that hold roles which exclude each other: they work, until roles are taken."""
    actor = await gate.allow(caller, Action.grant_roles, unit)
    return Page.model_validate(await gate.ask("gateway", contract.ListCombined(unit=unit), actor, request.headers))


@router.put("/users/{id}/identity", tags=["用户"], summary="对应统一身份认证的身份")
async def set_identity(id: str, body: Subject, request: Request, caller: Caller, gate: Gated) -> Written:
    """Say who a user is to the OIDC provider; only a hash of it is kept."""
    actor, units = await reached(gate, caller, Action.manage_users, id)
    digest = None if body.subject is None else identity(settings().oidc_issuer.rstrip("/"), body.subject)
    command = contract.SetIdentity(id=id, digest=digest)
    return Written.model_validate(await gate.ask("gateway", command, actor, request.headers, units))


@router.get("/audit/entries", tags=["审计"], summary="审计日志")
async def list_audit(caller: Caller, gate: Gated, asked: Annotated[access.Asked, Query()]) -> Page:
    """Refusals, changes, and looks at what is otherwise masked; the newest first."""
    if asked.unit is None:
        actor = gate.own(caller, Action.read_access_log)
    else:
        actor = await gate.allow(caller, Action.read_access_log, asked.unit)
    everything = actor.unit in (EVERYWHERE, await directory.root(gate.database))
    found, total = await access.listed(gate.database, asked, None if everything else actor.unit)
    return Page(
        items=[access_log.shown(entry) for entry in found],
        total=min(total, 10_000),
        more_than=total > 10_000,
        page=asked.page,
        page_size=asked.page_size,
    )


def noted(refusal: DomainError) -> DomainError:
    """A refusal that a page shows in its own way is written down like any other."""
    access_log.refused(refusal)
    return refusal


async def reached(gate: Gated, caller: Caller, action: Action, user: str) -> tuple[Any, list[str]]:
    """The role by which the caller may do this to a user: it reaches the account's unit, and every
    unit for which it holds a role.

    Raises:
        DomainError: user.unknown; role.missing, unit.out_of_scope.
    """
    actor = gate.own(caller, action)
    found = await gate.database["users"].find_one({"_id": user}, {"unit": 1, "roles": 1})
    if found is None:
        raise DomainError("user.unknown", "没有这个用户", "not_found")
    units = list(dict.fromkeys([str(found["unit"]), *(str(held["unit"]) for held in found["roles"])]))
    for unit in units:
        actor = await gate.allow(caller, action, unit)
    return actor, [unit for unit in units if unit != EVERYWHERE]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    only = row.get("only") or {"role": None, "unit": None}
    times = {"created_at": row["created"], "expires_at": row["expires"]}
    return {"id": row.get("id"), "name": row.get("name"), **only, **times}
