"""The rules of the gateway's own records, and the table of permissions: pure, no I/O."""

from typing import Any

from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract.permissions import PERMISSIONS, Action, HeldRoles, may, may_open, opens

from .calendar import CALENDAR
from .campaign import CAMPAIGN, Campaign
from .initiative import INITIATIVE, Initiatives
from .member import MEMBER, Member
from .reform import TREE
from .report import REPORT, Report
from .submission import SUBMISSION, Submission
from .unit import UNIT, Unit
from .user import USER, User

AGGREGATES: list[Aggregate[Any]] = [UNIT, TREE, CAMPAIGN, CALENDAR, USER, MEMBER, INITIATIVE, SUBMISSION, REPORT]
"""Everything that the gateway keeps a journal of."""

__all__ = [
    "AGGREGATES",
    "CALENDAR",
    "CAMPAIGN",
    "INITIATIVE",
    "MEMBER",
    "PERMISSIONS",
    "REPORT",
    "SUBMISSION",
    "TREE",
    "UNIT",
    "USER",
    "Action",
    "Campaign",
    "HeldRoles",
    "Initiatives",
    "Member",
    "Report",
    "Submission",
    "Unit",
    "User",
    "may",
    "may_open",
    "opens",
]
