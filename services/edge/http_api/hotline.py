"""The hotline beside its tickets: who called, in clear."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.gateway.domain import Action
from services.hotline import contract

from .auth import Caller, Gated

router = APIRouter(prefix="/hotline", tags=["民声工单"])


@router.get("/tickets/{id}/caller", summary="查看来电人（留痕）")
async def get_caller(
    id: str, request: Request, caller: Caller, gate: Gated, reason: Annotated[contract.Reason, Query()]
) -> dict[str, Any]:
    """The caller and the raw text in clear; the look is written down with its reason first."""
    asked = contract.GetCaller(id=id, reason=reason)
    answer: dict[str, Any] = await gate.find("hotline", asked, caller, Action.read_callers, request.headers)
    return answer
