"""Records in words: which of their fields a page shows, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.hotline import contract as hotline
from services.study import contract as study

from ..documents import show

RECORDS = {"session": "学习活动", "essay": "学习体会文章", "lecture": "专题党课", "ticket": "民声工单"}
STATES: dict[str, str] = {**study.STATE_NAMES, **{str(state): name for state, name in hotline.STATE_NAMES.items()}}
UNITS = ("unit", "handler", "reported_unit")
_ABSENCES: dict[str, str] = {**{str(reason): name for reason, name in study.REASON_NAMES.items()}, "excused": "请假"}
_NAMES: dict[str, Mapping[str, str]] = {
    "way": {str(way): name for way, name in study.WAYS.items()},
    "form": {str(form): name for form, name in study.FORM_NAMES.items()},
    "mode": {str(mode): name for mode, name in study.MODE_NAMES.items()},
    "channel": {str(channel): name for channel, name in hotline.CHANNELS.items()},
    "kind": {str(kind): name for kind, name in hotline.KINDS.items()},
    "state": STATES,
}
_FIELDS = (
    ("number", "本单位编号"),
    ("unit", "单位"),
    ("day", "日期"),
    ("way", "学习方式"),
    ("form", "活动形式"),
    ("due", "应到人数"),
    ("present", "实到人数"),
    ("mode", "讲授方式"),
    ("speaker_post", "讲授人职务"),
    ("audience", "听课人数"),
    ("channel", "来源渠道"),
    ("kind", "诉求类型"),
    ("category", "类别"),
    ("received", "受理时间"),
    ("deadline", "办理时限"),
    ("overdue", "超期起始日"),
    ("reported_unit", "被举报单位"),
    ("reason", "事由"),
)
_STEPS = (
    ("handler", "承办单位"),
    ("dispatched", "派单时间"),
    ("signed", "签收时间"),
    ("answered", "答复时间"),
    ("answer", "答复内容"),
    ("called_back", "回访时间"),
    ("completed", "办结时间"),
)
_INSTANTS = {"received", "deadline", "dispatched", "signed", "answered", "called_back", "completed"}


def units_of(record: dict[str, Any]) -> set[str]:
    """The units that a record names."""
    told = {**record, **record.get("life", {})}
    return {told[field] for field in UNITS if told.get(field)}


def record_lines(kind: str, record: dict[str, Any], units: Mapping[str, str]) -> list[tuple[str, str]]:
    """The lines of a record's page: names and what is told, empty ones left out; `units` are their names."""
    lines = _lines(_FIELDS, record, units)
    if kind == "session":
        named = [f"{_ABSENCES.get(each['reason'], '其他')} {each['count']} 人" for each in record["absences"]]
        lines.append(("未到情况", "、".join(named) or "全部到齐"))
    if kind == "essay" and record.get("reading_class"):
        lines.append(("关联读书班", record["reading_class"]["title"]))
    if kind == "ticket":
        life = record["life"]
        lines += _lines(_STEPS, life, units)
        if life.get("outcome"):
            lines.append(("回访结果", _outcome(life["outcome"])))
        caller = record.get("caller")
        hidden = "要求保密，由坐席联系"
        lines.append(("来电人", hidden if caller is None else f"{caller['name']} {caller['phone']}".strip() or "未留"))
    return [*lines, ("版本", str(record["version"]))]


def _lines(
    fields: tuple[tuple[str, str], ...], record: dict[str, Any], units: Mapping[str, str]
) -> list[tuple[str, str]]:
    return [(name, told(field, record[field], units)) for field, name in fields if record.get(field) not in (None, "")]


def told(field: str, value: Any, units: Mapping[str, str]) -> str:
    """A field's value in words."""
    if field in UNITS:
        return f"{units[value]}（{value}）" if value in units else str(value)
    if field in _NAMES:
        return _NAMES[field].get(value, str(value))
    if field in _INSTANTS:
        return show.instant(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _outcome(outcome: dict[str, Any]) -> str:
    if not outcome["valid"]:
        return f"无效：{outcome['excluded_reason']}（{outcome['excluded_by']}批准剔除）"
    contacted = "单位已联系" if outcome["responded"] else "单位未联系"
    solved = "已解决" if outcome["solved"] else "未解决"
    return f"有效，{contacted}，{solved}，{hotline.SATISFACTION[outcome['satisfaction']]}"
