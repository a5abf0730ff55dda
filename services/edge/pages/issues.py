"""Reports that were issued: the list, the form by which one is issued, and each as it was, with what changed since."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.domain import Action, may
from services.gateway.domain.report import report_id
from services.gateway.store import directory, issued
from services.kernel.message.clock import business_day, utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id

from ..documents import report_page
from ..gate import Gate, Principal
from ..http_api import issues as api
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..http_api.reports import span_of
from .fields import Field, effort, filled, made
from .figures import First, Last, crumbs
from .forms import typed, with_key
from .records import PAGE_SIZE
from .screens import Reader, Screen, frame, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
FIELDS = {
    "number": Field("文号", required=True, note="如 示例省直工委〔2026〕5号；同一文号只用一次", most=40),
    "title": Field("标题", required=True, most=80),
    "from": Field("期间首日", "date", required=True, given=True),
    "to": Field("期间末日", "date", required=True, given=True),
}


@router.get("/reports/{unit}/issues")
async def issued_view(
    unit: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    first: First = None,
    last: Last = None,
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """The issued reports that show a unit; for who may, the form by which its report over a period, as far as it is
    over, is issued.
    """
    await gate.allow(reader, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    until = min(span.last, business_day(utc_now()))
    return await _page(unit, request, reader, gate, {**span.told(), "to": until.isoformat()}, page)


@router.post("/reports/{unit}/issues")
async def issue_made(unit: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Issue a report, or what is wrong with it beside its fields."""
    values = await typed(request)
    given = with_key(request, values.pop("key", ""))
    try:
        await api.issue_report(unit, made(api.NewIssue, values), given, reader, gate)
    except DomainError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        await gate.allow(reader, Action.issue_reports, unit)
        return await _page(unit, request, reader, gate, values, 1, refusal)
    return RedirectResponse(f"/reports/{quote(unit)}/issues/{report_id(unit, values['number'])}", 303)


@router.get("/reports/{unit}/issues/{id}")
async def issued_report_view(unit: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """A report as it was issued, with what has changed since."""
    corrected = await api.corrections(gate, reader, unit, id, 1, PAGE_SIZE)
    found = await issued.one(gate.database, unit, id)
    above = await crumbs(gate, reader, found["path"], found["period"])
    return HTMLResponse(
        await asyncio.to_thread(report_page, found, **{**frame(request), "crumbs": above, "corrected": corrected})
    )


@router.get("/reports/{unit}/issues/{id}/page")
async def issued_report_file(unit: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The same as a file that stands alone."""
    await gate.allow(reader, Action.read_figures, unit)
    found = await issued.one(gate.database, unit, id)
    base = str(request.base_url).rstrip("/")
    page = await asyncio.to_thread(report_page, found, base_url=base, standalone=True)
    return HTMLResponse(page, headers={"Content-Disposition": f"attachment; filename=issued-{unit}-{id}.html"})


async def _page(
    unit: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    values: Mapping[str, Any],
    page: int,
    refusal: DomainError | None = None,
) -> Response:
    known = await directory.unit(gate.database, unit)
    found = await issued.issues(gate.database, unit, page, PAGE_SIZE)
    may_issue = may(reader.roles, Action.issue_reports, known["path"]) is not None
    return screen(
        request,
        "issues.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        unit=unit,
        name=known["name"],
        found=found,
        fields=filled(FIELDS, values, refusal) if may_issue else {},
        effort=effort(FIELDS, ("全部指标的数",)),
        page=page,
        pages=max(1, -(-found["total"] // PAGE_SIZE)),
        refusal=refusal,
        key=new_id(),
    )
