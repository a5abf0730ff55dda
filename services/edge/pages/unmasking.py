"""What is masked otherwise, shown for a reason that is written down first: who called, what was found on a visit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.free_text import Reason

from ..gate import Gate, Principal
from ..http_api import hotline, research
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..resources import resource_of
from .fields import Field, Fields, filled, made
from .forms import typed
from .screens import Reader, Screen, can, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_REASON: Fields = {"reason": Field("查看事由", required=True, most=200, note="写入审计日志")}


class Why(BaseModel):
    """Why somebody looks."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


@dataclass(frozen=True)
class Masked:
    """A part of a record that is masked: its title, who may see it, the API's own handler, its fields in words."""

    title: str
    action: Action
    show: Callable[..., Awaitable[dict[str, Any]]]
    labels: dict[str, str]


MASKED = {
    ("ticket", "caller"): Masked(
        "查看来电人",
        Action.read_callers,
        hotline.get_caller,
        {"caller_name": "来电人", "caller_phone": "联系电话", "text": "诉求内容"},
    ),
    ("visit", "findings"): Masked(
        "查看调研所得原文", Action.read_research, research.get_findings, {"findings": "发现的问题和建议"}
    ),
}


def ways_on(kind: str, record: dict[str, Any], reader: Principal) -> list[tuple[str, str]]:
    """Where a record's page leads to what is masked on it, for who may see it."""
    return [
        (masked.title, f"/records/{kind}/{record['id']}/{part}")
        for (of, part), masked in MASKED.items()
        if of == kind and can(reader, masked.action)
    ]


@router.get("/records/ticket/{id}/caller")
async def caller_form(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The form that asks for the reason."""
    return _form("ticket", "caller", id, request, reader, gate)


@router.post("/records/ticket/{id}/caller")
async def caller_view(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Who called, and their own words, in clear."""
    return await _shown("ticket", "caller", id, request, reader, gate)


@router.get("/records/visit/{id}/findings")
async def findings_form(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The form that asks for the reason."""
    return _form("visit", "findings", id, request, reader, gate)


@router.post("/records/visit/{id}/findings")
async def findings_view(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """What was found, in clear, for those who went."""
    return await _shown("visit", "findings", id, request, reader, gate)


def _form(
    kind: str,
    part: str,
    id: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    refusal: DomainError | None = None,
) -> Response:
    masked = MASKED[kind, part]
    gate.own(reader, masked.action)
    status = 200 if refusal is None else STATUSES[refusal.kind][0]
    fields = filled(_REASON, {}, refusal)
    return _screen(kind, part, id, request, status, fields=fields, refusal=refusal, lines=[])


async def _shown(kind: str, part: str, id: str, request: Request, reader: Principal, gate: Gate) -> Response:
    masked = MASKED[kind, part]
    try:
        why = made(Why, {"reason": (await typed(request)).get("reason", "")})
    except DomainError as refusal:
        return _form(kind, part, id, request, reader, gate, refusal)
    found = await masked.show(id=id, request=request, caller=reader, gate=gate, reason=why.reason)
    lines = [(label, found.get(name) or "未留") for name, label in masked.labels.items()]
    return _screen(kind, part, id, request, 200, fields={}, refusal=None, lines=lines)


def _screen(kind: str, part: str, id: str, request: Request, status: int, **told: Any) -> Response:
    resource = resource_of(kind)
    return screen(
        request,
        "unmasked.html",
        status,
        kind=kind,
        id=id,
        part=part,
        name=resource.title,
        title=MASKED[kind, part].title,
        **told,
    )
