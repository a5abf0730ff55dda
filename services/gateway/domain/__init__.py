"""The rules of the gateway's own records, and the table of permissions: pure, no I/O."""

from .campaign import CAMPAIGN, Campaign
from .member import MEMBER, Member
from .permissions import PERMISSIONS, Action, may
from .unit import UNIT, Unit
from .user import USER, User

__all__ = ["CAMPAIGN", "MEMBER", "PERMISSIONS", "UNIT", "USER", "Action", "Campaign", "Member", "Unit", "User", "may"]
