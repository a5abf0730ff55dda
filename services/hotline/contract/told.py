"""What the hotline tells of a ticket: its events."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.message.event import Payload
from services.kernel.message.free_text import FreeText

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
_OVERDUE: dict[str, Any] = {**_TICKET, "figure": "overdue"}
_CONTENT: dict[str, Any] = {
    **_UNIT,
    "channel": "phone",
    "kind": "consultation",
    "category": "社会保障",
    "title": "咨询异地就医备案办理",
    "received": "2026-03-05T09:00:00+08:00",
    "deadline": "2026-03-10T00:00:00+08:00",
    "answer_by": "2026-03-09",
    "was": [],
    "now": [_TICKET],
}
_WAITING: dict[str, Any] = {**_CONTENT, "deadline": None, "answer_by": None, "waits_for": 2027}


class TicketFields(Payload):
    """What every event of a ticket bears: what leaves the figures by it and what enters them."""

    was: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time
    now: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time


class Limited(TicketFields):
    """What bears a deadline: the instant from which an answer is late, and the last day on which it is not."""

    deadline: AwareDatetime
    answer_by: date | None = None


class Unlimited(TicketFields):
    """What bears none: the ticket has no limit, or it waits for the working calendar of the year `waits_for`.

    With it v2 of an event tells of what v1, which needs a deadline, cannot; each time that it happens it is told once.
    """

    deadline: AwareDatetime | None = None
    answer_by: date | None = None
    waits_for: int | None = None


class Registered(TicketFields):
    """A ticket was taken down."""

    channel: Channel
    kind: Kind
    category: FreeText
    title: FreeText
    confidential: bool = False
    reported_unit: str | None = None
    received: AwareDatetime
    number: str | None = None
    row: str | None = None


class TicketRegistered(Registered, Limited):
    """A ticket was taken down, and it is known until when it is to be answered."""

    type: ClassVar[str] = "ticket.registered.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class TicketRegisteredV2(Registered, Unlimited):
    """A ticket was taken down that has no deadline, or none yet."""

    type: ClassVar[str] = "ticket.registered.v2"
    examples: ClassVar[list[dict[str, Any]]] = [_WAITING]


class Classified(TicketFields):
    """Kind and category were settled."""

    kind: Kind
    category: FreeText
    at: AwareDatetime


class TicketClassified(Classified, Limited):
    """Kind, category and deadline were settled."""

    type: ClassVar[str] = "ticket.classified.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "kind": "help",
            "category": "住房",
            "deadline": "2026-03-20T00:00:00+08:00",
            "answer_by": "2026-03-19",
            "at": "2026-03-05T10:00:00+08:00",
        }
    ]


class TicketClassifiedV2(Classified, Unlimited):
    """Kind and category were settled, with which the ticket has no deadline, or none yet."""

    type: ClassVar[str] = "ticket.classified.v2"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "kind": "praise", "category": "作风", "at": "2026-03-05T10:00:00+08:00"}
    ]


class TicketDeadlineSet(Unlimited):
    """The deadline was counted by the working calendar, after it was entered or replaced; null where it has none."""

    type: ClassVar[str] = "ticket.deadline_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "deadline": "2027-01-06T00:00:00+08:00", "answer_by": "2027-01-05", "waits_for": None}
    ]


class TicketDispatched(TicketFields):
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


class TicketSigned(TicketFields):
    """The unit took it."""

    type: ClassVar[str] = "ticket.signed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-05T11:00:00+08:00"}]
    at: AwareDatetime


class TicketAnswered(TicketFields):
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


class TicketCalledBack(TicketFields):
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


class TicketCompleted(TicketFields):
    """The ticket was closed."""

    type: ClassVar[str] = "ticket.completed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-07T16:00:00+08:00"}]
    at: AwareDatetime


class TicketOverdue(TicketFields):
    """The deadline passed without an answer; `day` is the first day after it."""

    type: ClassVar[str] = "ticket.overdue.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "now": [_OVERDUE]}]


class TicketOverdueLifted(TicketFields):
    """The ticket is overdue no more, and was not: what the mark rested on has changed. `day` is the mark's."""

    type: ClassVar[str] = "ticket.overdue_lifted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "was": [_OVERDUE]}]


class Corrected(Registered):
    """The ticket was said anew."""

    life: Life
    overdue: date | None
    reason: FreeText


class TicketCorrected(Corrected, Limited):
    """The ticket was said anew, and it is known until when it is to be answered."""

    type: ClassVar[str] = "ticket.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "life": {}, "overdue": None, "reason": "类别有误"}]


class TicketCorrectedV2(Corrected, Unlimited):
    """The ticket was said anew, with which it has no deadline, or none yet."""

    type: ClassVar[str] = "ticket.corrected.v2"
    examples: ClassVar[list[dict[str, Any]]] = [{**_WAITING, "life": {}, "overdue": None, "reason": "类别有误"}]


class TicketVoided(TicketFields):
    """The ticket was taken back."""

    type: ClassVar[str] = "ticket.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": [_TICKET], "now": []}]
    reason: FreeText
    row: str | None = None


# The spreadsheet.
