"""The monthly notice: made out of a plan, issued, changed by editions, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import not_in_future, wrong
from services.organisation.contract import UnitKind

from ..contract import (
    DUTY_NAMES,
    EACH_NAMES,
    DraftNotice,
    Each,
    Edition,
    IssueNotice,
    Item,
    Material,
    NoticeDrafted,
    NoticeFields,
    NoticeIssued,
    NoticeRevised,
    NoticeWithdrawn,
    Placed,
    ReviseNotice,
    WithdrawNotice,
)
from .duty import Window, differences, end_of, first_of
from .plan import MOST_EDITIONS, Plan


class Notice(BaseModel):
    """A notice as it stands; `day` is where it counts: in its month, as near as may be to the day of its issue."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    plan: str
    month: str
    units: list[str]
    kinds: list[UnitKind]
    items: list[Item]
    materials: list[Material]
    note: str = ""
    state: Literal["draft", "issued", "withdrawn"] = "draft"
    edition: int = 0
    editions: list[Edition] = []
    reason: str | None = None

    def windows(self) -> list[Window]:
        """What it asks of a unit of its audience, item by item."""
        return [
            Window(
                item.key, item.kind, item.number, item.since or self.month, self.month, item.due or end_of(self.month)
            )
            for item in self.items
        ]


class MakeNotice(Command):
    """A notice to be made, and the plan that it is made of; follows from the two, never sent."""

    asked: DraftNotice
    plan: Plan


def items_of(plan: Plan, month: str) -> list[Item]:
    """What of a plan falls due in a month: each window of it stands in exactly one month's notice."""
    found = []
    for window in plan.windows():
        if window.last == month:
            each = Each(window.key.rsplit(".", 1)[1])
            name = DUTY_NAMES[str(window.kind)]
            note = next(asked.note for asked in plan.requirements if f"{asked.kind}.{asked.each}" == window.key)
            found.append(
                Item(
                    key=window.key,
                    title=f"{name}（{EACH_NAMES[each]} {window.number} 次）",
                    text=note,
                    kind=window.kind,
                    number=window.number,
                    since=window.first,
                    due=window.due,
                )
            )
    return found


def decide(state: Notice | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a notice; nothing where it says what is so already.

    Raises:
        DomainError: notice.plan_not_issued, .month_outside_plan, .nothing_due, .not_found, .withdrawn, .item_repeated,
            .item_outside_month, .too_many_editions, day.in_future.
    """
    if isinstance(command, MakeNotice):
        return _make(state, command)
    if state is None:
        raise DomainError("notice.not_found", "没有这份通知单", "not_found")
    if state.state == "withdrawn":
        raise DomainError("notice.withdrawn", "该通知单已撤回，不能再更改", "conflict")
    match command:
        case ReviseNotice():
            return _revise(state, command, now)
        case IssueNotice():
            return _issue(state, command, now)
        case WithdrawNotice():
            was = Placed(unit=state.unit, day=state.day) if state.state == "issued" else None
            place = {"unit": state.unit, "day": state.day, "title": state.title}
            return [NoticeWithdrawn(**place, reason=command.reason, was=was)]
    raise TypeError(f"no notice takes {type(command).__name__}")


def _make(state: Notice | None, command: MakeNotice) -> list[Payload]:
    if state is not None:
        return []  # the notice of a plan's month is one record, whoever asks again
    plan, asked = command.plan, command.asked
    if plan.state != "issued":
        raise wrong("notice.plan_not_issued", "plan", "只能由已印发的计划生成通知单", "conflict")
    if not plan.first <= asked.month <= plan.last:
        raise wrong("notice.month_outside_plan", "month", f"月份不在计划期（{plan.first} 至 {plan.last}）内")
    items = items_of(plan, asked.month)
    if not items:
        raise wrong("notice.nothing_due", "month", "计划中没有这个月到期的事项")
    year, month = asked.month.split("-")
    return [
        NoticeDrafted(
            unit=asked.unit,
            day=first_of(asked.month),
            title=asked.title or f"{year}年{int(month)}月组织生活通知单",
            plan=asked.plan,
            month=asked.month,
            units=plan.units,
            kinds=plan.kinds,
            items=items,
            materials=plan.materials,
        )
    ]


def _revise(state: Notice, command: ReviseNotice, now: datetime) -> list[Payload]:
    _check(state.month, command.items)
    said = {"title": command.title or state.title, "items": command.items, "note": command.note}
    revised = state.model_copy(update=said)
    if revised == state:
        return []
    edition = None
    if state.state == "issued":
        if state.edition >= MOST_EDITIONS:
            raise wrong("notice.too_many_editions", "id", f"一份通知单最多 {MOST_EDITIONS} 版，请另行下发", "conflict")
        edition = Edition(
            edition=state.edition + 1,
            day=business_day(now),
            reason=command.reason,
            changes=differences(_read(state), _read(revised)),
        )
    return [NoticeRevised(**_content(revised), edition=edition)]


def _check(month: str, items: Iterable[Item]) -> None:
    keys = [item.key for item in items]
    if len(set(keys)) != len(keys):
        raise wrong("notice.item_repeated", "items", "事项的 key 不能重复")
    for item in items:
        due, since = item.due or end_of(month), item.since or month
        if not first_of(month) <= due <= end_of(month) or since > month:
            raise wrong("notice.item_outside_month", "items", f"事项“{item.title}”的时限须在 {month} 当月")


def _issue(state: Notice, command: IssueNotice, now: datetime) -> list[Payload]:
    if state.state == "issued":
        return []
    day = command.day or business_day(now)
    not_in_future(day, now)
    counts = min(max(day, first_of(state.month)), end_of(state.month))
    return [
        NoticeIssued(
            unit=state.unit,
            day=counts,
            title=state.title,
            edition=Edition(edition=1, day=day),
            now=Placed(unit=state.unit, day=counts),
        )
    ]


def _read(notice: Notice) -> dict[str, str]:
    """How each part of a notice reads."""
    return {
        "title": f"标题“{notice.title}”",
        **({"note": f"说明“{notice.note}”"} if notice.note else {}),
        **{
            f"item {item.key}": f"“{item.title}”，{item.number} 次，{item.due or end_of(notice.month)} 前"
            + (f"（{item.text}）" if item.text else "")
            for item in notice.items
        },
    }


def evolve(state: Notice | None, event: Payload) -> Notice:
    """The notice after what happened."""
    match event:
        case NoticeDrafted():
            return Notice(**_content(event))
        case NoticeRevised() if state is not None:
            editions = [*state.editions, *([event.edition] if event.edition else [])]
            return Notice(**_content(event), state=state.state, edition=len(editions), editions=editions)
        case NoticeIssued() if state is not None:
            update = {"state": "issued", "day": event.day, "edition": 1, "editions": [event.edition]}
            return state.model_copy(update=update)
        case NoticeWithdrawn() if state is not None:
            return state.model_copy(update={"state": "withdrawn", "reason": event.reason})
    raise TypeError(f"no notice knows {type(event).__name__}")


def parts(notice: Notice) -> Iterable[str]:
    """Whose notice it is, and to whom it is addressed."""
    return (notice.unit, *notice.units)


_CONTENT = ("unit", "day", "title", "plan", "month", "units", "kinds", "items", "materials", "note")


def _content(source: Notice | NoticeFields) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _CONTENT}


NOTICE = Aggregate("notice", Notice, decide, evolve, parts)
