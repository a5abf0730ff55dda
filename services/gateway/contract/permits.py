"""What each action may ask the gateway's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport

from .calendar import SetCalendar
from .campaign import OpenCampaign
from .initiative import SetInitiatives
from .member import AddMember, CorrectMember, ExportMembers, GetMember, ListMembers, RemoveMember, TransferMember
from .permissions import Action, permitting
from .report import IssueReport
from .submission import (
    AcceptSubmission,
    ConfirmSubmission,
    ExcuseSubmission,
    OpenPeriods,
    PlanSubmissions,
    ReinstateSubmission,
    ReturnSubmission,
)
from .unit import AbolishUnit, AddUnit, MergeUnits, MoveUnit, RenameUnit, SplitUnit
from .user import AddUser, ListUsers, SetIdentity, SetPassword, SetRoles

__all__ = ["PERMITS", "SHEETS_BY"]

PERMITS = permitting(
    {
        Action.issue_reports: (IssueReport,),
        Action.set_norms: (SetInitiatives,),
        Action.manage_units: (
            AbolishUnit,
            AcceptImport,
            AddImportRows,
            AddUnit,
            GetImport,
            MergeUnits,
            MoveUnit,
            RenameUnit,
            SplitUnit,
        ),
        Action.manage_campaigns: (
            OpenCampaign,
            OpenPeriods,
            PlanSubmissions,
        ),
        Action.confirm_submissions: (ConfirmSubmission,),
        Action.review_submissions: (
            AcceptSubmission,
            ExcuseSubmission,
            ReinstateSubmission,
            ReturnSubmission,
        ),
        Action.manage_users: (
            AcceptImport,
            AddImportRows,
            AddUser,
            GetImport,
            ListUsers,
            SetIdentity,
            SetPassword,
        ),
        Action.manage_members: (
            AcceptImport,
            AddImportRows,
            AddMember,
            CorrectMember,
            ExportMembers,
            GetImport,
            GetMember,
            ListMembers,
            RemoveMember,
            TransferMember,
        ),
        Action.see_themselves: (
            CorrectMember,
            GetMember,
        ),
        Action.grant_roles: (
            AcceptImport,
            AddImportRows,
            GetImport,
            SetRoles,
        ),
        Action.operate: (
            DropHeld,
            GetHeld,
            ListHeld,
            ReplayHeld,
        ),
        Action.keep_calendar: (
            AcceptImport,
            AddImportRows,
            ExportRows,
            GetImport,
            SetCalendar,
        ),
    }
)

SHEETS_BY = {
    "units": (Action.manage_units.value,),
    "users": (Action.manage_users.value, Action.grant_roles.value),
    "members": (Action.manage_members.value,),
    "calendars": (Action.keep_calendar.value,),
}
"""Kind of sheet → the actions by which alone it is sent."""
