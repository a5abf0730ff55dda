"""The clock of a ticket: its deadline, or what it waits for, and whether it is marked as overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from services.kernel.message.clock import business_day

from ..contract import Life, TicketFields, TicketOverdue, TicketOverdueLifted


class Clocked(Protocol):
    """What of a ticket its clock rests on."""

    @property
    def owner(self) -> str:
        """The unit for which it counts."""

    @property
    def life(self) -> Life:
        """How far it has come."""

    @property
    def deadline(self) -> datetime | None:
        """From when on an answer is late; None where there is no deadline, or none yet."""

    @property
    def overdue(self) -> date | None:
        """The first day on which it was overdue, once that was marked."""


def told(deadline: datetime | None, waits_for: int | None) -> dict[str, Any]:
    """What events tell of a deadline: with one it is v1 of them that does, without one v2."""
    if deadline is None:
        return {"deadline": None, "waits_for": waits_for}
    return {"deadline": deadline, "answer_by": last_day(deadline)}


def last_day(deadline: datetime) -> date:
    """The last day on which an answer is on time."""
    return business_day(deadline - timedelta(milliseconds=1))


def first_overdue(deadline: datetime | None, ended: datetime) -> date | None:
    """The first day on which a ticket was overdue that was answered, or is looked at, at an instant."""
    return business_day(deadline) if deadline is not None and ended >= deadline else None


def reconsidered(ticket: Clocked, ended: datetime) -> Iterator[TicketFields]:
    """The mark as it has to be: set where it is missing, lifted where what it rested on has changed."""
    expected = first_overdue(ticket.deadline, ended)
    if expected == ticket.overdue:
        return
    if ticket.overdue is not None:
        yield TicketOverdueLifted(unit=ticket.owner, day=ticket.overdue)
    if expected is not None:
        yield TicketOverdue(unit=ticket.owner, day=expected)
