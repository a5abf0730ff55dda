"""A branch's plan of a month: drawn from the notice, filled in by hand; the record knows how much was typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, record_id
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    NAME,
    BranchPlanDrawn,
    BranchPlanFields,
    BranchPlanRevised,
    PlaceBranchPlan,
    PlannedItem,
    ReviseBranchPlan,
)
from .duty import end_of, first_of, month_of

_FIELDS = ("title", "text", "kind", "due", "day", "place", "host_post")


class BranchPlan(BaseModel):
    """A branch's plan as it stands. `drawn` is what the notice gave."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    receipt: str
    title: str
    edition: int
    items: list[PlannedItem]
    drawn: list[PlannedItem]
    typed: int
    given: int
    state: Literal["planned"] = "planned"


def branch_plan_id(unit: str, receipt: str) -> str:
    """The id of the plan that a branch draws from a receipt."""
    return record_id(NAME, "branch_plans", unit, receipt)


def typed(items: Iterable[PlannedItem], drawn: Sequence[PlannedItem]) -> int:
    """How many fields are not as the notice gave them: those were typed by hand."""
    given = {item.key: item for item in drawn}
    empty = PlannedItem(key="none", title="-")
    return sum(getattr(item, name) != getattr(given.get(item.key, empty), name) for item in items for name in _FIELDS)


def decide(state: BranchPlan | None, command: Command, now: datetime) -> list[BranchPlanFields]:
    """What follows from a command on a branch's plan; nothing where it says what is so already.

    Raises:
        DomainError: branch_plan.not_found, .item_repeated, .item_missing, .day_outside_month.
    """
    if isinstance(command, PlaceBranchPlan):
        return _place(state, command)
    if state is None:
        raise DomainError("branch_plan.not_found", "没有这份支部计划", "not_found")
    if isinstance(command, ReviseBranchPlan):
        return _revise(state, command)
    raise TypeError(f"no branch plan takes {type(command).__name__}")


def _place(state: BranchPlan | None, command: PlaceBranchPlan) -> list[BranchPlanFields]:
    if state is not None and state.edition == command.edition:
        return []
    items = command.items if state is None else _kept(state, command.items)
    told = {**command.model_dump(exclude={"items"}), "drawn": command.items, "given": _given(command.items)}
    return [BranchPlanDrawn(**told, items=items, typed=typed(items, command.items))]


def _kept(state: BranchPlan, fresh: Sequence[PlannedItem]) -> list[PlannedItem]:
    """The new edition's items with what was typed for them, and the branch's own ones."""
    was, known = {item.key: item for item in state.items}, {item.key for item in state.drawn}
    kept = [
        item.model_copy(update={name: getattr(was[item.key], name) for name in ("day", "place", "host_post")})
        if item.key in was
        else item
        for item in fresh
    ]
    return [*kept, *(item for item in state.items if item.key not in known)]


def _given(items: Iterable[PlannedItem]) -> int:
    return sum(getattr(item, name) not in (None, "") for item in items for name in _FIELDS)


def _revise(state: BranchPlan, command: ReviseBranchPlan) -> list[BranchPlanFields]:
    keys = [item.key for item in command.items]
    if len(set(keys)) != len(keys):
        raise wrong("branch_plan.item_repeated", "items", "事项的 key 不能重复")
    if gone := [item.title for item in state.drawn if item.key not in keys]:
        raise wrong("branch_plan.item_missing", "items", f"通知单的事项不能删除：{'、'.join(gone)}")
    month = month_of(state.day)
    for item in command.items:
        if item.day is not None and not first_of(month) <= item.day <= end_of(month):
            raise wrong("branch_plan.day_outside_month", "items", f"事项“{item.title}”的日期须在 {month} 当月")
    if command.items == state.items:
        return []
    told: dict[str, Any] = {
        name: getattr(state, name) for name in ("unit", "day", "receipt", "title", "edition", "given")
    }
    return [
        BranchPlanRevised(**told, items=command.items, typed=typed(command.items, state.drawn), reason=command.reason)
    ]


def evolve(state: BranchPlan | None, event: BranchPlanFields) -> BranchPlan:
    """The plan after what happened."""
    if isinstance(event, BranchPlanRevised) and state is not None:
        return state.model_copy(update={"items": event.items, "typed": event.typed})
    return BranchPlan(**event.model_dump())


def parts(plan: BranchPlan) -> Iterable[str]:
    """A branch's plan concerns the branch alone."""
    return (plan.unit,)


BRANCH_PLAN = Aggregate("branch_plan", BranchPlan, decide, evolve, parts)
