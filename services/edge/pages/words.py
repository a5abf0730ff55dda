"""Records in words: which of their fields a page shows, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.domain import Action
from services.hotline import contract as hotline
from services.research import contract as research
from services.study import contract as study

from ..documents import show
from . import joint
from .owed import KINDS, owed_lines

ACTIONS = {
    Action.read_figures: "查看统计",
    Action.rank_units: "按同类单位排名",
    Action.issue_reports: "印发统计报告",
    Action.read_units: "查看单位",
    Action.read_study: "查看学习记录",
    Action.write_study: "填报学习记录",
    Action.return_study: "退回学习记录",
    Action.read_materials: "查看学习资料",
    Action.keep_progress: "记录本人学习进度",
    Action.score_entries: "为参赛作品评分",
    Action.read_plans: "查看计划、通知单",
    Action.write_plans: "制定计划、下发通知单",
    Action.acknowledge_notices: "签收通知单",
    Action.supervise_study: "督学提醒",
    Action.read_tickets: "查看工单",
    Action.register_tickets: "登记工单",
    Action.dispatch_tickets: "分类、派单",
    Action.handle_tickets: "签收、答复工单",
    Action.call_back_tickets: "回访、办结工单",
    Action.correct_tickets: "更正、作废工单",
    Action.read_callers: "查看来电人（留痕）",
    Action.read_research: "查看调研",
    Action.write_research: "填报调研",
    Action.approve_research: "审批方案、销号",
    Action.import_research: "导入调研台账",
    Action.set_norms: "修改调研配置",
    Action.import_study: "导入学习台账",
    Action.import_tickets: "导入工单台账",
    Action.manage_units: "管理单位",
    Action.manage_campaigns: "开启活动",
    Action.read_submissions: "查看月度上报",
    Action.confirm_submissions: "确认上报",
    Action.review_submissions: "采纳、退回上报",
    Action.read_users: "查看用户",
    Action.manage_users: "管理用户",
    Action.manage_members: "管理党员名册",
    Action.see_themselves: "查看、更正本人信息",
    Action.grant_roles: "授予角色",
    Action.end_sessions: "撤销用户的会话与令牌",
    Action.read_access_log: "查看审计日志",
    Action.operate: "处置搁置的消息",
    Action.keep_calendar: "维护工作日历",
}
RECORDS = {
    "session": "学习活动",
    "essay": "学习体会文章",
    "lecture": "专题党课",
    "topic": "重点课题",
    "visit": "调研",
    "measure": "转化措施",
    "member": "党员",
    "excuse": "请假",
    "plan": "学习计划",
    "notice": "组织生活通知单",
    "receipt": "通知单回执",
    "branch_plan": "支部计划",
    "reminder": "督学提醒",
    "ticket": "民声工单",
    **joint.NAMES,
}
_ENTRY = {state: study.STATE_NAMES[state] for state in ("recorded", "void")}
_STATES: dict[str, Mapping[Any, str]] = {
    "session": {state: study.STATE_NAMES[state] for state in study.SessionState},
    "essay": _ENTRY,
    "lecture": _ENTRY,
    "topic": research.TOPIC_STATES,
    "visit": research.VISIT_STATES,
    "measure": research.MEASURE_STATES,
    "member": {"current": "在册", "left": "已离开"},
    "excuse": {"recorded": "有效", "withdrawn": "已撤销"},
    "plan": study.PLAN_STATES,
    "notice": study.PLAN_STATES,
    "receipt": study.RECEIPT_STATES,
    "branch_plan": {"planned": "已制定"},
    "reminder": {"sent": "已提醒"},
    "ticket": hotline.STATE_NAMES,
    **joint.STATES,
}
UNITS = ("unit", "by", "handler", "reported_unit", "visited", "owner", *joint.UNITS)
_SEVERAL = ("cooperating",)
_ABSENCES: dict[str, str] = {**{str(reason): name for reason, name in study.REASON_NAMES.items()}, "excused": "请假"}
_NAMES: dict[str, Mapping[str, str]] = {
    "way": {str(way): name for way, name in study.WAYS.items()},
    "form": {str(form): name for form, name in study.FORM_NAMES.items()},
    "mode": {str(mode): name for mode, name in study.MODE_NAMES.items()},
    "channel": {str(channel): name for channel, name in hotline.CHANNELS.items()},
    "kind": {str(kind): name for kind, name in (hotline.KINDS | research.PLACE_KINDS).items()},
    "became": research.BECAME,
    "sort": study.EXCUSE_SORTS,
    "what": {str(what): name for what, name in study.LAPSES.items()},
    "reason_of_absence": {str(reason): name for reason, name in study.EXCUSE_REASONS.items()} | {"excused": "请假"},
    **joint.WORDS,
}
_SAID = {"crowded": {True: "超过每月上限", False: "—"}, "overdue": {True: "已超期", False: "—"}}
_FIELDS = (
    ("number", "本单位编号"),
    ("unit", "单位"),
    ("day", "日期"),
    ("way", "学习方式"),
    ("form", "活动形式"),
    ("due", "应到人数"),
    ("present", "实到人数"),
    ("belonged", "所在单位"),
    ("since", "编入日期"),
    ("until", "离开日期"),
    ("member", "党员编号"),
    ("first", "开始日期"),
    ("last", "结束日期"),
    ("sort", "类别"),
    ("by", "提醒单位"),
    ("what", "提醒事由"),
    ("reason_of_absence", "请假事由"),
    ("mode", "讲授方式"),
    ("speaker_post", "讲授人职务"),
    ("audience", "听课人数"),
    ("channel", "来源渠道"),
    ("kind", "诉求类型"),
    ("category", "类别"),
    ("received", "受理时间"),
    ("limit", "办理时限"),
    ("overdue", "超期起始日"),
    ("reported_unit", "被举报单位"),
    *joint.FIELDS,
    ("reason", "事由"),
)
_RESEARCH = {
    "topic": (
        ("number", "本单位编号"),
        ("unit", "牵头单位"),
        ("day", "立题日期"),
        ("kind_name", "课题类型"),
        ("leader", "牵头领导职务"),
        ("cooperating", "协作单位"),
        ("visits", "调研次数"),
        ("percent", "转化措施完成"),
        ("closed", "关闭日期"),
        ("reason", "事由"),
    ),
    "visit": (
        ("number", "本单位编号"),
        ("unit", "调研单位"),
        ("day", "日期"),
        ("topic_title", "课题"),
        ("leader", "带队人职务"),
        ("people", "参加人数"),
        ("visited", "被调研单位"),
        ("place", "平台外单位或地点"),
        ("kind", "类别"),
        ("visits_in_month", "该单位当月被调研次数"),
        ("findings", "发现的问题和建议"),
        ("reason", "事由"),
    ),
    "measure": (
        ("number", "本单位编号"),
        ("unit", "提出单位"),
        ("day", "日期"),
        ("topic_title", "课题"),
        ("owner", "责任单位"),
        ("cooperating", "配合单位"),
        ("due", "完成时限"),
        ("percent", "完成"),
        ("settled", "销号日期"),
        ("became", "已转为"),
        ("reason", "事由"),
    ),
}
_PROGRESS = (("done", "已做"), ("next", "下一步"), ("problem", "问题"), ("support", "需要的支持"))
_STEPS = (
    ("handler", "承办单位"),
    ("dispatched", "派单时间"),
    ("signed", "签收时间"),
    ("answered", "答复时间"),
    ("answer", "答复内容"),
    ("called_back", "回访时间"),
    ("completed", "办结时间"),
)
_INSTANTS = {"received", "dispatched", "signed", "answered", "called_back", "completed"}


def states(kind: str) -> list[tuple[str, str]]:
    """The states of a kind of record, with what they are called."""
    return [(str(state), name) for state, name in _STATES[kind].items()]


def state_of(kind: str, state: str) -> str:
    """What a state of a kind of record is called."""
    return _STATES[kind].get(state, state)


def units_of(record: dict[str, Any]) -> set[str]:
    """The units that a record names."""
    told = {**record, **record.get("life", {})}
    several = {unit for field in _SEVERAL for unit in told.get(field) or ()}
    return several | {told[field] for field in UNITS if told.get(field)}


def record_lines(kind: str, record: dict[str, Any], units: Mapping[str, str]) -> list[tuple[str, str]]:
    """The lines of a record's page: names and what is told, empty ones left out; `units` are their names."""
    lines = _lines(_RESEARCH.get(kind, _FIELDS), record, units)
    if kind in _RESEARCH:
        lines += _researched(kind, record)
    if kind == "session":
        named = [f"{_ABSENCES.get(each['reason'], '其他')} {each['count']} 人" for each in record["absences"]]
        lines.append(("未到情况", "、".join(named) or "全部到齐"))
    if kind == "essay" and record.get("reading_class"):
        lines.append(("关联读书班", record["reading_class"]["title"]))
    if kind in KINDS:
        lines += owed_lines(kind, record)
    if kind == "ticket":
        life = record["life"]
        lines += _lines(_STEPS, life, units)
        if life.get("outcome"):
            lines.append(("回访结果", _outcome(life["outcome"])))
        caller = record.get("caller")
        hidden = "要求保密，由坐席联系"
        lines.append(("来电人", hidden if caller is None else f"{caller['name']} {caller['phone']}".strip() or "未留"))
    lines += joint.lines_of(kind, record)
    return [*lines, ("版本", str(record["version"]))]


