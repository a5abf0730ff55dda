"""Members, as everybody outside the organisation meets them."""

from __future__ import annotations

from services.kernel.resource import Adding, Label, Record, Resource, Step

from .member import AddMember, CorrectMember, GetMember, ListMembers, RemoveMember, TransferMember
from .permissions import Action
from .words import NAME

__all__ = ["RESOURCES"]

_KEEP = Action.manage_members
_CURRENT = frozenset({"current"})
_UNCHANGED = "不改的不填"


def _belonged(stays: list[Record]) -> str:
    return "；".join(f"{stay['unit']}（{stay['first']} 起）" for stay in stays)


_MEMBER = Resource(
    service=NAME,
    kind="member",
    plural="members",
    title="党员",
    get=GetMember,
    list=ListMembers,
    read=_KEEP,
    write=_KEEP,
    states={"current": "在册", "left": "已离开"},
    labels={
        "id": Label("党员编号", "以大写字母开头；不得使用证件号码、电话号码"),
        "name": Label("姓名", "加密保存，不进入统计和流转"),
        "unit": Label("单位"),
        "stays": Label("所在单位", say=_belonged),
        "since": Label("编入日期"),
        "until": Label("离开日期"),
        "day": Label("自哪日起"),
        "user": Label("账号", "本人登录用的账号，没有的不填"),
        "reason": Label("事由"),
    },
    columns=("unit", "since", "until"),
    add=Adding(AddMember, form=("unit", "id", "name", "since", "user"), button="登记党员"),
    steps=(
        Step("transfers", "调动", TransferMember, _KEEP, _CURRENT, form=("unit", "day")),
        Step("departures", "离开", RemoveMember, _KEEP, _CURRENT, form=("day",), back=True),
        Step(
            "corrections",
            "更正",
            CorrectMember,
            _KEEP,
            frozenset({"current", "left"}),
            form=("name", "unit", "since", "user", "reason"),
        ),
    ),
    known=frozenset(),
    history=False,
    routed=False,
)

RESOURCES: tuple[Resource, ...] = (_MEMBER,)
