"""Records in words: which of their fields a page shows, and what they are called."""

from __future__ import annotations

from typing import Any

from services.hotline import contract as hotline
from services.study import contract as study

from ..documents import show

_NAMES: dict[str, dict[str, str]] = {
    "way": {str(way): name for way, name in study.WAYS.items()},
    "form": {str(form): name for form, name in study.FORM_NAMES.items()},
    "mode": {str(mode): name for mode, name in study.MODE_NAMES.items()},
    "channel": {str(channel): name for channel, name in hotline.CHANNELS.items()},
    "kind": {str(kind): name for kind, name in hotline.KINDS.items()},
    "state": {**study.STATE_NAMES, **{str(state): name for state, name in hotline.STATE_NAMES.items()}},
}
_FIELDS = (
    ("number", "本单位编号"),
    ("unit", "单位"),
    ("state", "状态"),
    ("day", "日期"),
    ("way", "方式"),
    ("form", "形式"),
    ("due", "应到"),
    ("session", "读书班编号"),
    ("mode", "讲授方式"),
    ("speaker_post", "讲授人职务"),
    ("audience", "听课人数"),
    ("channel", "来源渠道"),
    ("kind", "诉求类型"),
    ("category", "类别"),
    ("received", "受理时间"),
    ("deadline", "办理时限"),
    ("overdue", "超期起始日"),
    ("reason", "事由"),
    ("version", "版本"),
)
_STEPS = (
    ("handler", "承办单位"),
    ("dispatched", "派单"),
    ("signed", "签收"),
    ("answered", "答复"),
    ("answer", "答复内容"),
    ("called_back", "回访"),
    ("completed", "办结"),
)


def record_lines(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """The lines of a record's page: names and what is told, empty ones left out."""
    lines = [(name, _told(field, record[field])) for field, name in _FIELDS if record.get(field) not in (None, "")]
    if kind == "session":
        named = [f"{study.REASON_NAMES[each['reason']]} {each['count']} 人" for each in record["absences"]]
        lines.append(("未到情况", "、".join(named) or "全部到齐"))
    if kind == "ticket":
        life = record["life"]
        lines.extend((name, _told(field, life[field])) for field, name in _STEPS if life.get(field))
        if life.get("outcome"):
            outcome = life["outcome"]
            said = "有效" if outcome["valid"] else f"无效（{outcome['excluded_reason']}）"
            solved = "已解决" if outcome["solved"] else "未解决"
            satisfied = hotline.SATISFACTION[outcome["satisfaction"]]
            lines.append(("回访结果", f"{said}，{solved}，{satisfied}"))
        caller = record.get("caller")
        lines.append(("来电人", "要求保密" if caller is None else f"{caller['name']} {caller['phone']}"))
    return lines


def _told(field: str, told: Any) -> str:
    if field in _NAMES:
        return _NAMES[field].get(told, str(told))
    if isinstance(told, str) and "T" in told and told[:4].isdigit():
        return show.instant(told)
    return str(told)
