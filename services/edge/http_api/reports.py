"""Figures: the catalogue, a unit's report, and the records behind a figure."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.gateway.domain import Action
from services.gateway.projection import FigureReason
from services.gateway.projection.ranking import ranking
from services.gateway.store import directory, issued, locked, report
from services.gateway.store.period import NAMED
from services.gateway.store.snapshot import weights
from services.kernel.message.clock import business_day, utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.kernel.sheets.sheet import XLSX
from services.organisation import contract

from ..documents import catalogue_workbook, records_workbook, report_workbook
from .auth import Caller, Gate, Gated
from .issues import Issue
from .reforms import Reform

router = APIRouter(tags=["统计"])
MOST_RECORDS = 20_000
Value = int | float | None
First = Annotated[Day | None, Query(alias="from", description="不填为最近一次活动的开始日")]
Last = Annotated[Day | None, Query(alias="to", description="不填为最近一次活动的结束日")]
Named = Annotated[
    str | None,
    Query(
        pattern=f"^({NAMED})$",
        description="以名称指定期间，与 from、to 二者择一：2026、2026-Q1、2026-03、2026-W12（周一至周日）、2026-03-05、"
        "campaign（最近一次已开始的活动）、campaign:C2026、campaign:C2026:1（其第一阶段）",
        examples=["2026-W12"],
    ),
]
Tag = Annotated[str | None, Query(max_length=40, description="只计带此举措、载体标签的")]
Compare = Annotated[str, Query(pattern=r"^(|before|year|before,year|year,before)$", description="before、year")]


class Detail(BaseModel):
    """A figure with what it means; `reason` says why a value is null."""

    value: Value
    name: str
    unit_of_measure: str
    sort: Literal["flow", "level", "distinct", "rate"]
    reason: FigureReason | None = None


class Compared(BaseModel):
    """The figures of another period."""

    period: dict[str, date]
    figures: dict[str, Value]
    tree_changes: list[Reform] = Field([], description="自该期间首日后至本期末生效的机构调整")


class Child(BaseModel):
    """A unit right below, with its figures."""

    unit: str
    name: str
    kind: str
    figures: dict[str, Value]


class Place(BaseModel):
    """A unit's place among its like; none where it has no value."""

    place: int | None
    unit: str
    name: str
    value: Value


class Ranking(BaseModel):
    """Units of one kind by a figure, because somebody asked for it; equals share a place."""

    figure: str
    kind: contract.UnitKind
    fewest_first: bool
    items: list[Place]


class LockedMonth(BaseModel):
    """A month of the span: which unit's acceptance locked it, and when."""

    month: str
    unit: str
    at: AwareDatetime


class IssuedAs(Issue):
    """The document that bore the figures; `intact`: what is kept of them is what the journal says was issued."""

    intact: bool


class Report(BaseModel):
    """A unit's figures for a period; `as_of` is the instant up to which everything recorded anywhere is in them."""

    unit: str
    unit_name: str
    path: list[str]
    period: dict[str, date]
    as_of: AwareDatetime | None
    figures: dict[str, Value]
    details: dict[str, Detail]
    before: Compared | None = None
    before_missing: str | None = Field(None, description="没有上期时的原因；活动、阶段的上期为前一次活动、前一阶段")
    year_before: Compared | None = None
    children: list[Child] = []
    tree_changes: list[Reform] = Field(
        [],
        description="本期首日后生效的机构调整，下级单位以期末的隶属关系为准；as=issued 时为印发后才登记的",
    )
    ranking: Ranking | None = None
    locked: list[LockedMonth] | None = Field(None, description="as=locked 时：各月由哪个单位的采纳锁定")
    issued: IssuedAs | None = Field(None, description="as=issued 时：所据的报告")
    now: dict[str, Value] | None = Field(None, description="as=locked 或 issued 时：各指标现在的数")
    differing: list[str] | None = Field(None, description="as=locked 或 issued 时：与现在不同的指标")


class Record(BaseModel):
    """A record behind a figure, and what it counts; of one that the caller may not see, no more than that."""

    record: str | None = Field(description="无权查看此记录时为空，只有日期和计数")
    service: str
    kind: str
    title: str | None
    unit: str | None
    unit_name: str | None
    day: date
    amount: int


class Records(BaseModel):
    """The records behind a figure; `sum` is the figure."""

    figure: str
    name: str
    unit: str
    unit_name: str
    period: dict[str, date]
    as_of: AwareDatetime | None
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
    tagged: bool


class Catalogue(BaseModel):
    """All figures."""

    items: list[Entry]
    total: int
    page: int = 1
    page_size: int = 200


async def _asked(gate: Gated, first: First = None, last: Last = None, period: Named = None) -> report.Span:
    return await span_of(gate, first, last, period)


InSpan = Annotated[report.Span, Depends(_asked)]
"""The span that a request names, by its days or its name."""


async def span_of(gate: Gate, first: date | None, last: date | None, period: str | None = None) -> report.Span:
    """The span that is asked for; the newest campaign, or this month so far, where it is left out.

    Raises:
        DomainError: period.invalid, campaign.unknown.
    """
    campaigns = await directory.spans(gate.database)
    today = business_day(utc_now())
    if period is not None:
        if first is not None or last is not None:
            detail = "period 与 from、to 只填其一"
            raise DomainError("period.invalid", detail, errors=[{"pointer": "/period", "detail": detail}])
        return report.Span.named(period, campaigns, today)
    newest = campaigns[0] if campaigns else None
    first = first or (newest.first if newest else today.replace(day=1))
    last = last or (newest.last if newest else today)
    return report.Span(first, last)


