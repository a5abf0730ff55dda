"""A unit's report, and what each figure of it opens to: its records, or for a rate its formula."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.domain import Action, may
from services.gateway.store import directory, locked, opened, report
from services.gateway.store.period import Span
from services.gateway.store.snapshot import weights
from services.kernel.message.errors import DomainError
from services.kernel.message.instants import Day
from services.organisation.contract import UnitKind

from ..documents import report_page, show
from ..documents.view import Addresses
from ..gate import Gate, Principal
from ..http_api.auth import Gated
from ..http_api.reports import ranked, span_of
from .screens import Reader, Screen, can, frame, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
PAGE_SIZE = 50
_COMPARED = ("before", "year")
First = Annotated[Day | None, Query(alias="from")]
Last = Annotated[Day | None, Query(alias="to")]


@router.get("/reports/{unit}")
async def report_view(
    unit: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    first: First = None,
    last: Last = None,
    span: str = Query("", max_length=40),
    rank: str = Query("", max_length=60),
    rank_kind: Annotated[UnitKind, Query()] = UnitKind.department,
    fewest_first: bool = False,
) -> Response:
    """A unit's report; `span` is a usual period chosen from the list, which leads to the address of its days.

    Its children are ranked only for who may issue a ranking and asks for it, within one kind.
    """
    await gate.allow(reader, Action.read_figures, unit)
    if span:
        days = await span_of(gate, None, None, span)
        return RedirectResponse(f"/reports/{quote(unit)}?{urlencode(days.told())}", 303)
    asked = await span_of(gate, first, last)
    found = await report.report(gate.database, unit, asked, compare=_COMPARED)
    if rank:
        await gate.allow(reader, Action.rank_units, unit)
        found["ranking"] = ranked(found, rank, rank_kind, fewest_first=fewest_first)
    above = await crumbs(gate, reader, found["path"], found["period"])
    spans = usual_spans(await directory.campaigns(gate.database))
    months = await locked.lock_states(gate.database, found["path"], asked)
    context = {**frame(request), "crumbs": above, "spans": spans, "may_rank": can(reader, Action.rank_units)}
    context["may_issue"] = may(reader.roles, Action.issue_reports, found["path"]) is not None
    context["locked"] = [month for month, held in months.items() if held]
    return HTMLResponse(await asyncio.to_thread(report_page, found, opens=opened.figures(reader.roles), **context))


@router.get("/reports/{unit}/page")
async def report_file(
    unit: str, request: Request, reader: Reader, gate: Gated, first: First = None, last: Last = None
) -> Response:
    """The same report as a file that stands alone, its links leading back here."""
    await gate.allow(reader, Action.read_figures, unit)
    asked = await span_of(gate, first, last)
    found = await report.report(gate.database, unit, asked, compare=_COMPARED)
    base = str(request.base_url).rstrip("/")
    page = await asyncio.to_thread(
        report_page, found, base_url=base, standalone=True, opens=opened.figures(reader.roles)
    )
    name = f"report-{unit}-{asked.first}-{asked.last}.html"
    return HTMLResponse(page, headers={"Content-Disposition": f"attachment; filename={name}"})


async def crumbs(
    gate: Gate, reader: Principal, path: list[str], period: dict[str, Any]
) -> list[tuple[str, str | None]]:
    """The units above, a link where the reader may read them."""
    addresses, found = Addresses(period, ""), []
    for place, id in enumerate(path[:-1]):
        readable = may(reader.roles, Action.read_figures, path[: place + 1]) is not None
        found.append(((await directory.unit(gate.database, id))["name"], addresses.report(id) if readable else None))
    return found


def usual_spans(campaigns: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The periods that people ask for, by name: each campaign, its years, quarters, months and weeks."""
    whole, years, quarters, months, weeks = [], [], [], [], []
    for campaign in campaigns:
        span = Span(date.fromisoformat(campaign["opens"]), date.fromisoformat(campaign["closes"]))
        whole.append((campaign["name"], f"campaign:{campaign['id']}"))
        for month in span.months():
            year, number = map(int, month.split("-"))
            quarter = (number + 2) // 3
            years.append((f"{year}年", str(year)))
            quarters.append((f"{year}年第{quarter}季度", f"{year}-Q{quarter}"))
            months.append((f"{year}年{number}月", month))
        for days in range(0, (span.last - span.first).days + 7, 7):
            year, week, _ = min(span.first + timedelta(days), span.last).isocalendar()
            weeks.append((f"{year}年第{week}周", f"{year}-W{week:02}"))
    found = (("活动", whole), ("年度", years), ("季度", quarters), ("月份", months), ("周", weeks))
    return [(label, list(dict.fromkeys(some))) for label, some in found if some]


@router.get("/figures")
async def catalogue_view(request: Request, reader: Reader, gate: Gated) -> Response:
    """The catalogue: every figure, what it counts, and the events that it is made of."""
    gate.own(reader, Action.read_figures)
    entries = {entry["id"]: entry for entry in report.catalogue(await weights(gate.database))}
    groups = {group: [entries[id] for id in ids] for group, ids in show.grouped(entries).items()}
    return screen(request, "catalogue.html", groups=groups, sorts=show.SORTS, grains=show.GRAINS)


@router.get("/figures/{id}/records")
async def records_view(
    id: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    unit: str,
    first: First = None,
    last: Last = None,
    tag: str = Query("", max_length=40),
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """The records behind a figure: their sum is the figure. A rate opens to the figures that it is made of."""
    await gate.allow(reader, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    entries = {entry["id"]: entry for entry in report.catalogue(await weights(gate.database))}
    if id not in entries:
        raise DomainError("figure.unknown", f"没有指标 {id}", "not_found")
    entry = entries[id]
    if entry["sort"] == "rate":
        found = await report.report(gate.database, unit, span, children=False)
        parts = [{"id": part, **found["details"][part]} for part in entry["sources"]]
        addresses = Addresses(found["period"], "", opens=opened.figures(reader.roles))
        return screen(request, "rate.html", entry=entry, found=found, parts=parts, addresses=addresses)
    found = await report.records(gate.database, id, unit, span, page, PAGE_SIZE, tag or None, roles=reader.roles)
    return screen(
        request,
        "records.html",
        entry=entry,
        found=found,
        addresses=Addresses(found["period"], ""),
        pages=max(1, -(-found["total"] // PAGE_SIZE)),
        subtotal=sum(row["amount"] for row in found["items"]),
        tag=tag,
        asked={"unit": unit, **found["period"], **({"tag": tag} if tag else {})},
    )
