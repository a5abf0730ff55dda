"""Records entered by hand, one by one: as few fields as what only a person can know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action
from services.gateway.store import directory
from services.hotline import contract as hotline_contract
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation.contract.permissions import EVERYWHERE
from services.study.contract import FORMS, REASON_NAMES, WAYS, Form, Way

from ..gate import Gate, Principal
from ..http_api import hotline, study
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from . import joint, membership, researched
from .fields import Field, Fields, chosen, effort, filled, made
from .forms import typed, with_key
from .screens import Reader, Screen, screen
from .words import RECORDS

router = APIRouter(include_in_schema=False, route_class=Screen)
MOST_CHOICES = 200
_WAY_OF: dict[Form, Way] = {form: way for way, forms in FORMS.items() for form in forms}
_FORM_CHOICES = tuple(
    (name, tuple((str(form), told) for form, told in FORMS[way].items())) for way, name in WAYS.items()
)
SESSION: Fields = {
    "unit": Field("单位", required=True, given=True, most=32),
    "form": Field(
        "活动形式", required=True, choices=_FORM_CHOICES, note="学习方式（领学、研学、精学、自学）随形式确定"
    ),
    "day": Field("日期", "date", required=True),
    "title": Field("标题", required=True, most=120),
    "due": Field("应到人数", "number", note="不填则为党员名册当日在册人数；其余人员默认到齐，只填未到的"),
    **{str(reason): Field(name, "number") for reason, name in REASON_NAMES.items()},
    "number": Field("本单位编号", note="自编，可不填；同一编号只登记一次", most=40),
}
ABSENCES = tuple(str(reason) for reason in REASON_NAMES)
TICKET: Fields = {
    "unit": Field("受理单位", required=True, given=True, most=32),
    "channel": Field("来源渠道", required=True, choices=chosen(hotline_contract.CHANNELS)),
    "kind": Field("诉求类型", required=True, choices=chosen(hotline_contract.KINDS)),
    "category": Field("类别", required=True, note="如 社会保障"),
    "title": Field("标题", required=True, note="不写姓名、电话、住址"),
    "text": Field("诉求内容", "textarea", most=4000, note="加密保存，不进入统计和流转"),
    "caller_name": Field("来电人", note="加密保存"),
    "caller_phone": Field("联系电话", most=30, note="加密保存"),
    "confidential": Field("要求保密", choices=chosen({"true": "是", "false": "否"})),
    "reported_unit": Field("被举报单位编码", most=32, note="举报件填写；不会派给该单位及其下级"),
    "number": Field("工单编号", most=40, note="外来工单的原编号，可不填"),
}


@dataclass(frozen=True)
class Entry:
    """A form: its fields, who may fill it in, what the platform knows by itself, and the buttons."""

    kind: str
    fields: Fields
    action: Action
    by_platform: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...]
    record: researched.Record | None = None
    choices: researched.Choosing | None = None


ENTRIES = {
    "session": Entry(
        "session",
        SESSION,
        Action.write_study,
        ("学习方式", "实到人数", "状态", "登记账号", "登记时间"),
        (("submit", "登记并报送"), ("hold", "只登记，暂不报送")),
    ),
    "ticket": Entry(
        "ticket",
        TICKET,
        Action.register_tickets,
        ("受理时间", "办理时限", "状态", "登记账号"),
        (("register", "登记工单"),),
    ),
    **{
        kind: Entry(
            kind,
            form.fields,
            Action.write_research,
            form.by_platform,
            (("record", form.button),),
            form.record,
            form.choices,
        )
        for kind, form in researched.FORMS.items()
    },
    **{
        kind: Entry(kind, form.fields, action, form.by_platform, (("record", form.button),), form.record, form.choices)
        for kind, (action, form) in membership.FORMS.items()
    },
    **{
        kind: Entry(kind, form.fields, Action.write_study, form.by_platform, (("record", "登记"),), form.record(kind))
        for kind, form in joint.FORMS.items()
    },
}


@router.get("/records/{kind}/new")
async def form(kind: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """The empty form."""
    entry = _entry(kind)
    fields = await _with_choices(request, gate, reader, entry)
    given = {name: value[:64] for name, value in request.query_params.items() if name in entry.fields}
    return _form(request, entry, filled(fields, given), new_id())


@router.post("/records/{kind}/new")
async def record(kind: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Take the record down by the API's own handler, or say beside each field what is wrong."""
    entry = _entry(kind)
    values = await typed(request)
    key = values.pop("key", "")
    try:
        id = await _recorded(kind, values, key, request, reader, gate)
    except DomainError as refusal:
        if refusal.kind == "unauthenticated":
            raise
        fields = filled(await _with_choices(request, gate, reader, entry), values, refusal)
        return _form(request, entry, fields, key or new_id(), refusal)
    return RedirectResponse(f"/records/{kind}/{quote(id)}", 303)


