"""What each action may ask the gateway's processes for; what is not here is refused, whoever asks."""

from __future__ import annotations

from services.kernel.message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from services.kernel.message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from services.kernel.message.permits import Permits
from services.organisation.contract.calendar import SetCalendar
from services.organisation.contract.campaign import OpenCampaign
from services.organisation.contract.initiative import SetInitiatives
from services.organisation.contract.member import (
    AddMember,
    CorrectMember,
    ExportMembers,
    GetMember,
    ListMembers,
    RemoveMember,
    TransferMember,
)
from services.organisation.contract.permissions import Action, permitting
from services.organisation.contract.sheet_ways import SHEET_WAYS
from services.organisation.contract.sheets import SHEETS
from services.organisation.contract.submission import (
    AcceptSubmission,
    ConfirmSubmission,
    ExcuseSubmission,
    OpenPeriods,
    PlanSubmissions,
    ReinstateSubmission,
    ReturnSubmission,
)
from services.organisation.contract.unit import AbolishUnit, AddUnit, MergeUnits, MoveUnit, RenameUnit, SplitUnit
from services.organisation.contract.user import (
    AddUser,
    ChangePassword,
    DisableUser,
    EnableUser,
    GetUser,
    ListCombined,
    ListUsers,
    ResetPassword,
    SetIdentity,
    SetRoles,
)

from .report import IssueReport

__all__ = ["ACCOUNT", "OWN_PASSWORD", "PERMITS", "SHEETS_BY"]

ACCOUNT, OWN_PASSWORD = "account", "change_own_password"
"""As role and action: whoever has an account changes its password, whatever they hold, and be it nothing."""

_BY_ROLE = permitting(
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
        Action.read_users: (
            GetUser,
            ListUsers,
        ),
        Action.manage_users: (
            AcceptImport,
            AddImportRows,
            AddUser,
            DisableUser,
            EnableUser,
            GetImport,
            ResetPassword,
            SetIdentity,
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
            ListCombined,
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

PERMITS: Permits = {**_BY_ROLE, ChangePassword: {OWN_PASSWORD: frozenset({ACCOUNT})}}

SHEETS_BY = {kind: tuple(way.action.value for way in SHEET_WAYS.values() if kind in way.sheets) for kind in SHEETS}
"""Kind of sheet → the actions by which alone it is sent."""
