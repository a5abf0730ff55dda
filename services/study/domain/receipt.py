"""A unit's receipt of a notice: what is due, what records tick, what was ticked by hand, which edition was read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload, record_id
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import not_in_future, wrong

from ..contract import (
    NAME,
    AcknowledgeReceipt,
    Asked,
    CountReceipt,
    Due,
    ReceiptAcknowledged,
    ReceiptCounted,
    ReceiptSent,
    ReceiptTicked,
    ReceiptVoided,
    SendReceipt,
    TickReceipt,
    VoidReceipt,
)
from .duty import missing


class Receipt(BaseModel):
    """A receipt as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    notice: str
    title: str
    month: str
    edition: int
    asked: list[Asked]
    recorded: list[str]
    ticked: dict[str, str] = {}
    acknowledged: int = 0
    acknowledged_on: date | None = None
    state: Literal["sent", "acknowledged", "outdated", "withdrawn"] = "sent"

    def done(self) -> set[str]:
        """The items that are done, by records or by hand."""
        return {item.key for item in self.asked} & {*self.recorded, *self.ticked}

    def missing(self) -> date | None:
        """The earliest day on which something not done is due."""
        done = self.done()
        return missing((item.due, item.key in done) for item in self.asked)

    def stands(self) -> dict[str, Any]:
        """How its unit stands with the notice."""
        return {
            "due": len(self.asked),
            "done": len(self.done()),
            "missing": self.missing(),
            "edition": self.edition,
            "acknowledged": self.acknowledged,
            "unread": self.acknowledged < self.edition,
        }

    def by_hand(self) -> set[str]:
        """The items that no record ticks."""
        return {item.key for item in self.asked if item.by_hand}

    def due(self) -> Due:
        """What it counts."""
        if self.state == "withdrawn":
            return Due(unit=self.unit, day=self.day, due=0, done=0)
        return Due(unit=self.unit, day=self.day, due=len(self.asked), done=len(self.done()))


def receipt_id(notice: str, unit: str) -> str:
    """The id of a unit's receipt of a notice."""
    return record_id(NAME, "receipts", unit, notice)


def decide(state: Receipt | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a receipt; nothing where it says what is so already.

    Raises:
        DomainError: receipt.not_found, .withdrawn, .outdated, .acknowledged, .item_unknown, .item_recorded.
    """
    if isinstance(command, SendReceipt):
        return _send(state, command)
    if state is None:
        raise DomainError("receipt.not_found", "没有这份通知单回执", "not_found")
    if isinstance(command, VoidReceipt):
        was = state.due()
        return [] if state.state == "withdrawn" else [ReceiptVoided(**_place(state), was=was)]
    if isinstance(command, CountReceipt):
        if state.state == "withdrawn" or set(command.recorded) == set(state.recorded):
            return []
        after = state.model_copy(update={"recorded": sorted(command.recorded)})
        return [ReceiptCounted(**_place(state), recorded=after.recorded, was=state.due(), now=after.due())]
    if state.state == "withdrawn":
        raise DomainError("receipt.withdrawn", "该通知单已撤回", "conflict")
    match command:
        case AcknowledgeReceipt():
            return _acknowledge(state, command, now)
        case TickReceipt():
            return _tick(state, command)
    raise TypeError(f"no receipt takes {type(command).__name__}")


def _send(state: Receipt | None, command: SendReceipt) -> list[Payload]:
    if state is not None and (state.edition >= command.edition or state.state == "withdrawn"):
        return []
    fresh = Receipt(**command.model_dump())
    after = fresh if state is None else fresh.model_copy(update={"ticked": _still(state, fresh)})
    told = command.model_dump()
    return [ReceiptSent(**told, was=None if state is None else state.due(), now=after.due())]


def _still(state: Receipt, fresh: Receipt) -> dict[str, str]:
    """What was ticked by hand and may still be in the new edition."""
    return {key: note for key, note in state.ticked.items() if key in fresh.by_hand()}


def _acknowledge(state: Receipt, command: AcknowledgeReceipt, now: datetime) -> list[Payload]:
    if command.edition != state.edition:
        detail = f"通知单现为第 {state.edition} 版，请查阅后签收"
        raise wrong("receipt.outdated", "edition", detail, "conflict")
    known = state.acknowledged_on if state.acknowledged == state.edition else None
    on = command.day or known or business_day(now)
    if on == known:
        return []
    if known is not None and command.reason is None:
        raise wrong("receipt.acknowledged", "day", f"已于 {known} 签收，如需更改日期请选“更正”并说明事由", "conflict")
    not_in_future(on, now)
    reason = None if known is None else command.reason
    return [ReceiptAcknowledged(**_place(state), edition=state.edition, on=on, reason=reason)]


def _tick(state: Receipt, command: TickReceipt) -> list[Payload]:
    if all(item.key != command.item for item in state.asked):
        raise wrong("receipt.item_unknown", "item", "通知单中没有这个事项", "not_found")
    if command.item not in state.by_hand():
        detail = "该事项由学习活动记录自动勾选，请登记并报送相应记录"
        raise wrong("receipt.item_recorded", "item", detail, "conflict")
    ticked = {key: note for key, note in state.ticked.items() if key != command.item}
    if command.done:
        ticked[command.item] = command.note
    if ticked == state.ticked:
        return []
    after = state.model_copy(update={"ticked": ticked})
    what = {"item": command.item, "note": command.note, "done": command.done}
    return [ReceiptTicked(**_place(state), **what, was=state.due(), now=after.due())]


def evolve(state: Receipt | None, event: Payload) -> Receipt:
    """The receipt after what happened."""
    if isinstance(event, ReceiptSent):
        fresh = Receipt(**event.model_dump(exclude={"was", "now"}))
        if state is None:
            return fresh
        return fresh.model_copy(
            update={
                "ticked": _still(state, fresh),
                "acknowledged": state.acknowledged,
                "acknowledged_on": state.acknowledged_on,
                "state": "outdated" if state.acknowledged else "sent",
            }
        )
    if state is None:
        raise TypeError(f"no receipt knows {type(event).__name__}")
    match event:
        case ReceiptCounted():
            return state.model_copy(update={"recorded": event.recorded})
        case ReceiptTicked():
            ticked = {key: note for key, note in state.ticked.items() if key != event.item}
            return state.model_copy(update={"ticked": {**ticked, event.item: event.note} if event.done else ticked})
        case ReceiptAcknowledged():
            read = {"acknowledged": event.edition, "acknowledged_on": event.on, "state": "acknowledged"}
            return state.model_copy(update=read)
        case ReceiptVoided():
            return state.model_copy(update={"state": "withdrawn"})
    raise TypeError(f"no receipt knows {type(event).__name__}")


def _place(state: Receipt) -> dict[str, str | date]:
    return {"unit": state.unit, "day": state.day, "notice": state.notice, "title": state.title}


def parts(receipt: Receipt) -> Iterable[str]:
    """A receipt concerns its unit alone."""
    return (receipt.unit,)


RECEIPT = Aggregate("receipt", Receipt, decide, evolve, parts)