@router.get("/figures", summary="指标目录")
async def get_catalogue(caller: Caller, gate: Gated) -> Catalogue:
    """Every figure: id, name, what counts, which events it is made of."""
    gate.own(caller, Action.read_figures)
    items = [Entry(**entry) for entry in report.catalogue(await weights(gate.database))]
    return Catalogue(items=items, total=len(items))


@router.get("/figures/workbook", summary="指标目录（Excel）", response_class=Response)
async def get_catalogue_workbook(caller: Caller, gate: Gated) -> Response:
    """The catalogue as a workbook, with the weights in force."""
    gate.own(caller, Action.read_figures)
    entries = report.catalogue(await weights(gate.database))
    return _attached(await asyncio.to_thread(catalogue_workbook, entries), "figures")


@router.get("/reports/{unit}", summary="统计报告")
async def get_report(
    unit: str,
    caller: Caller,
    gate: Gated,
    span: InSpan,
    children: bool = Query(True, description="是否并列下级单位"),
    compare: Compare = "",
    rank: str | None = Query(
        None,
        max_length=60,
        description="按哪个指标排名；只限同类单位，只限工委和主题教育办，不填不排",
        examples=["study.coverage"],
    ),
    rank_kind: Annotated[contract.UnitKind, Query(description="排名的单位类别")] = contract.UnitKind.department,
    fewest_first: bool = Query(False, description="以少者为先"),
    stood: Literal["now", "locked", "issued"] = Query(
        "now",
        alias="as",
        description="locked：各月采纳锁定时的数；issued：印发报告时的数，不填文号为该期间最近一次印发的",
    ),
    number: str | None = Query(
        None, max_length=40, description="as=issued 时的文号；期间以该报告为准", examples=["示例省直工委〔2026〕5号"]
    ),
) -> Report:
    """A unit's figures for a period, as they are or as they stood when its months were locked or a report of it, or of
    its superior, was issued; its children beside.

    These are ranked only where it is asked for.
    """
    if rank is not None:
        await gate.allow(caller, Action.rank_units, unit)
    await gate.allow(caller, Action.read_figures, unit)
    if stood == "locked":
        return Report.model_validate(await locked.locked_report(gate.database, unit, span, children=children))
    if stood == "issued":
        return Report.model_validate(await issued.issued_report(gate.database, unit, span, number, children=children))
    wanted = children or rank is not None
    found = await report.report(gate.database, unit, span, children=wanted, compare=compared(compare))
    if rank is not None:
        found["ranking"] = ranked(found, rank, rank_kind, fewest_first=fewest_first)
    return Report.model_validate(found)


def compared(asked: str) -> tuple[str, ...]:
    """The periods to compare with, as an address names them."""
    return tuple(name for name in asked.split(",") if name)


def ranked(found: dict[str, Any], figure: str, kind: contract.UnitKind, *, fewest_first: bool) -> dict[str, Any]:
    """The ranking of a report's children.

    Raises:
        DomainError: figure.unknown, ranking.nothing_to_compare.
    """
    if figure not in found["details"]:
        detail = f"没有指标 {figure}"
        raise DomainError("figure.unknown", detail, "not_found", [{"pointer": "/rank", "detail": detail}])
    items = ranking(found["children"], kind, figure, fewest_first=fewest_first)
    return {"figure": figure, "kind": kind, "fewest_first": fewest_first, "items": items}


@router.get("/reports/{unit}/workbook", summary="统计报告（Excel）", response_class=Response)
async def get_workbook(
    unit: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    span: InSpan,
) -> Response:
    """The same report as a workbook."""
    await gate.allow(caller, Action.read_figures, unit)
    found = await report.report(gate.database, unit, span, compare=("before", "year"))
    base = str(request.base_url).rstrip("/")
    data = await asyncio.to_thread(report_workbook, found, report.catalogue(), base)
    return _attached(data, f"report-{unit}-{span.first}-{span.last}")


def _attached(data: bytes, name: str) -> Response:
    return Response(data, 200, {"Content-Disposition": f"attachment; filename={name}.xlsx"}, XLSX)


@router.get("/figures/{id}/records", summary="指标依据")
async def get_records(
    id: str,
    caller: Caller,
    gate: Gated,
    span: InSpan,
    unit: str = Query(max_length=32),
    tag: Tag = None,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Records:
    """The records behind a figure. Their sum is the figure, always."""
    await gate.allow(caller, Action.read_figures, unit)
    return Records.model_validate(
        await report.records(gate.database, id, unit, span, page, page_size, tag, roles=caller.roles)
    )


@router.get("/figures/{id}/records/workbook", summary="指标依据（Excel）", response_class=Response)
async def get_records_workbook(
    id: str,
    caller: Caller,
    gate: Gated,
    span: InSpan,
    unit: str = Query(max_length=32),
    tag: Tag = None,
) -> Response:
    """All records behind a figure as a workbook; more than 20,000 are to be asked for by unit or by period."""
    await gate.allow(caller, Action.read_figures, unit)
    found = await report.records(gate.database, id, unit, span, 1, MOST_RECORDS, tag, roles=caller.roles)
    if found["total"] > MOST_RECORDS:
        raise DomainError("export.too_many_rows", f"超过 {MOST_RECORDS} 条，请按下级单位或期间分别导出", "too_large")
    data = await asyncio.to_thread(records_workbook, found)
    return _attached(data, f"records-{id}-{unit}-{span.first}-{span.last}")
