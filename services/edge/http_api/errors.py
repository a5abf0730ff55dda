"""Every refusal as RFC 9457: one table maps a refusal's kind to its status and Chinese title."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException

from services.kernel.message.errors import DomainError, Kind

from .. import access_log
from ..content import invalid_content

log = structlog.stdlib.get_logger(__name__)

PROBLEM = "application/problem+json"
_RETRY_SECONDS = 5
"""Where nothing better is known: what restarts is back by then."""
STATUSES: dict[Kind, tuple[int, str]] = {
    "invalid": (422, "提交的内容有误"),
    "unauthenticated": (401, "需要登录"),
    "forbidden": (403, "没有权限"),
    "not_found": (404, "没有找到"),
    "conflict": (409, "与现有记录冲突"),
    "stale": (412, "记录已被他人修改"),
    "too_large": (413, "内容过大"),
    "unsupported": (415, "格式不受支持"),
    "too_many": (429, "请求过于频繁"),
    "failed": (500, "内部错误"),
    "unavailable": (503, "暂时不可用"),
    "timed_out": (504, "等待超时"),
}
_HTTP: dict[int, tuple[Kind, str]] = {
    400: ("invalid", "request.malformed"),
    404: ("not_found", "route.unknown"),
    405: ("invalid", "method.not_allowed"),
    413: ("too_large", "body.too_large"),
    415: ("unsupported", "body.unsupported"),
}


class FieldProblem(BaseModel):
    """One field that is wrong."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable, `trace_id` finds the logs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "提交的内容有误",
                    "status": 422,
                    "detail": "实到人数 21 超过应到人数 20",
                    "code": "session.present_exceeds_due",
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                    "errors": [{"pointer": "/present", "detail": "实到人数 21 超过应到人数 20"}],
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    trace_id: str
    errors: list[FieldProblem] = Field(default=[])


def problem(request: Request, refusal: DomainError, status: int | None = None) -> Response:
    """A refusal as the answer to a request."""
    access_log.refused(refusal)
    known, title = STATUSES[refusal.kind]
    body = {
        "type": "about:blank",
        "title": title,
        "status": status or known,
        "detail": refusal.detail,
        "code": refusal.code,
        "trace_id": getattr(request.state, "trace_id", ""),
        "errors": refusal.errors,
    }
    headers = {"WWW-Authenticate": "Bearer"} if refusal.kind == "unauthenticated" else {}
    return JSONResponse(body, status or known, headers | retry(refusal), PROBLEM)


def plain(request: Request, refusal: DomainError, status: int | None = None) -> Response:
    """A refusal of a page's request before the page is asked."""
    access_log.refused(refusal)
    return PlainTextResponse(refusal.detail, status or STATUSES[refusal.kind][0], retry(refusal))


def retry(refusal: DomainError) -> dict[str, str]:
    """After how many seconds it is worth asking again, where that is a matter of time."""
    if refusal.retry_after is None and refusal.kind not in ("unavailable", "too_many"):
        return {}
    return {"Retry-After": str(refusal.retry_after or _RETRY_SECONDS)}


def install(app: FastAPI) -> None:
    """Answer every way of failing with a problem."""

    @app.exception_handler(DomainError)
    async def refused(request: Request, refusal: DomainError) -> Response:
        return problem(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, invalid: RequestValidationError) -> Response:
        if not is_json(request) and any(error["loc"] == ("body",) for error in invalid.errors()):
            detail = "该地址接收 JSON（Content-Type: application/json）"
            return problem(request, DomainError("body.unsupported", detail, "unsupported"))
        return problem(request, invalid_content(invalid.errors()))

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> Response:
        kind, code = _HTTP.get(error.status_code, ("invalid", "request.malformed"))
        details = {404: "没有这个地址", 405: "该地址不支持此方法"}
        detail = details.get(error.status_code, "请求无法读取")
        status = error.status_code if error.status_code != 400 else None  # unreadable, like unreadable JSON
        answer = problem(request, DomainError(code, detail, kind), status)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(PyMongoError)
    async def store_away(request: Request, error: PyMongoError) -> Response:
        log.warning("api.store_away", error=repr(error))
        return problem(request, DomainError("store.unavailable", "数据库暂时不可用，请稍后重试", "unavailable"))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        log.error("api.failed", path=request.url.path, exc_info=error)
        return problem(request, DomainError("server.failed", "内部错误，已记录，可凭追踪号查询", "failed"))


def is_json(request: Request) -> bool:
    """As FastAPI sees it: whatever it would read as JSON, by any name."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": title, "content": {PROBLEM: {}}} for status, title in STATUSES.values()
}
"""What any operation may answer besides what it promises."""
