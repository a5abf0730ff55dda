"""Plans: who owes what by when. Progress is computed from the records, never typed."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.lives import UnitField, UnitFields
from services.organisation.contract import UnitKind

from .duty import Audience, Edition, Material, Month, Requirement
from .words import EXAMPLE_UNIT, OwnNumber, Paged, Reason, Title

PLAN_STATES = {"draft": "草稿", "issued": "已下发", "withdrawn": "已撤回"}
MOST_MONTHS = 36


class PlanContent(Audience):
    """What a plan says: months from `first` to `last`, both included."""

    unit_fields: ClassVar[UnitFields] = tuple(
        UnitField(field, label, day="first", last="last", rule="within")
        for field, label in (("unit", "制定单位"), ("units", "下发范围"))
    )

    unit: str
    title: Title
    first: Month
    last: Month
    requirements: Annotated[list[Requirement], Field(min_length=1, max_length=40)]
    materials: list[Material] = Field(default=[], max_length=20)
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只制定一次")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        (year, month), (last_year, last_month) = (map(int, at.split("-")) for at in (self.first, self.last))
        months = (last_year - year) * 12 + last_month - month + 1
        if not 1 <= months <= MOST_MONTHS:
            raise ValueError(f"计划期应为 1 至 {MOST_MONTHS} 个月，结束月份不早于开始月份")
        named = [(each.kind, each.each) for each in self.requirements]
        if len(set(named)) != len(named):
            raise ValueError("同一事项、同一频次只列一次")
        return self


class DraftPlan(PlanContent):
    """Prepare a plan."""

    id: str


class RevisePlan(PlanContent):
    """Say a plan anew; once it is issued that makes a new edition, with the reason."""

    id: str
    reason: Reason = "修改草稿"


class IssuePlan(Command):
    """From now on its audience owes what it says."""

    id: str


class WithdrawPlan(Command):
    """Nobody owes it any more."""

    id: str
    reason: Reason


class GetPlan(Command):
    """One plan."""

    id: str


class ListPlans(Paged):
    """Plans of a unit, of those below it, and those that are addressed to it; the `day` is the first of the period."""

    states = frozenset(PLAN_STATES)


class PlanFields(Payload):
    """The content of a plan as an event tells it."""

    title: FreeText
    first: str
    last: str
    units: list[str]
    kinds: list[UnitKind]
    requirements: list[Requirement]
    materials: list[Material]
    number: str | None = None


_PLAN: dict[str, Any] = {
    "unit": "D001",
    "day": "2026-03-01",
    "title": "三会一课年度计划",
    "first": "2026-03",
    "last": "2026-12",
    "units": ["D001"],
    "kinds": ["branch"],
    "requirements": [{"kind": "theme_day", "number": 1, "each": "month", "note": ""}],
    "materials": [{"id": "", "title": "学习读本"}],
}
_DAY: dict[str, Any] = {"unit": "D001", "day": "2026-03-01", "title": "三会一课年度计划"}


class PlanDrafted(PlanFields):
    """A plan is being prepared."""

    type: ClassVar[str] = "plan.drafted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_PLAN]


class PlanRevised(PlanFields):
    """A plan was said anew; `edition` tells of a change after issue, and is None before."""

    type: ClassVar[str] = "plan.revised.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_PLAN, "edition": {"edition": 2, "day": "2026-04-01", "reason": "上级要求", "changes": ["新增：专题党课"]}}
    ]
    edition: Edition | None


class PlanIssued(Payload):
    """A plan's audience owes it from now on."""

    type: ClassVar[str] = "plan.issued.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_DAY, "edition": {"edition": 1, "day": "2026-03-02"}}]
    title: FreeText
    edition: Edition


class PlanWithdrawn(Payload):
    """Nobody owes a plan any more."""

    type: ClassVar[str] = "plan.withdrawn.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_DAY, "reason": "并入新计划"}]
    title: FreeText
    reason: FreeText


EXAMPLE_DUE: dict[str, Any] = {**EXAMPLE_UNIT, "due": 4, "done": 1}
