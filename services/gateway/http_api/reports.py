"""Figures: the catalogue, a unit's report, and the records behind a figure."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.kernel.clock import business_day, utc_now
from services.kernel.sheets import XLSX

from ..documents import report_workbook
from ..domain import Action
from ..store import directory, locked, report
from .auth import Caller, Gate, Gated

router = APIRouter(tags=["统计"])
Value = int | float | None
First = Annotated[date | None, Query(alias="from", description="不填为最近一次活动的开始日")]
Last = Annotated[date | None, Query(alias="to", description="不填为最近一次活动的结束日")]


class Detail(BaseModel):
    """A figure with what it means; `reason` says why a value is null."""

    value: Value
    name: str
    unit_of_measure: str
    sort: Literal["flow", "level", "distinct", "rate"]
    reason: Literal["not_additive", "no_denominator"] | None = None


class Compared(BaseModel):
    """The figures of another period."""

    period: dict[str, date]
    figures: dict[str, Value]


class Child(BaseModel):
    """A unit right below, with its figures."""

    unit: str
    name: str
    kind: str
    figures: dict[str, Value]


class LockedMonth(BaseModel):
    """A month of the span: which unit's acceptance locked it, and when."""

    month: str
    unit: str
    at: datetime


class Report(BaseModel):
    """A unit's figures for a period; `as_of` is the instant up to which everything recorded anywhere is in them."""

    unit: str
    unit_name: str
    path: list[str]
    period: dict[str, date]
    as_of: datetime | None
    figures: dict[str, Value]
    details: dict[str, Detail]
    before: Compared | None = None
    year_before: Compared | None = None
    children: list[Child] = []
    locked: list[LockedMonth] | None = Field(None, description="as=locked 时：各月由哪个单位的采纳锁定")
    now: dict[str, Value] | None = Field(None, description="as=locked 时：各指标现在的数")
    differing: list[str] | None = Field(None, description="as=locked 时：锁定时与现在不同的指标")


class Record(BaseModel):
    """A record behind a figure, and what it counts."""

    record: str
    service: str
    kind: str
    title: str | None
    unit: str
    unit_name: str
    day: date
    amount: int


class Records(BaseModel):
    """The records behind a figure; `sum` is the figure."""

    figure: str
    name: str
    unit: str
    unit_name: str
    period: dict[str, date]
    as_of: datetime | None
    sum: int
    total: int
    page: int
    page_size: int
    items: list[Record]


class Entry(BaseModel):
    """An entry of the catalogue."""

    id: str
    name: str
    unit_of_measure: str
    sort: Literal["flow", "level", "distinct", "rate"]
    counts: str
    sources: list[str]
    grains: list[str]


class Catalogue(BaseModel):
    """All figures."""

    items: list[Entry]
    total: int
    page: int = 1
    page_size: int = 200


async def span_of(gate: Gate, first: date | None, last: date | None) -> report.Span:
    """The span that is asked for; the newest campaign, or this month so far, where it is left out."""
    campaigns = await directory.periods(gate.database)
    today = business_day(utc_now())
    newest = campaigns[0] if campaigns else None
    first = first or (newest.first if newest else today.replace(day=1))
    last = last or (newest.last if newest else today)
    return report.Span(first, last)


@router.get("/figures", summary="指标目录")
async def get_catalogue(caller: Caller, gate: Gated) -> Catalogue:
    """Every figure: id, name, what counts, which events it is made of."""
    gate.own(caller, Action.read_figures)
    items = [Entry(**entry) for entry in report.catalogue()]
    return Catalogue(items=items, total=len(items))


@router.get("/reports/{unit}", summary="统计报告")
async def get_report(
    unit: str,
    caller: Caller,
    gate: Gated,
    first: First = None,
    last: Last = None,
    children: bool = Query(True, description="是否并列下级单位"),
    compare: str = Query("", pattern=r"^(|before|year|before,year|year,before)$", description="before、year"),
    stood: Literal["now", "locked"] = Query("now", alias="as", description="locked：各月采纳锁定时的数"),
) -> Report:
    """A unit's figures for a period: as they are, or as they stood when its months were locked."""
    await gate.allow(caller, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    if stood == "locked":
        return Report.model_validate(await locked.locked_report(gate.database, unit, span, children=children))
    compared = [name for name in compare.split(",") if name]
    return Report.model_validate(await report.report(gate.database, unit, span, children=children, compare=compared))


@router.get("/reports/{unit}/workbook", summary="统计报告（Excel）", response_class=Response)
async def get_workbook(
    unit: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    first: First = None,
    last: Last = None,
) -> Response:
    """The same report as a workbook."""
    await gate.allow(caller, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    found = await report.report(gate.database, unit, span, compare=("before", "year"))
    base = str(request.base_url).rstrip("/")
    data = await asyncio.to_thread(report_workbook, found, report.catalogue(), base)
    headers = {"Content-Disposition": f"attachment; filename=report-{unit}-{span.first}-{span.last}.xlsx"}
    return Response(data, 200, headers, XLSX)


@router.get("/figures/{id}/records", summary="指标依据")
async def get_records(
    id: str,
    caller: Caller,
    gate: Gated,
    unit: str = Query(max_length=32),
    first: First = None,
    last: Last = None,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Records:
    """The records behind a figure. Their sum is the figure, always."""
    await gate.allow(caller, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    return Records.model_validate(await report.records(gate.database, id, unit, span, page, page_size))
