"""Every page: signing in, what waits today, reports, the records behind a figure, spreadsheets in."""

from __future__ import annotations

import asyncio
import base64
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, FastAPI, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from services.hotline.contract import GetTicket
from services.kernel.errors import DomainError
from services.kernel.sheets import RowError, with_errors
from services.study.contract import GetEssay, GetLecture, GetSession

from .. import contract
from ..documents.page import environment, report_page
from ..domain import Action
from ..domain.permissions import EVERYWHERE, PERMISSIONS
from ..gate import Gate, Principal
from ..http_api import imports
from ..http_api.auth import COOKIE, Gated, token_of
from ..http_api.errors import STATUSES
from ..http_api.reports import span_of
from ..store import directory, report
from ..store.period import Span
from .words import record_lines

router = APIRouter(include_in_schema=False)
_STATIC = Path(__file__).with_name("static")
_RECORDS = {
    "session": ("study", GetSession, Action.read_study, "学习活动"),
    "essay": ("study", GetEssay, Action.read_study, "学习体会文章"),
    "lecture": ("study", GetLecture, Action.read_study, "专题党课"),
    "ticket": ("hotline", GetTicket, Action.read_tickets, "工单"),
}


def mount(app: FastAPI) -> None:
    """Put the pages on the application."""
    app.mount("/pages", StaticFiles(directory=_STATIC), name="pages")
    app.include_router(router)


async def _caller(request: Request, gate: Gate) -> Principal | None:
    try:
        return await gate.identify(token_of(request))
    except DomainError:
        return None


def _page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
    given = {"user": None, "base": "", "style": None, **context}
    return HTMLResponse(environment().get_template(name).render(**given), status)


def _to_login(request: Request) -> Response:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?{urlencode({'next': asked})}", 303)


def _refused(caller: Principal, refusal: DomainError) -> HTMLResponse:
    status, title = STATUSES[refusal.kind]
    return _page("record.html", status, user=caller.user, title=title, lines=[("原因", refusal.detail)])


@router.get("/login")
async def login_page(next: str = "/") -> HTMLResponse:
    """The form."""
    return _page("login.html", problem=None, next=next)


