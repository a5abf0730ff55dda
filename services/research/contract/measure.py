"""The conversion list 调研成果转化清单: measures, their progress, and who settles them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText, Reason, Title
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.sheets.cells import OwnNumber, Reference, Tags

from .words import EXAMPLE_UNIT, OWN, Counted, Paged, Unit, Units, WithId


class MeasureState(StrEnum):
    """Where a measure stands: 未启动, 推进中, 申请销号, 已销号, 作废."""

    set = "set"
    working = "working"
    submitted = "submitted"
    settled = "settled"
    void = "void"


MEASURE_STATES = {
    MeasureState.set: "未启动",
    MeasureState.working: "推进中",
    MeasureState.submitted: "申请销号",
    MeasureState.settled: "已销号",
    MeasureState.void: "作废",
}
PERCENT = {MeasureState.set: 0, MeasureState.working: 50, MeasureState.submitted: 90, MeasureState.settled: 100}
"""A measure's percentage follows from its state; a topic's is the mean of its measures', rounded down."""
OPEN = (MeasureState.set, MeasureState.working, MeasureState.submitted)


class MeasureContent(Command):
    """A measure that came of a topic: who is to do it, by when. `unit` asks for it, and settles it."""

    unit_fields: ClassVar[UnitFields] = (
        OWN,
        UnitField("owner", "责任单位", day="day", rule="within"),
        UnitField("cooperating", "配合单位", day="day", rule="within"),
    )

    unit: Unit = Field(description="提出单位，由其销号")
    day: Day
    title: Title
    topic: Reference = Field(description="课题：其记录标识，或本单位及上级单位的课题编号")
    owner: Unit = Field(description="责任单位")
    cooperating: Units = Field(default=[], description="配合单位")
    tags: Tags = Field(default=[])
    due: Day = Field(description="完成时限")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class RecordMeasure(MeasureContent):
    """Put a measure on the list."""

    id: str
    row: str | None = None


class CorrectMeasure(MeasureContent):
    """Say a measure anew, with the reason. Its unit and number stay."""

    id: str
    reason: Reason
    row: str | None = None


class VoidMeasure(WithId):
    """Take a measure back: it leaves every figure that it had entered."""

    reason: Reason
    row: str | None = None


Noted = Annotated[str, StringConstraints(max_length=1000), FREE]


class Progress(BaseModel):
    """How it goes, in four fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: Annotated[str, StringConstraints(min_length=1, max_length=1000), FREE] = Field(description="已做")
    next: Noted = Field(default="", description="下一步")
    problem: Noted = Field(default="", description="问题")
    support: Noted = Field(default="", description="需要的支持")


class MeasureLife(BaseModel):
    """What a correction says anew of the steps that a measure has taken; what it leaves out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    progress: Progress | None = None
    noted: date | None = None
    settled: date | None = None


class NoteProgress(WithId):
    """Note how it goes. On `day`, today where it is not given."""

    progress: Progress
    day: Day | None = None


class SubmitMeasure(WithId):
    """Say that it is done, and ask for it to be settled."""


class SettleMeasure(WithId):
    """Who asked for it says that it is done 销号. On `day`, today where it is not given."""

    day: Day | None = None


class ReturnMeasure(WithId):
    """Who asked for it says that it is not done yet."""

    reason: Reason


class HandOverMeasure(WithId):
    """Let a measure become a regulation 建章立制, or a problem of the problem list 问题清单."""

    into: Literal["regulation", "problem"]


BECAME = {"regulation": "制度", "problem": "问题"}


class GetMeasure(WithId):
    """One measure."""


class ListProgress(WithId):
    """What was noted of a measure, the newest first."""

    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class ListMeasures(Paged):
    """Measures that a unit, or one below it, asked for, owns or helps with."""

    states = frozenset(MEASURE_STATES)

    topic: str | None = Field(default=None, max_length=40)
    owner: str | None = Field(default=None, max_length=32)
    overdue: bool | None = None
    due_from: Day | None = None
    due_to: Day | None = None
    sort: Literal["day", "-day", "title", "-title", "due", "-due"] = "-day"


_MEASURE: dict[str, Any] = {"figure": "measures", **EXAMPLE_UNIT}
_CONTENT: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "title": "统一数据共享标准",
    "topic": "01956f3e-0000-7000-8000-000000000000",
    "owner": "D002",
    "cooperating": ["D003"],
    "due": "2026-06-30",
    "number": "CS-001",
}


class MeasureFields(Payload):
    """What every event of a measure bears: what leaves the figures by it and what enters them."""

    was: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time
    now: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time


class MeasureRecorded(MeasureFields):
    """A measure was put on the list."""

    type: ClassVar[str] = "measure.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "now": [_MEASURE]}]
    title: FreeText
    topic: str
    owner: str
    cooperating: list[str]
    due: date
    tags: list[str] = []  # noqa: RUF012  # a pydantic field: copied each time
    number: str | None = None
    row: str | None = None


class MeasureCorrected(MeasureRecorded):
    """A measure was said anew."""

    type: ClassVar[str] = "measure.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "due": "2026-07-31", "reason": "时限调整"}]
    reason: FreeText
    life: MeasureLife | None = None


class MeasureVoided(MeasureFields):
    """A measure was taken back."""

    type: ClassVar[str] = "measure.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": [_MEASURE]}]
    reason: FreeText
    row: str | None = None


class ProgressNoted(MeasureFields):
    """Somebody noted how it goes."""

    type: ClassVar[str] = "measure.progress_noted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**EXAMPLE_UNIT, "progress": {"done": "已印发标准", "next": "培训", "problem": "", "support": ""}}
    ]
    progress: Progress


class MeasureSubmitted(MeasureFields):
    """Its owner says that it is done."""

    type: ClassVar[str] = "measure.submitted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class MeasureSettled(MeasureFields):
    """Who asked for it says that it is done."""

    type: ClassVar[str] = "measure.settled.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "now": [{**_MEASURE, "figure": "measures_settled"}]}]


class MeasureReturned(MeasureFields):
    """Who asked for it says that it is not done yet."""

    type: ClassVar[str] = "measure.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "佐证不足"}]
    reason: FreeText


class HandedOver(MeasureFields):
    """What rectification needs to go on with a measure; `unit` asked for it."""

    title: FreeText
    topic: str
    owner: str
    cooperating: list[str]
    due: date


class MeasureBecameRegulation(HandedOver):
    """A measure is to become a regulation: the register of regulations follows it."""

    type: ClassVar[str] = "measure.became_regulation.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class MeasureBecameProblem(HandedOver):
    """A measure is to become a problem: the problem list follows it until it is settled."""

    type: ClassVar[str] = "measure.became_problem.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]
