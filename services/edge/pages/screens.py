"""What all pages share: the frame, refusals as pages, and the check that a form came from a page of ours."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pymongo.errors import PyMongoError

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.organisation.contract import ROLES
from services.organisation.contract.permissions import EVERYWHERE, PERMISSIONS

from .. import audit
from ..documents.page import environment
from ..gate import Principal
from ..http_api.auth import Caller
from ..http_api.errors import STATUSES, retry
from ..http_api.origin import check_origin

SHEETS = (
    Action.import_study,
    Action.import_research,
    Action.import_tickets,
    Action.manage_units,
    Action.manage_users,
    Action.grant_roles,
    Action.manage_members,
)
_GONE = DomainError("store.unavailable", "数据库暂时不可用，请稍后重试", "unavailable")
_MALFORMED = DomainError("request.invalid", "地址或表单中的内容无法识别，请检查日期等是否完整", "invalid")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Screen(APIRoute):
    """A page's route: what is refused is a page too, and who is not signed in is asked to."""

    def get_route_handler(self) -> Handler:
        """The handler, with refusals shown."""
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                check_origin(request)
                return await answer(request)
            except DomainError as refusal:
                return refused(request, refusal)
            except RequestValidationError:
                return refused(request, _MALFORMED)
            except PyMongoError:
                return refused(request, _GONE)

        return shown


async def reader_of(request: Request, reader: Caller) -> Principal:
    """Who looks at the page; kept for the frame."""
    request.state.reader = reader
    return reader


Reader = Annotated[Principal, Depends(reader_of)]


def can(reader: Principal, *actions: Action) -> bool:
    """Whether any role of theirs may do any of it, somewhere."""
    return any(role in PERMISSIONS[action] for role, _ in reader.roles for action in actions)


def home_of(reader: Principal) -> str | None:
    """The unit that they land on; None for who stands above all units."""
    return next((unit for _, unit in reader.roles if unit != EVERYWHERE), None)


def screen(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """A page in its frame."""
    return HTMLResponse(environment().get_template(template).render(**frame(request), **context), status)


def frame(request: Request) -> dict[str, Any]:
    """What the frame needs: who looks, and where they can go."""
    reader: Principal | None = getattr(request.state, "reader", None)
    told: dict[str, Any] = {"reader": None, "links": [], "crumbs": [], "style": None, "home": "", "problem": None}
    if reader is None:
        return told
    role = f"（{ROLES[reader.roles[0][0]]}）" if reader.roles else ""
    links = [
        {"href": href, "text": text, "here": request.url.path == href.partition("?")[0]}
        for href, text in _links(reader)
    ]
    return {**told, "reader": reader.user + role, "links": links}


_WAYS: tuple[tuple[tuple[Action, ...], tuple[tuple[str, str], ...]], ...] = (
    ((Action.read_study,), (("/records/session", "学习活动"), ("/submissions", "月度上报"))),
    (
        (Action.read_plans,),
        (
            ("/records/plan", "学习计划"),
            ("/records/notice", "通知单"),
            ("/norms", "标准与依据"),
            ("/records/pair", "联学结对"),
            ("/records/contest", "比赛"),
        ),
    ),
    ((Action.manage_members,), (("/records/member", "党员名册"), ("/records/excuse", "请假"))),
    (
        (Action.read_research,),
        (("/records/topic", "重点课题"), ("/records/visit", "调研"), ("/records/measure", "转化清单")),
    ),
    ((Action.read_materials,), (("/records/material_set?offered=true", "学习资料"),)),
    ((Action.score_entries,), (("/judging", "作品评分"),)),
    ((Action.read_tickets,), (("/records/ticket", "民声工单"),)),
    ((Action.read_access_log,), (("/access/log", "审计日志"),)),
    (SHEETS, (("/imports", "报送表格"),)),
)
"""Who may do any of these sees these in the frame."""
_OF_HOME = (
    ("reports", "统计报告", Action.read_figures),
    ("coverage", "学习覆盖", Action.read_figures),
    ("initiatives", "举措进展", Action.read_figures),
    ("reforms", "机构调整", Action.manage_units),
)


def _links(reader: Principal) -> list[tuple[str, str]]:
    home = home_of(reader)
    links = [("/", "首页")]
    if home:
        links += [(f"/{address}/{quote(home)}", text) for address, text, action in _OF_HOME if can(reader, action)]
    links += [link for actions, ways in _WAYS if can(reader, *actions) for link in ways]
    return [*links, ("/access/tokens", "会话与令牌"), ("/docs", "接口文档")]


def refused(request: Request, refusal: DomainError) -> Response:
    """A refusal as a page; the sign-in form for who is not signed in."""
    audit.refused(refusal)
    if refusal.kind == "unauthenticated":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?{urlencode({'next': asked if request.method == 'GET' else '/'})}", 303)
    status, title = STATUSES[refusal.kind]
    trace = getattr(request.state, "trace_id", "")
    answer = screen(request, "refused.html", status, title=title, refusal=refusal, trace=trace)
    answer.headers.update(retry(refusal))
    return answer