def _researched(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """What a research record has come to, beside its fields."""
    if kind == "visit":
        return [("扎堆提示", "该单位当月被调研次数超过上限，请统筹安排")] if record["crowded"] else []
    if kind == "measure":
        noted = _lines(_PROGRESS, record["progress"] or {}, {})
        return [*noted, ("最近填报", record["noted"])] if noted else []
    group = [research.Member(**member) for member in record["group"]]
    found = [("调研组", research.group_told(group))] if group else []
    if outline := record["outline"]:
        found.append(("调研方案", f"{research.OUTLINE_STATES[outline['state']]}：{outline['text']}"))
    if report := record["report"]:
        found.append(("调研报告", f"《{report['title']}》（{report['day']}）{report['summary']}"))
    if revisit := record["revisit"]:
        said = "达到预期" if revisit["effective"] else "未达到预期"
        found.append(("督查回访", f"{revisit['day']}，{said}。{revisit['finding']}"))
    return found


def record_links(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a record's page leads on to."""
    if kind == "topic":
        return [(f"本课题的{RECORDS[part]}", f"/records/{part}?topic={record['id']}") for part in ("visit", "measure")]
    if kind in _RESEARCH:
        return [("所属课题", f"/records/topic/{record['topic']}")]
    return [(text, href) for href, text in joint.links_of(kind, record)]


def _lines(
    fields: tuple[tuple[str, str], ...], record: dict[str, Any], units: Mapping[str, str]
) -> list[tuple[str, str]]:
    return [
        (name, told(field, record[field], units)) for field, name in fields if record.get(field) not in (None, "", [])
    ]


def told(field: str, value: Any, units: Mapping[str, str]) -> str:
    """A field's value in words."""
    if field in _SEVERAL:
        return "、".join(told(UNITS[0], unit, units) for unit in value)
    if field in UNITS and value is not None:
        return f"{units[value]}（{value}）" if value in units else str(value)
    if field in _NAMES:
        return _NAMES[field].get(value, str(value))
    if field in _INSTANTS:
        return show.instant(value)
    return _plain(field, value)


def _plain(field: str, value: Any) -> str:
    if value is None:
        return show.NONE
    if isinstance(value, bool):
        return _SAID[field][value]
    if field == "percent":
        return f"{value}%"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _outcome(outcome: dict[str, Any]) -> str:
    if not outcome["valid"]:
        return f"无效：{outcome['excluded_reason']}（{outcome['excluded_by']}批准剔除）"
    contacted = "单位已联系" if outcome["responded"] else "单位未联系"
    solved = "已解决" if outcome["solved"] else "未解决"
    return f"有效，{contacted}，{solved}，{hotline.SATISFACTION[outcome['satisfaction']]}"
