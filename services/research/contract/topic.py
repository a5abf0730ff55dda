"""Key topics: each led by a leader with a research group, through a closed loop of gates."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText, Post, Reason, Title
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.sheets.cells import OwnNumber, Tags

from .measure import MeasureState
from .words import EXAMPLE_UNIT, OWN, Counted, Note, Sorted, Unit, Units, WithId


class TopicState(StrEnum):
    """Where a topic stands in the closed loop 谋题 → 破题 → 解题 → 转化 → 督查回访 → 关闭."""

    framing = "framing"
    surveying = "surveying"
    solving = "solving"
    converted = "converted"
    revisited = "revisited"
    closed = "closed"
    void = "void"


TOPIC_STATES = {
    TopicState.framing: "谋题",
    TopicState.surveying: "破题",
    TopicState.solving: "解题",
    TopicState.converted: "成果转化",
    TopicState.revisited: "督查回访",
    TopicState.closed: "关闭",
    TopicState.void: "作废",
}


class OutlineState(StrEnum):
    """Where an outline stands: 待审, 退回, 已批准."""

    submitted = "submitted"
    returned = "returned"
    approved = "approved"


OUTLINE_STATES = {OutlineState.submitted: "待审", OutlineState.returned: "退回", OutlineState.approved: "已批准"}


class Member(BaseModel):
    """So many people of a research group, by post and unit; never by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    post: Post
    count: int = Field(default=1, ge=1, le=1000)
    unit: Unit | None = Field(default=None, description="所在单位，本单位的可不填")


Outline = Annotated[str, StringConstraints(min_length=1, max_length=4000), FREE]


class TopicContent(Command):
    """What a topic is about, and who researches it. Case material is not kept."""

    unit_fields: ClassVar[UnitFields] = (
        OWN,
        UnitField("cooperating", "协作单位", day="day", rule="within"),
        UnitField("group/unit", "调研组成员单位", day="day", rule="within"),
    )

    unit: Unit
    day: Day = Field(description="立题日期")
    title: Title
    kind: str = Field(max_length=30, description="课题类型，见配置")
    leader: Post = Field(description="牵头领导职务，不填姓名")
    group: list[Member] = Field(default=[], max_length=30, description="调研组，按职务和人数")
    cooperating: Units = Field(default=[], description="协作单位")
    tags: Tags = Field(default=[])
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class FrameTopic(TopicContent):
    """Set a topic."""

    id: str
    row: str | None = None


class CorrectTopic(TopicContent):
    """Say a topic anew, with the reason. Its unit and number stay."""

    id: str
    reason: Reason
    row: str | None = None


