"""The spreadsheets in which topics, visits and measures are reported, and in which they are given out again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from services.kernel.message.free_text import FREE, SEALED
from services.kernel.message.instants import Day
from services.kernel.message.keys import key_of, seen
from services.kernel.sheets.cells import Code, Count, Line, Tagged, Text, choice
from services.kernel.sheets.ledger import ACTION, TAGS, Row, identity
from services.kernel.sheets.sheet import Column, Sheet

from .measure import BECAME, MEASURE_STATES, MeasureState, Progress
from .topic import TOPIC_STATES, Member, TopicState
from .visit import PLACE_KINDS, PlaceKind

_MEMBER = re.compile(r"(?P<post>[^×xX*@]+?)\s*(?:[×xX*]\s*(?P<count>\d{1,4}))?\s*(?:@\s*(?P<unit>[A-Z0-9-]{1,32}))?")
_YES_NO = {"是": True, "否": False}


def _pieces(value: Any) -> Any:
    """What is separated by 、 or the like."""
    if type(value) is float and value.is_integer():  # one code, of digits alone; a dressed number is none
        value = str(int(value))
    return [piece for piece in re.split(r"[、，,；;\s]+", key_of(value)) if piece] if isinstance(value, str) else value


def _group(value: Any) -> Any:
    """A research group, from text such as 处长×2；副处长×1@D002."""
    if not isinstance(value, str):
        return value
    members = []
    for piece in re.split(r"[；;、，,\n]+", seen(value)):
        if not piece.strip():
            continue
        match = _MEMBER.fullmatch(piece.strip())
        if match is None:
            raise ValueError("应为职务和人数，如：处长×2；副处长×1@D002")
        members.append({"post": match["post"], "count": int(match["count"] or 1), "unit": match["unit"]})
    return members


def group_told(group: Iterable[Member]) -> str:
    """A research group as its cell tells it."""
    return "；".join(f"{each.post}×{each.count}{f'@{each.unit}' if each.unit else ''}" for each in group)


def _by_name(names: dict[Any, str]) -> Any:
    return choice({name: str(value) for value, name in names.items()})


Codes = Annotated[list[Annotated[str, Field(max_length=32)]], BeforeValidator(_pieces), Field(max_length=20)]
Group = Annotated[list[Member], BeforeValidator(_group), Field(max_length=30)]
_STAGES = {state: name for state, name in TOPIC_STATES.items() if state != TopicState.void}
_STATES = {state: name for state, name in MEASURE_STATES.items() if state != MeasureState.void}


class TopicRow(Row):
    """A row of 重点课题清单: a topic's whole life, as far as it has come."""

    kind: Annotated[Line, Field(max_length=30)]
    leader: Annotated[Line, Field(min_length=1, max_length=60), FREE]
    group: Group = Field(default=[])
    cooperating: Codes = Field(default=[])
    tags: Tagged = Field(default=[])
    state: Annotated[TopicState, _by_name(_STAGES)] = TopicState.framing
    outline: Annotated[Text, Field(max_length=4000), FREE] = ""
    approved: Day | None = None
    report: Annotated[Line, Field(max_length=120), FREE] = ""
    reported: Day | None = None
    summary: Annotated[Text, Field(max_length=2000), FREE] = ""
    revisited: Day | None = None
    effective: Annotated[bool, BeforeValidator(lambda value: _YES_NO.get(value, value))] = True
    finding: Annotated[Text, Field(max_length=2000), FREE] = ""
    closed: Day | None = None


class VisitRow(Row):
    """A row of 调研台账. `counts_as` and, for a unit of the platform, `kind` are the edge's, which knows the tree."""

    topic: Annotated[Line, Field(min_length=1, max_length=40)]
    leader: Annotated[Line, Field(min_length=1, max_length=60), FREE]
    people: Annotated[Count, Field(ge=1, le=1000)] = 1
    visited: Code | None = None
    place: Annotated[Line, Field(max_length=120), FREE] | None = None
    kind: Annotated[PlaceKind, _by_name(PLACE_KINDS)] | None = None
    findings: Annotated[Text, Field(max_length=4000), SEALED] | None = None
    counts_as: Code | None = None


