"""What all pages share: the frame, refusals as pages, and the check that a form came from a page of ours."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pymongo.errors import PyMongoError

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.organisation.contract import ROLES
from services.organisation.contract.permissions import EVERYWHERE, PERMISSIONS

from .. import access_log
from ..documents.page import environment
from ..gate import Principal
from ..http_api.auth import Caller, Gated
from ..http_api.errors import STATUSES, retry
from ..http_api.origin import check_origin
from .navigation import groups_of

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


async def reader_of(request: Request, reader: Caller, gate: Gated) -> Principal:
    """Who looks at the page, and the unit that they land on; kept for the frame."""
    request.state.reader = reader
    if home := home_of(reader):
        request.state.unit_name = (await directory.names(gate.database, [home])).get(home, home)
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
    roles = "、".join(dict.fromkeys(ROLES[role] for role, _ in reader.roles))
    return {
        **told,
        "reader": reader.user,
        "roles_of": roles,
        "unit_of": getattr(request.state, "unit_name", ""),
        "may_search": can(reader, Action.read_units),
        "links": groups_of(request.url.path, home_of(reader), lambda actions: can(reader, *actions)),
    }


def refused(request: Request, refusal: DomainError) -> Response:
    """A refusal as a page; the sign-in form for who is not signed in."""
    access_log.refused(refusal)
    if refusal.kind == "unauthenticated":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?{urlencode({'next': asked if request.method == 'GET' else '/'})}", 303)
    status, title = STATUSES[refusal.kind]
    trace = getattr(request.state, "trace_id", "")
    answer = screen(request, "refused.html", status, title=title, refusal=refusal, trace=trace)
    answer.headers.update(retry(refusal))
    return answer
