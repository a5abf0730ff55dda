"""The hotline: tickets and the steps of their life."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.hotline import contract
from services.kernel.message.clock import utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day, Instant

from .answers import Moved, Page
from .auth import Caller, Gate, Gated, Principal, new_record

router = APIRouter(prefix="/hotline", tags=["民声热线"])
Answer = dict[str, Any]


class NewTicket(contract.TicketContent, contract.Caller):
    """A ticket; received now unless an instant is given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "P000",
                    "channel": "phone",
                    "kind": "consultation",
                    "category": "社会保障",
                    "title": "咨询异地就医备案办理",
                    "caller_name": "样例·王某",
                    "caller_phone": "00000000000",
                    "text": "……",
                }
            ]
        }
    )

    received: Instant = Field(default_factory=utc_now)


class Classification(BaseModel):
    """Kind and category."""

    model_config = ConfigDict(extra="forbid")

    kind: contract.Kind
    category: contract.Category


class Dispatch(BaseModel):
    """The unit that is to handle the ticket."""

    model_config = ConfigDict(extra="forbid")

    handler: str = Field(max_length=32)


class Reply(BaseModel):
    """What the caller is told."""

    model_config = ConfigDict(extra="forbid")

    answer: contract.Said


class TicketCorrection(contract.TicketContent, contract.Caller):
    """A ticket said anew, its life too, with the reason."""

    life: contract.Life
    reason: contract.Reason


class WithReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: contract.Reason


class Listing(BaseModel):
    """What lists of tickets can be asked by."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: contract.TicketState | None = None
    kind: contract.Kind | None = None
    channel: contract.Channel | None = None
    overdue: bool | None = None
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    q: str | None = Field(None, max_length=60)
    sort: Literal["received", "-received", "deadline", "-deadline"] = "-received"
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


async def _change(gate: Gate, caller: Principal, request: Request, command: Any, action: Action, *units: str) -> Moved:
    """A step in a ticket's life, by who may take it for the unit that has it."""
    ticket = await gate.find("hotline", contract.GetTicket(id=command.id), caller, action, request.headers)
    owner = ticket["life"]["handler"] or ticket["unit"]
    desk = action != Action.handle_tickets
    actor = await gate.allow(caller, action, ticket["unit"] if desk else owner)
    return Moved.model_validate(
        await gate.ask("hotline", command, actor, request.headers, [ticket["unit"], owner, *units])
    )


async def _as_before(gate: Gate, caller: Principal, request: Request, id: str, body: NewTicket) -> NewTicket:
    """A repeated request was received when it first was, or it would be another request under the same key."""
    try:
        known = await gate.find(
            "hotline",
            contract.GetTicket(id=id),
            caller,
            Action.read_tickets,
            {"traceparent": request.headers["traceparent"]},
        )
    except DomainError as refusal:
        if refusal.kind != "not_found":
            raise
        return body
    return body.model_copy(update={"received": datetime.fromisoformat(known["received"])})


def _named(**units: str | None) -> dict[str, str]:
    return {field: unit for field, unit in units.items() if unit}


@router.get("/tickets", summary="工单列表")
async def list_tickets(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Tickets of a unit and those below it."""
    actor = (
        gate.own(caller, Action.read_tickets)
        if asked.unit is None
        else await gate.allow(caller, Action.read_tickets, asked.unit)
    )
    query = contract.ListTickets(**{**asked.model_dump(exclude_none=True), "unit": asked.unit or actor.unit})
    return Page.model_validate(await gate.ask("hotline", query, actor, request.headers))


@router.post("/tickets", status_code=201, summary="登记工单")
async def register_ticket(body: NewTicket, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a ticket down. Name, number and raw text of the caller are kept encrypted, apart from the ticket."""
    actor = await gate.allow(caller, Action.register_tickets, body.unit)
    others = _named(reported_unit=body.reported_unit)
    await gate.known(others)
    id = new_record(request, caller, ("hotline", "tickets"), body.unit, body.number)
    if "received" not in body.model_fields_set and "idempotency-key" in request.headers:
        body = await _as_before(gate, caller, request, id, body)
    command = contract.RegisterTicket(**body.model_dump(), id=id)
    return Moved.model_validate(
        await gate.ask("hotline", command, actor, request.headers, [body.unit, *others.values()])
    )


@router.get("/tickets/{id}", summary="工单")
async def get_ticket(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One ticket; its caller is masked."""
    answer: Answer = await gate.find("hotline", contract.GetTicket(id=id), caller, Action.read_tickets, request.headers)
    return answer


@router.get("/tickets/{id}/caller", summary="查看来电人（留痕）")
async def get_caller(
    id: str, request: Request, caller: Caller, gate: Gated, reason: Annotated[contract.Reason, Query()]
) -> Answer:
    """The caller and the raw text in clear; the look is written down with its reason first."""
    asked = contract.GetCaller(id=id, reason=reason)
    answer: Answer = await gate.find("hotline", asked, caller, Action.read_callers, request.headers)
    return answer


@router.post("/tickets/{id}/classifications", status_code=201, summary="分类")
async def classify_ticket(id: str, body: Classification, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Settle kind and category; the deadline follows the kind."""
    command = contract.ClassifyTicket(id=id, **body.model_dump())
    return await _change(gate, caller, request, command, Action.dispatch_tickets)


@router.post("/tickets/{id}/dispatches", status_code=201, summary="派单")
async def dispatch_ticket(id: str, body: Dispatch, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Give the ticket to the unit that is to handle it."""
    await gate.allow(caller, Action.dispatch_tickets, body.handler, "handler")
    command = contract.DispatchTicket(id=id, handler=body.handler)
    return await _change(gate, caller, request, command, Action.dispatch_tickets, body.handler)


@router.post("/tickets/{id}/signatures", status_code=201, summary="签收")
async def sign_ticket(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The unit takes the ticket."""
    return await _change(gate, caller, request, contract.SignTicket(id=id), Action.handle_tickets)


@router.post("/tickets/{id}/answers", status_code=201, summary="答复")
async def answer_ticket(id: str, body: Reply, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Answer the caller."""
    command = contract.AnswerTicket(id=id, answer=body.answer)
    return await _change(gate, caller, request, command, Action.handle_tickets)


@router.post("/tickets/{id}/callbacks", status_code=201, summary="回访")
async def call_back_ticket(id: str, body: contract.Outcome, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Write down what the caller said."""
    command = contract.CallBackTicket(id=id, outcome=body)
    return await _change(gate, caller, request, command, Action.call_back_tickets)


@router.post("/tickets/{id}/completions", status_code=201, summary="办结")
async def complete_ticket(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Close the ticket. Completed is not solved."""
    return await _change(gate, caller, request, contract.CompleteTicket(id=id), Action.call_back_tickets)


@router.post("/tickets/{id}/corrections", status_code=201, summary="更正")
async def correct_ticket(id: str, body: TicketCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a ticket anew, with the reason."""
    command = contract.CorrectTicket(**body.model_dump(), id=id)
    others = _named(**{"life/handler": body.life.handler, "reported_unit": body.reported_unit})
    await gate.known(others)
    return await _change(gate, caller, request, command, Action.correct_tickets, *others.values())


@router.post("/tickets/{id}/voids", status_code=201, summary="作废")
async def void_ticket(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a ticket back."""
    command = contract.VoidTicket(id=id, reason=body.reason)
    return await _change(gate, caller, request, command, Action.correct_tickets)
