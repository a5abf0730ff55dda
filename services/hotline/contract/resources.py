"""Tickets, as everybody outside the hotline meets them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from services.kernel.message.instants import Instant
from services.kernel.resource import Adding, Label, Record, Resource, Step, Waiting
from services.organisation.contract import Action

from .ticket import (
    AnswerTicket,
    CallBackTicket,
    ClassifyTicket,
    CompleteTicket,
    CorrectTicket,
    DispatchTicket,
    GetTicket,
    ListTickets,
    RegisterTicket,
    SignTicket,
    VoidTicket,
)
from .words import CHANNELS, KINDS, NAME, SATISFACTION, STATE_NAMES, TicketState

__all__ = ["RESOURCES"]

_YES_NO = {"true": "是", "false": "否"}
_LIVE = frozenset(str(state) for state in TicketState if state != TicketState.void)
_UNTOLD = "不写来电人姓名、电话、住址"
_CALLER = ("caller_name", "caller_phone", "text")


def _told(ticket: Record) -> Iterator[tuple[str, str]]:
    outcome, caller = ticket["life"]["outcome"], ticket.get("caller")
    if outcome:
        yield "回访结果", _outcome(outcome)
    hidden = "要求保密，由坐席联系"
    yield "来电人", hidden if caller is None else f"{caller['name']} {caller['phone']}".strip() or "未留"


def _outcome(outcome: Record) -> str:
    if not outcome["valid"]:
        return f"无效：{outcome['excluded_reason']}（{outcome['excluded_by']}批准剔除）"
    contacted = "单位已联系" if outcome["responded"] else "单位未联系"
    solved = "已解决" if outcome["solved"] else "未解决"
    return f"有效，{contacted}，{solved}，{SATISFACTION[outcome['satisfaction']]}"


_TICKET = Resource(
    service=NAME,
    kind="ticket",
    plural="tickets",
    title="民声工单",
    get=GetTicket,
    list=ListTickets,
    read=Action.read_tickets,
    write=Action.register_tickets,
    states=STATE_NAMES,
    labels={
        "number": Label("工单编号", "外来工单的原编号，可不填"),
        "unit": Label("受理单位"),
        "channel": Label("来源渠道", words=CHANNELS),
        "kind": Label("诉求类型", words=KINDS),
        "category": Label("类别", "如 社会保障"),
        "title": Label("标题", "不写姓名、电话、住址"),
        "received": Label("受理时间"),
        "limit": Label("办理时限"),
        "overdue": Label("超期起始日"),
        "text": Label("诉求内容", "加密保存，不进入统计和流转", large=True),
        "caller_name": Label("来电人", "加密保存"),
        "caller_phone": Label("联系电话", "加密保存"),
        "confidential": Label("要求保密", words=_YES_NO),
        "reported_unit": Label("被举报单位", "举报件填写；不会派给该单位及其下级"),
        "life/handler": Label("承办单位", unit=True),
        "life/dispatched": Label("派单时间"),
        "life/signed": Label("签收时间"),
        "life/answered": Label("答复时间"),
        "life/answer": Label("答复内容"),
        "life/called_back": Label("回访时间"),
        "life/completed": Label("办结时间"),
        "handler": Label("承办单位", "按名称、编码选择"),
        "answer": Label("答复内容", _UNTOLD, large=True),
        "valid": Label("有效回访", words=_YES_NO),
        "responded": Label("承办单位是否联系过", words=_YES_NO),
        "solved": Label("是否解决", words=_YES_NO),
        "satisfaction": Label("满意度", words=SATISFACTION),
        "excluded_reason": Label("剔除原因", "无效回访填写"),
        "excluded_by": Label("批准人职务", "无效回访填写"),
        "reason": Label("事由"),
    },
    columns=("received", "unit", "kind", "limit"),
    filters=("kind", "channel", "overdue"),
    add=Adding(
        RegisterTicket,
        form=("unit", "channel", "kind", "category", "title", *_CALLER, "confidential", "reported_unit", "number"),
        button="登记工单",
        by_platform=("受理时间", "办理时限", "状态", "登记账号"),
        summary="登记工单",
    ),
    steps=(
        Step(
            "classifications",
            "分类",
            ClassifyTicket,
            Action.dispatch_tickets,
            frozenset({"registered", "classified"}),
            form=("kind", "category"),
            prefilled=("kind", "category"),
        ),
        Step(
            "dispatches",
            "派单",
            DispatchTicket,
            Action.dispatch_tickets,
            frozenset({"classified", "dispatched"}),
            over=("handler",),
            form=("handler",),
        ),
        Step(
            "signatures",
            "签收",
            SignTicket,
            Action.handle_tickets,
            frozenset({"dispatched"}),
            by=("life/handler|unit",),
        ),
        Step(
            "answers",
            "答复",
            AnswerTicket,
            Action.handle_tickets,
            frozenset({"classified", "signed"}),
            by=("life/handler|unit",),
            form=("answer",),
        ),
        Step(
            "callbacks",
            "回访",
            CallBackTicket,
            Action.call_back_tickets,
            frozenset({"answered"}),
            form=("valid", "responded", "solved", "satisfaction", "excluded_reason", "excluded_by"),
            flat="outcome",
        ),
        Step("completions", "办结", CompleteTicket, Action.call_back_tickets, frozenset({"called_back"})),
        Step("corrections", "更正", CorrectTicket, Action.correct_tickets, _LIVE),
        Step("voids", "作废", VoidTicket, Action.correct_tickets, _LIVE, form=("reason",), back=True),
    ),
    waiting=(
        Waiting("工单待分类", Action.dispatch_tickets, {"state": "registered"}),
        Waiting("工单待派单", Action.dispatch_tickets, {"state": "classified"}),
        Waiting("工单待签收", Action.handle_tickets, {"state": "dispatched"}),
        Waiting("工单待答复", Action.handle_tickets, {"state": "signed"}),
        Waiting("工单待回访", Action.call_back_tickets, {"state": "answered"}),
        Waiting("工单待办结", Action.call_back_tickets, {"state": "called_back"}),
    ),
    lookups=("received",),
    knows_units=True,
    sent={"received": (Instant | None, Field(default=None, description="受理时间，不填为现在"))},
    known=frozenset({"row", "deadline", "waits_for", "at"}),
    told=_told,
)

RESOURCES: tuple[Resource, ...] = (_TICKET,)
