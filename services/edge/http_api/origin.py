"""Whether a request was sent by a page of this very address: a cookie comes along with a stranger's form too."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from services.kernel.message.errors import DomainError

_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def check_origin(request: Request) -> None:
    """Refuse a change that a page of another address sends; programs send no origin and bear a token.

    Raises:
        DomainError: form.foreign.
    """
    if request.method not in _CHANGING:
        return
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise DomainError("form.foreign", "该请求不是从本平台页面提交的，未作处理", "forbidden")
