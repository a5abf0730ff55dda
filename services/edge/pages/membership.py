"""Members, excuses and coverage as pages: the API's own answers, with what a list and a form need beside."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.domain import Action
from services.gateway.store import coverage, opened
from services.organisation.contract import AddMember
from services.study.contract import EXCUSE_REASONS

from ..documents import show
from ..gate import Gate, Principal
from ..http_api import attendance, members
from ..http_api.auth import Gated
from ..http_api.reports import First, Last, span_of
from .fields import Field, chosen
from .researched import Form
from .screens import Reader, Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_ATTENDANCE = ("due", "excused", "absent", "exempt", "transferred")
_UNIT = Field("单位", required=True, given=True, most=32)


async def get_member(id: str, request: Request, caller: Principal, gate: Gate) -> dict[str, Any]:
    """A member, called by as much of the name as the reader may see."""
    return _member(await members.get_member(id, request, caller, gate))


async def list_members(request: Request, caller: Principal, gate: Gate, asked: members.Listing) -> dict[str, Any]:
    """A page of members."""
    found = await members.list_members(request, caller, gate, asked)
    return {**dict(found), "items": [_member(item) for item in found.items]}


def _member(found: dict[str, Any]) -> dict[str, Any]:
    last = found["stays"][-1]
    units = "；".join(f"{stay['unit']}（{stay['first']} 起）" for stay in found["stays"])
    dates = {"since": last["first"], "until": last["until"]}
    return {**found, "title": f"{found['name']}（{found['id']}）", "belonged": units, **dates}


async def get_excuse(id: str, request: Request, caller: Principal, gate: Gate) -> dict[str, Any]:
    """An excuse, called by the member's number."""
    found = await attendance.get_excuse(id, request, caller, gate)
    return {**found, "title": found["member"]}


class ExcuseListing(attendance.ExcuseListing):
    """Lists of excuses are looked through by a member's number."""

    q: str | None = None


async def list_excuses(request: Request, caller: Principal, gate: Gate, asked: ExcuseListing) -> dict[str, Any]:
    """A page of excuses."""
    told = {**asked.model_dump(exclude={"q"}), "member": asked.q or asked.member}
    found = await attendance.list_excuses(request, caller, gate, attendance.ExcuseListing.model_validate(told))
    return {**dict(found), "items": [{**item, "title": item["member"]} for item in found.items]}


async def _nothing(request: Request, gate: Gate, reader: Principal) -> dict[str, dict[str, Any]]:
    return {}


FORMS: dict[str, tuple[Action, Form]] = {
    "member": (
        Action.manage_members,
        Form(
            {
                "unit": _UNIT,
                "id": Field("党员编号", required=True, note="以大写字母开头；不得使用证件号码、电话号码", most=32),
                "name": Field("姓名", required=True, note="加密保存，不进入统计和流转", most=40),
                "since": Field("编入日期", "date", required=True),
                "user": Field("账号", note="本人登录用的账号，没有的不填", most=40),
            },
            AddMember,
            members.add_member,
            _nothing,
            "登记党员",
        ),
    ),
    "excuse": (
        Action.write_study,
        Form(
            {
                "member": Field("党员编号", required=True, note="见党员名册；事由只由本支部和本人可见", most=32),
                "first": Field("开始日期", "date", required=True),
                "last": Field("结束日期", "date", required=True),
                "reason": Field("事由", required=True, choices=chosen(EXCUSE_REASONS)),
            },
            attendance.NewExcuse,
            attendance.record_excuse,
            _nothing,
            "登记请假",
            ("所在单位", "已报送活动的更正", "登记账号", "登记时间"),
        ),
    ),
}


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
