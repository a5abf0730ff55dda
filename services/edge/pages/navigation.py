"""The side bar: what each group of work is called, and which addresses in it are open to whom. Pure data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from services.gateway.domain import Action

SHEETS = (
    Action.import_study,
    Action.import_research,
    Action.import_tickets,
    Action.manage_units,
    Action.manage_users,
    Action.grant_roles,
    Action.manage_members,
)
"""Who may do any of these hands in sheets."""
_MOST_OPEN = 12
"""Somebody with so few entries sees them all; with more, a group opens where one is in it, or when it is asked to."""


@dataclass(frozen=True)
class Entry:
    """A line of the side bar for who may do any of the actions (for everybody where none is named).

    An address that ends in `{home}` is that of one's own unit, and is not there for who stands above all units.
    """

    group: str
    text: str
    href: str
    actions: tuple[Action, ...] = ()


GROUPS = {
    "工作台": "home",
    "学习": "book",
    "调研": "microscope",
    "民声热线": "phone",
    "汇总上报": "chart-bar",
    "组织与账号": "building",
    "系统": "settings",
}
"""The groups in their order, with their icons."""
ENTRIES = (
    Entry("工作台", "工作台", "/"),
    Entry("学习", "学习活动", "/records/session", (Action.read_study,)),
    Entry("学习", "学习计划", "/records/plan", (Action.read_plans,)),
    Entry("学习", "通知单", "/records/notice", (Action.read_plans,)),
    Entry("学习", "联学结对", "/records/pair", (Action.read_plans,)),
    Entry("学习", "比赛", "/records/contest", (Action.read_plans,)),
    Entry("学习", "作品评分", "/judging", (Action.score_entries,)),
    Entry("学习", "学习资料", "/records/material_set?offered=true", (Action.read_materials,)),
    Entry("学习", "请假", "/records/excuse", (Action.manage_members,)),
    Entry("学习", "学习覆盖", "/coverage/{home}", (Action.read_figures,)),
    Entry("学习", "标准与依据", "/norms", (Action.read_plans,)),
    Entry("调研", "重点课题", "/records/topic", (Action.read_research,)),
    Entry("调研", "调研", "/records/visit", (Action.read_research,)),
    Entry("调研", "转化清单", "/records/measure", (Action.read_research,)),
    Entry("民声热线", "民声工单", "/records/ticket", (Action.read_tickets,)),
    Entry("汇总上报", "统计报告", "/reports/{home}", (Action.read_figures,)),
    Entry("汇总上报", "举措进展", "/initiatives/{home}", (Action.read_figures,)),
    Entry("汇总上报", "月度上报", "/submissions", (Action.read_study,)),
    Entry("汇总上报", "报送表格", "/imports", SHEETS),
    Entry("组织与账号", "机构调整", "/reforms/{home}", (Action.manage_units,)),
    Entry("组织与账号", "党员名册", "/records/member", (Action.manage_members,)),
    Entry("组织与账号", "会话与令牌", "/access/tokens"),
    Entry("系统", "审计日志", "/access/log", (Action.read_access_log,)),
    Entry("系统", "接口文档", "/docs"),
)


def groups_of(path: str, home: str | None, may: Callable[[tuple[Action, ...]], bool]) -> list[dict[str, Any]]:
    """The groups of who `may` do what, each with its entries, the one that the path belongs to marked."""
    shown = [
        (entry, entry.href.replace("{home}", quote(home or "")))
        for entry in ENTRIES
        if (not entry.actions or may(entry.actions)) and (home or "{home}" not in entry.href)
    ]
    here = max((href for _, href in shown if _within(path, href)), key=len, default="")
    groups = []
    for group, icon in GROUPS.items():
        links = [
            {"text": entry.text, "href": href, "here": href == here} for entry, href in shown if entry.group == group
        ]
        if links:
            opened = len(shown) <= _MOST_OPEN or any(link["here"] for link in links)
            groups.append({"text": group, "icon": icon, "links": links, "open": opened})
    return groups


def _within(path: str, href: str) -> bool:
    address = href.partition("?")[0]
    return path == address or (address != "/" and path.startswith(f"{address}/"))
