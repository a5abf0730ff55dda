"""Supervision: norms, reminders, and branches' own plans drawn from notices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.study import contract

from . import study
from .answers import Moved, Page, Written
from .auth import Caller, Gated
from .records import Records, for_all_units, moved

router = APIRouter(prefix="/study")
Answer = dict[str, Any]
PLANS = Records("study", Action.read_plans, Action.write_study)
_SUPERVISION, _PLAN = "督学", "支部计划"


class NormListing(BaseModel):
    """Of which month, and from which unit on."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    month: contract.Month
    missing: bool = Field(False, description="只列有缺项的单位")
    after: str = Field("", max_length=32)
    page_size: int = Field(50, ge=1, le=200)


class Drawing(BaseModel):
    """The receipt of the notice that the plan is drawn from."""

    model_config = ConfigDict(extra="forbid")

    receipt: str = Field(max_length=64)


class BranchPlanRevision(BaseModel):
    """The plan filled in."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[contract.PlannedItem], Field(min_length=1, max_length=60)]
    reason: contract.Reason = "完善计划"


class PlannedSession(BaseModel):
    """A planned item that took place: what the plan cannot know of it."""

    model_config = ConfigDict(extra="forbid")

    item: contract.ItemKey
    due: contract.Whole
    absences: list[contract.Absence] = Field(default=[], max_length=6)
    day: Day | None = Field(None, description="不填为计划的日期")
    number: contract.OwnNumber | None = None


@router.get("/norms", tags=[_SUPERVISION], summary="三会一课频次标准")
async def list_norms(request: Request, caller: Caller, gate: Gated) -> Answer:
    """How often branches are to meet, who says so, and how far that is to be trusted."""
    actor = gate.own(caller, Action.read_plans)
    answer: Answer = await gate.ask("study", contract.ListNorms(), actor, request.headers)
    return answer


@router.put("/norms/{id}", tags=[_SUPERVISION], summary="修改频次标准")
async def set_meeting_norm(
    id: str, body: contract.NormContent, request: Request, caller: Caller, gate: Gated
) -> Written:
    """Say a norm anew, with its source; it binds every unit, so who says it must reach them all."""
    actor, root = await for_all_units(gate, caller, Action.set_norms)
    asked = contract.SetNorm(**body.model_dump(), id=id)
    return Written.model_validate(await gate.ask("study", asked, actor, request.headers, [root]))


@router.get("/norms/units", tags=[_SUPERVISION], summary="三会一课频次（按单位）")
async def list_norm_units(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[NormListing, Query()]
) -> Answer:
    """What each norm asks of each unit in the month or its quarter, what was done, what is missing; `after` goes on."""
    read = Action.read_plans
    actor = gate.own(caller, read) if asked.unit is None else await gate.allow(caller, read, asked.unit)
    query = contract.ListNormStandings(**{**asked.model_dump(), "unit": asked.unit or actor.unit})
    answer: Answer = await gate.ask("study", query, actor, request.headers)
    return answer


@router.get("/reminders", tags=[_SUPERVISION], summary="提醒列表")
async def list_reminders(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[study.Listing, Query()]
) -> Page:
    """Reminders that a unit and those below it were given."""
    return await PLANS.page(gate, caller, request, asked, contract.ListReminders)


@router.get("/reminders/{id}", tags=[_SUPERVISION], summary="提醒")
async def get_reminder(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One reminder: by whom, when, about which plan or notice."""
    return await PLANS.one(gate, caller, request, contract.GetReminder(id=id))


@router.post("/reminders", status_code=201, tags=[_SUPERVISION], summary="提醒")
async def remind(body: contract.Remind, request: Request, caller: Caller, gate: Gated) -> Answer:
    """Remind units that are behind, or have not acknowledged; each at most once a day about the same."""
    actor = await gate.allow(caller, Action.supervise_study, body.unit)
    answer: Answer = await gate.ask("study", body, actor, request.headers, [body.unit])
    return answer


@router.get("/branch-plans", tags=[_PLAN], summary="支部计划列表")
async def list_branch_plans(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[study.Listing, Query()]
) -> Page:
    """Plans of a branch, or of those below a unit."""
    return await PLANS.page(gate, caller, request, asked, contract.ListBranchPlans)


@router.post("/branch-plans", status_code=201, tags=[_PLAN], summary="由通知单生成支部计划")
async def draw_branch_plan(body: Drawing, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Draw the plan from the branch's receipt of the notice; again after a new edition, what was typed stays."""
    query, asked = contract.GetReceipt(id=body.receipt), contract.DrawBranchPlan(receipt=body.receipt)
    return moved(await PLANS.change(gate, caller, request, query, asked))


@router.post("/receipts/{id}/branch-plans", status_code=201, tags=[_PLAN], summary="由回执生成支部计划")
async def draw_receipt_plan(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The same, at the receipt's own address."""
    return await draw_branch_plan(Drawing(receipt=id), request, caller, gate)


@router.get("/branch-plans/{id}", tags=[_PLAN], summary="支部计划")
async def get_branch_plan(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One branch's plan: what the notice gave, what was typed, and what is done."""
    return await PLANS.one(gate, caller, request, contract.GetBranchPlan(id=id))


@router.post("/branch-plans/{id}/revisions", status_code=201, tags=[_PLAN], summary="完善支部计划")
async def revise_branch_plan(id: str, body: BranchPlanRevision, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Fill in dates, places, and items of the branch's own."""
    asked = contract.ReviseBranchPlan(id=id, items=body.items, reason=body.reason)
    return moved(await PLANS.change(gate, caller, request, contract.GetBranchPlan(id=id), asked))


@router.post("/branch-plans/{id}/sessions", status_code=201, tags=[_PLAN], summary="按计划登记学习活动")
async def record_planned_session(id: str, body: PlannedSession, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Record what was held of a planned item: unit, form, day and title come from the plan."""
    plan = await PLANS.one(gate, caller, request, contract.GetBranchPlan(id=id))
    item = next((item for item in plan["items"] if item["key"] == body.item), None)
    form = None if item is None else item["kind"]
    way = next((way for way, forms in contract.FORMS.items() if form in forms), None)
    day = body.day or (item or {}).get("day")
    if item is None or way is None or day is None:
        detail = "计划中没有这个事项" if item is None else "该事项不是学习活动" if way is None else "请填写日期"
        raise DomainError("branch_plan.not_a_session", detail, errors=[{"pointer": "/item", "detail": detail}])
    told = {"unit": plan["unit"], "day": day, "way": way, "form": form, "title": item["title"]}
    held = study.NewSession(**told, due=body.due, absences=body.absences, number=body.number)
    return await study.record_session(held, request, caller, gate)
