"""Content that a model does not take, as a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from services.kernel.message.errors import DomainError, FieldError
from services.kernel.message.refusals import reason_of

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def invalid_content(errors: Iterable[Any]) -> DomainError:
    """The refusal of a request whose fields are wrong, as pydantic tells it."""
    told = [_field(error) for error in errors]
    detail = "；".join(f"{error['pointer']} {error['detail']}" for error in told[:5])
    return DomainError("request.invalid", f"提交的内容有误：{detail}", "invalid", told)


def _field(error: Any) -> FieldError:
    where = [step for step in error["loc"] if step not in ("body", "query", "path", "header")]
    detail = reason_of(error)
    if not _CHINESE.search(detail):
        detail = "填写的内容不符合要求"
    return {"pointer": "".join(f"/{step}" for step in where), "detail": detail}
