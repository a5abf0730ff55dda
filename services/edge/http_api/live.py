"""Live figures: server-sent events that follow a report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import orjson
import structlog
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pymongo.errors import PyMongoError

from services.kernel.message.errors import DomainError

from ..streams import Asked, Streams, Update
from .auth import Gated, token_of
from .errors import STATUSES
from .reports import Compare, InSpan, Report, compared

log = structlog.stdlib.get_logger(__name__)
router = APIRouter(tags=["统计"])
MEDIA = "text/event-stream"
_RETRY = b"retry: 3000\n\n"
_EXAMPLE = 'event: report\nid: 3f1c…\ndata: {"unit": "P000", "figures": {"study.essays": 12}, …}\n\n'
_ANSWER = {"content": {MEDIA: {"schema": {"type": "string"}, "example": _EXAMPLE}}, "description": "事件流"}


@router.get(
    "/reports/{unit}/stream", summary="实时统计报告", response_class=StreamingResponse, responses={200: _ANSWER}
)
async def watch_report(
    unit: str,
    request: Request,
    gate: Gated,
    span: InSpan,
    children: bool = Query(True, description="是否并列下级单位"),
    compare: Compare = "",
    since: Annotated[str | None, Header(alias="Last-Event-ID", max_length=64, description="上次收到的事件号")] = None,
) -> StreamingResponse:
    """The report as it stands, and again whenever it has changed: events `report`, whose id a client hands back.

    `alive` comes every 15 seconds with `as_of`; `refused` is the last word to who has lost sign-in or role.
    """
    streams: Streams = request.app.state.streams
    asked = Asked(unit, span, children, compared(compare))
    updates = await streams.open(token_of(request), asked, since)
    return StreamingResponse(_events(updates), media_type=MEDIA, headers={"X-Accel-Buffering": "no"})


async def _events(updates: AsyncIterator[Update]) -> AsyncIterator[bytes]:
    yield _RETRY
    try:
        async for update in updates:
            yield _event(update)
    except DomainError as refusal:
        told = {"status": STATUSES[refusal.kind][0], "code": refusal.code, "detail": refusal.detail}
        yield b"event: refused\ndata: " + orjson.dumps(told) + b"\n\n"
    except PyMongoError as error:  # the client comes back with what it has
        log.warning("live.store_away", error=repr(error))


def _event(update: Update) -> bytes:
    if update.report is None:
        return b"event: alive\ndata: " + orjson.dumps({"as_of": update.as_of}) + b"\n\n"
    told = Report.model_validate(update.report).model_dump_json()
    return f"event: report\nid: {update.token}\ndata: {told}\n\n".encode()
