"""Operations: messages that were set aside because they could not be handled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.free_text import Reason
from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.registry import SOURCES

from .auth import Caller, Gated

router = APIRouter(prefix="/operations", tags=["运维"])
if TYPE_CHECKING:
    Consumer = str
else:
    Consumer = Literal[SOURCES]


class WithReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class HeldListing(ListHeld):
    """Held messages of one service."""

    service: Consumer = Field("gateway", description="搁置消息的服务")


def _consumer(id: str) -> str:
    """Who holds a message: its id begins with its queue's name."""
    found = next((service for service in SOURCES if id.startswith(f"{service}.")), None)
    if found is None:
        raise DomainError("held.not_found", "没有这条搁置的消息（可能已处理）", "not_found")
    return found


@router.get("/held", summary="搁置的消息")
async def list_held(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[HeldListing, Query()]
) -> dict[str, Any]:
    """Messages that a service has set aside, the newest first: parked for a person, to be retried, or dropped."""
    actor = gate.own(caller, Action.operate)
    listing = ListHeld(**asked.model_dump(exclude={"service"}))
    answer: dict[str, Any] = await gate.ask(asked.service, listing, actor, request.headers)
    return answer


@router.get("/held/{id}", summary="搁置的消息（详情）")
async def get_held(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One of them, with its traceback and its redacted text."""
    actor = gate.own(caller, Action.operate)
    answer: dict[str, Any] = await gate.ask(_consumer(id), GetHeld(id=id), actor, request.headers)
    return answer


@router.post("/held/{id}/replays", status_code=201, summary="重放")
async def replay_held(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """Try it again now; twice has effect once."""
    actor = gate.own(caller, Action.operate)
    answer: dict[str, Any] = await gate.ask(_consumer(id), ReplayHeld(id=id), actor, request.headers)
    return answer


@router.post("/held/{id}/drops", status_code=201, summary="放弃")
async def drop_held(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """Give it up, with the reason."""
    actor = gate.own(caller, Action.operate)
    asked = DropHeld(id=id, reason=body.reason)
    answer: dict[str, Any] = await gate.ask(_consumer(id), asked, actor, request.headers)
    return answer
