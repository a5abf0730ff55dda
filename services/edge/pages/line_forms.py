"""Forms with a line for each part of a record: a plan and what it asks, a notice and a branch's plan said anew.

What is there already stands in its line; empty lines take new parts. Only what differs has to be typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.kernel.resource import Resource
from services.study import contract

from ..gate import Gate, Principal
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..http_api.resources import content_of
from ..resources import Asked, add, change, content_model, one, resource_of, step_model
from .fields import Field, Fields, chosen, effort, filled, made, pieces
from .forms import typed
from .kinds import asked_by, step_of
from .screens import Reader, Screen, can, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
Record = Mapping[str, Any]
GONE = "gone"
"""The box of a line that is to be left out."""


@dataclass(frozen=True)
class Lined:
    """A form: fields of the whole, and columns that each line has; `lines` is what the body calls the lines.

    `content` is the record as the body says it. `fresh` is what a new line bears that nobody types.
    """

    title: str
    button: str
    action: Action
    fields: Fields
    lines: str
    line: str
    columns: Fields
    content: Callable[[Record], dict[str, Any]]
    by_platform: tuple[str, ...]
    states: frozenset[str] = frozenset()
    fresh: Callable[[], dict[str, Any]] = dict
    spare: int = 2


_KINDS = {str(kind): name for kind, name in contract.DUTY_NAMES.items()}
_AUDIENCES = {
    "branch,joint_branch": "党支部",
    "general_branch,branch,joint_branch": "党总支和党支部",
    "youth_group": "青年理论学习小组",
    "department,central,institution,enterprise": "各单位",
}
_MONTH = "如 2026-03"
_REASON = Field("修订事由", note="下发后修订必填，写入新版本", most=200)
_PLAN: Fields = {
    "title": Field("计划名称", required=True, most=120),
    "first": Field("开始月份", required=True, note=_MONTH, most=7),
    "last": Field("结束月份", required=True, note=_MONTH, most=7),
    "materials": Field("学习资料", "textarea", note="每行一种，可不填", most=2000),
}
_REQUIREMENTS: Fields = {
    "kind": Field("事项", choices=chosen(_KINDS)),
    "each": Field("频次", choices=chosen({str(each): name for each, name in contract.EACH_NAMES.items()})),
    "number": Field("次数", "number"),
    "note": Field("要求", most=200),
}
_ISSUED = ("适用范围", "版次", "变更内容", "经办账号", "时间")


def _materials(text: str) -> list[dict[str, str]]:
    return [{"title": line.strip()} for line in text.splitlines() if line.strip()]


_READ: dict[str, Callable[[str], Any]] = {"units": pieces, "kinds": pieces, "materials": _materials}
"""How the text of some fields is read."""


def _plan(record: Record) -> dict[str, Any]:
    names = ("unit", "title", "first", "last", "units", "kinds", "requirements", "materials", "number")
    return {name: record[name] for name in names}


def _notice(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in ("title", "items", "note")}


def _branch_plan(record: Record) -> dict[str, Any]:
    return {"items": [{name: item[name] for name in contract.PlannedItem.model_fields} for item in record["items"]]}


NEW = Lined(
    "制定学习计划",
    "制定计划",
    Action.write_plans,
    {
        "unit": Field("制定单位", required=True, given=True, most=32),
        **_PLAN,
        "units": Field("适用单位编码", "textarea", note="用顿号或空格分开；不填为全部下级单位", most=2000),
        "kinds": Field("适用范围", required=True, given=True, choices=chosen(_AUDIENCES), value="branch,joint_branch"),
        "number": Field("本单位编号", note="自编，可不填；同一编号只制定一次", most=40),
    },
    "requirements",
    "事项",
    _REQUIREMENTS,
    lambda record: {"requirements": []},
    ("每月、每季度的时限", "进度", "状态", "登记账号", "登记时间"),
    spare=6,
)
"""A plan to be made."""

FORMS = {
    "plan": Lined(
        "修订学习计划",
        "保存修订",
        Action.write_plans,
        {**_PLAN, "reason": _REASON},
        "requirements",
        "事项",
        _REQUIREMENTS,
        _plan,
        _ISSUED,
        frozenset({"draft", "issued"}),
    ),
    "notice": Lined(
        "修订通知单",
        "保存修订",
        Action.write_plans,
        {
            "title": Field("标题", required=True, most=120),
            "note": Field("说明", "textarea", most=2000),
            "reason": _REASON,
        },
        "items",
        "事项",
        {
            "title": Field("事项", most=120),
            "kind": Field("由哪种记录勾选", choices=chosen(_KINDS), note="没有对应记录的不填，由支部手工勾选"),
            "number": Field("次数", "number"),
            "due": Field("时限", "date", note="不填为当月最后一天"),
            "text": Field("要求", most=500),
        },
        _notice,
        _ISSUED,
        frozenset({"draft", "issued"}),
        lambda: {"key": new_id()},
    ),
    "branch_plan": Lined(
        "完善支部计划",
        "保存计划",
        Action.write_study,
        {},
        "items",
        "事项",
        {
            "title": Field("事项", most=120),
            "kind": Field("活动形式", choices=chosen(_KINDS)),
            "day": Field("日期", "date"),
            "place": Field("地点"),
            "host_post": Field("主持人职务", note="不填姓名"),
        },
        _branch_plan,
        ("通知单的事项和时限", "完成情况", "经办账号", "时间"),
        frozenset({"planned"}),
        lambda: {"key": new_id()},
    ),
}
"""What is said anew."""


def ways_on(kind: str, record: Record, reader: Principal) -> list[tuple[str, str]]:
    """The form that a record's page leads to, for who may fill it in: text and address."""
    form = FORMS.get(kind)
    if form is None or record["state"] not in form.states or not can(reader, form.action):
        return []
    return [(form.title, f"/revisions/{kind}/{quote(record['id'])}")]


