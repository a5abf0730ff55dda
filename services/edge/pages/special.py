"""What no description says: kinds whose handlers are their own, steps that make another record, links to documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel

from services.gateway.domain import Action
from services.kernel.resource import Record
from services.organisation.contract import AddMember
from services.research import contract as research
from services.study import contract as study

from ..gate import Gate, Principal
from ..http_api import attendance, members, study_plans, supervision
from ..resources import Asked
from .fields import Choices, Field, Fields, chosen

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Handlers:
    """The API's own handlers of a kind; `steps` are their bodies and handlers by name."""

    get: Handler
    list: Handler
    add: Handler
    body: type[BaseModel]
    steps: Mapping[str, tuple[type[BaseModel], Handler]]


def _member(found: dict[str, Any]) -> dict[str, Any]:
    """A member, called by as much of the name as the reader may see."""
    last = found["stays"][-1]
    dates = {"since": last["first"], "until": last["until"]}
    return {**found, "title": f"{found['name']}（{found['id']}）", **dates}


async def _get_member(id: str, request: Request, caller: Principal, gate: Gate) -> dict[str, Any]:
    return _member(await members.get_member(id, request, caller, gate))


async def _list_members(request: Request, caller: Principal, gate: Gate, asked: Mapping[str, Any]) -> dict[str, Any]:
    found = await members.list_members(request, caller, gate, members.Listing.model_validate(asked))
    return {**dict(found), "items": [_member(item) for item in found.items]}


async def _get_excuse(id: str, request: Request, caller: Principal, gate: Gate) -> dict[str, Any]:
    """An excuse, called by the member's number."""
    found = await attendance.get_excuse(id, request, caller, gate)
    return {**found, "title": found["member"]}


async def _list_excuses(request: Request, caller: Principal, gate: Gate, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of excuses are looked through by a member's number."""
    told = {**asked, "member": asked.get("q") or None}
    told.pop("q", None)
    found = await attendance.list_excuses(request, caller, gate, attendance.ExcuseListing.model_validate(told))
    return {**dict(found), "items": [{**item, "title": item["member"]} for item in found.items]}


HANDLERS = {
    "member": Handlers(
        _get_member,
        _list_members,
        members.add_member,
        AddMember,
        {
            "transfers": (members.Transfer, members.transfer_member),
            "departures": (members.Departure, members.remove_member),
            "corrections": (members.Correction, members.correct_member),
        },
    ),
    "excuse": Handlers(
        _get_excuse,
        _list_excuses,
        attendance.record_excuse,
        attendance.NewExcuse,
        {"withdrawals": (attendance.Withdrawal, attendance.withdraw_excuse)},
    ),
}


@dataclass(frozen=True)
class Making:
    """A step that makes a record of another kind, on whose page one lands."""

    name: str
    title: str
    states: frozenset[str]
    action: Action
    take: Handler
    makes: str
    body: type[BaseModel] | None = None
    fields: Fields = field(default_factory=dict)
    options: Callable[[Record], dict[str, Choices]] = lambda record: {}


_FORMS = frozenset(str(form) for forms in study.FORMS.values() for form in forms)


def _planned(plan: Record) -> dict[str, Choices]:
    """The items of a branch's plan that are sessions and have not taken place."""
    open_items = (item for item in plan["items"] if item["kind"] in _FORMS and item["done"] is None)
    return {"item": chosen({item["key"]: item["title"] for item in open_items})}


MAKING: dict[str, tuple[Making, ...]] = {
    "plan": (
        Making(
            "notices",
            "生成通知单",
            frozenset({"issued"}),
            Action.write_plans,
            study_plans.draft_plan_notice,
            "notice",
            study_plans.OfMonth,
            {"month": Field("月份", required=True, note="如 2026-03", most=7)},
        ),
    ),
    "receipt": (
        Making(
            "branch-plans",
            "生成支部计划",
            frozenset({"sent", "acknowledged", "outdated"}),
            Action.write_study,
            supervision.draw_receipt_plan,
            "branch_plan",
        ),
    ),
    "branch_plan": (
        Making(
            "sessions",
            "按计划登记学习活动",
            frozenset({"planned"}),
            Action.write_study,
            supervision.record_planned_session,
            "session",
            supervision.PlannedSession,
            {
                "item": Field("已开展的事项", required=True, most=40),
                "due": Field("应到人数", "number", required=True),
                "day": Field("日期", "date", note="不填为计划的日期"),
            },
            options=_planned,
        ),
    ),
}


def ways_on(kind: str, record: Record) -> list[tuple[str, str]]:
    """Where a record's page leads besides its description: texts and addresses of pages and documents of its own."""
    id, state = quote(record["id"]), record["state"]
    found = []
    if kind in (papers := {"notice": "notices", "receipt": "receipts"}):
        found += [
            ("打印页", f"/records/{kind}/{id}/paper"),
            ("下载 Word", f"/api/v1/study/{papers[kind]}/{id}/document.docx"),
        ]
    if kind in ("plan", "notice") and state == "issued":
        found.append(("进度与督学", f"/standings/{kind}/{id}"))
    if kind == "reminder":
        about = {"plan": "学习计划", "notice": "通知单"}[record["about"]]
        found.append((about, f"/records/{record['about']}/{quote(record['source'])}"))
    if kind == "contest" and state in ("closed", "published"):
        found.append(("评审结果", f"/contests/{id}/results"))
    if kind == "contest" and state == "published":
        found.append(("获奖结果", f"/contests/{id}/awards"))
    if kind == "material_set":
        found.append(("我的学习进度", f"/materials/{id}/progress"))
    return found


async def _topic_kinds(asked: Asked) -> dict[str, str]:
    """The kinds of topics as they are configured."""
    query = research.GetNorm()
    norm = await asked.gate.find("research", query, asked.caller, Action.read_research, asked.headers)
    return {kind["id"]: kind["name"] for kind in norm["kinds"]}


KINDS: dict[str, Callable[[Asked], Awaitable[dict[str, str]]]] = {"topic_kinds": _topic_kinds}
"""By the names that labels use (`Label.asked`)."""
