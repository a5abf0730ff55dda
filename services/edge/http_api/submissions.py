"""Monthly submissions: a unit confirms, its superior accepts, returns or excuses; what changes later is corrected."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import directory, locked, submissions
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.sheets.sheet import XLSX
from services.organisation import contract

from ..documents.states import states_workbook
from .answers import Moved, Page, Written
from .auth import Caller, Gate, Gated, Principal

router = APIRouter(tags=["月度上报"])
MOST_LISTED = 5_000


class SubmissionListing(BaseModel):
    """What the list can be asked by."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="此单位及其下级；不填为本单位")
    month: contract.Month | None = None
    state: contract.SubmissionState | None = None
    superior: str | None = Field(None, max_length=32, description="只列由此单位采纳的")
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class Confirmation(BaseModel):
    """A remark for everything that is missing; the figures are nobody's to type."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"remarks": [{"key": "overdue_tickets", "text": "已申请延期"}]}]},
    )

    remarks: list[contract.Remark] = Field(default=[], max_length=50)


class Because(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "缺少专题党课记录"}]})

    reason: contract.Why


class Rule(BaseModel):
    """Other months, kinds of units or due days, and why."""

    model_config = ConfigDict(extra="forbid")

    rule: contract.SubmissionRule
    reason: contract.Why


class Opened(BaseModel):
    """How many submissions were opened."""

    opened: int


@router.post("/campaigns/{id}/submissions", status_code=201, summary="设定要上报的月份、单位和时限")
async def plan_submissions(id: str, body: Rule, request: Request, caller: Caller, gate: Gated) -> Written:
    """Say anew which months of a campaign are to be submitted, by whom and by when."""
    actor = await _for_all(gate, caller)
    asked = contract.PlanSubmissions(id=id, **body.model_dump())
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [actor.unit]))


@router.post("/submissions/openings", status_code=201, summary="立即开放已到期的上报月份")
async def open_periods(request: Request, caller: Caller, gate: Gated) -> Opened:
    """Open what may be submitted today; the platform does so by itself every minute."""
    actor = await _for_all(gate, caller)
    return Opened.model_validate(await gate.ask("gateway", contract.OpenPeriods(), actor, request.headers))


@router.get("/submissions", summary="上报情况")
async def list_submissions(caller: Caller, gate: Gated, asked: Annotated[SubmissionListing, Query()]) -> Page:
    """Submissions of a unit and those below it, the newest month first."""
    return Page.model_validate(await listed(gate, caller, asked))


async def listed(gate: Gate, caller: Principal, asked: SubmissionListing) -> dict[str, Any]:
    """A page of submissions that the caller may see."""
    action = Action.read_submissions
    actor = gate.own(caller, action) if asked.unit is None else await gate.allow(caller, action, asked.unit)
    filters = asked.model_dump(exclude={"unit"})
    return await submissions.listed(gate.database, asked.unit or actor.unit, **filters)


@router.get("/submissions.xlsx", summary="上报情况（Excel）", response_class=Response)
async def export_submissions(caller: Caller, gate: Gated, asked: Annotated[SubmissionListing, Query()]) -> Response:
    """The same list as a sheet; more than 5,000 are to be asked for by unit or by month."""
    rows: list[dict[str, Any]] = []
    for page in range(1, MOST_LISTED // 200 + 1):
        found = await listed(gate, caller, asked.model_copy(update={"page": page, "page_size": 200}))
        if found["total"] > MOST_LISTED:
            detail = f"超过 {MOST_LISTED} 行，请按单位或月份分别导出"
            raise DomainError("export.too_many_rows", detail, "too_large")
        rows += found["items"]
        if len(rows) >= found["total"]:
            break
    data = await asyncio.to_thread(states_workbook, rows)
    return Response(data, 200, {"Content-Disposition": "attachment; filename=submissions.xlsx"}, XLSX)


@router.get("/submissions/{id}", summary="一个单位一个月的上报")
async def get_submission(id: str, caller: Caller, gate: Gated) -> dict[str, Any]:
    """The submission as it stands, the month's figures, and what a confirmation must explain."""
    found = await known(gate, caller, id)
    report, prepared = await submissions.prepare(gate.database, found["unit"], found["month"])
    below = await submissions.listed(
        gate.database, found["unit"], month=found["month"], superior=found["unit"], page_size=200
    )
    return {
        **found,
        "unit_name": report["unit_name"],
        "period": report["period"],
        "prepared": prepared.model_dump(),
        "details": report["details"],
        "children": below["items"],
    }


@router.get("/submissions/{id}/corrections", summary="锁定后的更正")
async def list_corrections(
    id: str,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> dict[str, Any]:
    """What changed in the month after it was locked: which record, which figure, by how much, when and why."""
    found = await known(gate, caller, id)
    return await locked.corrections(gate.database, found["unit"], found["month"], page, page_size, roles=caller.roles)


@router.post("/submissions/{id}/confirmations", status_code=201, summary="上报")
async def confirm_submission(id: str, body: Confirmation, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The unit confirms its month, with a remark for everything that is missing."""
    found = await known(gate, caller, id)
    _, prepared = await submissions.prepare(gate.database, found["unit"], found["month"])
    actor = await gate.allow(caller, Action.confirm_submissions, found["unit"])
    asked = contract.ConfirmSubmission(id=id, remarks=body.remarks, prepared=prepared)
    return Moved.model_validate(await gate.ask("gateway", asked, actor, request.headers, [found["unit"]]))


@router.post("/submissions/{id}/acceptances", status_code=201, summary="采纳并锁定")
async def accept_submission(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The superior takes the month over; from now on it is locked."""
    return await _review(gate, caller, request, contract.AcceptSubmission(id=id))


@router.post("/submissions/{id}/returns", status_code=201, summary="退回")
async def return_submission(id: str, body: Because, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The superior gives the month back."""
    return await _review(gate, caller, request, contract.ReturnSubmission(id=id, reason=body.reason))


@router.post("/submissions/{id}/excuses", status_code=201, summary="免报")
async def excuse_submission(id: str, body: Because, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The superior excuses the unit from the month."""
    return await _review(gate, caller, request, contract.ExcuseSubmission(id=id, reason=body.reason))


@router.post("/submissions/{id}/reinstatements", status_code=201, summary="恢复上报")
async def reinstate_submission(id: str, body: Because, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The superior takes an excuse back."""
    return await _review(gate, caller, request, contract.ReinstateSubmission(id=id, reason=body.reason))


async def known(gate: Gate, caller: Principal, id: str) -> dict[str, Any]:
    """A submission that the caller may see.

    Raises:
        DomainError: submission.not_found, role.missing, unit.out_of_scope.
    """
    gate.own(caller, Action.read_submissions)
    found = await submissions.one(gate.database, id)
    try:
        await gate.allow(caller, Action.read_submissions, found["unit"])
    except DomainError:
        if found["superior"] is None:
            raise
        await gate.allow(caller, Action.read_submissions, found["superior"])  # of that month, if no longer of today
    return found


async def _review(gate: Gate, caller: Principal, request: Request, asked: Command) -> Moved:
    found = await known(gate, caller, str(getattr(asked, "id", "")))
    actor = await gate.allow(caller, Action.review_submissions, found["superior"] or found["unit"])
    return Moved.model_validate(await gate.ask("gateway", asked, actor, request.headers, [found["unit"]]))


async def _for_all(gate: Gate, caller: Principal) -> Any:
    """Who opens periods must reach all units, as who opens a campaign must."""
    root = await directory.root(gate.database)
    action = Action.manage_campaigns
    return gate.own(caller, action) if root is None else await gate.allow(caller, action, root)