class TopicLife(BaseModel):
    """What a correction says anew of the steps that a topic has taken; what it leaves out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outline: FreeText | None = None
    approved: date | None = None
    report: FreeText | None = None
    reported: date | None = None
    summary: FreeText | None = None
    revisited: date | None = None
    effective: bool | None = None
    finding: FreeText | None = None
    closed: date | None = None


class VoidTopic(WithId):
    """Take a topic back for good: it leaves the figures. Its visits and measures must be taken back before."""

    reason: Reason
    row: str | None = None


class SubmitOutline(WithId):
    """Put the research outline 调研方案 before the leader."""

    outline: Outline


class ApproveOutline(WithId):
    """The leader approves the outline: the survey begins. On `day`, today where it is not given."""

    day: Day | None = None


class AdvanceTopic(WithId):
    """Pass the next gate, if what it requires is there."""


class FileReport(WithId):
    """File the research report 调研报告."""

    day: Day
    report: Title = Field(description="报告题目")
    summary: Note = ""


class RevisitTopic(WithId):
    """Go and see what came of it 督查回访."""

    day: Day
    effective: bool = Field(default=True, description="是否达到预期效果")
    finding: Note = ""


class CloseTopic(WithId):
    """Close the loop. On `day`, today where it is not given."""

    day: Day | None = None


class ReturnTopic(WithId):
    """Give back the outline, or the topic to the stage before, with the reason."""

    reason: Reason


class CountEvidence(WithId):
    """A visit or a measure came, went or moved on; follows from these, never sent."""

    visits: int = 0
    was: MeasureState | None = None
    now: MeasureState | None = None


class GetTopic(WithId):
    """One topic."""


class ListTopics(Sorted):
    """Topics of a unit and those below it, and those in which they cooperate."""

    states = frozenset(TOPIC_STATES)

    kind: str | None = Field(default=None, max_length=30)
    outline: OutlineState | None = None


_TOPIC: dict[str, Any] = {"figure": "topics", **EXAMPLE_UNIT, "tags": ["对口帮扶"]}
_CONTENT: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "title": "基层治理中的数据共享",
    "kind": "solution",
    "leader": "党组书记",
    "group": [{"post": "处长", "count": 2, "unit": None}],
    "cooperating": ["D002"],
    "tags": ["对口帮扶"],
    "number": "KT-2026-001",
}


class TopicFields(Payload):
    """What every event of a topic bears: what leaves the figures by it and what enters them."""

    was: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time
    now: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time


class TopicFramed(TopicFields):
    """A topic was set."""

    type: ClassVar[str] = "topic.framed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "now": [_TOPIC, {**_TOPIC, "figure": "groups"}]}]
    title: FreeText
    kind: str
    leader: FreeText
    group: list[Member]
    cooperating: list[str]
    tags: list[str] = []  # noqa: RUF012  # a pydantic field: copied each time
    number: str | None = None
    row: str | None = None


class TopicCorrected(TopicFramed):
    """A topic was said anew."""

    type: ClassVar[str] = "topic.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_CONTENT, "group": [], "reason": "调研组尚未组成", "was": [{**_TOPIC, "figure": "groups"}]}
    ]
    reason: FreeText
    life: TopicLife | None = None


class TopicVoided(TopicFields):
    """A topic was taken back."""

    type: ClassVar[str] = "topic.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复立题", "was": [_TOPIC]}]
    reason: FreeText
    row: str | None = None


class OutlineSubmitted(TopicFields):
    """An outline was put before the leader."""

    type: ClassVar[str] = "topic.outline_submitted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "outline": "围绕数据共享的堵点，到三个单位座谈"}]
    outline: FreeText


class OutlineApproved(TopicFields):
    """The outline was approved, and the topic is being surveyed."""

    type: ClassVar[str] = "topic.outline_approved.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class TopicAdvanced(TopicFields):
    """A gate was passed."""

    type: ClassVar[str] = "topic.advanced.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "left": "surveying", "entered": "solving"}]
    left: TopicState
    entered: TopicState


class ReportFiled(TopicFields):
    """The report was filed."""

    type: ClassVar[str] = "topic.report_filed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "report": "数据共享调研报告", "summary": "堵点在标准"}]
    report: FreeText
    summary: FreeText = ""


class TopicRevisited(TopicFields):
    """Somebody went to see what came of it."""

    type: ClassVar[str] = "topic.revisited.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "effective": True, "finding": "措施已见效"}]
    effective: bool
    finding: FreeText = ""


class TopicClosed(TopicFields):
    """The loop was closed."""

    type: ClassVar[str] = "topic.closed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class TopicReturned(TopicFields):
    """The outline, or the topic to the stage before, was given back."""

    type: ClassVar[str] = "topic.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**EXAMPLE_UNIT, "left": "solving", "entered": "surveying", "reason": "调研不够深入"}
    ]
    left: TopicState
    entered: TopicState
    reason: FreeText


class EvidenceCounted(TopicFields):
    """So many visits a topic has now, and so many measures in each state."""

    type: ClassVar[str] = "topic.evidence_counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "visits": 2, "measures": {"working": 1}}]
    visits: int
    measures: dict[MeasureState, int]
