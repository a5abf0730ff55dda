"""Every operation of the running application, each with a request that is well-formed: taken from its routes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from services.edge.pages.described import fields_of
from services.edge.pages.fields import Field
from services.edge.pages.kinds import model_of
from services.edge.pages.line_forms import FORMS
from services.edge.pages.reforms import FORMS as REFORMS
from services.edge.pages.screens import Screen
from services.edge.pages.special import MAKING
from services.edge.resources import RESOURCES, step_model
from services.kernel.sheets.sheet import XLSX, filled
from services.organisation.contract import LISTS as INITIATIVES
from services.organisation.contract import Role
from services.registry import SHEET_WAYS
from tests.component.access.world import ACCOUNT, RECORD, UNIT, user_of

BODIES: dict[str, Any] = {
    "add_user": {"id": "new", "name": "样例", "unit": UNIT, "password": "long-enough"},
    "add_member": {"id": "M-NEW", "name": "样例", "unit": UNIT, "since": "2026-03-01"},
    "make_token": {"name": "接口", "role": "member", "unit": UNIT},
    "call_back_ticket": {"valid": True, "responded": True, "solved": True, "satisfaction": "satisfied"},
    "record_planned_session": {"item": RECORD, "due": 3},
    "issue_report": {"number": "一号", "title": "样例", "from": "2026-01-01", "to": "2026-03-31"},
    "set_norm": {"kinds": [{"id": "one", "name": "样例"}], "visits_a_month": 3, "source": "样例"},
}
"""What no schema says: for operations whose least body is none."""
FORMS_OF = {
    "issue_made": {"number": "一号", "title": "样例", "from": "2026-01-01", "to": "2026-03-31"},
    "revise": {"version": "1"},
    "make_plan": {"title": "样例", "first": "2026-03", "last": "2026-03", "kinds": "branch", "0-title": "样例"},
    "set_norm": {"kinds": "one 样例", "visits_a_month": "3", "source": "样例"},
}
"""The same of forms whose fields no list of ours names."""
SUBMITTING = ("confirmations", "acceptances", "returns", "excuses", "reinstatements")
"""What one page's buttons ask for."""
UNITS = ("unit", "parent", "handler", "owner", "visited", "reported_unit", "partner", "to", "lead")
LISTS = ("units", "cooperating", "participants")


@dataclass(frozen=True)
class Ask:
    """One operation, asked of the unit `UNIT` or of its record."""

    name: str
    method: str
    url: str
    more: dict[str, Any] = field(default_factory=dict)


def asks(app: FastAPI) -> list[Ask]:
    """All of them."""
    return [ask for route, path in routes(app) for ask in _of(route, path)]


def routes(app: Any, prefix: str = "") -> Iterator[tuple[APIRoute, str]]:
    """Every route with its whole path."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route, prefix + route.path
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included, prefix + route.include_context.prefix)


def _of(route: APIRoute, path: str) -> Iterator[Ask]:
    screen = isinstance(route, Screen)
    method = next(iter((route.methods or set()) - {"HEAD"}))
    steps = [{"step": step} for step in SUBMITTING] if route.name == "act" else None
    for parts in steps or _ways(path, screen, method == "GET"):
        url = path
        for name, value in parts.items():
            url = url.replace(f"{{{name}}}", value)
        url = url.replace("{unit}", UNIT).replace("{year}", "2026")
        url = url.replace("{id}", _id(path))
        name = " ".join([f"{'page ' if screen else ''}{route.name}", *parts.values()])
        yield Ask(name, method, url, {"params": _query(route), **_body(route, parts, screen)})


def _id(path: str) -> str:
    if "/users/" in path:
        return ACCOUNT
    if "/units/{id}" in path or "/unit/{id}" in path:
        return UNIT
    if "/figures/{id}" in path:
        return "study.sessions.branch"
    if "initiatives/{id}" in path:
        return next(iter(INITIATIVES))
    if "/norms/{id}" in path:
        return "research"
    return f"study.{RECORD}" if "/held/" in path else RECORD


def _ways(path: str, screen: bool, get: bool) -> list[dict[str, str]]:
    """An address that serves many kinds is an operation for each of them."""
    if "{area}" in path:
        kinds = [(area, kind, way) for area, way in SHEET_WAYS.items() for kind in way.sheets]
        if "{kind}" not in path:
            return [{"area": area} for area in SHEET_WAYS]
        given = [each for each in kinds if each[2].read is not None or "exports" not in path]
        return [{"area": area, "kind": kind} for area, kind, _ in given]
    if not screen or "{kind}" not in path:
        return [{}]
    if "{name}" in path:
        taken = [
            (each.kind, step)
            for each in RESOURCES.values()
            for step in each.steps
            if step.whole or (not get and (step.form or step_model(each, step) is None))
        ]
        names = [(kind, step.name) for kind, step in taken]
        names += [] if get else [(kind, step.name) for kind, steps in MAKING.items() for step in steps]
        return [{"kind": kind, "name": name} for kind, name in names]
    typed = [each.kind for each in RESOURCES.values() if each.add is not None and each.add.form]
    some = {"/records/{kind}/new": typed, "/standings/{kind}/{id}": ["plan", "notice"]}
    some |= {"/records/{kind}/{id}/paper": ["notice", "receipt"], "/revisions/{kind}/{id}": list(FORMS)}
    some["/reforms/{unit}/{kind}"] = list(REFORMS)
    return [{"kind": kind} for kind in some.get(path, list(RESOURCES))]


def _query(route: APIRoute) -> dict[str, str]:
    known = {"unit": UNIT, "reason": "核实", "month": "2026-03"}
    names: set[str] = set()
    for param in route.dependant.query_params:
        annotation = param.field_info.annotation
        fields = annotation.model_fields if inspect.isclass(annotation) and issubclass(annotation, BaseModel) else {}
        names |= set(fields) or {param.alias}
    return {name: value for name, value in known.items() if name in names}


def _body(route: APIRoute, parts: dict[str, str], screen: bool) -> dict[str, Any]:
    if route.name in BODIES:
        return {"json": BODIES[route.name]}
    if route.name in ("add_import", "import_sheet"):
        area = parts.get("area", "study")
        kind = parts.get("kind") or next(iter(SHEET_WAYS[area].sheets))
        data = filled(
            SHEET_WAYS[area].sheets[kind], [{"id": "NEW", "parent": UNIT, "unit": UNIT, "roles": UNIT, "year": 2026}]
        )
        return {"data": {"area": area, "kind": kind}, "files": {"file": ("a.xlsx", data, XLSX)}}
    if screen:
        return {"data": {**_form(parts), **FORMS_OF.get(route.name, {})}} if "POST" in (route.methods or ()) else {}
    for param in route.dependant.body_params:
        return {"json": placed(sample(TypeAdapter[Any](param.field_info.annotation or object).json_schema()))}
    return {}


def _form(parts: dict[str, str]) -> dict[str, str]:
    """A page's form, every field of it filled in."""
    kind, step = parts.get("kind", ""), parts.get("name", parts.get("step"))
    if kind in REFORMS:
        return {name: _typed(name, told) for name, told in REFORMS[kind].fields.items()}
    fields = _fields(kind, step)
    base = {"unit": UNIT, "units": UNIT, "reason": "核实", "marks-0": "80"}
    if step is not None:
        base["step"] = step
    return base | {name: _typed(name, told) for name, told in fields.items()}


