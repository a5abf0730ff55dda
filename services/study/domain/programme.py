"""A named programme, and who may take part in it."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime

from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    CorrectProgramme,
    ProgrammeContent,
    ProgrammeCorrected,
    ProgrammeRecorded,
    ProgrammeReturned,
    ProgrammeVoided,
    RecordProgramme,
    ReturnProgramme,
    VoidProgramme,
)
from .reported import Ledger, Reported


class Programme(Reported):
    """A programme as it stands."""

    unit: str
    day: date
    title: str
    last: date
    units: list[str]


def check_programme(programme: Programme | None, day: date, path: Container[str]) -> Programme:
    """A session belongs to a programme that stands, of a unit on its own unit's `path`, in which that takes part.

    Raises:
        DomainError: session.programme_unknown, session.programme_day.
    """
    known = programme is not None and programme.unit in path and programme.state == "recorded"
    if programme is None or not known or not (not programme.units or any(unit in path for unit in programme.units)):
        raise wrong("session.programme_unknown", "programme", "没有这项工程，或本单位不在参加范围内")
    if not programme.day <= day <= programme.last:
        span = f"{programme.day} 至 {programme.last}"
        raise wrong("session.programme_day", "day", f"日期 {day} 不在“{programme.title}”期间（{span}）内")
    return programme


_RULES = Ledger(
    ("programme", "学习提升工程"),
    (RecordProgramme, CorrectProgramme, ReturnProgramme, VoidProgramme),
    (ProgrammeRecorded, ProgrammeCorrected, ProgrammeReturned, ProgrammeVoided),
    Programme,
    ("title", "last", "units", "number"),
    lambda programme: [],
)


def decide(state: Programme | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a programme.

    Raises:
        DomainError: programme.days_out_of_order, and what every register refuses.
    """
    if isinstance(command, ProgrammeContent) and command.last < command.day:
        raise wrong("programme.days_out_of_order", "last", f"结束日期 {command.last} 早于开始日期 {command.day}")
    return _RULES.decide(state, command, now)


PROGRAMME = Aggregate("programme", Programme, decide, _RULES.evolve, lambda programme: (programme.unit,))
