"""Where sheets are sent to, and what one must be allowed to: a contract names its own as `SHEET_WAYS`."""

from __future__ import annotations

from dataclasses import dataclass

from services.kernel.sheets.sheet import Sheet

from .permissions import Action
from .sheets import SHEETS
from .words import NAME

__all__ = ["SHEET_WAYS", "SheetWay"]


@dataclass(frozen=True)
class SheetWay:
    """Where sheets of an address go: the service, the kinds it takes, and what one must be allowed to.

    `read` is what one must be allowed to in order to be given the records as such a sheet; None where none is given.
    """

    service: str
    sheets: dict[str, Sheet]
    action: Action
    read: Action | None = None


def _only(kind: str) -> dict[str, Sheet]:
    return {kind: SHEETS[kind]}


SHEET_WAYS = {
    "units": SheetWay(NAME, _only("units"), Action.manage_units),
    "users": SheetWay(NAME, _only("users"), Action.manage_users),
    "roles": SheetWay(NAME, _only("users"), Action.grant_roles),
    "members": SheetWay(NAME, _only("members"), Action.manage_members),
    "calendars": SheetWay(NAME, _only("calendars"), Action.keep_calendar, Action.keep_calendar),
}
