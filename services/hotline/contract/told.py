"""What the hotline tells of a ticket: its events."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.event import Payload
from services.kernel.free_text import FreeText

from .ticket import Life, Outcome
from .words import Channel, Kind


class Counted(BaseModel):
    """So much of one figure, for a unit, on a day."""

    model_config = ConfigDict(frozen=True)

    figure: Literal[
        "tickets",
        "questions_answered",
        "problems_solved",
        "callbacks.valid",
        "callbacks.responded",
        "callbacks.solved",
        "callbacks.satisfied",
        "callbacks.basically",
        "overdue",
    ]
    unit: str
    day: date
    amount: int


_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-03-05"}
_TICKET: dict[str, Any] = {"figure": "tickets", **_UNIT, "amount": 1}
_CONTENT: dict[str, Any] = {
    **_UNIT,
    "channel": "phone",
    "kind": "consultation",
    "category": "社会保障",
    "title": "咨询异地就医备案办理",
    "received": "2026-03-05T09:00:00+08:00",
    "deadline": "2026-03-10T00:00:00+08:00",
    "was": [],
    "now": [_TICKET],
}


class TicketTold(Payload):
    """What every event of a ticket bears: what leaves the figures by it and what enters them."""

    was: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time
    now: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time


class TicketRegistered(TicketTold):
    """A ticket was taken down."""

    type: ClassVar[str] = "ticket.registered.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]
    channel: Channel
    kind: Kind
    category: FreeText
    title: FreeText
    confidential: bool = False
    reported_unit: str | None = None
    received: AwareDatetime
    deadline: AwareDatetime
    number: str | None = None
    row: str | None = None


class TicketClassified(TicketTold):
    """Kind, category and deadline were settled."""

    type: ClassVar[str] = "ticket.classified.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "kind": "help",
            "category": "住房",
            "deadline": "2026-03-20T00:00:00+08:00",
            "at": "2026-03-05T10:00:00+08:00",
        }
    ]
    kind: Kind
    category: FreeText
    deadline: AwareDatetime
    at: AwareDatetime


class TicketDispatched(TicketTold):
    """The ticket went to a unit, and with it what it counts."""

    type: ClassVar[str] = "ticket.dispatched.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "handler": "D002",
            "at": "2026-03-05T10:00:00+08:00",
            "was": [_TICKET],
            "now": [{**_TICKET, "unit": "D002"}],
        }
    ]
    handler: str
    at: AwareDatetime


class TicketSigned(TicketTold):
    """The unit took it."""

    type: ClassVar[str] = "ticket.signed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-05T11:00:00+08:00"}]
    at: AwareDatetime


class TicketAnswered(TicketTold):
    """The caller was answered."""

    type: ClassVar[str] = "ticket.answered.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "answer": "已告知备案办理渠道",
            "at": "2026-03-05T16:00:00+08:00",
            "now": [{**_TICKET, "figure": "questions_answered"}],
        }
    ]
    answer: FreeText
    at: AwareDatetime


class TicketCalledBack(TicketTold):
    """The caller was asked how they find it."""

    type: ClassVar[str] = "ticket.called_back.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "outcome": {"valid": True, "responded": True, "solved": True, "satisfaction": "satisfied"},
            "at": "2026-03-06T16:00:00+08:00",
            "now": [{**_TICKET, "figure": "callbacks.valid", "day": "2026-03-06"}],
        }
    ]
    outcome: Outcome
    at: AwareDatetime


class TicketCompleted(TicketTold):
    """The ticket was closed."""

    type: ClassVar[str] = "ticket.completed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-07T16:00:00+08:00"}]
    at: AwareDatetime


class TicketOverdue(TicketTold):
    """The deadline passed without an answer; `day` is the first day after it."""

    type: ClassVar[str] = "ticket.overdue.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "now": [{**_TICKET, "figure": "overdue"}]}]


class TicketCorrected(TicketTold):
    """The ticket was said anew."""

    type: ClassVar[str] = "ticket.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "life": {}, "overdue": None, "reason": "类别有误"}]
    channel: Channel
    kind: Kind
    category: FreeText
    title: FreeText
    confidential: bool = False
    reported_unit: str | None = None
    received: AwareDatetime
    deadline: AwareDatetime
    number: str | None = None
    life: Life
    overdue: date | None
    reason: FreeText
    row: str | None = None


class TicketVoided(TicketTold):
    """The ticket was taken back."""

    type: ClassVar[str] = "ticket.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": [_TICKET], "now": []}]
    reason: FreeText
    row: str | None = None


# The spreadsheet.
