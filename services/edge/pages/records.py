"""Records as their service has them: lists, one record, and the steps that its reader may take with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id

from ..gate import Gate, Principal
from ..http_api import hotline, members, study, study_plans, supervision
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..http_api.research import measures, topics, visits
from . import joint, lined, membership, owed, words
from .fields import filled, made
from .forms import typed, with_key
from .screens import Reader, Screen, can, screen
from .steps import STEPS, Step

router = APIRouter(include_in_schema=False, route_class=Screen)
PAGE_SIZE = 50
Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Shelf:
    """Where records of a kind are listed and fetched, by the API's own handlers; `write` is who may add one by hand.

    `filters` are what the list can be narrowed by beside state and title; `export` is where it is given out as a sheet.
    """

    get: Handler
    list: Handler
    listing: type[BaseModel]
    columns: tuple[tuple[str, str], ...]
    write: Action | None = None
    filters: tuple[str, ...] = ()
    export: str | None = None


_STUDY = (("day", "日期"), ("unit", "单位"))
SHELVES = {
    "session": Shelf(
        study.get_session,
        study.list_sessions,
        study.SessionListing,
        (*_STUDY, ("form", "活动形式"), ("due", "应到人数"), ("present", "实到人数")),
        Action.write_study,
        ("programme",),
    ),
    "essay": Shelf(study.get_essay, study.list_essays, study.Listing, _STUDY),
    "lecture": Shelf(study.get_lecture, study.list_lectures, study.Listing, (*_STUDY, ("speaker_post", "讲授人职务"))),
    "member": Shelf(
        membership.get_member,
        membership.list_members,
        members.Listing,
        (("unit", "单位"), ("since", "编入日期"), ("until", "离开日期")),
        Action.manage_members,
    ),
    "excuse": Shelf(
        membership.get_excuse,
        membership.list_excuses,
        membership.ExcuseListing,
        (("unit", "单位"), ("first", "开始日期"), ("last", "结束日期"), ("sort", "类别")),
        Action.write_study,
    ),
    "plan": Shelf(
        study_plans.get_plan,
        study_plans.list_plans,
        study.Listing,
        (("unit", "制定单位"), ("first", "开始月份"), ("last", "结束月份")),
        Action.write_plans,
    ),
    "notice": Shelf(
        study_plans.get_notice,
        study_plans.list_notices,
        study.Listing,
        (("unit", "下发单位"), ("month", "月份"), ("edition", "版次")),
    ),
    "receipt": Shelf(
        study_plans.get_receipt, study_plans.list_receipts, study.Listing, (("unit", "单位"), ("month", "月份"))
    ),
    "branch_plan": Shelf(
        supervision.get_branch_plan,
        supervision.list_branch_plans,
        study.Listing,
        (("unit", "单位"), ("typed", "手工填写项数")),
    ),
    "reminder": Shelf(
        supervision.get_reminder,
        supervision.list_reminders,
        study.Listing,
        (("day", "日期"), ("unit", "被提醒单位"), ("by", "提醒单位"), ("what", "事由")),
    ),
    "ticket": Shelf(
        hotline.get_ticket,
        hotline.list_tickets,
        hotline.Listing,
        (("received", "受理时间"), ("unit", "受理单位"), ("kind", "诉求类型"), ("limit", "办理时限")),
        Action.register_tickets,
        ("overdue",),
    ),
    "topic": Shelf(
        topics.get_topic,
        topics.list_topics,
        topics.TopicListing,
        (("day", "立题日期"), ("unit", "牵头单位"), ("kind_name", "课题类型"), ("leader", "牵头领导")),
        Action.write_research,
        ("outline", "kind"),
        "research/exports/topics",
    ),
    "visit": Shelf(
        visits.get_visit,
        visits.list_visits,
        visits.VisitListing,
        (*_STUDY, ("topic_title", "课题"), ("visited", "被调研单位"), ("place", "其他地点"), ("crowded", "扎堆提示")),
        Action.write_research,
        ("topic", "kind"),
        "research/exports/visits",
    ),
    "measure": Shelf(
        measures.get_measure,
        measures.list_measures,
        measures.MeasureListing,
        (("owner", "责任单位"), ("topic_title", "课题"), ("due", "完成时限"), ("percent", "完成"), ("overdue", "超期")),
        Action.write_research,
        ("overdue", "topic", "owner"),
        "research/exports/measures",
    ),
    **{
        kind: Shelf(
            each.get, each.list, joint.LISTINGS[kind], joint.COLUMNS[kind], Action.write_study, *joint.narrowed(kind)
        )
        for kind, each in joint.OPERATIONS.items()
    },
}


def shelf_of(kind: str) -> Shelf:
    """The shelf of a kind of record.

    Raises:
        DomainError: record.not_found.
    """
    if kind not in SHELVES:
        raise DomainError("record.not_found", "没有这种记录", "not_found")
    return SHELVES[kind]


async def listed(kind: str, request: Request, reader: Principal, gate: Gate, /, **asked: Any) -> dict[str, Any]:
    """A page of records of a kind, as the API lists them."""
    shelf = shelf_of(kind)
    asked = {name: value for name, value in asked.items() if value not in (None, "")}
    return dict(await shelf.list(request=request, caller=reader, gate=gate, asked=made(shelf.listing, asked)))


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
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """The records of the reader's unit and those below it, the newest first."""
    shelf = shelf_of(kind)
    more = {name: request.query_params.get(name, "")[:60] for name in shelf.filters}
    found = await listed(kind, request, reader, gate, state=state, q=q, page=page, page_size=PAGE_SIZE, **more)
    for item in found["items"]:
        joint.told_apart(kind, item)
    units = await unit_names(gate, {unit for item in found["items"] for unit in words.units_of(item)})
    rows = [
        {
            "id": item["id"],
            "title": item["title"],
            "state": words.state_of(kind, item["state"]),
            "cells": [words.told(field, item[field], units) for field, _ in shelf.columns],
        }
        for item in found["items"]
    ]
    kept = {name: value for name, value in {"state": state, "q": q, **more}.items() if value}
    return screen(
        request,
        "list.html",
        kind=kind,
        name=words.RECORDS[kind],
        columns=[name for _, name in shelf.columns],
        rows=rows,
        found=found,
        asked=kept,
        states=words.states(kind),
        export=shelf.export,
        pages=-(-found["total"] // PAGE_SIZE),
        may_add=shelf.write is not None and can(reader, shelf.write),
    )


@router.get("/records/unit/{id}")
async def unit_view(id: str) -> Response:
    """A unit that a distinct figure counts opens to its own report."""
    return RedirectResponse(f"/reports/{quote(id)}", 303)


@router.get("/records/{kind}/{id}")
async def record_view(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """One record, as its service has it."""
    return await _shown(kind, id, request, reader, gate)


async def _shown(
    kind: str,
    id: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    refused: tuple[str, DomainError, dict[str, str]] | None = None,
) -> Response:
    record: dict[str, Any] = await shelf_of(kind).get(id=id, request=request, caller=reader, gate=gate)
    joint.told_apart(kind, record)
    units = await unit_names(gate, words.units_of(record))
    status = 200 if refused is None else STATUSES[refused[1].kind][0]
    steps = []
    for step in STEPS.get(kind, ()):
        if record["state"] in step.states and can(reader, step.action):
            refusal, values = (refused[1], refused[2]) if refused and refused[0] == step.name else (None, {})
            fields = filled(step.fields, {**step.known(record), **values}, refusal)
            options = step.options(record)
            if all(choices[0][1] for choices in options.values()):
                fields |= {name: replace(fields[name], choices=choices) for name, choices in options.items()}
                steps.append((step, fields, refusal))
    return screen(
        request,
        "record.html",
        status,
        kind=kind,
        name=words.RECORDS[kind],
        record=record,
        state=words.state_of(kind, record["state"]),
        lines=words.record_lines(kind, record, units),
        leads=words.record_links(kind, record),
        steps=steps,
        ways=[*lined.ways_on(kind, record, reader), *owed.ways_on(kind, record)],
        key=new_id(),
    )


@router.post("/records/{kind}/{id}/{step}")
async def take_step(kind: str, id: str, step: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Take the record a step further; what is refused is said above the step's own form."""
    shelf_of(kind)
    chosen = next((each for each in STEPS.get(kind, ()) if each.name == step), None)
    if chosen is None:
        raise DomainError("record.not_found", "没有这种操作", "not_found")
    values = await typed(request)
    try:
        await _taken(chosen, id, values, request, reader, gate)
    except DomainError as refusal:
        if refusal.kind in ("unauthenticated", "forbidden", "not_found"):
            raise
        return await _shown(kind, id, request, reader, gate, (step, refusal, values))
    return RedirectResponse(f"/records/{kind}/{quote(id)}", 303)


async def _taken(step: Step, id: str, values: dict[str, str], request: Request, reader: Principal, gate: Gate) -> None:
    given: dict[str, Any] = {
        "id": id,
        "request": with_key(request, values.pop("key", "")),
        "caller": reader,
        "gate": gate,
    }
    if step.body is not None:
        given["body"] = made(step.body, {name: value for name, value in values.items() if name in step.fields})
    await step.take(**given)
