"""Finding a unit among all those that the reader reaches: by a part of its name or short name, or by its code."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.domain import Action
from services.gateway.store import directory
from services.organisation.contract import UNIT_KINDS
from services.organisation.contract.permissions import EVERYWHERE

from ..gate import Gate, Principal
from ..http_api.auth import Gated
from .screens import Reader, Screen, can, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
MOST = 20
"""Whoever sees more than so many types another character."""
_WAYS = (
    ("统计报告", "reports", Action.read_figures),
    ("学习覆盖", "coverage", Action.read_figures),
    ("举措进展", "initiatives", Action.read_figures),
    ("机构调整", "reforms", Action.manage_units),
)


@router.get("/choices/units")
async def unit_choices(reader: Reader, gate: Gated, q: Annotated[str, Query(max_length=60)] = "") -> Response:
    """The units that a field may choose from, each as its code and the text it is shown as."""
    found = await _found(gate, reader, q)
    return JSONResponse({"items": [{"id": unit["id"], "text": f"{unit['name']}（{unit['id']}）"} for unit in found]})


@router.get("/units")
async def units_view(
    request: Request,
    reader: Reader,
    gate: Gated,
    q: Annotated[str, Query(max_length=60)] = "",
    unit: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """What is found, or the one unit that was chosen, each with the pages about it."""
    found = await _found(gate, reader, unit or q)
    one = [each for each in found if each["id"] == unit]
    ways = [(text, path) for text, path, action in _WAYS if can(reader, action)]
    return screen(request, "units.html", found=one or found, asked=q, ways=ways, kinds=UNIT_KINDS)


async def _found(gate: Gate, reader: Principal, q: str) -> list[dict[str, Any]]:
    reached = {actor.unit for actor in gate.roles(reader, Action.read_units)}
    every = EVERYWHERE in reached or await directory.root(gate.database) in reached
    return await directory.matching(gate.database, None if every else sorted(reached), q.strip(), MOST)
