"""What each action may ask the hotline's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, GetImport
from services.organisation.contract import Action, SheetWay, permitting

from .resources import RESOURCES
from .sheets import SHEETS
from .ticket import (
    GetCaller,
    ListTickets,
)
from .words import NAME

__all__ = ["PERMITS", "SHEET_WAYS"]

SHEET_WAYS = {NAME: SheetWay(NAME, SHEETS, Action.import_tickets)}

PERMITS = permitting(
    {
        Action.read_callers: (GetCaller,),
        Action.import_tickets: (
            AcceptImport,
            AddImportRows,
            GetImport,
        ),
        Action.manage_units: (ListTickets,),
        Action.operate: (
            DropHeld,
            GetHeld,
            ListHeld,
            ReplayHeld,
        ),
    },
    RESOURCES,
)
