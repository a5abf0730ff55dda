"""Named programmes 青年理论学习提升工程 and the like: their period, the units that take part."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from services.kernel.message.event import Command
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields

from .reported import (
    MOST_UNITS,
    REPORTED_STATES,
    Content,
    Correction,
    Examples,
    GiveBack,
    Offered,
    Recording,
    Returned,
    TakeBack,
    Told,
    Voided,
)
from .words import OWN


class ProgrammeContent(Content):
    """A programme of `unit` from `day` to `last`; where no units are named, all below it take part."""

    unit_fields: ClassVar[UnitFields] = (OWN, UnitField("units", "参加单位", day="day", last="last", rule="within"))

    last: Day
    units: list[str] = Field(default_factory=list, max_length=MOST_UNITS)


class RecordProgramme(ProgrammeContent, Recording):
    """Open a programme."""


class CorrectProgramme(ProgrammeContent, Correction):
    """Say a programme anew."""


class ReturnProgramme(GiveBack):
    """Give a programme back."""


class VoidProgramme(TakeBack):
    """Take a programme back."""


class GetProgramme(Command):
    """One programme, with its sessions."""

    id: str


class ListProgrammes(Offered):
    """Programmes of a unit and those below it, or those that it may take part in."""

    states = REPORTED_STATES


class ProgrammeFields(Told):
    """The content of a programme as an event tells it; a programme is in no figure, its sessions are."""

    last: date
    units: list[str]


_PROGRAMME = Examples(None, title="青年理论学习提升工程", last="2026-10-31", units=["D001-Y01"])


class ProgrammeRecorded(ProgrammeFields):
    """A programme was opened."""

    type: ClassVar[str] = "programme.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PROGRAMME.recorded


class ProgrammeCorrected(ProgrammeFields):
    """A programme was said anew."""

    type: ClassVar[str] = "programme.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PROGRAMME.corrected


class ProgrammeReturned(Returned):
    """A programme was given back."""

    type: ClassVar[str] = "programme.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PROGRAMME.returned


class ProgrammeVoided(Voided):
    """A programme was taken back."""

    type: ClassVar[str] = "programme.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PROGRAMME.voided
