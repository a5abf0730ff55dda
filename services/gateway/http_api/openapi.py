"""The API's description: what FastAPI finds in the operations, and what they share.

`python -m services.gateway.http_api.openapi` prints it as it is committed in proto/openapi.json.
"""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from . import examples
from .errors import PROBLEM

_OPEN = ("/healthz", "/readyz", "/api/v1/tokens", "/api/v1/{area}/templates/{kind}.xlsx")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "同一键的重复请求只生效一次，并得到第一次的答复；内容不同则拒绝（command.reused）",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}
_VERSION = {
    "name": "If-Match",
    "in": "header",
    "description": "所见记录的版本号（即答复的 ETag）；记录已被他人修改则 412；* 为不论版本",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"?[0-9]{1,9}"?)$'},
}

_ANSWERED = {
    "ETag": {"description": "记录的版本号，供 If-Match 用", "schema": {"type": "string"}},
    "Location": {"description": "新记录的地址", "schema": {"type": "string"}},
}


def describe(app: FastAPI) -> None:
    """Let the application describe itself with sign-in, headers and problems at every operation that has them."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            made["components"]["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "description": "POST /api/v1/tokens 所得的 token"}
            }
            for path, operations in made["paths"].items():
                for method, operation in operations.items():
                    _complete(path, method, operation)
            examples.put(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    public = path in _OPEN
    if not public:
        operation["security"] = [{"bearer": []}]
    if method == "post" and not public:
        parameters = operation.setdefault("parameters", [])
        parameters.append(_KEY)
        if "{id}" in path and "imports" not in path:
            parameters.append(_VERSION)
    for status, answer in operation["responses"].items():
        if status == "201" and method == "post" and not public:
            answer["headers"] = _ANSWERED
        if status[0] in "45" and PROBLEM in answer.get("content", {}):
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def snapshot(app: FastAPI) -> str:
    """The description as it is committed."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    from .app import make_app

    sys.stdout.write(snapshot(make_app(cast(Any, None))))
