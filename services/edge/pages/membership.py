"""Coverage as a page."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.domain import Action
from services.gateway.store import coverage, opened

from ..documents import show
from ..http_api.auth import Gated
from ..http_api.reports import First, Last, span_of
from .screens import Reader, Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_ATTENDANCE = ("due", "excused", "absent", "exempt", "transferred")


@router.get("/coverage/{unit}")
async def coverage_view(
    unit: str, request: Request, reader: Reader, gate: Gated, first: First = None, last: Last = None
) -> Response:
    """Whom study reached, by way, month and unit below; each number opens to its units or records."""
    await gate.allow(reader, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    found = await coverage.coverage(gate.database, unit, span)
    period = urlencode(found["period"])
    return screen(
        request,
        "coverage.html",
        found=found,
        parts=[f"study.attendance.{part}" for part in _ATTENDANCE],
        reasons=show.REASONS,
        names={id: detail["name"] for id, detail in found["figures"].items()},
        opens=opened.figures(reader.roles),
        opened=lambda figure: f"/figures/{quote(figure)}/records?unit={quote(unit)}&{period}",
        below=lambda child: f"/coverage/{quote(child)}?{period}",
    )
