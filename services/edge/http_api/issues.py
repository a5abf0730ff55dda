"""Reports that were issued 印发: their figures are kept as they stood, and what changes later is a correction."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.gateway.contract import DocumentNumber, IssueReport
from services.gateway.domain import Action
from services.gateway.domain.report import report_id
from services.gateway.store import issued
from services.gateway.store.period import Span
from services.kernel.message.instants import Day
from services.organisation import contract

from .answers import Page, Written
from .auth import Caller, Gate, Gated, Principal

router = APIRouter(prefix="/reports/{unit}/issues", tags=["统计"])


class NewIssue(BaseModel):
    """Which period's report is issued, and as which document; its figures are nobody's to type."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "示例省直工委〔2026〕5号",
                    "title": "一季度主题教育情况通报",
                    "from": "2026-01-01",
                    "to": "2026-03-31",
                }
            ]
        },
    )

    number: DocumentNumber
    title: contract.Name
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")


class Issue(BaseModel):
    """A report that was issued: by which unit, as which document, on which day."""

    id: str
    unit: str
    number: str
    title: str
    day: date
    as_of: AwareDatetime
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class ListedIssue(Issue):
    """The same in a list."""

    unit_name: str


class Issues(BaseModel):
    """A page of issued reports."""

    items: list[ListedIssue]
    total: int
    more_than: bool
    page: int
    page_size: int


class Corrections(Page):
    """What changed after the report was issued: which record, which figure, by how much, when and why."""

    unit: str
    unit_name: str
    issued: Issue
    sums: dict[str, int] = Field(description="各指标更正的合计")


@router.post("", status_code=201, summary="印发统计报告")
async def issue_report(unit: str, body: NewIssue, request: Request, caller: Caller, gate: Gated) -> Written:
    """Keep the unit's figures, and those of the units right below it, as a document that is issued today bears them."""
    actor = await gate.allow(caller, Action.issue_reports, unit)
    Span(body.first, body.last).check()
    asked = IssueReport(id=report_id(unit, body.number), unit=unit, **body.model_dump())
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers, [unit]))


@router.get("", summary="印发的统计报告")
async def list_issued_reports(
    unit: str,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Issues:
    """The issued reports that show the unit, its own and its superior's, the latest first."""
    await gate.allow(caller, Action.read_figures, unit)
    return Issues.model_validate(await issued.issues(gate.database, unit, page, page_size))


@router.get("/{id}/corrections", summary="印发后的更正")
async def list_issued_corrections(
    unit: str,
    id: str,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Corrections:
    """What changed in the unit's figures after the report was issued."""
    return Corrections.model_validate(await corrections(gate, caller, unit, id, page, page_size))


async def corrections(gate: Gate, caller: Principal, unit: str, id: str, page: int, page_size: int) -> dict[str, Any]:
    """A page of them, for who may see the unit's figures."""
    await gate.allow(caller, Action.read_figures, unit)
    return await issued.corrections(gate.database, unit, id, page, page_size, roles=caller.roles)
