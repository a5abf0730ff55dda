"""Plans, monthly notices and their receipts; how the units of a subtree stand with them, by number and by name."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.free_text import Note
from services.kernel.message.instants import Day
from services.study import contract

from ..documents import DOCX, notice_docx, paper
from ..documents.notice import Paper
from .answers import Moved, Page
from .auth import Caller, Gate, Gated
from .records import Records, moved
from .study import Listing, WithReason

router = APIRouter(prefix="/study")
Answer = dict[str, Any]
PLANS = Records("study", Action.read_plans, Action.write_plans)
_PLAN, _NOTICE, _RECEIPT, _STANDING = "学习计划", "组织生活通知单", "通知单回执", "督学"


class NewPlan(contract.PlanContent):
    """A plan to be prepared."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "D001",
                    "title": "2026年三会一课计划",
                    "first": "2026-03",
                    "last": "2026-12",
                    "requirements": [
                        {"kind": "theme_day", "number": 1, "each": "month"},
                        {"kind": "general_meeting", "number": 1, "each": "quarter"},
                    ],
                }
            ]
        }
    )


class PlanRevision(contract.PlanContent):
    """A plan said anew, with the reason."""

    reason: contract.Reason = "修改草稿"


class NoticeRevision(BaseModel):
    """A notice said anew, with the reason; it must be acknowledged again where it was issued."""

    model_config = ConfigDict(extra="forbid")

    title: contract.Title | None = None
    items: contract.Items
    note: Note = ""
    reason: contract.Reason = "修改草稿"


class OfMonth(BaseModel):
    """A month."""

    model_config = ConfigDict(extra="forbid")

    month: contract.Month


class OnDay(BaseModel):
    """On which day it was sent; today where none is given."""

    model_config = ConfigDict(extra="forbid")

    day: Day | None = None


class Reading(BaseModel):
    """Which edition was read."""

    model_config = ConfigDict(extra="forbid")

    edition: int = Field(ge=1)


class Tick(BaseModel):
    """An item that no record ticks, and what was done."""

    model_config = ConfigDict(extra="forbid")

    item: contract.ItemKey
    note: contract.Reason
    done: bool = True


class DutyListing(BaseModel):
    """By what the units that owe something can be chosen."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: contract.DutyState | None = None
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


@router.get("/plans", tags=[_PLAN], summary="学习计划列表")
async def list_plans(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Plans of a unit, of those below it, and those that are addressed to it."""
    return await PLANS.page(gate, caller, request, asked, contract.ListPlans)


