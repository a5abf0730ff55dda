"""Who is asking, as FastAPI's dependencies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.kernel.message.event import new_id, record_id
from services.kernel.message.keys import spellings

from ..gate import Gate, Principal
from .origin import check_origin

COOKIE = "shengzhi_session"


def token_of(request: Request) -> str | None:
    """The token that a request bears: Bearer for programs, a cookie for pages."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip() or None
    return request.cookies.get(COOKIE)


def new_record(request: Request, caller: Principal, sheet: tuple[str, str], unit: str, number: str | None) -> str:
    """A new record's id.

    The unit's own number, where there is one, is the record's identity, as in a spreadsheet (`sheet` is service and
    kind): here as it was typed, which the service holds against its records before it takes it as keys are compared;
    otherwise it is who asks and their idempotency key, so that a repeated request is one record.
    """
    if number:
        return record_id(*sheet, unit, spellings(number)[0])
    given = request.headers.get("idempotency-key")
    return record_id("api", request.url.path, caller.user, given) if given else new_id()


async def gate_of(request: Request) -> Gate:
    """The one gate of this process. Asynchronous, for FastAPI sends what is not to another thread."""
    gate: Gate = request.app.state.gate
    return gate


async def principal_of(request: Request, gate: Annotated[Gate, Depends(gate_of)]) -> Principal:
    """Who is asking. A cookie is taken from pages of this address alone; a program bears its token."""
    if "authorization" not in request.headers:
        check_origin(request)
    return await gate.identify(token_of(request))


Gated = Annotated[Gate, Depends(gate_of)]
Caller = Annotated[Principal, Depends(principal_of)]

__all__ = ["COOKIE", "Caller", "Gate", "Gated", "Principal", "new_record", "token_of"]
