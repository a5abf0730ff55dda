"""Records entered by hand, and said anew: as few fields as what only a person can know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.kernel.resource import Adding, Resource, Step
from services.organisation.contract.permissions import EVERYWHERE

from ..gate import Gate, Principal
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..resources import resource_of
from . import kinds
from .described import MOST_CHOICES, fields_of, known_values, typed_content, with_choices
from .fields import Field, Fields, effort, filled
from .forms import typed
from .records import take
from .screens import Reader, Screen, screen
from .special import KINDS

router = APIRouter(include_in_schema=False, route_class=Screen)
_REASON = Field("更正事由", required=True, most=200)


def adding_of(resource: Resource) -> Adding:
    """How a record of a kind is made on a page.

    Raises:
        DomainError: record.not_found, where none is.
    """
    if resource.add is None or not resource.add.form:
        raise DomainError("record.not_found", "该类记录不能在页面上逐条登记，请用表格报送", "not_found")
    return resource.add


@router.get("/records/{kind}/new")
async def form(kind: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The empty form."""
    resource = resource_of(kind)
    fields = await _fields(resource, request, reader, gate)
    given = {name: value[:64] for name, value in request.query_params.items() if name in fields}
    return _form(request, resource, filled(fields, given), new_id())


@router.post("/records/{kind}/new")
async def record(kind: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Make the record, or say beside each field what is wrong."""
    resource = resource_of(kind)
    adding, values = adding_of(resource), await typed(request)
    key = values.pop("key", "")
    try:
        content = _content(resource, adding, values)
        id = await kinds.added(resource, content, key, request, reader, gate)
        if adding.then and values.get("then") == adding.then:
            step = kinds.step_of(resource, adding.then)
            await kinds.taken(resource, step, id, {}, f"{key}/{step.name}"[:128], request, reader, gate)
    except DomainError as refusal:
        if refusal.kind == "unauthenticated":
            raise
        fields = filled(await _fields(resource, request, reader, gate), values, refusal)
        return _form(request, resource, fields, key or new_id(), refusal)
    return RedirectResponse(f"/records/{kind}/{quote(id)}?done=new", 303)


@router.get("/records/{kind}/{id}/{name}")
async def correction(kind: str, id: str, name: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The form in which a record is said anew, filled in with what it says."""
    resource = resource_of(kind)
    step, found = await _whole(resource, id, name, request, reader, gate)
    known = known_values(resource, adding_of(resource).form, found)
    fields = filled(await _fields(resource, request, reader, gate, step), known)
    return _form(request, resource, fields, new_id(), step=step, record=found)


@router.post("/records/{kind}/{id}/{name}")
async def take_step(kind: str, id: str, name: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Take the record a step further, or say it anew."""
    resource = resource_of(kind)
    step = next((each for each in resource.steps if each.name == name), None)
    if step is None or not step.whole:
        return await take(resource, id, name, request, reader, gate)
    values = await typed(request)
    key, version = values.pop("key", ""), values.pop("version", "")
    try:
        content = {**_content(resource, adding_of(resource), values), "reason": values.get("reason", "")}
        await kinds.taken(resource, step, id, content, key, request, reader, gate, version)
    except DomainError as refusal:
        if refusal.kind in ("unauthenticated", "not_found") and not refusal.errors:
            raise
        found = await kinds.found(resource, id, request, reader, gate)
        fields = filled(await _fields(resource, request, reader, gate, step), values, refusal)
        return _form(request, resource, fields, key or new_id(), refusal, step, found)
    return RedirectResponse(f"/records/{kind}/{quote(id)}?done={quote(name)}", 303)


async def _whole(
    resource: Resource, id: str, name: str, request: Request, reader: Principal, gate: Gate
) -> tuple[Step, dict[str, Any]]:
    step = kinds.step_of(resource, name)
    if not step.whole:
        raise DomainError("record.not_found", "没有这个页面", "not_found")
    gate.own(reader, Action(step.action))
    return step, await kinds.found(resource, id, request, reader, gate)


def _content(resource: Resource, adding: Adding, values: dict[str, str]) -> dict[str, Any]:
    content = typed_content(resource, adding.form, kinds.model_of(resource), values)
    return adding.complete(content) if adding.complete else content


async def _fields(
    resource: Resource, request: Request, reader: Principal, gate: Gate, step: Step | None = None
) -> Fields:
    """The fields with what the reader may choose from; their own unit is chosen."""
    adding = adding_of(resource)
    gate.own(reader, Action(resource.write if step is None else step.action))
    fields = fields_of(resource, adding.form, kinds.model_of(resource))
    fields = await with_choices(kinds.asked_by(request, reader, gate), resource, fields, KINDS)
    if step is not None:
        return {**fields, "reason": _REASON}
    return await _with_units(resource, fields, reader, gate)


async def _with_units(resource: Resource, fields: Fields, reader: Principal, gate: Gate) -> Fields:
    """The fields with the units that the reader may choose from; their own is chosen."""
    own = gate.own(reader, Action(resource.write)).unit
    if own == EVERYWHERE or "unit" not in fields:
        return fields
    found = await directory.listed(gate.database, own, None, 1, MOST_CHOICES)
    unit = replace(fields["unit"], value=own)
    if found["total"] <= MOST_CHOICES:
        below = tuple((item["id"], f"{item['name']}（{item['id']}）") for item in found["items"])
        unit = replace(unit, choices=(("", below),))
    else:
        unit = replace(unit, note="按名称、简称或编码选择；默认为本单位")
    return {**fields, "unit": unit}


def _form(
    request: Request,
    resource: Resource,
    fields: Fields,
    key: str,
    refusal: DomainError | None = None,
    step: Step | None = None,
    record: dict[str, Any] | None = None,
) -> Response:
    adding = adding_of(resource)
    counted = next((name for name in adding.form if resource.labels[name].counted), None)
    absences = [str(word) for word in resource.labels[counted].words] if counted else []
    buttons = [(adding.then, adding.then_button)] if adding.then else []
    buttons.append(("record", adding.button))
    told: dict[str, Any] = {"title": f"登记{resource.title}", "action": f"/records/{resource.kind}/new"}
    if step is not None and record is not None:
        address = f"/records/{resource.kind}/{quote(record['id'])}"
        told = {"title": f"{step.title}{resource.title}", "action": f"{address}/{step.name}"}
        buttons = [("record", step.title)]
        fields = {name: replace(field, given=name != "reason") for name, field in fields.items()}
    return screen(
        request,
        "entry.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        kind=resource.kind,
        name=resource.title,
        **told,
        record=record,
        fields=fields,
        absences=absences,
        buttons=buttons,
        effort=effort(fields, () if step else adding.by_platform),
        refusal=refusal,
        key=key,
    )
