"""What each action may ask research's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from services.organisation.contract import Action, SheetWay, permitting

from .measure import (
    ListMeasures,
    ListProgress,
)
from .norm import GetNorm, SetNorm
from .resources import RESOURCES
from .sheets import SHEETS
from .topic import (
    ListTopics,
)
from .visit import GetFindings
from .words import NAME

__all__ = ["PERMITS", "SHEET_WAYS"]

SHEET_WAYS = {NAME: SheetWay(NAME, SHEETS, Action.import_research, Action.read_research)}

PERMITS = permitting(
    {
        Action.read_research: (
            ExportRows,
            GetFindings,
            GetNorm,
            ListProgress,
        ),
        Action.import_research: (
            AcceptImport,
            AddImportRows,
            GetImport,
        ),
        Action.set_norms: (SetNorm,),
        Action.manage_units: (
            ListMeasures,
            ListTopics,
        ),
        Action.operate: (
            DropHeld,
            GetHeld,
            ListHeld,
            ReplayHeld,
        ),
    },
    RESOURCES,
)
