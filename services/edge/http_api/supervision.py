"""Supervision: norms, reminders, and branches' own plans drawn from notices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.study import contract

from ..resources import add, one, resource_of
from .answers import Moved, Written
from .auth import Caller, Gated
from .records import for_all_units
from .resources import asked_by

router = APIRouter(prefix="/study")
Answer = dict[str, Any]
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


@router.post("/reminders", status_code=201, tags=[_SUPERVISION], summary="提醒")
async def remind(body: contract.Remind, request: Request, caller: Caller, gate: Gated) -> Answer:
    """Remind units that are behind, or have not acknowledged; each at most once a day about the same."""
    actor = await gate.allow(caller, Action.supervise_study, body.unit)
    answer: Answer = await gate.ask("study", body, actor, request.headers, [body.unit])
    return answer


@router.post("/branch-plans", status_code=201, tags=[_PLAN], summary="由通知单生成支部计划")
async def draw_branch_plan(body: Drawing, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Draw the plan from the branch's receipt of the notice; again after a new edition, what was typed stays."""
    command = contract.DrawBranchPlan(receipt=body.receipt)
    actor = gate.own(caller, Action.write_study)
    return Moved.model_validate(await gate.change("study", command, actor, request.headers))


@router.post("/receipts/{id}/branch-plans", status_code=201, tags=[_PLAN], summary="由回执生成支部计划")
async def draw_receipt_plan(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The same, at the receipt's own address."""
    return await draw_branch_plan(Drawing(receipt=id), request, caller, gate)


@router.post("/branch-plans/{id}/sessions", status_code=201, tags=[_PLAN], summary="按计划登记学习活动")
async def record_planned_session(id: str, body: PlannedSession, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Record what was held of a planned item: unit, form, day and title come from the plan."""
    asked = asked_by(request, caller, gate)
    plan = await one(asked, resource_of("branch_plan"), id)
    item = next((item for item in plan["items"] if item["key"] == body.item), None)
    form = None if item is None else item["kind"]
    way = next((way for way, forms in contract.FORMS.items() if form in forms), None)
    day = body.day or (item or {}).get("day")
    if item is None or way is None or day is None:
        detail = "计划中没有这个事项" if item is None else "该事项不是学习活动" if way is None else "请填写日期"
        raise DomainError("branch_plan.not_a_session", detail, errors=[{"pointer": "/item", "detail": detail}])
    told = {"unit": plan["unit"], "day": day, "way": way, "form": form, "title": item["title"]}
    absences = [each.model_dump() for each in body.absences]
    held = {**told, "due": body.due, "absences": absences, "number": body.number}
    return Moved.model_validate(await add(asked, resource_of("session"), held))
