"""What is asked of units: plans, notices, their receipts, branches' own plans, reminders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.kernel.resource import Adding, Label, Lead, Record, Resource, Step, Waiting
from services.organisation.contract import Action

from ..branch_plan import GetBranchPlan, ListBranchPlans, ReviseBranchPlan
from ..duty import DUTY_NAMES, EACH_NAMES, Each
from ..notice import (
    NOTICE_STATES,
    RECEIPT_STATES,
    AcknowledgeReceipt,
    GetNotice,
    GetReceipt,
    IssueNotice,
    ListNotices,
    ListReceipts,
    ReviseNotice,
    TickReceipt,
    WithdrawNotice,
)
from ..plan import PLAN_STATES, DraftPlan, GetPlan, IssuePlan, ListPlans, RevisePlan, WithdrawPlan
from ..supervision import LAPSES, GetReminder, ListReminders
from ..words import NAME
from .shared import REASON, WRITE

_READ, _PLANS, _SIGN = Action.read_plans, Action.write_plans, Action.acknowledge_notices
_DRAFT, _OPEN = frozenset({"draft"}), frozenset({"draft", "issued"})
_SENT = frozenset({"sent", "acknowledged", "outdated"})
_DONE = {"record": "已完成（由记录勾选）", "hand": "已完成（手工勾选）"}
_DAY = Label("下发日期", "不填为今天")


def _plan(plan: Record) -> Iterator[tuple[str, str]]:
    yield "计划期", f"{plan['first']} 至 {plan['last']}"
    for asked in plan["requirements"]:
        each, name = EACH_NAMES[Each(asked["each"])], DUTY_NAMES[asked["kind"]]
        yield "事项", f"{name}，{each} {asked['number']} 次 {asked['note']}".strip()
    yield from _issued(plan)


def _notice(notice: Record) -> Iterator[tuple[str, str]]:
    yield from ((item["title"], _item(item)) for item in notice["items"])
    yield from _issued(notice)


def _receipt(receipt: Record) -> Iterator[tuple[str, str]]:
    yield from ((item["title"], _item(item, done=True)) for item in receipt["items"])
    read = "" if not receipt["acknowledged"] else _date(receipt["acknowledged_on"])
    yield "签收", f"第 {receipt['acknowledged']} 版，{read}" if read else "未签收"
    for edition in receipt["editions_since"]:
        yield f"第 {edition['edition']} 版变更", "；".join(edition["changes"])


def _branch_plan(plan: Record) -> Iterator[tuple[str, str]]:
    yield from ((item["title"], _item(item, planned=True, done=True)) for item in plan["items"])
    yield "手工填写", f"{plan['typed']} 项；由通知单带入 {plan['given']} 项"


def _issued(record: Record) -> Iterator[tuple[str, str]]:
    for material in record["materials"]:
        yield "学习资料", f"《{material['title']}》"
    for edition in record["editions"]:
        changes = "；".join(edition["changes"]) or "首次下发"
        yield f"第 {edition['edition']} 版", f"{_date(edition['day'])} {edition['reason']} {changes}"
    if record["distribution"] is not None:
        state = "已全部送达" if record["distribution"]["state"] == "done" else "正在送达"
        yield "送达", f"{state}，{record['distribution']['units']:,} 个单位"


def _item(item: Record, *, planned: bool = False, done: bool = False) -> str:
    told = [item["text"]] if item["text"] else []
    if item.get("due"):
        told.append(f"{_date(item['due'])}前")
    if planned:
        told += [_date(item["day"])] if item["day"] else []
        told += [item[name] for name in ("place", "host_post") if item[name]]
    if done:
        told.append(_DONE.get(item["done"] or "", "未完成"))
        told += [f"{_date(record['day'])}《{record['title']}》" for record in item["records"]]
        told += [item["note"]] if item.get("note") else []
    return "，".join(told)


def _date(day: Any) -> str:
    """A day as people write it: 2026年3月5日."""
    year, month, date = str(day)[:10].split("-")
    return f"{year}年{int(month)}月{int(date)}日"


def _by_hand(receipt: Record) -> Mapping[str, Mapping[str, str]]:
    """The items of a receipt that no record ticks."""
    return {"item": {item["key"]: item["title"] for item in receipt["items"] if item["kind"] is None}}


_PLAN = Resource(
    service=NAME,
    kind="plan",
    plural="plans",
    title="学习计划",
    get=GetPlan,
    list=ListPlans,
    read=_READ,
    write=_PLANS,
    states=PLAN_STATES,
    labels={
        "number": Label("本单位编号", "自编，可不填；同一编号只制定一次"),
        "unit": Label("制定单位"),
        "title": Label("计划名称"),
        "first": Label("开始月份"),
        "last": Label("结束月份"),
        "reason": REASON,
    },
    columns=("unit", "first", "last"),
    add=Adding(DraftPlan, summary="制定学习计划"),
    told=_plan,
    steps=(
        Step("revisions", "修订", RevisePlan, _PLANS, _OPEN),
        Step("issues", "下发计划", IssuePlan, _PLANS, _DRAFT, summary="印发"),
        Step("withdrawals", "撤回", WithdrawPlan, _PLANS, _OPEN, form=("reason",), back=True),
    ),
)

_NOTICE = Resource(
    service=NAME,
    kind="notice",
    plural="notices",
    title="组织生活通知单",
    get=GetNotice,
    list=ListNotices,
    read=_READ,
    write=_PLANS,
    states=NOTICE_STATES,
    labels={
        "unit": Label("下发单位"),
        "month": Label("月份"),
        "edition": Label("版次"),
        "day": _DAY,
        "reason": REASON,
    },
    columns=("unit", "month", "edition"),
    told=_notice,
    steps=(
        Step("revisions", "修订", ReviseNotice, _PLANS, _OPEN),
        Step("issues", "下发通知单", IssueNotice, _PLANS, _DRAFT, form=("day",), summary="下发"),
        Step("withdrawals", "撤回", WithdrawNotice, _PLANS, _OPEN, form=("reason",), back=True),
    ),
)

_RECEIPT = Resource(
    service=NAME,
    kind="receipt",
    plural="receipts",
    title="通知单回执",
    get=GetReceipt,
    list=ListReceipts,
    read=_READ,
    write=_SIGN,
    states=RECEIPT_STATES,
    labels={
        "unit": Label("单位"),
        "month": Label("月份"),
        "edition": Label("版次"),
        "item": Label("事项"),
        "note": Label("办理情况"),
        "reason": REASON,
    },
    columns=("unit", "month"),
    steps=(
        Step(
            "acknowledgements",
            "签收",
            AcknowledgeReceipt,
            _SIGN,
            frozenset({"sent", "outdated"}),
            form=("edition",),
            prefilled=("edition",),
        ),
        Step(
            "ticks",
            "勾选没有记录的事项",
            TickReceipt,
            _SIGN,
            _SENT,
            form=("item", "note"),
            options=_by_hand,
            summary="手工勾选",
        ),
    ),
    waiting=(
        Waiting("通知单待签收", _SIGN, {"state": "sent"}),
        Waiting("通知单有新版，待重新签收", _SIGN, {"state": "outdated"}),
    ),
    leads=(Lead("通知单", "notice", "notice"),),
    told=_receipt,
)

_BRANCH_PLAN = Resource(
    service=NAME,
    kind="branch_plan",
    plural="branch-plans",
    title="支部计划",
    get=GetBranchPlan,
    list=ListBranchPlans,
    read=_READ,
    write=WRITE,
    states={"planned": "已制定"},
    labels={"unit": Label("单位"), "typed": Label("手工填写项数")},
    columns=("unit", "typed"),
    steps=(
        Step(
            "revisions",
            "完善支部计划",
            ReviseBranchPlan,
            WRITE,
            frozenset({"planned"}),
        ),
    ),
    leads=(Lead("通知单回执", "receipt", "receipt"),),
    told=_branch_plan,
)

_REMINDER = Resource(
    service=NAME,
    kind="reminder",
    plural="reminders",
    title="督学提醒",
    get=GetReminder,
    list=ListReminders,
    read=_READ,
    write=WRITE,
    states={"sent": "已提醒"},
    labels={
        "day": Label("日期"),
        "unit": Label("被提醒单位"),
        "by": Label("提醒单位", unit=True),
        "what": Label("提醒事由", words=LAPSES),
    },
    columns=("day", "unit", "by", "what"),
    waiting=(Waiting("收到的督学提醒", WRITE, {"state": "sent"}),),
)

RESOURCES = (_PLAN, _NOTICE, _RECEIPT, _BRANCH_PLAN, _REMINDER)
