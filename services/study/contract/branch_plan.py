"""A branch's own plan of a month, drawn from the notice: nothing that stands in the notice is typed again."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText
from services.kernel.message.instants import Day

from .duty import DutyKind
from .notice import ItemKey
from .words import EXAMPLE_UNIT, Paged, Reason, Title


class PlannedItem(BaseModel):
    """What the branch means to do for an item of the notice, or of its own: when, where, on what, led by which post."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: ItemKey
    title: Title
    text: Annotated[str, StringConstraints(max_length=500), FREE] = ""
    kind: DutyKind | None = None
    due: Day | None = None
    day: Day | None = None
    place: Annotated[str, StringConstraints(max_length=60), FREE] = ""
    host_post: Annotated[str, StringConstraints(max_length=60), FREE] = Field(
        default="", description="主持人职务，不填姓名"
    )


class DrawBranchPlan(Command):
    """Draw a branch's plan from its receipt of a notice; again, after a new edition, what was typed stays."""

    receipt: str = Field(max_length=64)


class PlaceBranchPlan(Command):
    """What is drawn: the notice's items as they stand; follows from the receipt, never sent."""

    unit: str
    day: Day
    receipt: str
    title: FreeText
    edition: int
    items: list[PlannedItem]


class ReviseBranchPlan(Command):
    """Fill in the plan: dates, places, and items of the branch's own."""

    id: str
    items: Annotated[list[PlannedItem], Field(min_length=1, max_length=60)]
    reason: Reason = "完善计划"


class GetBranchPlan(Command):
    """One branch's plan of a month."""

    id: str


class ListBranchPlans(Paged):
    """Plans of a branch, or of those below a unit."""

    states = frozenset({"planned"})


class BranchPlanFields(Payload):
    """A branch's plan as an event tells it; `typed` fields were typed by hand, `given` came from the notice."""

    receipt: str
    title: FreeText
    edition: int
    items: list[PlannedItem]
    typed: int
    given: int


_PLANNED: dict[str, Any] = {
    "key": "theme_day.month",
    "title": "主题党日（每月 1 次）",
    "kind": "theme_day",
    "due": "2026-03-31",
}
_PLAN: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "receipt": "0197a9b0-0000-7000-8000-000000000003",
    "title": "2026年3月支部计划",
    "edition": 1,
    "given": 3,
}


class BranchPlanDrawn(BranchPlanFields):
    """A branch's plan was drawn from the notice; `drawn` is what the notice gives."""

    type: ClassVar[str] = "branch_plan.drawn.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_PLAN, "items": [_PLANNED], "drawn": [_PLANNED], "typed": 0}]
    drawn: list[PlannedItem]


class BranchPlanRevised(BranchPlanFields):
    """A branch filled in its plan."""

    type: ClassVar[str] = "branch_plan.revised.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_PLAN, "items": [{**_PLANNED, "day": "2026-03-12", "place": "三楼会议室"}], "typed": 2, "reason": "完善计划"}
    ]
    reason: FreeText
