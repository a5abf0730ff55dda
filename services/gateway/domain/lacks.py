"""What is missing of a month, as far as its figures tell: each needs a word from the unit when it confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.organisation.contract import Lack

Values = Mapping[str, int | float | None]


class Rule(NamedTuple):
    """A sort of lack: which figure it opens to, how much is missing (0: nothing is), and its sentence."""

    key: str
    figure: str
    missing: Callable[[Values], int]
    text: str


def _of(values: Values, figure: str) -> int:
    return int(values.get(figure) or 0)


def _left(due: str, done: str) -> Callable[[Values], int]:
    return lambda values: max(0, _of(values, due) - _of(values, done))


def _nobody(reached: str, due: str) -> Callable[[Values], int]:
    """So many were due, and not one was reached."""
    return lambda values: 0 if _of(values, reached) else _of(values, due)


RULES = (
    Rule(
        "items_behind",
        "study.notice_items.due",
        _left("study.notice_items.due", "study.notice_items.done"),
        "通知单事项未完成 {} 项",
    ),
    Rule(
        "sessions_none",
        "study.notice_items.due",
        _nobody("study.sessions.branch", "study.notice_items.due"),
        "通知单有应办事项 {} 项，本月没有研学活动",
    ),
    Rule(
        "members_none",
        "study.members_due",
        _nobody("study.members_covered", "study.members_due"),
        "党员名册上有 {} 人应学，本月没有人参加已报送的学习活动",
    ),
    Rule(
        "units_none",
        "study.units_due",
        _nobody("study.units_covered", "study.units_due"),
        "有 {} 个应学单位，本月没有开展学习活动",
    ),
    Rule(
        "members_absent",
        "study.attendance.absent",
        lambda values: _of(values, "study.attendance.absent"),
        "无故缺席 {} 人次",
    ),
    Rule("overdue_tickets", "hotline.overdue", lambda values: _of(values, "hotline.overdue"), "工单超期未答复 {} 件"),
)
"""What was due by a plan, a list or a time limit, and did not come. Adding one is an entry."""


def lacks(values: Values) -> list[Lack]:
    """Everything that is missing of a month with these figures."""
    found = ((rule, rule.missing(values)) for rule in RULES)
    return [
        Lack(key=rule.key, text=rule.text.format(missing), figure=rule.figure) for rule, missing in found if missing
    ]