@router.get("/records/plan/new")
async def new_plan(request: Request, reader: Reader, gate: Gated) -> Response:
    """The empty form of a plan."""
    gate.own(reader, NEW.action)
    return _form(request, NEW, "plan", {}, await _given(request, gate, reader), {})


@router.post("/records/plan/new")
async def make_plan(request: Request, reader: Reader, gate: Gated) -> Response:
    """Make a plan, or say beside each field what is wrong."""
    gate.own(reader, NEW.action)
    return await _take(request, reader, gate, NEW, "plan", {})


@router.get("/revisions/{kind}/{id}")
async def revision(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """A record's form, filled in with what it says."""
    form, record = await _asked(kind, id, request, reader, gate)
    return _form(request, form, kind, record, {}, {})


@router.post("/revisions/{kind}/{id}")
async def revise(kind: str, id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Say a record anew, if it is still as it was when the form was opened."""
    form, record = await _asked(kind, id, request, reader, gate)
    return await _take(request, reader, gate, form, kind, record)


async def _asked(kind: str, id: str, request: Request, reader: Principal, gate: Gate) -> tuple[Lined, Record]:
    form = FORMS.get(kind)
    if form is None:
        raise DomainError("record.not_found", "没有这种记录", "not_found")
    gate.own(reader, form.action)
    record: Record = await one(asked_by(request, reader, gate), resource_of(kind), id)
    return form, record


async def _given(request: Request, gate: Gate, reader: Principal) -> dict[str, str]:
    return {"unit": gate.own(reader, NEW.action).unit, "kinds": NEW.fields["kinds"].value}


async def _take(request: Request, reader: Principal, gate: Gate, form: Lined, kind: str, record: Record) -> Response:
    values = await typed(request)
    key, version = values.pop("key", ""), values.pop("version", "")
    content = form.content(record)
    lines, places = read_lines(form, content[form.lines], values)
    resource, asked = resource_of(kind), asked_by(request, reader, gate, key, version)
    try:
        if version != str(record.get("version", "")):
            raise DomainError("version.stale", "记录已被他人修改，或刚才的提交已经保存；以下是最新内容", "stale")
        told = {**content, **_said(form, content, values), form.lines: lines}
        done = await _sent(asked, resource, record, told)
    except DomainError as refusal:
        if refusal.kind in ("unauthenticated", "not_found"):
            raise
        if refusal.kind == "stale":  # what was typed belongs to lines that are no longer those
            values = {}
        return _form(request, form, kind, record, values, _of_lines(form, refusal, places), refusal, key)
    return RedirectResponse(f"/records/{kind}/{quote(done['id'])}?done={'revised' if record else 'new'}", 303)


async def _sent(asked: Asked, resource: Resource, record: Record, told: Mapping[str, Any]) -> dict[str, Any]:
    """The record made, or said anew where it is there already."""
    if not record and resource.add is not None:
        return await add(asked, resource, content_of(made(content_model(resource), told)))
    step = step_of(resource, "revisions")
    model = step_model(resource, step)
    return await change(asked, resource, step, record["id"], content_of(made(model, told)) if model else {})


def _said(form: Lined, content: Record, values: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the whole as the body takes them: what is emptied is said to be empty where that is possible."""
    said: dict[str, Any] = {}
    for name in form.fields:
        if name in values:
            said[name] = _READ.get(name, str)(values[name])
        elif name in content:
            said[name] = [] if isinstance(content[name], list) else ""
    if "materials" in said:
        known = {each["title"]: each for each in content.get("materials", ())}
        said["materials"] = [known.get(each["title"], each) for each in said["materials"]]
    return said


def read_lines(
    form: Lined, known: list[dict[str, Any]], values: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[int]]:
    """The lines as the body takes them, and which line of the form each of them is.

    A line keeps what it has no column for; one that is ticked off, or empty and new, is left out.
    """
    lines, places = [], []
    for place in range(len(known) + form.spare):
        said = {name: values[f"{place}-{name}"] for name in form.columns if f"{place}-{name}" in values}
        if f"{place}-{GONE}" in values or (place >= len(known) and not said):
            continue
        base = known[place] if place < len(known) else form.fresh()
        kept = {name: value for name, value in base.items() if name not in form.columns}
        lines.append({**kept, **said})
        places.append(place)
    return lines, places


def _of_lines(form: Lined, refusal: DomainError, places: list[int]) -> dict[str, str]:
    """What is wrong with fields of lines: pointers to the body's lines as names of the form's fields."""
    wrong: dict[str, str] = {}
    for error in refusal.errors:
        match = re.fullmatch(rf"/{form.lines}/(\d+)/(\w+)", error["pointer"])
        if match and int(match[1]) < len(places):
            wrong.setdefault(f"{places[int(match[1])]}-{match[2]}", error["detail"])
    return wrong


def _text(name: str, value: Any) -> str:
    """What is in a field when the form is opened."""
    if name == "materials":
        return "\n".join(each["title"] for each in value)
    return "" if value is None else str(value)


def _form(
    request: Request,
    form: Lined,
    kind: str,
    record: Record,
    values: Mapping[str, str],
    wrong: Mapping[str, str],
    refusal: DomainError | None = None,
    key: str = "",
) -> Response:
    content = form.content(record)
    told = {name: _text(name, content[name]) for name in form.fields if name in content}
    known: list[dict[str, Any]] = content[form.lines]
    lines: list[dict[str, Any]] = []
    for place in range(len(known) + form.spare):
        old = known[place] if place < len(known) else {}
        columns = {}
        for name, column in form.columns.items():
            at = f"{place}-{name}"
            value = values.get(at, "") if values else _text(name, old.get(name))
            columns[at] = replace(column, value=value, problem=wrong.get(at, ""))
        lines.append({"place": place, "known": bool(old), "gone": f"{place}-{GONE}" in values, "columns": columns})
    fields = filled(form.fields, values or told, refusal)
    asked = {name: replace(field, given=field.given or name in told) for name, field in form.fields.items()}
    first = {} if known else {f"0-{name}": column for name, column in form.columns.items()}
    return screen(
        request,
        "line_forms.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        kind=kind,
        name=resource_of(kind).title,
        form=form,
        record=record,
        address=f"/revisions/{kind}/{quote(record['id'])}" if record else f"/records/{kind}/new",
        fields=fields,
        lines=lines,
        problems_of={**fields, **{at: field for line in lines for at, field in line["columns"].items()}},
        effort=effort(
            {**asked, **first}, (*([f"原有{form.line} {len(known)} 项"] if known else []), *form.by_platform)
        ),
        refusal=refusal,
        key=key or new_id(),
    )
