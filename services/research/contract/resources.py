"""Topics, visits and measures, as everybody outside research meets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter

from services.kernel.message.free_text import NAMED, FreeText
from services.kernel.resource import Adding, Label, Lead, Record, Resource, Step, Waiting
from services.kernel.sheets.cells import Tagged
from services.organisation.contract import Action

from .measure import (
    BECAME,
    MEASURE_STATES,
    CorrectMeasure,
    GetMeasure,
    HandOverMeasure,
    ListMeasures,
    NoteProgress,
    RecordMeasure,
    ReturnMeasure,
    SettleMeasure,
    SubmitMeasure,
    VoidMeasure,
)
from .sheets import Codes, Group, group_told
from .topic import (
    OUTLINE_STATES,
    TOPIC_STATES,
    AdvanceTopic,
    ApproveOutline,
    CloseTopic,
    CorrectTopic,
    FileReport,
    FrameTopic,
    GetTopic,
    ListTopics,
    Member,
    ReturnTopic,
    RevisitTopic,
    SubmitOutline,
    TopicState,
    VoidTopic,
)
from .visit import PLACE_KINDS, VISIT_STATES, CorrectVisit, GetVisit, ListVisits, RecordVisit, VoidVisit
from .words import NAME

__all__ = ["RESOURCES"]

_WRITE, _APPROVE = Action.write_research, Action.approve_research
_LIVING = frozenset(TOPIC_STATES) - {TopicState.void}
_UNSETTLED = frozenset({"set", "working"})
_MEASURED = _UNSETTLED | {"submitted", "settled"}
_UNNAMED = "不写姓名、电话、住址"
_NUMBER = Label("本单位编号", "自编，可不填；同一编号只登记一次")
_TAGS = Label("举措、载体标签", "可不填；多个用顿号分开", read=TypeAdapter(Tagged).validate_python, say="、".join)
_UNITS = TypeAdapter(Codes).validate_python
_GROUP = TypeAdapter(Group).validate_python
_TOPIC_OF = Label(
    "课题",
    "方案已批准、尚未关闭的课题",
    record="topic",
    open_states=_LIVING - {TopicState.framing, TopicState.closed},
)
_YES_NO = {"true": "是", "false": "否"}
_TODAY = Label("日期", "不填为今天")


class Warned(BaseModel):
    """What should be known of a record that was taken all the same."""

    code: Annotated[str, NAMED]
    detail: FreeText


def _group(value: Any) -> str:
    return group_told([Member(**member) for member in value])


def _outline(value: Record) -> str:
    return f"{OUTLINE_STATES[value['state']]}：{value['text']}"


def _report(value: Record) -> str:
    return f"《{value['title']}》（{value['day']}）{value['summary']}"


def _revisit(value: Record) -> str:
    return f"{value['day']}，{'达到预期' if value['effective'] else '未达到预期'}。{value['finding']}"


def _percent(value: int) -> str:
    return f"{value}%"


_TOPIC = Resource(
    service=NAME,
    kind="topic",
    plural="topics",
    title="重点课题",
    get=GetTopic,
    list=ListTopics,
    read=Action.read_research,
    write=_WRITE,
    states=TOPIC_STATES,
    labels={
        "number": _NUMBER,
        "unit": Label("牵头单位"),
        "title": Label("课题名称"),
        "day": Label("立题日期"),
        "kind": Label("课题类型", asked="topic_kinds"),
        "kind_name": Label("课题类型"),
        "leader": Label("牵头领导职务", "填职务，不填姓名"),
        "group": Label(
            "调研组",
            "职务×人数，用分号隔开；外单位加@单位编码，如 处长×2；处长×1@D002",
            read=_GROUP,
            write=_group,
            say=_group,
        ),
        "cooperating": Label("协作单位", "可不填，可选多个", read=_UNITS),
        "tags": _TAGS,
        "outline": Label("调研方案", _UNNAMED, large=True, say=_outline),
        "report": Label("调研报告", "报告题目", say=_report),
        "summary": Label("摘要", "不写案情材料", large=True),
        "revisit": Label("督查回访", say=_revisit),
        "effective": Label("是否达到预期效果", words=_YES_NO, must=True),
        "finding": Label("回访情况", _UNNAMED, large=True),
        "visits": Label("调研次数"),
        "percent": Label("转化措施完成", say=_percent),
        "closed": Label("关闭日期"),
        "reason": Label("事由"),
    },
    columns=("day", "unit", "kind_name", "leader"),
    filters=("outline", "kind"),
    add=Adding(
        FrameTopic,
        form=("unit", "title", "kind", "day", "leader", "group", "cooperating", "tags", "number"),
        button="立题",
        summary="立题",
    ),
    steps=(
        Step("outlines", "报送调研方案", SubmitOutline, _WRITE, frozenset({"framing"}), form=("outline",)),
        Step("approvals", "批准调研方案", ApproveOutline, _APPROVE, frozenset({"framing"}), form=("day",)),
        Step("advances", "进入下一阶段", AdvanceTopic, _WRITE, frozenset({"surveying", "solving"})),
        Step(
            "reports",
            "报送调研报告",
            FileReport,
            _WRITE,
            _LIVING - {TopicState.framing, TopicState.closed},
            form=("report", "day", "summary"),
        ),
        Step(
            "revisits",
            "督查回访",
            RevisitTopic,
            _APPROVE,
            frozenset({"converted", "revisited"}),
            form=("day", "effective", "finding"),
        ),
        Step("closures", "关闭课题", CloseTopic, _APPROVE, frozenset({"revisited"}), form=("day",)),
        Step("returns", "退回", ReturnTopic, _APPROVE, _LIVING, form=("reason",), back=True),
        Step("corrections", "更正", CorrectTopic, _WRITE, _LIVING, whole=True),
        Step("voids", "作废", VoidTopic, _WRITE, _LIVING, form=("reason",), back=True),
    ),
    waiting=(
        Waiting("调研方案待审批", _APPROVE, {"outline": "submitted"}),
        Waiting("调研方案被退回，待改正", _WRITE, {"outline": "returned"}),
    ),
    leads=(
        Lead("本课题的调研", "visit", "topic"),
        Lead("本课题的转化措施", "measure", "topic"),
        Lead("登记调研", "visit", "topic", new=True),
        Lead("登记转化措施", "measure", "topic", new=True),
    ),
    lookups=("tags",),
    knows_units=True,
    export="topics",
)

_VISIT = Resource(
    service=NAME,
    kind="visit",
    plural="visits",
    title="调研",
    get=GetVisit,
    list=ListVisits,
    read=Action.read_research,
    write=_WRITE,
    states=VISIT_STATES,
    labels={
        "number": _NUMBER,
        "unit": Label("调研单位"),
        "topic": _TOPIC_OF,
        "topic_title": Label("课题"),
        "title": Label("调研事项"),
        "day": Label("日期"),
        "leader": Label("带队人职务", "填职务，不填姓名"),
        "people": Label("参加人数", "不填为 1"),
        "visited": Label("被调研单位", "平台内单位填此项；不得要求其准备材料"),
        "place": Label("平台外单位或地点", "平台以外的填此项和类别"),
        "kind": Label("类别", "平台内单位不必填", words=PLACE_KINDS),
        "visits_in_month": Label("该单位当月被调研次数"),
        "crowded": Label("扎堆提示", words={True: "超过每月上限，请统筹安排", False: ""}),
        "findings": Label("发现的问题和建议", "加密保存，被调研单位不可见", large=True),
        "reason": Label("事由"),
    },
    columns=("day", "unit", "topic_title", "visited", "place", "crowded"),
    filters=("topic", "kind"),
    add=Adding(
        RecordVisit,
        form=("unit", "topic", "title", "day", "leader", "people", "visited", "place", "kind", "findings", "number"),
        button="登记调研",
        by_platform=("平台内单位的类别", "当月被调研次数", "状态", "登记账号", "登记时间"),
    ),
    steps=(
        Step("corrections", "更正", CorrectVisit, _WRITE, frozenset({"recorded"}), whole=True),
        Step("voids", "作废", VoidVisit, _WRITE, frozenset({"recorded"}), form=("reason",), back=True),
    ),
    lookups=("visited",),
    knows_units=True,
    export="visits",
    known=frozenset({"row", "counts_as"}),
    returns={"warnings": (list[Warned], [])},
)


def _noted(measure: Record) -> Iterator[tuple[str, str]]:
    names = {"done": "已做", "next": "下一步", "problem": "问题", "support": "需要的支持"}
    progress = measure["progress"] or {}
    yield from ((name, progress[field]) for field, name in names.items() if progress.get(field))
    if progress:
        yield "最近填报", measure["noted"]


_MEASURE = Resource(
    service=NAME,
    kind="measure",
    plural="measures",
    title="转化措施",
    get=GetMeasure,
    list=ListMeasures,
    read=Action.read_research,
    write=_WRITE,
    states=MEASURE_STATES,
    labels={
        "number": _NUMBER,
        "unit": Label("提出单位"),
        "topic": _TOPIC_OF,
        "topic_title": Label("课题"),
        "title": Label("措施"),
        "day": Label("日期", "不填为今天"),
        "owner": Label("责任单位"),
        "cooperating": Label("配合单位", "可不填，可选多个", read=_UNITS),
        "due": Label("完成时限"),
        "tags": _TAGS,
        "percent": Label("完成", say=_percent),
        "overdue": Label("超期", words={True: "已超期", False: ""}),
        "settled": Label("销号日期"),
        "became": Label("已转为", words=BECAME),
        "into": Label("转为", words=BECAME),
        "done": Label("已做", large=True),
        "next": Label("下一步", large=True),
        "problem": Label("问题", large=True),
        "support": Label("需要的支持", large=True),
        "reason": Label("事由"),
    },
    columns=("owner", "topic_title", "due", "percent", "overdue"),
    filters=("overdue", "topic", "owner", "due_from", "due_to"),
    add=Adding(
        RecordMeasure,
        form=("unit", "topic", "title", "day", "owner", "cooperating", "due", "tags", "number"),
        button="登记措施",
        by_platform=("完成百分比", "状态", "登记账号", "登记时间"),
    ),
    steps=(
        Step(
            "progress",
            "填报进展",
            NoteProgress,
            _WRITE,
            _UNSETTLED,
            by=("owner", "cooperating", "unit"),
            form=("done", "next", "problem", "support", "day"),
            flat="progress",
        ),
        Step("submissions", "申请销号", SubmitMeasure, _WRITE, _UNSETTLED, by=("owner", "unit")),
        Step("settlements", "销号", SettleMeasure, _APPROVE, frozenset({"submitted"}), form=("day",)),
        Step(
            "returns",
            "退回",
            ReturnMeasure,
            _APPROVE,
            frozenset({"submitted", "settled"}),
            form=("reason",),
            back=True,
        ),
        Step("handovers", "转为制度或问题", HandOverMeasure, _WRITE, _MEASURED, form=("into",)),
        Step("corrections", "更正", CorrectMeasure, _WRITE, _MEASURED, whole=True),
        Step("voids", "作废", VoidMeasure, _WRITE, _MEASURED, form=("reason",), back=True),
    ),
    waiting=(
        Waiting("转化措施待销号", _APPROVE, {"state": "submitted"}),
        Waiting("转化措施已超期", _WRITE, {"overdue": "true"}),
    ),
    lookups=("tags",),
    knows_units=True,
    export="measures",
    events={"submitted": "申请销号"},
    told=_noted,
)

RESOURCES: tuple[Resource, ...] = (_TOPIC, _VISIT, _MEASURE)
