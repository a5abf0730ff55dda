"""Visits: where somebody of a topic's group went. Bodies are the contract's commands."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.gateway.store import directory
from services.kernel.message.free_text import Reason
from services.research import contract

from ..answers import Moved, Page
from ..auth import Caller, Gate, Gated
from ..records import moved
from .asked import RECORDS, Answer, Listing, WithReason

router = APIRouter()
_VISITS = "调研"


class NewVisit(contract.VisitContent, contract.Private):
    """A visit, and what was found."""


class VisitCorrection(NewVisit):
    """A visit said anew, with the reason."""

    reason: Reason


class Notice(BaseModel):
    """What should be known of a record that was taken all the same."""

    code: str
    detail: str


class Visited(Moved):
    """A visit after a write; a unit that gets too many visits in a month is warned of 扎堆调研."""

    warnings: list[Notice] = Field(default=[])


class VisitListing(Listing):
    """Lists of visits can be asked by topic and by kind of place as well."""

    state: Literal["recorded", "void"] | None = None
    topic: str | None = Field(None, max_length=40)
    kind: contract.PlaceKind | None = None
    sort: Literal["day", "-day", "title", "-title"] = "-day"


async def _aim(gate: Gate, body: contract.VisitContent) -> tuple[list[str], Answer]:
    """The unit visited, and what the tree knows of it, so that nobody types it."""
    if body.visited is None:
        return [], {}
    await gate.known({"visited": body.visited})
    visit = (body.visited, body.day)
    counts_as, kind = (await directory.standings(gate.database, [visit]))[visit]
    return [body.visited, counts_as], {"counts_as": counts_as, "kind": kind}


@router.get("/visits", tags=[_VISITS], summary="调研列表")
async def list_visits(request: Request, caller: Caller, gate: Gated, asked: Annotated[VisitListing, Query()]) -> Page:
    """Visits by a unit and those below it, and to them; `crowded` where its unit gets too many in that month."""
    return await RECORDS.page(gate, caller, request, asked, contract.ListVisits)


@router.post("/visits", status_code=201, tags=[_VISITS], summary="登记调研")
async def record_visit(body: NewVisit, request: Request, caller: Caller, gate: Gated) -> Visited:
    """Record a visit. It is never refused for being one too many: the answer warns of it."""
    units, known = await _aim(gate, body)
    answer = await RECORDS.add(gate, caller, request, "visits", body, contract.RecordVisit, units, known)
    return Visited.model_validate(answer)


@router.get("/visits/{id}", tags=[_VISITS], summary="调研")
async def get_visit(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One visit; what was found is for those who went, numbers and addresses redacted."""
    return await RECORDS.one(gate, caller, request, contract.GetVisit(id=id))


@router.get("/visits/{id}/findings", tags=[_VISITS], summary="查看调研所得原文（留痕）")
async def get_findings(
    id: str, request: Request, caller: Caller, gate: Gated, reason: Annotated[Reason, Query()]
) -> Answer:
    """What was found, in clear, for those who went; the look is written down with its reason first."""
    return await RECORDS.one(gate, caller, request, contract.GetFindings(id=id, reason=reason))


@router.post("/visits/{id}/corrections", status_code=201, tags=[_VISITS], summary="更正")
async def correct_visit(id: str, body: VisitCorrection, request: Request, caller: Caller, gate: Gated) -> Visited:
    """Say a visit anew, with the reason."""
    units, known = await _aim(gate, body)
    command = contract.CorrectVisit(**{**body.model_dump(), **known}, id=id)
    query = contract.GetVisit(id=id)
    return Visited.model_validate(await RECORDS.change(gate, caller, request, query, command, units=units))


@router.post("/visits/{id}/voids", status_code=201, tags=[_VISITS], summary="作废")
async def void_visit(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a visit back."""
    command = contract.VoidVisit(id=id, reason=body.reason)
    return moved(await RECORDS.change(gate, caller, request, contract.GetVisit(id=id), command))
