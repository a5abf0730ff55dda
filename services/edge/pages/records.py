"""Records as their service has them: lists, one record, and the steps that its reader may take with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, get_args
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.kernel.resource import Resource, Step

from ..gate import Gate, Principal
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..resources import history, resource_of, step_model
from . import kinds, line_forms, told, unmasking
from .described import fields_of, known_values, typed_content
from .fields import Field, Fields, chosen, effort, filled, made
from .forms import typed, with_key
from .screens import Reader, Screen, can, screen
from .special import MAKING, Making, ways_on

router = APIRouter(include_in_schema=False, route_class=Screen)
PAGE_SIZE = 50
_BY_PLATFORM = ("经办账号", "时间")
Refused = tuple[str, DomainError, dict[str, str]]
"""The step that was refused, why, and what had been typed."""


async def unit_names(gate: Gate, ids: Iterable[str]) -> dict[str, str]:
    """The names of units."""
    return await directory.names(gate.database, ids)


@router.get("/records/{kind}")
async def list_view(
    kind: str,
    request: Request,
    reader: Reader,
    gate: Gated,
    state: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=60)] = "",
    sort: Annotated[str, Query(max_length=20)] = "",
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """The records of the reader's unit and those below it, the newest first."""
    resource = resource_of(kind)
    more = {name: request.query_params.get(name, "")[:60] for name in ("unit", "from", "to", *resource.filters)}
    asked = {"state": state, "q": q, "sort": sort, **more}
    found = await kinds.listed(resource, request, reader, gate, page=page, page_size=PAGE_SIZE, **asked)
    units = await unit_names(gate, {unit for item in found["items"] for unit in told.units_of(resource, item)})
    rows = [
        {
            "id": item["id"],
            "title": item["title"],
            "state": resource.states.get(item["state"], item["state"]),
            "key": item["state"],
            "cells": [told.cell_of(resource, name, item, units) for name in resource.columns],
        }
        for item in found["items"]
    ]
    return screen(
        request,
        "list.html",
        kind=kind,
        name=resource.title,
        columns=[resource.labels[name].text for name in resource.columns],
        column_keys=resource.columns,
        sorts=_sorts(resource),
        filters=_filters(resource, more),
        rows=rows,
        found=found,
        asked={name: value for name, value in asked.items() if value},
        states=[(str(key), text) for key, text in resource.states.items()],
        export=f"{resource.service}/exports/{resource.export}" if resource.export else "",
        pages=-(-found["total"] // PAGE_SIZE),
        may_add=resource.add is not None and can(reader, Action(resource.write)),
    )


def _sorts(resource: Resource) -> set[str]:
    """The columns by which the list can be sorted."""
    known = resource.list.model_fields.get("sort")
    return {str(each).removeprefix("-") for each in get_args(known.annotation)} if known else set()


def _filters(resource: Resource, asked: dict[str, str]) -> Fields:
    """What the list can be narrowed by, where that is one of a few words."""
    return {
        name: Field(resource.labels[name].text, choices=chosen(resource.labels[name].words), value=asked[name])
        for name in resource.filters
        if name in resource.labels and resource.labels[name].words and True not in resource.labels[name].words
    }


@router.get("/records/unit/{id}")
async def unit_view(id: str) -> Response:
    """A unit that a distinct figure counts opens to its own report."""
    return RedirectResponse(f"/reports/{quote(id)}", 303)


@router.get("/records/{kind}/{id}")
async def record_view(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """One record, as its service has it."""
    return await _shown(resource_of(kind), id, request, reader, gate)


async def _shown(
    resource: Resource, id: str, request: Request, reader: Principal, gate: Gate, refused: Refused | None = None
) -> Response:
    kind, record = resource.kind, await kinds.found(resource, id, request, reader, gate)
    units = await unit_names(gate, told.units_of(resource, record))
    steps, ways = [], []
    for step in resource.steps:
        if not await kinds.may_take(gate, reader, step, record):
            continue
        if step.whole:
            ways.append((step.title, f"/records/{kind}/{quote(id)}/{step.name}"))
        elif step.form or step_model(resource, step) is None:
            steps.append(_offered(resource, step, record, refused))
    ways += line_forms.ways_on(kind, record, reader) + ways_on(kind, record) + unmasking.ways_on(kind, record, reader)
    steps += [_making(each, record, refused) for each in MAKING.get(kind, ()) if _may_make(each, record, reader)]
    return screen(
        request,
        "record.html",
        200 if refused is None else STATUSES[refused[1].kind][0],
        kind=kind,
        name=resource.title,
        record=record,
        state=resource.states.get(record["state"], record["state"]),
        lines=told.lines_of(resource, record, units),
        leads=list(told.leads_of(resource, record)),
        steps=[each for each in steps if each is not None],
        ways=ways,
        message=_message(resource, request.query_params.get("done", "")),
        timeline=told.history_of(resource, await _history(resource, id, request, reader, gate), units),
        key=new_id(),
    )


async def _history(
    resource: Resource, id: str, request: Request, reader: Principal, gate: Gate
) -> list[dict[str, Any]]:
    """The latest steps of the record's life; none where they are not the reader's to see."""
    if not resource.history or not resource.routed:
        return []
    try:
        return list((await history(kinds.asked_by(request, reader, gate), resource, id))["items"])
    except DomainError:
        return []


_MESSAGES = {"new": "已登记", "made": "已生成", "revised": "已保存修订"}
"""What is said of a record on whose page one lands."""


def _message(resource: Resource, done: str) -> str:
    """What is said of what was just done."""
    return next((f"已完成：{step.title}" for step in resource.steps if step.name == done), _MESSAGES.get(done, ""))


def _offered(resource: Resource, step: Step, record: dict[str, Any], refused: Refused | None) -> dict[str, Any] | None:
    """A step as its form is shown; None where there is nothing to choose from."""
    model = step_model(resource, step)
    fields = {} if model is None else fields_of(resource, step.form, model, step.labels)
    if step.options is not None:
        options = step.options(record)
        if not all(options.values()):
            return None
        fields |= {name: replace(fields[name], choices=chosen(words)) for name, words in options.items()}
    for name in step.prefilled:
        fields[name] = replace(fields[name], given=True)
    known = known_values(resource, step.prefilled, record)
    refusal, values = (refused[1], refused[2]) if refused and refused[0] == step.name else (None, {})
    return _step(step.name, step.title, filled(fields, {**known, **values}, refusal), refusal, back=step.back)


def _step(name: str, title: str, fields: Fields, refusal: DomainError | None, *, back: bool = False) -> dict[str, Any]:
    told = {"name": name, "title": title, "fields": fields, "refusal": refusal, "back": back}
    return {**told, "effort": effort(fields, _BY_PLATFORM)}


def _may_make(making: Making, record: dict[str, Any], reader: Principal) -> bool:
    return record["state"] in making.states and can(reader, making.action)


def _making(making: Making, record: dict[str, Any], refused: Refused | None) -> dict[str, Any] | None:
    options = making.options(record)
    if not all(choices[0][1] for choices in options.values()):
        return None
    refusal, values = (refused[1], refused[2]) if refused and refused[0] == making.name else (None, {})
    fields = filled(making.fields, values, refusal)
    fields |= {name: replace(fields[name], choices=choices) for name, choices in options.items()}
    return _step(making.name, making.title, fields, refusal)


async def take(resource: Resource, id: str, name: str, request: Request, reader: Principal, gate: Gate) -> Response:
    """Take the record a step further; what is refused is said above the step's own form."""
    values = await typed(request)
    key = values.pop("key", "")
    making = next((each for each in MAKING.get(resource.kind, ()) if each.name == name), None)
    try:
        if making is not None:
            place = await _made(making, id, values, key, request, reader, gate)
            return RedirectResponse(f"/records/{making.makes}/{quote(place)}?done=made", 303)
        step = kinds.step_of(resource, name)
        model = step_model(resource, step)
        if model is not None and not step.form:
            raise DomainError("record.not_found", "没有这种操作", "not_found")
        content = {} if model is None else typed_content(resource, step.form, model, values)
        await kinds.taken(resource, step, id, content, key, request, reader, gate)
    except DomainError as refusal:
        if refusal.kind in ("unauthenticated", "forbidden", "not_found") and not refusal.errors:
            raise
        return await _shown(resource, id, request, reader, gate, (name, refusal, values))
    return RedirectResponse(f"/records/{resource.kind}/{quote(id)}?done={quote(name)}", 303)


async def _made(
    making: Making, id: str, values: dict[str, str], key: str, request: Request, reader: Principal, gate: Gate
) -> str:
    given: dict[str, Any] = {"id": id, "request": with_key(request, key), "caller": reader, "gate": gate}
    if making.body is not None:
        given["body"] = made(making.body, {name: value for name, value in values.items() if name in making.fields})
    return str((await making.take(**given)).id)