def _entry(kind: str) -> Entry:
    if kind not in ENTRIES:
        raise DomainError("record.not_found", "该类记录不能在页面上逐条登记，请用表格报送", "not_found")
    return ENTRIES[kind]


def _form(request: Request, entry: Entry, fields: Fields, key: str, refusal: DomainError | None = None) -> Response:
    return screen(
        request,
        "entry.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        kind=entry.kind,
        name=RECORDS[entry.kind],
        fields=fields,
        absences=ABSENCES,
        buttons=entry.buttons,
        effort=effort(entry.fields, entry.by_platform),
        refusal=refusal,
        key=key,
    )


async def _with_choices(request: Request, gate: Gate, reader: Principal, entry: Entry) -> Fields:
    """The fields with what the reader may choose from."""
    more = {} if entry.choices is None else await entry.choices(request, gate, reader)
    fields = {name: replace(field, **more.get(name, {})) for name, field in entry.fields.items()}
    return await _with_units(gate, reader, replace(entry, fields=fields))


async def _with_units(gate: Gate, reader: Principal, entry: Entry) -> Fields:
    """The fields with the units that the reader may choose from; their own is chosen."""
    own = gate.own(reader, entry.action).unit
    if own == EVERYWHERE or "unit" not in entry.fields:
        return entry.fields
    found = await directory.listed(gate.database, own, None, 1, MOST_CHOICES)
    unit = replace(entry.fields["unit"], value=own)
    if found["total"] <= MOST_CHOICES:
        below = tuple((item["id"], f"{item['name']}（{item['id']}）") for item in found["items"])
        unit = replace(unit, choices=(("", below),))
    else:
        unit = replace(unit, note="填单位编码，见单位名册；默认为本单位")
    return {**entry.fields, "unit": unit}


async def _recorded(
    kind: str, values: dict[str, str], key: str, request: Request, reader: Principal, gate: Gate
) -> str:
    keyed = with_key(request, key)
    if (record := ENTRIES[kind].record) is not None:
        told = {name: value for name, value in values.items() if name in ENTRIES[kind].fields}
        return _id(await record(told, keyed, reader, gate))
    if kind == "ticket":
        ticket = made(hotline.NewTicket, {name: value for name, value in values.items() if name in TICKET})
        return _id(await hotline.register_ticket(ticket, keyed, reader, gate))
    id = _id(await study.record_session(made(study.NewSession, session_of(values)), keyed, reader, gate))
    if values.get("then") == "submit":
        await study.submit_session(id, with_key(request, key, "/submission"), reader, gate)
    return id


def _id(recorded: Any) -> str:
    return str(dict(recorded)["id"])


def session_of(values: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the API's body: the way follows from the form, and only those not there are named."""
    told: dict[str, Any] = {name: values[name] for name in SESSION if name in values and name not in ABSENCES}
    if values.get("form") in set(_WAY_OF):
        told["way"] = _WAY_OF[Form(values["form"])]
    else:
        told["way"] = Way.branch  # the form itself is what is refused
    named = {reason: values[reason] for reason in ABSENCES if reason in values}
    wrong = [{"pointer": f"/{reason}", "detail": "应为整数"} for reason, count in named.items() if not count.isdigit()]
    if wrong:
        raise DomainError("request.invalid", "有内容需要改正", "invalid", wrong)  # type: ignore[arg-type]
    told["absences"] = [{"reason": reason, "count": int(count)} for reason, count in named.items() if int(count)]
    return told
