"""A plan: draft → issued (edition after edition) → withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import UnitKind

from ..contract import (
    DraftPlan,
    Edition,
    IssuePlan,
    Material,
    PlanContent,
    PlanDrafted,
    PlanFields,
    PlanIssued,
    PlanRevised,
    PlanWithdrawn,
    Requirement,
    RevisePlan,
    WithdrawPlan,
)
from .duty import Window, differences, first_of, told, windows

MOST_EDITIONS = 50


class Plan(BaseModel):
    """A plan as it stands; `day` is the first of its period."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    first: str
    last: str
    units: list[str]
    kinds: list[UnitKind]
    requirements: list[Requirement]
    materials: list[Material]
    number: str | None = None
    state: Literal["draft", "issued", "withdrawn"]
    edition: int = 0
    editions: list[Edition] = []
    reason: str | None = None

    def windows(self) -> list[Window]:
        """All that it asks of a unit of its audience."""
        return windows(self.requirements, self.first, self.last)


def decide(state: Plan | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a plan; nothing where it says what is so already.

    Raises:
        DomainError: plan.not_found, .id_taken, .unit_fixed, .audience_fixed, .withdrawn, .too_many_editions.
    """
    if isinstance(command, DraftPlan):
        drafted = PlanDrafted(**_content(command))
        if state is None or _content(state) == _content(command):
            return [] if state else [drafted]
        raise wrong("plan.id_taken", "id", "该编号已用于另一份计划", "conflict")
    if state is None:
        raise DomainError("plan.not_found", "没有这份计划", "not_found")
    if state.state == "withdrawn":
        raise DomainError("plan.withdrawn", "该计划已撤回，不能再更改", "conflict")
    place: dict[str, Any] = {"unit": state.unit, "day": state.day, "title": state.title}
    match command:
        case RevisePlan():
            return _revise(state, command, now)
        case IssuePlan():
            first = Edition(edition=1, day=business_day(now))
            return [] if state.state == "issued" else [PlanIssued(**place, edition=first)]
        case WithdrawPlan():
            return [PlanWithdrawn(**place, reason=command.reason)]
    raise TypeError(f"no plan takes {type(command).__name__}")


def _revise(state: Plan, command: RevisePlan, now: datetime) -> list[Payload]:
    if command.unit != state.unit:
        raise wrong("plan.unit_fixed", "unit", "不能改变计划的制定单位，请另行制定")
    content = {**_content(command), "number": state.number}
    if content == _content(state):
        return []
    if state.state == "draft":
        return [PlanRevised(**content, edition=None)]
    if (content["units"], content["kinds"]) != (state.units, state.kinds):
        raise wrong("plan.audience_fixed", "units", "计划印发后不能改变适用范围，请撤回后另行制定")
    if state.edition >= MOST_EDITIONS:
        raise wrong("plan.too_many_editions", "id", f"一份计划最多 {MOST_EDITIONS} 版，请另行制定", "conflict")
    edition = Edition(
        edition=state.edition + 1,
        day=business_day(now),
        reason=command.reason,
        changes=differences(_read(state), _read(command)),
    )
    return [PlanRevised(**content, edition=edition)]


def _read(plan: Plan | RevisePlan) -> dict[str, str]:
    """How each part of a plan reads."""
    return {
        "title": f"标题“{plan.title}”",
        "period": f"计划期 {plan.first} 至 {plan.last}",
        **{
            f"{each.kind}.{each.each}": told(each) + (f"（{each.note}）" if each.note else "")
            for each in plan.requirements
        },
        **{f"material {each.title}": f"学习资料《{each.title}》" for each in plan.materials},
    }


def evolve(state: Plan | None, event: Payload) -> Plan:
    """The plan after what happened."""
    match event:
        case PlanDrafted():
            return Plan(**_content(event), state="draft")
        case PlanRevised() if state is not None:
            editions = [*state.editions, *([event.edition] if event.edition else [])]
            return Plan(**_content(event), state=state.state, edition=len(editions), editions=editions)
        case PlanIssued() if state is not None:
            return state.model_copy(update={"state": "issued", "edition": 1, "editions": [event.edition]})
        case PlanWithdrawn() if state is not None:
            return state.model_copy(update={"state": "withdrawn", "reason": event.reason})
    raise TypeError(f"no plan knows {type(event).__name__}")


def parts(plan: Plan) -> Iterable[str]:
    """Whose plan it is, and to whom it is addressed."""
    return (plan.unit, *plan.units)


_CONTENT = ("unit", "title", "first", "last", "kinds", "requirements", "materials", "number")


def _content(source: Plan | PlanContent | PlanFields) -> dict[str, Any]:
    content = {name: getattr(source, name) for name in _CONTENT}
    return {**content, "units": list(source.units) or [source.unit], "day": first_of(source.first)}


PLAN = Aggregate("plan", Plan, decide, evolve, parts)
