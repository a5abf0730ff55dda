"""Examples for the API's description: one for every body and every answer in JSON, and for what an address must name.

Where a model brings its own, that is it. The others follow from what the schema asks for, with words that a reader of
the province would use; a record that is answered as it is kept is shown as what was sent, with what the platform adds.
"""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]
JSON = "application/json"
RECORD = "01956f3e-0000-7000-8000-000000000000"
_WORDS: dict[str, tuple[str, ...]] = {
    "id": (RECORD, "D001-B01", "cz-admin", "strategic"),
    "member": ("DY-000123",),
    "parent": ("D001",),
    "unit": ("D001-B01",),
    "units": ("D001-B01",),
    "handler": ("D002",),
    "owner": ("D002",),
    "cooperating": ("D003",),
    "path": ("P000",),
    "central": ("Z001",),
    "provincial": ("D001",),
    "unit_name": ("示例省财政厅第一党支部",),
    "name": ("示例省财政厅",),
    "title": ("三月主题党日",),
    "number": ("XX-2026-001",),
    "user": ("cz-admin",),
    "judges": ("judge",),
    "password": ("Sample-2026-word",),
    "token": ("kq0v…",),
    "leader": ("党组书记",),
    "post": ("处长",),
    "speaker_post": ("支部书记",),
    "author": ("7 号选手",),
    "reference": ("2026-演讲-007",),
    "reason": ("人数有误",),
    "category": ("供水",),
    "caller_name": ("样例王某",),
    "caller_phone": ("00000001234",),
    "text": ("反映小区供水不稳",),
    "answer": ("已修复管网，恢复供水",),
    "place": ("示例县示例村",),
    "topic": ("KT-2026-001",),
    "session": ("XX-2026-001",),
    "pair": ("JD-001",),
    "contest": ("BS-2026-01",),
    "tags": ("建在链上",),
    "under": ("建在链上",),
    "outline": ("围绕数据共享的堵点，到三个单位座谈",),
    "report": ("数据共享调研报告",),
    "done": ("已印发标准",),
    "source": ("公开规定",),
    "month": ("2026-03",),
    "first": ("2026-02",),
    "last": ("2026-10",),
    "since": ("2026-03",),
    "kind": ("sessions", "book"),
    "state": ("submitted",),
    "figure": ("study.essays",),
    "record": (RECORD,),
    "service": ("study",),
    "unit_of_measure": ("次",),
    "counts": ("登记的学习体会文章",),
    "sources": ("study.essay.recorded.v1",),
    "grains": ("month",),
    "code": ("visit.crowded",),
    "detail": ("该单位当月被调研 4 次，请统筹安排",),
    "item": ("item-1",),
    "key": ("item-1",),
    "area": ("study",),
}
_FORMATS = {"date": "2026-03-05", "date-time": "2026-03-05T01:00:00Z"}


class Examples:
    """Makes examples of the schemas of a description."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, name: str = "", *, whole: bool = False) -> Any:
        """An instance of a schema; `whole` with all that it may bear, otherwise with what it must."""
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].rpartition("/")[2]], name, whole=whole)
        for given in ("examples", "enum"):
            if schema.get(given):
                return schema[given][0]
        for given in ("example", "const"):
            if given in schema:
                return schema[given]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.of(schema[several][0], name, whole=whole)
        return self._plain(schema, name, whole=whole)

    def _plain(self, schema: Schema, name: str, *, whole: bool) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema, whole=whole)
            case "array":
                wanted = max(schema.get("minItems", 0), 1 if whole else 0)
                return [self.of(schema["items"], name, whole=whole)] * wanted
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return schema.get("default") or schema.get("minimum") or min(1, schema.get("maximum", 1))
            case "boolean":
                return schema.get("default", True)
        return None

    def _object(self, schema: Schema, *, whole: bool) -> dict[str, Any]:
        known, needed = schema.get("properties", {}), schema.get("required", ())
        told = {each: self.of(known[each], each, whole=whole) for each in known if whole or each in needed}
        more = schema.get("additionalProperties")
        if not known and isinstance(more, dict):
            told = {"study.essays": self.of(more, "study.essays", whole=whole)}
        return told


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    longest = schema.get("maxLength", 200)
    for word in _WORDS.get(name, ("示例",)):
        if re.search(schema.get("pattern", ""), word) and len(word) <= longest:
            return word.ljust(schema.get("minLength", 0), "0")
    return str(schema.get("default", ""))


def put(described: dict[str, Any]) -> None:
    """Put an example to every body and answer in JSON, and to every parameter that must be given, where it has none."""
    made = Examples(described["components"]["schemas"])
    sent: dict[str, Any] = {}
    found = [
        (path, method, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    for path, _, operation in found:
        for parameter in operation.get("parameters", ()):
            if parameter.get("required"):
                parameter.setdefault("example", _named(made, parameter, path))
        content = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if content is not None:
            schema = content["schema"]
            sent[path] = content.setdefault("example", made.of(schema) or made.of(schema, whole=True))
    for path, method, operation in found:
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get(JSON)
            if status[0] == "2" and content is not None:
                content.setdefault("example", _answer(made, content["schema"], path, method, sent))


def _named(made: Examples, parameter: Schema, path: str) -> Any:
    if parameter["name"] == "id" and path.startswith("/api/v1/figures/"):
        return "study.essays"
    if parameter["name"] == "id" and path.startswith("/api/v1/initiatives/"):
        return "vehicles"
    return made.of(parameter["schema"], parameter["name"])


def _answer(made: Examples, schema: Schema, path: str, method: str, sent: dict[str, Any]) -> Any:
    shown = made.of(schema, whole=True)
    if method != "get":
        return shown if shown else {"id": RECORD, "version": 1}
    if not shown:
        return _kept(sent.get(path.removesuffix("/{id}"), {}))
    if isinstance(shown, dict) and shown.get("items") in ([{}], []):
        return {**shown, "items": [_kept(sent.get(path, {}))], "total": 1, "more_than": False}
    return shown


def _kept(content: Any) -> dict[str, Any]:
    """A record as it is answered."""
    return {"id": RECORD, **(content if isinstance(content, dict) else {}), "version": 1}
