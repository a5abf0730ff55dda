"""Units and campaigns."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request

from services.gateway.domain import Action
from services.gateway.store import directory
from services.organisation import contract
from services.organisation.contract.permissions import EVERYWHERE

from .answers import Page, Written
from .auth import Caller, Gated

router = APIRouter()


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
