"""What is configuration, each with its source: how often branches meet, and the norms of research."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation.contract import UNIT_KINDS
from services.research import contract as research
from services.study import contract as study

from ..gate import Gate, Principal
from ..http_api import research as configuration
from ..http_api import supervision
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from ..http_api.records import for_all_units
from .fields import Field, Fields, chosen, effort, filled, made, rows
from .forms import typed, with_key
from .screens import Reader, Screen, can, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
_SOURCE = Field("依据", required=True, note="文件名称、条款", most=200)
_EACH = {str(each): study.EACH_NAMES[each] for each in (study.Each.month, study.Each.quarter)}
MEETINGS: Fields = {
    "each": Field("频次", required=True, choices=chosen(_EACH)),
    "number": Field("次数", "number", required=True),
    "from_members": Field("党员满多少人适用", "number"),
    "source": _SOURCE,
    "trust": Field("可信程度", required=True, note="如 已核对原文、二手资料、未核实", most=40),
}
RESEARCH: Fields = {
    "visits_a_month": Field("同一单位每月被调研上限", "number", required=True),
    "kinds": Field("课题类型", "textarea", required=True, note="每行一种：标识 名称", most=2000),
    "source": _SOURCE,
}
_OF_RESEARCH = "research"
_BY_PLATFORM = ("适用单位", "经办账号", "时间")


_KINDS = rows(r"(?P<id>\S+)\s+(?P<name>\S.*)", "标识 名称", "kinds")


@router.get("/norms")
async def norms_view(request: Request, reader: Reader, gate: Gated) -> Response:
    """The norms in force with their sources; who may set them finds each as a form."""
    return await _shown(request, reader, gate)


@router.post("/norms/{id}")
async def set_norm(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Say a norm anew."""
    await for_all_units(gate, reader, Action.set_norms)
    values = await typed(request)
    given: dict[str, Any] = {"request": with_key(request, values.pop("key", "")), "caller": reader, "gate": gate}
    try:
        if id == _OF_RESEARCH:
            told = {**_only(RESEARCH, values), "kinds": _KINDS(values.get("kinds", ""))}
            await configuration.set_norm(body=made(research.SetNorm, told), **given)
        else:
            body = made(study.NormContent, _only(MEETINGS, values))
            await supervision.set_meeting_norm(id=id, body=body, **given)
    except DomainError as refusal:
        if refusal.kind == "not_found":
            raise
        return await _shown(request, reader, gate, (id, refusal, values))
    return RedirectResponse(f"/norms#norm-{id}", 303)


def _only(fields: Iterable[str], values: Mapping[str, str]) -> dict[str, Any]:
    return {name: values[name] for name in fields if name in values}


async def _shown(
    request: Request,
    reader: Principal,
    gate: Gate,
    refused: tuple[str, DomainError, dict[str, str]] | None = None,
) -> Response:
    known = (await supervision.list_norms(request, reader, gate))["items"]
    sections = [_meetings(norm) for norm in known]
    if can(reader, Action.read_research):
        sections.append(_research(await configuration.get_norm(request, reader, gate)))
    for section in sections:
        refusal, values = (refused[1], refused[2]) if refused and refused[0] == section["id"] else (None, {})
        section["refusal"] = refusal
        section["fields"] = filled(section["fields"], values if refusal else section["values"], refusal)
    return screen(
        request,
        "norms.html",
        200 if refused is None else STATUSES[refused[1].kind][0],
        sections=sections,
        may_set=can(reader, Action.set_norms),
        key=new_id(),
    )


def _meetings(norm: dict[str, Any]) -> dict[str, Any]:
    bound = "、".join(UNIT_KINDS[kind] for kind in norm["kinds"])
    lines = [
        ("频次", f"{_EACH[norm['each']]} {norm['number']} 次"),
        ("适用单位", bound + (f"（党员 {norm['from_members']} 人以上）" if norm["from_members"] else "")),
        ("依据", norm["source"]),
        ("可信程度", norm["trust"]),
    ]
    return {**_section(MEETINGS, norm), "id": norm["id"], "title": norm["name"], "lines": lines}


def _research(norm: dict[str, Any]) -> dict[str, Any]:
    kinds = [(kind["id"], kind["name"]) for kind in norm["kinds"]]
    lines = [
        ("同一单位每月被调研上限", f"{norm['visits_a_month']} 次，超过即提示扎堆调研"),
        ("课题类型", "、".join(name for _, name in kinds)),
        ("依据", norm["source"]),
    ]
    values = {**norm, "kinds": "\n".join(f"{id} {name}" for id, name in kinds)}
    return {**_section(RESEARCH, values), "id": _OF_RESEARCH, "title": "调查研究", "lines": lines}


def _section(fields: Fields, values: dict[str, Any]) -> dict[str, Any]:
    """A norm's form: all of it is filled in with what is in force, so that only what changes is typed."""
    given = {name: replace(field, given=True) for name, field in fields.items()}
    return {"fields": fields, "values": values, "effort": effort(given, _BY_PLATFORM)}