@router.post("/login")
async def login(
    request: Request,
    gate: Gated,
    name: Annotated[str, Form(max_length=60)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in; the token goes into a cookie that no script and no other site can use."""
    try:
        token, principal = await gate.sign_in(name, password)
    except DomainError as refusal:
        return _page("login.html", STATUSES[refusal.kind][0], problem=refusal.detail, next=next)
    target = next if next.startswith("/") and not next.startswith("//") and not urlsplit(next).netloc else "/"
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        expires=principal.expires,
        path="/",
    )
    return answer


@router.post("/logout")
async def logout(request: Request, gate: Gated) -> Response:
    """Sign out."""
    await gate.sign_out(token_of(request) or "")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/")
async def home(request: Request, gate: Gated) -> Response:
    """What waits for this role today."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    roles = []
    for role, unit in caller.roles:
        place = "全省" if unit == EVERYWHERE else (await directory.unit(gate.database, unit))["name"]
        roles.append(f"{place} {contract.ROLES[role]}")
    return _page("home.html", user=caller.user, roles=roles, cards=await _cards(gate, caller))


async def _cards(gate: Gate, caller: Principal) -> list[dict[str, Any]]:
    held = {role for role, _ in caller.roles}
    cards = []
    home = caller.home()
    if home != EVERYWHERE and held & PERMISSIONS[Action.read_figures]:
        span = await span_of(gate, None, None)
        found = await report.report(gate.database, home, span, children=False)
        lines = [{"text": f"{found['unit_name']} 统计报告", "href": f"/reports/{home}", "note": "每个数字都能打开到记录"}]
        late = found["figures"]["hotline.overdue"]
        if late:
            asked = urlencode({"unit": home, **found["period"]})
            note = "已过办理时限，请尽快答复"
            lines.append({"text": f"超期未答复工单 {late} 件", "href": f"/figures/hotline.overdue/records?{asked}", "note": note})
        cards.append({"title": "统计", "lines": lines})
    if held & (PERMISSIONS[Action.import_study] | PERMISSIONS[Action.import_tickets]):
        lines = [{"text": "报送表格", "href": "/imports", "note": "下载模板、上传台账，逐行核对"}]
        cards.append({"title": "报送", "lines": lines})
    if held & (PERMISSIONS[Action.operate] | PERMISSIONS[Action.manage_units]):
        lines = [{"text": "接口文档", "href": "/docs", "note": "管理操作通过接口或命令行进行"}]
        cards.append({"title": "运行与管理", "lines": lines})
    return cards


@router.get("/reports/{unit}")
async def report_view(
    unit: str,
    request: Request,
    gate: Gated,
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
) -> Response:
    """A unit's report."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    try:
        await gate.allow(caller, Action.read_figures, unit)
        span = await span_of(gate, first, last)
        found = await report.report(gate.database, unit, span, compare=("before", "year"))
    except DomainError as refusal:
        return _refused(caller, refusal)
    return HTMLResponse(report_page(found, user=caller.user, spans=await _spans(gate)))


async def _spans(gate: Gate) -> list[tuple[str, date, date]]:
    """Spans that people ask for: the campaigns, their quarters and months."""
    spans = []
    for campaign in await directory.campaigns(gate.database):
        whole = Span(date.fromisoformat(campaign["opens"]), date.fromisoformat(campaign["closes"]))
        spans.append((campaign["name"], whole.first, whole.last))
        for month in whole.months():
            days = Span.of_month(month)
            spans.append((f"{int(month[5:])}月", days.first, days.last))
    return spans


@router.get("/figures/{id}/records")
async def records_view(
    id: str,
    request: Request,
    gate: Gated,
    unit: str,
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """The records behind a figure."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    try:
        await gate.allow(caller, Action.read_figures, unit)
        found = await report.records(gate.database, id, unit, await span_of(gate, first, last), page, 50)
    except DomainError as refusal:
        return _refused(caller, refusal)
    return _page("records.html", user=caller.user, found=found, pages=max(1, -(-found["total"] // 50)))


@router.get("/records/{kind}/{id}")
async def record_view(kind: str, id: str, request: Request, gate: Gated) -> Response:
    """One record, as its service has it."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    try:
        if kind not in _RECORDS:
            raise DomainError("record.not_found", "没有这种记录", "not_found")
        service, query, action, name = _RECORDS[kind]
        found = await gate.ask(service, query(id=id), gate.own(caller, action), request.headers)
    except DomainError as refusal:
        return _refused(caller, refusal)
    title = f"{name}：{found['title']}"
    return _page("record.html", user=caller.user, title=title, lines=record_lines(kind, found))


def _sheets(caller: Principal) -> list[dict[str, str]]:
    held = {role for role, _ in caller.roles}
    return [
        {"area": area, "kind": kind, "title": sheet.title}
        for area, way in imports.WAYS.items()
        if held & PERMISSIONS[way.action]
        for kind, sheet in way.sheets.items()
    ]


@router.get("/imports")
async def imports_page(request: Request, gate: Gated) -> Response:
    """Templates to download and sheets to send."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    return _page("imports.html", user=caller.user, sheets=_sheets(caller), problem=None, errors=[], done=None)


@router.post("/imports")
async def import_sheet(
    request: Request,
    gate: Gated,
    area: Annotated[str, Form(max_length=40)],
    kind: Annotated[str, Form(max_length=40)],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Take a sheet, or say in each row what is wrong and give it back marked."""
    caller = await _caller(request, gate)
    if caller is None:
        return _to_login(request)
    data = await file.read()
    shown: dict[str, Any] = {"user": caller.user, "sheets": _sheets(caller), "problem": None, "errors": [], "done": None}
    try:
        imported = await imports.take(gate, caller, area, kind, data, request.headers)
    except DomainError as refusal:
        return _page("imports.html", STATUSES[refusal.kind][0], **{**shown, "problem": refusal.detail})
    if imported["state"] != "refused":
        return _page("imports.html", **{**shown, "done": imported})
    _, sheet = imports.way_of(area, kind)
    errors = [RowError(**error) for error in imported["errors"]]
    marked = await asyncio.to_thread(with_errors, sheet, data, errors)
    return _page(
        "imports.html",
        422,
        **{
            **shown,
            "problem": f"{imported['wrong']} 行有误，整表没有导入。请改正后重新上传。",
            "errors": [
                {"row": error.row, "header": sheet.header(error.column), "detail": error.detail} for error in errors
            ],
            "marked": base64.b64encode(marked).decode(),
            "marked_name": f"标错-{file.filename or sheet.title}",
        },
    )
