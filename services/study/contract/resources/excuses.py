"""Excuses: a member is not at a session, and why is for the branch and the member to know."""

from __future__ import annotations

from services.kernel.resource import Adding, Label, Resource, Step
from services.organisation.contract import Action

from ..excuse import (
    EXCUSE_REASONS,
    EXCUSE_SORTS,
    GetExcuse,
    ListExcuses,
    RecordExcuse,
    WithdrawExcuse,
)
from ..words import NAME
from .shared import REASON, WRITE

_TOLD = {str(reason): name for reason, name in EXCUSE_REASONS.items()} | {"excused": "请假"}
_EXCUSE = Resource(
    service=NAME,
    kind="excuse",
    plural="excuses",
    title="请假",
    get=GetExcuse,
    list=ListExcuses,
    read=Action.write_study,
    write=WRITE,
    states={"recorded": "有效", "withdrawn": "已撤销"},
    labels={
        "unit": Label("单位"),
        "member": Label("党员编号", "见党员名册；事由只由本支部和本人可见"),
        "first": Label("开始日期"),
        "last": Label("结束日期"),
        "sort": Label("类别", words=EXCUSE_SORTS),
        "reason_of_absence": Label("请假事由", words=_TOLD),
        "reason": Label("事由", words=EXCUSE_REASONS),
    },
    columns=("unit", "first", "last", "sort"),
    add=Adding(
        RecordExcuse,
        form=("member", "first", "last", "reason"),
        button="登记请假",
        by_platform=("所在单位", "已报送活动的更正", "登记账号", "登记时间"),
    ),
    steps=(
        Step(
            "withdrawals",
            "撤销",
            WithdrawExcuse,
            WRITE,
            frozenset({"recorded"}),
            form=("reason",),
            back=True,
            labels={"reason": REASON},
        ),
    ),
    history=False,
    routed=False,
)

RESOURCES = (_EXCUSE,)
