"""Supervision on a page: how units stand with a plan or notice, by name, with a reminder; and a notice on paper."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.study import contract

from ..http_api import study_plans, supervision
from ..http_api.auth import Gated
from ..resources import one, resource_of
from .fields import made
from .forms import typed, with_key
from .kinds import asked_by
from .records import PAGE_SIZE, unit_names
from .screens import Reader, Screen, can, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
STANDINGS = {
    "behind": "落后",
    "on_time": "按期推进",
    "complete": "已完成",
    "unacknowledged": contract.LAPSES["unacknowledged"],
}
_PROGRESS: dict[str, Any] = {"plan": study_plans.get_plan_progress, "notice": study_plans.get_notice_progress}
_UNITS: dict[str, Any] = {"plan": study_plans.list_plan_units, "notice": study_plans.list_notice_units}


def _known(kind: str) -> None:
    if kind not in _PROGRESS:
        raise DomainError("record.not_found", "没有这种记录", "not_found")


@router.get("/standings")
async def behind_view(request: Request, reader: Reader, gate: Gated, page: int = Query(1, ge=1, le=10_000)) -> Response:
    """Every unit below the reader's that is behind with a plan or notice, each opening to how it stands there."""
    found = dict(await study_plans.list_behind(request, reader, gate, None, page, PAGE_SIZE))
    units = await unit_names(gate, {row["unit"] for row in found["items"]})
    leads = [("/records/reminder", "收到和发出的提醒"), ("/norms", "频次标准")]
    return screen(request, "behind.html", leads=leads, found=found, units=units, pages=-(-found["total"] // PAGE_SIZE))


@router.get("/standings/{kind}/{id}")
async def standings_view(
    kind: str,
    id: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    unit: Annotated[str, Query(max_length=32)] = "",
    state: Annotated[str, Query(pattern="^(|behind|on_time|complete|unacknowledged)$")] = "behind",
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """How the units of a subtree stand, by those right below and by name."""
    _known(kind)
    given: dict[str, Any] = {"id": id, "request": request, "caller": reader, "gate": gate}
    record = await one(asked_by(request, reader, gate), resource_of(kind), id)
    asked = study_plans.DutyListing(
        unit=unit or None,
        state=state or None,
        page=page,
        page_size=PAGE_SIZE,
    )
    progress = await _PROGRESS[kind](**given, unit=unit or None)
    found = dict(await _UNITS[kind](**given, asked=asked))
    listed = [row["unit"] for row in (*progress["children"], *found["items"])]
    return screen(
        request,
        "standings.html",
        kind=kind,
        name=resource_of(kind).title,
        record=record,
        progress=progress,
        found=found,
        units=await unit_names(gate, [progress["unit"], *listed]),
        states=[(key, text) for key, text in STANDINGS.items() if kind == "notice" or key != "unacknowledged"],
        asked={"unit": unit, "state": state},
        pages=-(-found["total"] // PAGE_SIZE),
        may_remind=state in contract.LAPSES and can(reader, Action.supervise_study),
        key=new_id(),
    )


@router.post("/standings/{kind}/{id}")
async def remind(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Remind the units shown; each at most once a day."""
    _known(kind)
    values = await typed(request)
    own = gate.own(reader, Action.supervise_study).unit  # who reminds, whichever subtree is shown
    what: contract.Lapse = "unacknowledged" if values.get("what") == "unacknowledged" else "behind"
    units = values.get("units", "").split(",")
    body = made(contract.Remind, {"unit": own, "source": id, "what": what, "units": units})
    await supervision.remind(body, with_key(request, values.get("key", "")), reader, gate)
    return RedirectResponse(f"/standings/{kind}/{id}?unit={quote(values.get('unit', own))}&state={what}", 303)


@router.get("/records/{kind}/{id}/paper")
async def paper_view(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """A notice, or a branch's own copy of it, as it is printed."""
    asked = asked_by(request, reader, gate)
    receipt = await one(asked, resource_of("receipt"), id) if kind == "receipt" else None
    if receipt is None and kind != "notice":
        raise DomainError("record.not_found", "没有这种记录", "not_found")
    notice = await one(asked, resource_of("notice"), id if receipt is None else receipt["notice"])
    told = await study_plans.told_on_paper(gate, notice, receipt)
    return screen(request, "paper.html", told=told, kind=kind, id=id, name=resource_of(kind).title)
