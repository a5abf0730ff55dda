"""Operations: messages that were set aside because they could not be handled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.kernel.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld

from ..domain import Action
from .auth import Caller, Gated

router = APIRouter(prefix="/operations", tags=["运维"])
_CONSUMER = "gateway"
"""The one service that consumes events so far."""


class WithReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=200)


@router.get("/held", summary="搁置的消息")
async def list_held(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[ListHeld, Query()]
) -> dict[str, Any]:
    """Messages that were set aside, the newest first: parked for a person, to be retried, or dropped."""
    actor = gate.own(caller, Action.operate)
    answer: dict[str, Any] = await gate.ask(_CONSUMER, asked, actor, request.headers)
    return answer


@router.get("/held/{id}", summary="搁置的消息（详情）")
async def get_held(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One of them, with its traceback and its redacted text."""
    actor = gate.own(caller, Action.operate)
    answer: dict[str, Any] = await gate.ask(_CONSUMER, GetHeld(id=id), actor, request.headers)
    return answer


@router.post("/held/{id}/replays", status_code=201, summary="重放")
async def replay_held(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """Try it again now; twice has effect once."""
    actor = gate.own(caller, Action.operate)
    answer: dict[str, Any] = await gate.ask(_CONSUMER, ReplayHeld(id=id), actor, request.headers)
    return answer


@router.post("/held/{id}/drops", status_code=201, summary="放弃")
async def drop_held(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """Give it up, with the reason."""
    actor = gate.own(caller, Action.operate)
    asked = DropHeld(id=id, reason=body.reason)
    answer: dict[str, Any] = await gate.ask(_CONSUMER, asked, actor, request.headers)
    return answer
