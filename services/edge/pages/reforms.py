"""What has become of units 机构调整 on a page: the list for everybody, a form for each change for who may make it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from services.gateway.domain import Action, may
from services.gateway.store import directory, place
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation.contract import UNIT_KINDS, UnitKind

from ..gate import Gate, Principal
from ..http_api import reforms as api
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from .fields import Field, Fields, filled, made, pieces, rows
from .forms import typed, with_key
from .screens import Reader, Screen, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_MOST = 100


@dataclass(frozen=True)
class Form:
    """A change of a unit: what is asked, which of the API's operations takes it, how some fields are read."""

    title: str
    told: str
    fields: Fields
    body: type[BaseModel]
    take: Callable[..., Awaitable[Any]]
    read: dict[str, Callable[[str], Any]]


_EFFECTIVE: Fields = {
    "day": Field("生效日期", "date", required=True, note="不晚于今天，不在已采纳锁定的月份内"),
    "basis": Field("依据", required=True, note="如 示例编〔2026〕12号", most=200),
}
_PART = rows(
    r"(?P<id>[A-Z0-9][A-Z0-9-]{0,31})\s+(?P<name>[^<]+?)(?:\s*<\s*(?P<children>.+))?",
    "D103 示例省林业局 < D001-B02、D001-B03",
    "into",
)


def _parts(text: str) -> list[dict[str, Any]]:
    """New units, each with those that go with it."""
    return [{**part, "children": pieces(part.get("children", ""))} for part in _PART(text)]


FORMS = {
    "renamings": Form(
        "更名",
        "以前的统计报告仍用原名。",
        {
            "name": Field("新名称", required=True, most=80),
            "short_name": Field("新简称", most=40),
            "credit_code": Field("统一社会信用代码", note="不变的不填", most=18),
            "party_code": Field("党组织代码", note="不变的不填", most=40),
            **_EFFECTIVE,
        },
        api.Renaming,
        api.rename_unit,
        {},
    ),
    "moves": Form(
        "划转",
        "连同下级单位一并划转；生效日以前的数仍计入原上级。",
        {"parent": Field("新的上级单位编码", required=True, most=32), **_EFFECTIVE},
        api.Move,
        api.move_unit,
        {},
    ),
    "mergers": Form(
        "其他单位并入本单位",
        "被并入单位的下级单位和在册党员转到本单位，被并入单位随即撤销，其未办结事项由本单位接办。",
        {"units": Field("并入的单位编码", required=True, note="用顿号或空格分开", most=400), **_EFFECTIVE},
        api.Merger,
        api.merge_units,
        {"units": pieces},
    ),
    "splits": Form(
        "析出新单位",
        "新单位与本单位同级、同类别；没有写明的下级单位留在本单位。",
        {
            "into": Field(
                "新单位", "textarea", required=True, note="每行一个：编码 名称 < 随之划出的下级单位编码", most=4000
            ),
            **_EFFECTIVE,
        },
        api.Split,
        api.split_unit,
        {"into": _parts},
    ),
    "abolition": Form(
        "撤销",
        "仍有下级单位、在册党员、未办结上报或未办结事项的，须先处理或改用合并。",
        _EFFECTIVE,
        api.Abolition,
        api.abolish_unit,
        {},
    ),
}


_OF_THE_ROOT = ("renamings", "mergers")
"""What may become of the unit at the top, too."""


@router.get("/reforms/{unit}")
async def reforms_view(unit: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """What has become of a unit and of those below it."""
    return await _page(unit, request, reader, gate)


@router.post("/reforms/{unit}/{kind}")
async def change(unit: str, kind: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """One change, or what is wrong with it beside its fields."""
    form = FORMS.get(kind)
    if form is None:
        raise DomainError("reform.unknown", "没有这种机构调整", "not_found")
    values = await typed(request)
    given = with_key(request, values.pop("key", ""))
    try:
        read = {name: form.read.get(name, str)(value) for name, value in values.items()}
        await form.take(unit, made(form.body, read), given, reader, gate)
    except DomainError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return await _page(unit, request, reader, gate, kind, values, refusal)
    return RedirectResponse(f"/reforms/{quote(unit)}", 303)


async def _page(
    unit: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    kind: str = "",
    values: dict[str, str] | None = None,
    refusal: DomainError | None = None,
) -> Response:
    await gate.allow(reader, Action.read_units, unit)
    found = await directory.unit(gate.database, unit)
    forms = {}
    if may(reader.roles, Action.manage_units, found["path"]) and not found.get("until"):
        forms = {
            name: (form, filled(form.fields, values or {}, refusal) if name == kind else form.fields)
            for name, form in FORMS.items()
            if found["parent"] is not None or name in _OF_THE_ROOT
        }
    return screen(
        request,
        "reforms.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        unit=directory.shown_unit(found),
        kind_name=UNIT_KINDS[UnitKind(found["kind"])],
        above=await directory.names(gate.database, found["path"][:-1]),
        found=await place.reforms(gate.database, unit, 1, _MOST),
        forms=forms,
        asked=kind,
        refusal=refusal,
        key=new_id(),
    )
