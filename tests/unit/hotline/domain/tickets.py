"""Tickets for the hotline's tests: a life told step by step."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from services.hotline.contract import (
    AnswerTicket,
    CallBackTicket,
    ClassifyTicket,
    CompleteTicket,
    Counted,
    DispatchTicket,
    Outcome,
    RegisterTicket,
    Satisfaction,
    SignTicket,
)
from services.hotline.domain import TICKET, Ticket
from services.hotline.domain.ticket import decide
from services.kernel.rules.working_days import Calendar
from services.organisation.contract import working_calendar

RECEIVED = datetime(2026, 3, 5, 1, tzinfo=UTC)
NOW = RECEIVED + timedelta(days=60)
CALENDAR = Calendar({year: days for year, days in working_calendar(()).years.items() if year <= 2026})


def register(**fields: Any) -> RegisterTicket:
    """A ticket for help, taken down by the desk D000."""
    return RegisterTicket(
        **{
            "id": "t1",
            "unit": "D000",
            "channel": "phone",
            "kind": "help",
            "category": "住房",
            "title": "请求解决供暖问题",
            "received": RECEIVED,
            "deadline": RECEIVED + timedelta(days=14),
            "caller_name": "样例·王某",
            "caller_phone": "00000001234",
            "text": "来电人讲述了一件事",
        }
        | fields
    )


def life(days: float = 1.0, **outcome: Any) -> list[Any]:
    """The steps after registration, so many days apart."""
    step = timedelta(days=days)
    said = {"valid": True, "responded": True, "solved": True, "satisfaction": Satisfaction.satisfied} | outcome
    return [
        ClassifyTicket(id="t1", kind="help", category="住房", deadline=RECEIVED + timedelta(days=14), at=RECEIVED),
        DispatchTicket(id="t1", handler="D001", at=RECEIVED + step),
        SignTicket(id="t1", at=RECEIVED + 2 * step),
        AnswerTicket(id="t1", answer="已修复", at=RECEIVED + 3 * step),
        CallBackTicket(id="t1", outcome=Outcome(**said), at=RECEIVED + 4 * step),
        CompleteTicket(id="t1", at=RECEIVED + 5 * step),
    ]


class Told:
    """A ticket, all events that happened to it, and the sum of what they tell of the figures."""

    def __init__(self) -> None:
        self.ticket: Ticket | None = None
        self.events: list[Any] = []
        self.sums: Counter[tuple[str, str, str]] = Counter()

    def do(self, *commands: Any, now: datetime = NOW) -> Told:
        """Decide the commands one after the other."""
        for command in commands:
            for event in decide(self.ticket, command, now):
                self.ticket = TICKET.evolve(self.ticket, event)
                self.events.append(event)
                add(self.sums, event.was, -1)
                add(self.sums, event.now, 1)
        return self

    @property
    def deadline(self) -> datetime:
        """The ticket's deadline, which it must have."""
        assert self.known.deadline is not None
        return self.known.deadline

    @property
    def known(self) -> Ticket:
        """The ticket, which must be there."""
        assert self.ticket is not None
        return self.ticket

    def figures(self) -> dict[tuple[str, str, str], int]:
        """What counts, without what cancels out."""
        return {place: amount for place, amount in self.sums.items() if amount}


def add(sums: Counter[tuple[str, str, str]], told: list[Counted], sign: int) -> None:
    """Add what an event tells."""
    for each in told:
        sums[each.figure, each.unit, each.day.isoformat()] += sign * each.amount


def counted_directly(told: list[Counted]) -> dict[tuple[str, str, str], int]:
    """The same, straight from a ticket."""
    sums: Counter[tuple[str, str, str]] = Counter()
    add(sums, told, 1)
    return {place: amount for place, amount in sums.items() if amount}