@router.post("/plans", status_code=201, tags=[_PLAN], summary="制定学习计划")
async def draft_plan(body: NewPlan, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Prepare a plan: who owes what in which months."""
    return moved(await PLANS.add(gate, caller, request, "plans", body, contract.DraftPlan, body.units))


@router.get("/plans/{id}", tags=[_PLAN], summary="学习计划")
async def get_plan(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One plan with its editions and what each changed."""
    return await PLANS.one(gate, caller, request, contract.GetPlan(id=id))


@router.post("/plans/{id}/revisions", status_code=201, tags=[_PLAN], summary="修订")
async def revise_plan(id: str, body: PlanRevision, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a plan anew; once it is issued that makes a new edition."""
    asked = contract.RevisePlan(**body.model_dump(), id=id)
    query = contract.GetPlan(id=id)
    return moved(await PLANS.change(gate, caller, request, query, asked, units=[body.unit, *body.units]))


@router.post("/plans/{id}/issues", status_code=201, tags=[_PLAN], summary="印发")
async def issue_plan(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """From now on its audience owes what it says."""
    return moved(await PLANS.change(gate, caller, request, contract.GetPlan(id=id), contract.IssuePlan(id=id)))


@router.post("/plans/{id}/withdrawals", status_code=201, tags=[_PLAN], summary="撤回")
async def withdraw_plan(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Nobody owes it any more."""
    asked = contract.WithdrawPlan(id=id, reason=body.reason)
    return moved(await PLANS.change(gate, caller, request, contract.GetPlan(id=id), asked))


@router.post("/plans/{id}/notices", status_code=201, tags=[_NOTICE], summary="由计划生成当月通知单")
async def draft_plan_notice(id: str, body: OfMonth, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The notice of a month, by who made the plan."""
    plan = await PLANS.one(gate, caller, request, contract.GetPlan(id=id))
    asked = contract.DraftNotice(unit=plan["unit"], plan=id, month=body.month)
    return await draft_notice(asked, request, caller, gate)


@router.get("/notices", tags=[_NOTICE], summary="组织生活通知单列表")
async def list_notices(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Notices of a unit, of those below it, and those that are addressed to it."""
    return await PLANS.page(gate, caller, request, asked, contract.ListNotices)


@router.post("/notices", status_code=201, tags=[_NOTICE], summary="由计划生成通知单")
async def draft_notice(body: contract.DraftNotice, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Make the notice of a month out of a plan; the same month of the same plan is one notice."""
    actor = await gate.allow(caller, Action.write_plans, body.unit)
    return moved(await gate.ask("study", body, actor, request.headers, [body.unit]))


@router.get("/notices/{id}", tags=[_NOTICE], summary="组织生活通知单")
async def get_notice(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One notice with its editions and what each changed."""
    return await PLANS.one(gate, caller, request, contract.GetNotice(id=id))


@router.post("/notices/{id}/revisions", status_code=201, tags=[_NOTICE], summary="修订")
async def revise_notice(id: str, body: NoticeRevision, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a notice anew; once it is issued that makes a new edition, to be acknowledged again."""
    asked = contract.ReviseNotice(**body.model_dump(), id=id)
    return moved(await PLANS.change(gate, caller, request, contract.GetNotice(id=id), asked))


@router.post("/notices/{id}/issues", status_code=201, tags=[_NOTICE], summary="下发")
async def issue_notice(id: str, body: OnDay, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Send it to every branch of its audience."""
    asked = contract.IssueNotice(id=id, day=body.day)
    return moved(await PLANS.change(gate, caller, request, contract.GetNotice(id=id), asked))


@router.post("/notices/{id}/withdrawals", status_code=201, tags=[_NOTICE], summary="撤回")
async def withdraw_notice(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """It is void: nobody owes its items."""
    asked = contract.WithdrawNotice(id=id, reason=body.reason)
    return moved(await PLANS.change(gate, caller, request, contract.GetNotice(id=id), asked))


@router.get("/notices/{id}/document.docx", tags=[_NOTICE], summary="通知单（Word）", response_class=Response)
async def get_notice_document(id: str, request: Request, caller: Caller, gate: Gated) -> Response:
    """The notice as a Word file, laid out as GB/T 9704 asks."""
    notice = await PLANS.one(gate, caller, request, contract.GetNotice(id=id))
    return await _document(await told_on_paper(gate, notice))


@router.get("/receipts", tags=[_RECEIPT], summary="通知单回执列表")
async def list_receipts(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """What notices ask of a unit and those below it, and how far it is."""
    return await PLANS.page(gate, caller, request, asked, contract.ListReceipts)


@router.get("/receipts/{id}", tags=[_RECEIPT], summary="通知单回执")
async def get_receipt(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One unit's receipt: each item, whether it is done, and the records that ticked it."""
    return await PLANS.one(gate, caller, request, contract.GetReceipt(id=id))


@router.get("/receipts/{id}/document.docx", tags=[_RECEIPT], summary="通知单回执（Word）", response_class=Response)
async def get_receipt_document(id: str, request: Request, caller: Caller, gate: Gated) -> Response:
    """The notice for this unit as a Word file, with what is done."""
    receipt = await PLANS.one(gate, caller, request, contract.GetReceipt(id=id))
    notice = await PLANS.one(gate, caller, request, contract.GetNotice(id=receipt["notice"]))
    return await _document(await told_on_paper(gate, notice, receipt))


async def told_on_paper(gate: Gate, notice: Answer, receipt: Answer | None = None) -> Paper:
    """A notice in words, with the units' names; for the page too."""
    units = [notice["unit"], *notice["units"], *([receipt["unit"]] if receipt else [])]
    return paper(notice, await directory.names(gate.database, units), receipt)


async def _document(told: Paper) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(told.title)}.docx"}
    return Response(await asyncio.to_thread(notice_docx, told), 200, headers, DOCX)


@router.post("/receipts/{id}/acknowledgements", status_code=201, tags=[_RECEIPT], summary="签收")
async def acknowledge_receipt(id: str, body: Reading, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The unit has read this edition."""
    asked = contract.AcknowledgeReceipt(id=id, edition=body.edition)
    query, action = contract.GetReceipt(id=id), Action.acknowledge_notices
    return moved(await PLANS.change(gate, caller, request, query, asked, action))


@router.post("/receipts/{id}/ticks", status_code=201, tags=[_RECEIPT], summary="手工勾选")
async def tick_receipt(id: str, body: Tick, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Tick an item for which there is no kind of record, or take the tick back."""
    asked = contract.TickReceipt(**body.model_dump(), id=id)
    query, action = contract.GetReceipt(id=id), Action.acknowledge_notices
    return moved(await PLANS.change(gate, caller, request, query, asked, action))


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
    actor = gate.own(caller, PLANS.read) if unit is None else await gate.allow(caller, PLANS.read, unit)
    query = contract.GetPlanProgress(source=id, unit=unit or actor.unit)
    answer: Answer = await gate.ask("study", query, actor, request.headers)
    return answer


async def _duties(id: str | None, request: Request, caller: Caller, gate: Gated, asked: DutyListing) -> Page:
    actor = gate.own(caller, PLANS.read) if asked.unit is None else await gate.allow(caller, PLANS.read, asked.unit)
    told = asked.model_dump(exclude_none=True)
    query = contract.ListDuties(**{**told, "unit": asked.unit or actor.unit}, source=id)
    return Page.model_validate(await gate.ask("study", query, actor, request.headers))
