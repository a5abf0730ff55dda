"""Attendance and coverage: excuses, who was not at a session and why, and whom study has reached."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.projection import FigureReason
from services.gateway.store import coverage, directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, new_id, record_id
from services.kernel.message.instants import Day
from services.organisation.contract import MemberId
from services.study import contract

from ..members_known import members_known, plain
from .answers import Moved, Page
from .auth import Caller, Gate, Gated, Principal
from .members import oneself, themselves
from .reports import Detail, First, Last, Value, span_of

router = APIRouter(prefix="/study")
_NOT_FOUND = DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")


class NewExcuse(BaseModel):
    """Who is excused, on which days, why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"member": "DY-D001-0001", "first": "2026-03-05", "last": "2026-03-07", "reason": "duty"}]
        },
    )

    member: MemberId
    first: Day
    last: Day
    reason: contract.ExcuseReason


class Withdrawal(BaseModel):
    """Why an excuse is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: contract.Reason


class Excused(Moved):
    """An excuse after a write, and how many sessions it corrected."""

    corrected: int


class ExcuseListing(BaseModel):
    """What the list can be asked by."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    member: MemberId | None = None
    state: Literal["recorded", "withdrawn"] | None = None
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class Reason(BaseModel):
    """So many for a reason."""

    name: str
    value: int


class Part(BaseModel):
    """A part of attendance; `figure` opens to its records."""

    figure: str
    name: str
    value: int
    reasons: list[Reason]


class ByWay(BaseModel):
    """How far one way of study reached."""

    way: contract.Way
    name: str
    members_covered: int | None
    members_share: float | None
    members_reason: FigureReason | None
    units_covered: int | None
    units_share: float | None
    units_reason: FigureReason | None


class ByMonth(BaseModel):
    """How far study reached in a month."""

    month: str
    figures: dict[str, Value]


class Below(BaseModel):
    """A unit right below, with its figures."""

    unit: str
    name: str
    kind: str
    figures: dict[str, Value]


class Coverage(BaseModel):
    """Whom study reached, of whom; null with its reason where nobody was due, never 0 %."""

    unit: str
    unit_name: str
    path: list[str]
    period: dict[str, date]
    as_of: AwareDatetime | None
    figures: dict[str, Detail]
    ways: list[ByWay]
    months: list[ByMonth]
    attendance: list[Part]
    children: list[Below]


@router.get("/coverage", tags=["学习覆盖"], summary="学习覆盖")
async def get_coverage(
    caller: Caller,
    gate: Gated,
    unit: str = Query(max_length=32),
    first: First = None,
    last: Last = None,
) -> Coverage:
    """The share of members and of units reached, by way, month and unit below; who was not due, and why."""
    await gate.allow(caller, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    return Coverage.model_validate(await coverage.coverage(gate.database, unit, span))


@router.get("/excuses", tags=["考勤"], summary="请假列表")
async def list_excuses(request: Request, caller: Caller, gate: Gated, asked: Annotated[ExcuseListing, Query()]) -> Page:
    """Excuses of a unit and those below it; their reasons are the branch's to know."""
    action = Action.write_study
    if asked.member is not None:
        actor = await _for_member(gate, caller, asked.member)
        query = contract.ListExcuses(**{**asked.model_dump(), "unit": actor.unit})
    else:
        actor = gate.own(caller, action) if asked.unit is None else await gate.allow(caller, action, asked.unit)
        query = contract.ListExcuses(**{**asked.model_dump(), "unit": asked.unit or actor.unit})
    return Page.model_validate(await gate.ask("study", query, actor, request.headers))


@router.post("/excuses", status_code=201, tags=["考勤"], summary="登记请假")
async def record_excuse(body: NewExcuse, request: Request, caller: Caller, gate: Gated) -> Excused:
    """Excuse a member, before or after: by their unit, or by themselves. Sessions reported already are corrected."""
    actor = await _for_member(gate, caller, body.member)
    await members_known(gate, actor, request.headers)
    given = request.headers.get("idempotency-key")
    id = record_id("api", request.url.path, caller.user, given) if given else new_id()
    asked = contract.RecordExcuse(id=id, **body.model_dump())
    unit = await directory.unit_of_member(gate.database, body.member)
    return Excused.model_validate(await gate.ask("study", asked, actor, request.headers, [unit] if unit else []))


@router.get("/excuses/{id}", tags=["考勤"], summary="请假")
async def get_excuse(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """One excuse; illness and personal matters are told to the branch and to the member alone."""
    found, _ = await _excuse(gate, caller, request, id)
    return found


@router.post("/excuses/{id}/withdrawals", status_code=201, tags=["考勤"], summary="撤销请假")
async def withdraw_excuse(id: str, body: Withdrawal, request: Request, caller: Caller, gate: Gated) -> Excused:
    """Take an excuse back; sessions that it changed stand as before it."""
    found, actor = await _excuse(gate, caller, request, id)
    asked = contract.WithdrawExcuse(id=id, reason=body.reason)
    return Excused.model_validate(await gate.ask("study", asked, actor, request.headers, [found["unit"]]))


@router.get("/absences/mine", tags=["考勤"], summary="我的未到记录")
async def list_my_absences(
    request: Request,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """The sessions at which the caller was not there, with the reason that was given."""
    member = await themselves(gate, caller)
    if member is None:
        raise DomainError("member.not_found", "您的账号没有关联党员名册，请与支部联系", "not_found")
    query = contract.ListAbsences(member=member, page=page, page_size=page_size)
    return Page.model_validate(await gate.ask("study", query, oneself(gate, caller), request.headers))


@router.get("/sessions/{id}/attendance", tags=["考勤"], summary="未到人员")
async def get_attendance(id: str, request: Request, caller: Caller, gate: Gated) -> dict[str, Any]:
    """Who was not at a session, by number; why exactly is the branch's to know."""
    query = contract.GetAttendance(id=id)
    found: dict[str, Any] = await gate.find("study", query, caller, Action.write_study, request.headers)
    return found


async def _for_member(gate: Gate, caller: Principal, member: str) -> Actor:
    """The role under which somebody acts for a member: that of the unit's list, or their own."""
    if member == await themselves(gate, caller):
        return oneself(gate, caller)
    unit = await directory.unit_of_member(gate.database, member)
    if unit is None:
        detail = f"没有党员 {member}，或不在您的权限范围内"
        raise DomainError("member.not_found", detail, "not_found", [{"pointer": "/member", "detail": detail}])
    return await gate.allow(caller, Action.write_study, unit, "member")


async def _excuse(gate: Gate, caller: Principal, request: Request, id: str) -> tuple[dict[str, Any], Actor]:
    """An excuse that the caller may see, and the role by which."""
    mine = await themselves(gate, caller)
    anyone = oneself(gate, caller)
    found: dict[str, Any] = await gate.ask("study", contract.GetExcuse(id=id), anyone, plain(request.headers))
    scope, why = found.pop("scope"), found.pop("why")
    if found["member"] == mine:
        return {**found, "reason_of_absence": why}, anyone
    actor = next((each for each in gate.roles(caller, Action.write_study) if each.unit in scope), None)
    if actor is None:
        raise _NOT_FOUND
    hidden = actor.unit != found["unit"] and why in ("illness", "personal")
    return {**found, "reason_of_absence": "excused" if hidden else why}, actor
