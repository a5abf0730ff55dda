"""Campaigns: windows of figures and plans. Records are taken on every day, in a campaign or in none."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText, Note
from services.kernel.message.instants import Day

from .unit import UnitKind
from .words import EXAMPLE_UNIT, Month, Name, UnitId


class DueDay(BaseModel):
    """Until when a month is to be submitted: a working day, or a day, of the month after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sort: Literal["working_day", "day"] = "working_day"
    number: int = Field(default=5, ge=1, le=31)

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.sort == "working_day" and self.number > 15:
            raise ValueError("次月第几个工作日应为 1 至 15")
        return self


class SubmissionRule(BaseModel):
    """Which months of a campaign are to be submitted, by which kinds of units and whatever lies above them, by when.

    Months before `limits_from` bear no due day: the platform was not there yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: list[Month] = Field(max_length=120)
    kinds: list[UnitKind] = Field(
        default=[UnitKind.department, UnitKind.central, UnitKind.institution, UnitKind.enterprise], min_length=1
    )
    due: DueDay = DueDay()
    limits_from: Month | None = Field(default=None, description="此月以前的月份补报，不设时限")
    source: Annotated[str, StringConstraints(max_length=200), FREE] = Field(
        default="平台缺省口径，非官方规定", description="口径出处或理由"
    )


class Phase(BaseModel):
    """A phase 阶段 of a campaign, by its days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    first: Day
    last: Day


class OpenCampaign(Command):
    """Open a campaign: what lies in its days bears its id. Phases follow one another within it and need not fill it."""

    id: UnitId
    name: Name
    opens: Day
    closes: Day
    requirement: Note = ""
    phases: list[Phase] = Field(default=[], max_length=20, description="各阶段的起止日期，先后相接、互不重叠")
    submissions: SubmissionRule | None = Field(default=None, description="要上报的月份；不填为不上报")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes < self.opens:
            raise ValueError("结束日期早于开始日期")
        bounds = [self.opens, *(day for phase in self.phases for day in (phase.first, phase.last)), self.closes]
        starts = [phase.first for phase in self.phases]
        if bounds != sorted(bounds) or any(phase.last in starts[n + 1 :] for n, phase in enumerate(self.phases)):
            raise ValueError("各阶段须在活动期内，按先后填写，互不重叠")
        return self


class CampaignOpened(Payload):
    """A campaign was opened."""

    type: ClassVar[str] = "campaign.opened.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "name": "主题教育",
            "opens": "2026-02-01",
            "closes": "2026-10-31",
            "requirement": "学思想、强党性",
            "phases": [{"name": "学习调研", "first": "2026-02-01", "last": "2026-05-31"}],
            "submissions": SubmissionRule(months=["2026-02", "2026-03"]).model_dump(mode="json"),
        }
    ]
    name: FreeText
    opens: date
    closes: date
    requirement: FreeText = ""
    phases: list[Phase] = Field(default_factory=list)
    submissions: SubmissionRule | None = None


class SubmissionsPlanned(Payload):
    """It was said anew which months are to be submitted, by whom and by when."""

    type: ClassVar[str] = "campaign.submissions_planned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "rule": SubmissionRule(months=["2026-02"], due=DueDay(sort="day", number=10)).model_dump(mode="json"),
            "reason": "按省委部署调整报送时限",
        }
    ]
    rule: SubmissionRule
    reason: FreeText
