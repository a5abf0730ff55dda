"""What each action may ask the hotline's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, GetImport
from services.organisation.contract import Action, SheetWay, permitting

from .sheets import SHEETS
from .ticket import (
    AnswerTicket,
    CallBackTicket,
    ClassifyTicket,
    CompleteTicket,
    CorrectTicket,
    DispatchTicket,
    GetCaller,
    GetTicket,
    ListTickets,
    RegisterTicket,
    SignTicket,
    VoidTicket,
)
from .words import NAME

__all__ = ["PERMITS", "SHEET_WAYS"]

SHEET_WAYS = {NAME: SheetWay(NAME, SHEETS, Action.import_tickets)}

PERMITS = permitting(
    {
        Action.read_tickets: (
            GetTicket,
            ListTickets,
        ),
        Action.register_tickets: (RegisterTicket,),
        Action.dispatch_tickets: (
            ClassifyTicket,
            DispatchTicket,
            GetTicket,
        ),
        Action.handle_tickets: (
            AnswerTicket,
            GetTicket,
            SignTicket,
        ),
        Action.call_back_tickets: (
            CallBackTicket,
            CompleteTicket,
            GetTicket,
        ),
        Action.correct_tickets: (
            CorrectTicket,
            GetTicket,
            VoidTicket,
        ),
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
    }
)
