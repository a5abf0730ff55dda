"""The rules of the gateway's own records, and the table of permissions: pure, no I/O."""

from .campaign import CAMPAIGN, Campaign
from .initiative import INITIATIVE, Initiatives
from .member import MEMBER, Member
from .permissions import PERMISSIONS, Action, may
from .submission import SUBMISSION, Submission
from .unit import UNIT, Unit
from .user import USER, User

__all__ = [
    "CAMPAIGN",
    "INITIATIVE",
    "MEMBER",
    "PERMISSIONS",
    "SUBMISSION",
    "UNIT",
    "USER",
    "Action",
    "Campaign",
    "Initiatives",
    "Member",
    "Submission",
    "Unit",
    "User",
    "may",
]
