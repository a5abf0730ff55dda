"""Research beside its records: its configuration, what was noted of a measure, what was found on a visit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.gateway.domain import Action
from services.kernel.message.free_text import Reason
from services.research import contract

from .answers import Page, Written
from .auth import Caller, Gated
from .records import for_all_units

router = APIRouter(prefix="/research")
Answer = dict[str, Any]


@router.get("/norm", tags=["重点课题"], summary="调查研究的配置")
async def get_norm(request: Request, caller: Caller, gate: Gated) -> Answer:
    """The kinds of topics, how many visits a month are too many, and who says so."""
    found: Answer = await gate.find("research", contract.GetNorm(), caller, Action.read_research, request.headers)
    return found


@router.put("/norm", tags=["重点课题"], summary="修改配置")
async def set_norm(body: contract.SetNorm, request: Request, caller: Caller, gate: Gated) -> Written:
    """Replace the configuration; it binds every unit, so who sets it must reach them all."""
    actor, root = await for_all_units(gate, caller, Action.set_norms)
    return Written.model_validate(await gate.ask("research", body, actor, request.headers, [root]))


@router.get("/measures/{id}/progress", tags=["转化措施"], summary="进展列表")
async def list_progress(
    id: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """What was noted of a measure, the newest first."""
    query = contract.ListProgress(id=id, page=page, page_size=page_size)
    return Page.model_validate(await gate.find("research", query, caller, Action.read_research, request.headers))


@router.get("/visits/{id}/findings", tags=["调研"], summary="查看调研所得原文（留痕）")
async def get_findings(
    id: str, request: Request, caller: Caller, gate: Gated, reason: Annotated[Reason, Query()]
) -> Answer:
    """What was found, in clear, for those who went; the look is written down with its reason first."""
    query = contract.GetFindings(id=id, reason=reason)
    found: Answer = await gate.find("research", query, caller, Action.read_research, request.headers)
    return found
