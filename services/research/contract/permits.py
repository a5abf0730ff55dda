"""What each action may ask research's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from services.organisation.contract import Action, SheetWay, permitting

from .measure import (
    CorrectMeasure,
    GetMeasure,
    HandOverMeasure,
    ListMeasures,
    ListProgress,
    NoteProgress,
    RecordMeasure,
    ReturnMeasure,
    SettleMeasure,
    SubmitMeasure,
    VoidMeasure,
)
from .norm import GetNorm, SetNorm
from .sheets import SHEETS
from .topic import (
    AdvanceTopic,
    ApproveOutline,
    CloseTopic,
    CorrectTopic,
    FileReport,
    FrameTopic,
    GetTopic,
    ListTopics,
    ReturnTopic,
    RevisitTopic,
    SubmitOutline,
    VoidTopic,
)
from .visit import CorrectVisit, GetFindings, GetVisit, ListVisits, RecordVisit, VoidVisit
from .words import NAME

__all__ = ["PERMITS", "SHEET_WAYS"]

SHEET_WAYS = {NAME: SheetWay(NAME, SHEETS, Action.import_research, Action.read_research)}

PERMITS = permitting(
    {
        Action.read_research: (
            ExportRows,
            GetFindings,
            GetMeasure,
            GetNorm,
            GetTopic,
            GetVisit,
            ListMeasures,
            ListProgress,
            ListTopics,
            ListVisits,
        ),
        Action.write_research: (
            AdvanceTopic,
            CorrectMeasure,
            CorrectTopic,
            CorrectVisit,
            FileReport,
            FrameTopic,
            GetMeasure,
            GetTopic,
            GetVisit,
            HandOverMeasure,
            NoteProgress,
            RecordMeasure,
            RecordVisit,
            SubmitMeasure,
            SubmitOutline,
            VoidMeasure,
            VoidTopic,
            VoidVisit,
        ),
        Action.approve_research: (
            ApproveOutline,
            CloseTopic,
            GetMeasure,
            GetTopic,
            ReturnMeasure,
            ReturnTopic,
            RevisitTopic,
            SettleMeasure,
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
    }
)