class MeasureRow(Row):
    """A row of 调研成果转化清单: a measure, its latest note, and how far it has come."""

    topic: Annotated[Line, Field(min_length=1, max_length=40)]
    owner: Code
    cooperating: Codes = Field(default=[])
    tags: Tagged = Field(default=[])
    due: Day
    state: Annotated[MeasureState, _by_name(_STATES)] = MeasureState.set
    noted: Day | None = None
    done: Annotated[Text, Field(max_length=1000), FREE] = ""
    next: Annotated[Text, Field(max_length=1000), FREE] = ""
    problem: Annotated[Text, Field(max_length=1000), FREE] = ""
    support: Annotated[Text, Field(max_length=1000), FREE] = ""
    settled: Day | None = None
    became: Annotated[Literal["regulation", "problem"], _by_name(BECAME)] | None = None

    def note(self) -> Progress | None:
        """What is noted of its progress, where something is."""
        if not self.done:
            return None
        return Progress(done=self.done, next=self.next, problem=self.problem, support=self.support)


def day_told(day: date | None) -> str:
    """A day as its cell tells it."""
    return "" if day is None else day.isoformat()


_TOPIC = Column(
    "topic", "课题编号", "本单位或上级单位的课题编号；协作课题填记录标识", required=True, example="KT-2026-001"
)
_POST = "填职务，不填姓名"
SHEETS = {
    sheet.kind: sheet
    for sheet in (
        Sheet(
            "topics",
            "重点课题清单",
            (
                *identity("KT-2026-001", "基层治理中的数据共享"),
                Column("kind", "课题类型", "平台配置的类型，如战略性、对策性、前瞻性", required=True, example="对策性"),
                Column("leader", "牵头领导", _POST, required=True, example="党组书记"),
                Column("group", "调研组", "职务×人数，用分号隔开；外单位的加@单位编码", example="处长×2；处长×1@D002"),
                Column("cooperating", "协作单位编码", "多个用顿号隔开", example="D002、D003"),
                TAGS,
                Column("state", "阶段", "不填为谋题；进入后面的阶段须具备其要求", choices=tuple(_STAGES.values())),
                Column("outline", "调研方案", "进入破题阶段前须经批准"),
                Column("approved", "方案批准日期", example="2026-03-10"),
                Column("report", "调研报告题目"),
                Column("reported", "报告日期"),
                Column("summary", "报告摘要", "不写案情材料"),
                Column("revisited", "督查回访日期"),
                Column("effective", "是否达到预期", choices=tuple(_YES_NO)),
                Column("finding", "回访情况"),
                Column("closed", "关闭日期"),
                *ACTION,
            ),
            TopicRow,
            named=("cooperating", "group"),
        ),
        Sheet(
            "visits",
            "调研台账",
            (
                *identity("DY-2026-001", "赴水利厅座谈"),
                _TOPIC,
                Column("leader", "带队人", _POST, required=True, example="副厅长"),
                Column("people", "参加人数", example="3"),
                Column("visited", "被调研单位编码", "平台内单位填此项", example="D002"),
                Column("place", "平台外单位或地点", "平台以外的填此项和类别", example="示例县示例村"),
                Column("kind", "类别", "平台内单位不必填", choices=tuple(PLACE_KINDS.values())),
                Column("findings", "发现的问题和建议", "加密保存，被调研单位不可见；不得要求被调研单位准备材料"),
                *ACTION,
            ),
            VisitRow,
            named=("visited",),
        ),
        Sheet(
            "measures",
            "调研成果转化清单",
            (
                *identity("CS-2026-001", "统一数据共享标准"),
                _TOPIC,
                Column("owner", "责任单位编码", required=True, example="D002"),
                Column("cooperating", "配合单位编码", "多个用顿号隔开", example="D003"),
                TAGS,
                Column("due", "完成时限", required=True, example="2026-06-30"),
                Column("state", "状态", "不填为未启动", choices=tuple(_STATES.values())),
                Column("noted", "进展填报日期"),
                Column("done", "已做"),
                Column("next", "下一步"),
                Column("problem", "问题"),
                Column("support", "需要的支持"),
                Column("settled", "销号日期"),
                Column("became", "转为", choices=tuple(BECAME.values())),
                *ACTION,
            ),
            MeasureRow,
            named=("owner", "cooperating"),
        ),
    )
}
