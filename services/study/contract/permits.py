"""What each action may ask study's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from services.organisation.contract import Action, SheetWay, permitting

from . import joint_sheets, sheets
from .attendance import GetAttendance, GetDirectory, ListAbsences
from .branch_plan import DrawBranchPlan
from .contest import (
    GetJudging,
    GetResult,
    ListAwarded,
    ListJudging,
    ScoreEntry,
)
from .duty import GetPlanProgress, ListDuties
from .excuse import GetExcuse, ListExcuses, RecordExcuse, WithdrawExcuse
from .material import (
    GetProgress,
    KeepProgress,
)
from .notice import (
    DraftNotice,
)
from .resources import RESOURCES
from .session import (
    ListSessions,
)
from .supervision import ListNorms, ListNormStandings, Remind, SetNorm
from .words import NAME

__all__ = ["PERMITS", "SHEETS", "SHEET_WAYS"]

SHEETS = {**sheets.SHEETS, **joint_sheets.SHEETS}
SHEET_WAYS = {NAME: SheetWay(NAME, SHEETS, Action.import_study, Action.read_study)}

PERMITS = permitting(
    {
        Action.read_study: (
            ExportRows,
            GetResult,
            ListAwarded,
        ),
        Action.write_study: (DrawBranchPlan, GetAttendance, GetDirectory, ListExcuses, RecordExcuse, WithdrawExcuse),
        Action.keep_progress: (
            GetProgress,
            KeepProgress,
        ),
        Action.score_entries: (
            GetJudging,
            ListJudging,
            ScoreEntry,
        ),
        Action.read_plans: (
            GetPlanProgress,
            ListDuties,
            ListNormStandings,
            ListNorms,
        ),
        Action.write_plans: (DraftNotice,),
        Action.supervise_study: (Remind,),
        Action.set_norms: (SetNorm,),
        Action.import_study: (
            AcceptImport,
            AddImportRows,
            GetDirectory,
            GetImport,
        ),
        Action.manage_units: (ListSessions,),
        Action.see_themselves: (
            GetDirectory,
            GetExcuse,
            ListAbsences,
            ListExcuses,
            RecordExcuse,
            WithdrawExcuse,
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
