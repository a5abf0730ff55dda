"""Tests of the side bar's table."""

from __future__ import annotations

from typing import Any

from services.edge.pages.navigation import ENTRIES, GROUPS, groups_of
from services.gateway.domain import Action


def texts(groups: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The entries' texts by group."""
    return {group["text"]: [link["text"] for link in group["links"]] for group in groups}


def test_somebody_sees_the_entries_of_their_actions_and_no_others() -> None:
    """Who may read tickets alone finds them, their workbench, and what is everybody's."""
    shown = texts(groups_of("/", "D001", lambda actions: Action.read_tickets in actions))
    assert shown == {
        "工作台": ["工作台"],
        "民声热线": ["民声工单"],
        "组织与账号": ["会话与令牌"],
        "系统": ["接口文档"],
    }


def test_there_are_at_most_ten_groups_and_every_entry_is_in_one() -> None:
    """Whoever may do everything still finds their way at the first level."""
    groups = groups_of("/", "D001", lambda actions: True)
    assert len(groups) <= 10
    assert sum(len(group["links"]) for group in groups) == len(ENTRIES)
    assert {entry.group for entry in ENTRIES} == set(GROUPS)


def test_the_entry_with_the_longest_address_is_the_current_one() -> None:
    """A record belongs to its list, the first page to itself alone; the current group is open, others are not."""
    for path, here in (("/records/session/01", "学习活动"), ("/", "工作台"), ("/reports/D001/issues", "统计报告")):
        groups = groups_of(path, "D001", lambda actions: True)
        assert [link["text"] for group in groups for link in group["links"] if link["here"]] == [here]
        assert [group["open"] for group in groups] == [any(link["here"] for link in group["links"]) for group in groups]


def test_who_stands_above_all_units_has_no_page_of_a_unit_of_their_own() -> None:
    """No address is left with a hole in it."""
    groups = groups_of("/", None, lambda actions: True)
    assert "统计报告" not in texts(groups)["汇总上报"]
    assert not [link for group in groups for link in group["links"] if "{" in link["href"]]
