"""A unit's report, and what each figure of it opens to: its records, or for a rate its formula."""

from __future__ import annotations

import asyncio
import calendar
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.kernel.errors import DomainError

from ..documents import report_page
from ..documents.view import Addresses
from ..domain import Action, may
from ..gate import Gate, Principal
from ..http_api.auth import Gated
from ..http_api.reports import span_of
from ..store import directory, locked, report
from ..store.period import Span
from ..store.snapshot import weights
from .screens import Reader, Screen, frame, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
PAGE_SIZE = 50
_COMPARED = ("before", "year")
First = Annotated[date | None, Query(alias="from")]
Last = Annotated[date | None, Query(alias="to")]


@router.get("/reports/{unit}")
async def report_view(
    unit: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    first: First = None,
    last: Last = None,
    span: str = Query("", max_length=30),
) -> Response:
    """A unit's report; `span` is a usual period chosen from the list, which leads to the address of its days."""
    await gate.allow(reader, Action.read_figures, unit)
    if span:
        chosen = dict(zip(("from", "to"), span.split(".."), strict=False))
        return RedirectResponse(f"/reports/{quote(unit)}?{urlencode(chosen)}", 303)
    asked = await span_of(gate, first, last)
    found = await report.report(gate.database, unit, asked, compare=_COMPARED)
    crumbs = await _crumbs(gate, reader, found["path"], found["period"])
    spans = usual_spans(await directory.campaigns(gate.database))
    months = await locked.lock_states(gate.database, found["path"], asked)
    context = {**frame(request), "crumbs": crumbs, "spans": spans, "locked": [m for m, held in months.items() if held]}
    return HTMLResponse(await asyncio.to_thread(report_page, found, **context))


@router.get("/reports/{unit}/page")
async def report_file(
    unit: str, request: Request, reader: Reader, gate: Gated, first: First = None, last: Last = None
) -> Response:
    """The same report as a file that stands alone, its links leading back here."""
    await gate.allow(reader, Action.read_figures, unit)
    asked = await span_of(gate, first, last)
    found = await report.report(gate.database, unit, asked, compare=_COMPARED)
    base = str(request.base_url).rstrip("/")
    page = await asyncio.to_thread(report_page, found, base_url=base, standalone=True)
    name = f"report-{unit}-{asked.first}-{asked.last}.html"
    return HTMLResponse(page, headers={"Content-Disposition": f"attachment; filename={name}"})


async def _crumbs(
    gate: Gate, reader: Principal, path: list[str], period: dict[str, Any]
) -> list[tuple[str, str | None]]:
    """The units above, a link where the reader may read them."""
    addresses, crumbs = Addresses(period, ""), []
    for place, id in enumerate(path[:-1]):
        readable = may(reader.roles, Action.read_figures, path[: place + 1]) is not None
        crumbs.append(((await directory.unit(gate.database, id))["name"], addresses.report(id) if readable else None))
    return crumbs


def usual_spans(campaigns: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The periods that people ask for: each campaign, the quarters and months that it touches."""
    whole, quarters, months = [], [], []
    for campaign in campaigns:
        span = Span(date.fromisoformat(campaign["opens"]), date.fromisoformat(campaign["closes"]))
        whole.append((campaign["name"], _told(span)))
        for year, number in (map(int, month.split("-")) for month in span.months()):
            quarter = (number + 2) // 3
            months.append((f"{year}年{number}月", _months(year, number, number)))
            quarters.append((f"{year}年第{quarter}季度", _months(year, 3 * quarter - 2, 3 * quarter)))
    found = (("活动", whole), ("季度", quarters), ("月份", months))
    return [(label, list(dict.fromkeys(some))) for label, some in found if some]


def _months(year: int, first: int, last: int) -> str:
    return _told(Span(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])))


def _told(span: Span) -> str:
    return f"{span.first}..{span.last}"


@router.get("/figures/{id}/records")
async def records_view(
    id: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    unit: str,
    first: First = None,
    last: Last = None,
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
        addresses = Addresses(found["period"], "")
        return screen(request, "rate.html", entry=entry, found=found, parts=parts, addresses=addresses)
    found = await report.records(gate.database, id, unit, span, page, PAGE_SIZE)
    return screen(
        request,
        "records.html",
        entry=entry,
        found=found,
        addresses=Addresses(found["period"], ""),
        pages=max(1, -(-found["total"] // PAGE_SIZE)),
        subtotal=sum(row["amount"] for row in found["items"]),
        asked={"unit": unit, **found["period"]},
    )
