"""Notices drawn from plans, notices on paper, and how the units of a subtree stand, by number and by name."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import directory
from services.study import contract

from ..documents import DOCX, notice_docx, paper
from ..documents.notice import Paper
from ..resources import one, resource_of
from .answers import Moved, Page
from .auth import Caller, Gate, Gated
from .resources import asked_by

router = APIRouter(prefix="/study")
Answer = dict[str, Any]
READ = Action.read_plans
_NOTICE, _RECEIPT, _STANDING = "组织生活通知单", "通知单回执", "督学"


class OfMonth(BaseModel):
    """A month."""

    model_config = ConfigDict(extra="forbid")

    month: contract.Month


class DutyListing(BaseModel):
    """By what the units that owe something can be chosen."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: contract.DutyState | None = None
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


@router.post("/plans/{id}/notices", status_code=201, tags=[_NOTICE], summary="由计划生成当月通知单")
async def draft_plan_notice(id: str, body: OfMonth, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The notice of a month, by who made the plan."""
    plan = await one(asked_by(request, caller, gate), resource_of("plan"), id)
    asked = contract.DraftNotice(unit=plan["unit"], plan=id, month=body.month)
    return await draft_notice(asked, request, caller, gate)


@router.post("/notices", status_code=201, tags=[_NOTICE], summary="由计划生成通知单")
async def draft_notice(body: contract.DraftNotice, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Make the notice of a month out of a plan; the same month of the same plan is one notice."""
    actor = await gate.allow(caller, Action.write_plans, body.unit)
    return Moved.model_validate(await gate.ask("study", body, actor, request.headers, [body.unit]))


@router.get("/notices/{id}/document.docx", tags=[_NOTICE], summary="通知单（Word）", response_class=Response)
async def get_notice_document(id: str, request: Request, caller: Caller, gate: Gated) -> Response:
    """The notice as a Word file, laid out as GB/T 9704 asks."""
    notice = await one(asked_by(request, caller, gate), resource_of("notice"), id)
    return await _document(await told_on_paper(gate, notice))


@router.get("/receipts/{id}/document.docx", tags=[_RECEIPT], summary="通知单回执（Word）", response_class=Response)
async def get_receipt_document(id: str, request: Request, caller: Caller, gate: Gated) -> Response:
    """The notice for this unit as a Word file, with what is done."""
    receipt = await one(asked_by(request, caller, gate), resource_of("receipt"), id)
    notice = await one(asked_by(request, caller, gate), resource_of("notice"), receipt["notice"])
    return await _document(await told_on_paper(gate, notice, receipt))


async def told_on_paper(gate: Gate, notice: Answer, receipt: Answer | None = None) -> Paper:
    """A notice in words, with the units' names; for the page too."""
    units = [notice["unit"], *notice["units"], *([receipt["unit"]] if receipt else [])]
    return paper(notice, await directory.names(gate.database, units), receipt)


async def _document(told: Paper) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(told.title)}.docx"}
    return Response(await asyncio.to_thread(notice_docx, told), 200, headers, DOCX)


@router.get("/plans/{id}/progress", tags=[_STANDING], summary="计划进度")
async def get_plan_progress(
    id: str, request: Request, caller: Caller, gate: Gated, unit: str | None = Query(None, max_length=32)
) -> Answer:
    """How many units of a subtree owe the plan, are done with it or behind; `rate` is null where nothing is due."""
    return await _progress(id, unit, request, caller, gate)


@router.get("/notices/{id}/progress", tags=[_STANDING], summary="通知单进度")
async def get_notice_progress(
    id: str, request: Request, caller: Caller, gate: Gated, unit: str | None = Query(None, max_length=32)
) -> Answer:
    """The same for a notice, and how many have not acknowledged its latest edition."""
    return await _progress(id, unit, request, caller, gate)


@router.get("/plans/{id}/units", tags=[_STANDING], summary="计划进度（按单位）")
async def list_plan_units(
    id: str, request: Request, caller: Caller, gate: Gated, asked: Annotated[DutyListing, Query()]
) -> Page:
    """The units behind the numbers, those longest behind first."""
    return await _duties(id, request, caller, gate, asked)


@router.get("/notices/{id}/units", tags=[_STANDING], summary="通知单进度（按单位）")
async def list_notice_units(
    id: str, request: Request, caller: Caller, gate: Gated, asked: Annotated[DutyListing, Query()]
) -> Page:
    """The same for a notice; `unacknowledged` are those that have not read its latest edition."""
    return await _duties(id, request, caller, gate, asked)


@router.get("/duties/behind", tags=[_STANDING], summary="进度落后的单位")
async def list_behind(
    request: Request,
    caller: Caller,
    gate: Gated,
    unit: str | None = Query(None, max_length=32, description="不填为本单位"),
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """Units of a subtree that are behind with any plan or notice, those longest behind first."""
    asked = DutyListing(unit=unit, state="behind", page=page, page_size=page_size)
    return await _duties(None, request, caller, gate, asked)


async def _progress(id: str, unit: str | None, request: Request, caller: Caller, gate: Gated) -> Answer:
    actor = gate.own(caller, READ) if unit is None else await gate.allow(caller, READ, unit)
    query = contract.GetPlanProgress(source=id, unit=unit or actor.unit)
    answer: Answer = await gate.ask("study", query, actor, request.headers)
    return answer


async def _duties(id: str | None, request: Request, caller: Caller, gate: Gated, asked: DutyListing) -> Page:
    actor = gate.own(caller, READ) if asked.unit is None else await gate.allow(caller, READ, asked.unit)
    told = asked.model_dump(exclude_none=True)
    query = contract.ListDuties(**{**told, "unit": asked.unit or actor.unit}, source=id)
    return Page.model_validate(await gate.ask("study", query, actor, request.headers))
