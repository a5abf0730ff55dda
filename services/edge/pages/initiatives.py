"""Initiatives 举措、载体 on a page: how far what bears each tag has come, and the lists for who may set them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.gateway.store import initiatives, opened
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation.contract import ListId

from ..http_api import initiatives as api
from ..http_api.auth import Gated
from ..http_api.records import for_all_units
from ..http_api.reports import span_of
from .fields import Field, Fields, filled, made
from .figures import First, Last
from .forms import typed, with_key
from .screens import Reader, Screen, can, home_of, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_ITEM = re.compile(r"(?P<id>\S+)\s+(?P<name>[^<]+?)(?:\s*<\s*(?P<under>.+))?")
FIELDS: Fields = {
    "title": Field("清单名称", required=True, most=80),
    "items": Field(
        "条目",
        "textarea",
        required=True,
        note="每行一项：标签 名称；由其他清单的条目深化而来的，名称后加 < 标签、标签",
        most=8000,
    ),
    "reason": Field("修订依据", required=True, most=200),
}


@router.get("/initiatives/{unit}")
async def progress_view(
    unit: str, request: Request, reader: Reader, gate: Gated, first: First = None, last: Last = None
) -> Response:
    """Every list with its items; each figure opens to the records that bear the tag."""
    await gate.allow(reader, Action.read_figures, unit)
    span = await span_of(gate, first, last)
    known = await initiatives.lists(gate.database)
    found = [await initiatives.progress(gate.database, each["id"], unit, span) for each in known]
    period = urlencode(span.told())
    return screen(
        request,
        "initiatives.html",
        found=found,
        may_set=can(reader, Action.set_norms),
        opens=opened.figures(reader.roles),
        opened=lambda figure, tag: f"/figures/{quote(figure)}/records?unit={quote(unit)}&tag={quote(tag)}&{period}",
    )


@router.get("/initiatives/{id}/edit")
async def edit_view(id: ListId, request: Request, reader: Reader, gate: Gated) -> Response:
    """A list as it stands, to be said anew."""
    await for_all_units(gate, reader, Action.set_norms)
    found = next((each for each in await initiatives.lists(gate.database) if each["id"] == id), None)
    if found is None:
        raise DomainError("initiative.unknown", "没有这个清单", "not_found")
    told = {"title": found["title"], "items": "\n".join(_line(item) for item in found["items"])}
    return _form(request, id, found["versions"], filled(FIELDS, told))


@router.post("/initiatives/{id}/edit")
async def edit(id: ListId, request: Request, reader: Reader, gate: Gated) -> Response:
    """Its next version."""
    await for_all_units(gate, reader, Action.set_norms)
    values = await typed(request)
    try:
        body = made(api.NewVersion, {**{name: values.get(name, "") for name in FIELDS}, "items": _items(values)})
        await api.set_initiatives(id, body, with_key(request, values.get("key", "")), reader, gate)
    except DomainError as refusal:
        if refusal.kind != "invalid":
            raise
        return _form(request, id, [], filled(FIELDS, values, refusal), refusal)
    return RedirectResponse(f"/initiatives/{quote(home_of(reader) or '')}", 303)


def _form(
    request: Request, id: str, versions: list[Any], fields: Fields, refusal: DomainError | None = None
) -> Response:
    status = 200 if refusal is None else 422
    told = {"id": id, "versions": versions, "fields": fields, "refusal": refusal, "key": new_id()}
    return screen(request, "initiative.html", status, **told)


def _line(item: dict[str, Any]) -> str:
    under = f" < {'、'.join(item['under'])}" if item["under"] else ""
    return f"{item['id']} {item['name']}{under}"


def _items(values: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(values.get("items", "").splitlines(), start=1):
        if not line.strip():
            continue
        match = _ITEM.fullmatch(line.strip())
        if match is None:
            detail = f"第 {number} 行应为：标签 名称"
            raise DomainError("request.invalid", detail, "invalid", [{"pointer": "/items", "detail": detail}])
        under = [tag for tag in re.split(r"[、，,\s]+", match["under"] or "") if tag]
        found.append({"id": match["id"], "name": match["name"], "under": under})
    return found
