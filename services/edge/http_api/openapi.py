"""The API's description: what FastAPI finds in the operations, and what they share.

`python -m services.edge.http_api.openapi` prints it as it is committed in proto/openapi.json.
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

_DESCRIBED = {
    "id": "记录的标识",
    "area": "表格所属的业务",
    "kind": "种类",
    "page": "第几页，从 1 起",
    "page_size": "每页条数",
    "sort": "排序的字段，前加 - 为倒序",
    "state": "状态",
    "from": "首日",
    "to": "末日",
    "q": "标题中的文字",
    "unit": "单位编码",
    "month": "月份，如 2026-03",
    "overdue": "只看超期的",
    "reason": "事由",
    "topic": "课题的标识",
    "tag": "举措、载体的标签",
    "channel": "受理渠道",
    "queue": "消息所在的队列",
    "owner": "责任单位的编码",
    "due_from": "完成时限不早于",
    "due_to": "完成时限不晚于",
    "outline": "调研方案的状态",
    "role": "角色",
    "pair": "结对的标识",
    "contest": "比赛的标识",
    "member": "党员编号",
    "material": "资料的标识",
    "waiting": "只看待评的",
    "after": "接着这一条之后",
    "offered": "只列上级单位面向本单位的",
    "programme": "所属工程的标识或编号",
    "way": "学习方式",
    "form": "学习形式",
}
"""What a parameter means wherever its operation says nothing more exact."""
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
            made = _uniquely_named(made)
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
    for parameter in operation.get("parameters", []):
        parameter.setdefault("description", _DESCRIBED.get(parameter["name"], ""))
    for status, answer in operation["responses"].items():
        if status == "201" and method == "post" and not public:
            answer["headers"] = _ANSWERED
        if status[0] in "45" and PROBLEM in answer.get("content", {}):
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _uniquely_named(made: dict[str, Any]) -> dict[str, Any]:
    """Schemas under one name each, which is their title too: generators of clients make a class of it.

    Two of one class's name are told apart by the module that they come from.
    """
    schemas: dict[str, Any] = made["components"]["schemas"]
    names = {key: _name(key) for key in schemas}
    text = json.dumps({**made, "components": {**made["components"], "schemas": {}}})
    told = json.dumps(schemas)
    for key, name in names.items():
        text, told = (
            where.replace(f'"#/components/schemas/{key}"', f'"#/components/schemas/{name}"') for where in (text, told)
        )
    found: dict[str, Any] = json.loads(text)
    found["components"]["schemas"] = {
        names[key]: {**schema, "title": names[key]} for key, schema in json.loads(told).items()
    }
    return found


def _name(key: str) -> str:
    *_, module, name = ["", *key.replace("-", "").split("__")]
    return "".join(part.capitalize() for part in module.split("_")) + name


def snapshot(app: FastAPI) -> str:
    """The description as it is committed."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    from .app import make_app

    sys.stdout.write(snapshot(make_app(cast(Any, None))))