def _fields(kind: str, name: str | None) -> dict[str, Field]:
    """The fields of a record's form, or of a step's."""
    if kind not in RESOURCES:
        return {}
    resource = RESOURCES[kind]
    step = next((each for each in resource.steps if each.name == name), None)
    made = next((each for each in MAKING.get(kind, ()) if each.name == name), None)
    if made is not None:
        return made.fields
    if step is not None and not step.whole:
        model = step_model(resource, step)
        return fields_of(resource, step.form, model) if model is not None else {}
    form = resource.add.form if resource.add is not None else ()
    return fields_of(resource, form, model_of(resource)) if form else {}


def _typed(name: str, told: Field) -> str:
    if told.choices:
        return told.choices[0][1][0][0]
    if name == "month":
        return "2026-03"
    if name == "group":
        return "处长×1"
    if name == "into":
        return "NEW 样例"
    written = {"date": "2026-03-05", "datetime-local": "2026-03-05T09:00", "number": "1"}
    return UNIT if name in (*UNITS, *LISTS) else written.get(told.sort, RECORD)


def sample(schema: dict[str, Any], known: dict[str, Any] | None = None) -> Any:
    """What a schema describes: its own example, or the least that it demands."""
    defs = known if known is not None else schema.get("$defs", {})
    if "$ref" in schema:
        return sample(defs[schema["$ref"].rpartition("/")[2]], defs)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("const", "default"):
        if name in schema and schema[name] is not None:
            return schema[name]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return sample(schema[several][0], defs)
    return _plain(schema, defs)


def _plain(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    sort, wanted = schema.get("type"), schema.get("required", [])
    if sort == "object":
        return {name: sample(told, defs) for name, told in schema.get("properties", {}).items() if name in wanted}
    if sort == "array":
        return [sample(schema["items"], defs)] * int(schema.get("minItems", 0))
    if sort != "string":
        return {"boolean": False, "null": None}.get(str(sort), schema.get("minimum", 1))
    written = {"date": "2026-03-05", "date-time": "2026-03-05T09:00:00+08:00"}
    if "0-9]{4}-" in schema.get("pattern", ""):
        return "2026-03"
    return written.get(schema.get("format", ""), UNIT.ljust(int(schema.get("minLength", 0)), "0"))


def placed(body: Any) -> Any:
    """The same body about `UNIT`, wherever it names a unit."""
    if isinstance(body, list):
        return [placed(each) for each in body]
    if not isinstance(body, dict):
        return body
    told = {name: placed(value) for name, value in body.items()}
    for name, value in told.items():
        if name in UNITS and isinstance(value, str):
            told[name] = UNIT
        if name == "member" and isinstance(value, str):
            told[name] = RECORD
        if name == "judges":
            told[name] = [user_of(Role.judge, "inside")]
        if name in LISTS and isinstance(value, list) and value:
            told[name] = [UNIT]
    return told
