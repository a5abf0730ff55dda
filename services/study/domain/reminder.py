"""A reminder: a unit, a day, what about, by whom; one a day for the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.event import record_id
from services.kernel.rules.aggregate import Aggregate

from ..contract import NAME, Lapse, ReminderSent, SendReminder


class Reminder(BaseModel):
    """A reminder as it stands: it never changes."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    by: str
    source: str
    title: str
    what: Lapse
    state: Literal["sent"] = "sent"


def reminder_id(unit: str, source: str, what: Lapse, day: date) -> str:
    """The id of a day's reminder of a thing: there is no second one."""
    return record_id(NAME, "reminders", unit, f"{source}|{what}|{day}")


def decide(state: Reminder | None, command: SendReminder, now: datetime) -> list[ReminderSent]:
    """A reminder, unless the unit was reminded of the same today."""
    return [] if state is not None else [ReminderSent(**command.model_dump(), day=business_day(now))]


def evolve(state: Reminder | None, event: ReminderSent) -> Reminder:
    """The reminder."""
    return Reminder(**event.model_dump())


def parts(reminder: Reminder) -> Iterable[str]:
    """It concerns who is reminded and who reminds."""
    return (reminder.unit, reminder.by)


REMINDER = Aggregate("reminder", Reminder, decide, evolve, parts)
