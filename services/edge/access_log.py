"""The access log 审计日志: every refusal, every change, and every look at what is otherwise masked.

An entry says who, as what, did what, on which unit, on which record or to whose account, whether it was allowed, when,
from where, and under which trace. It bears no personal data: a user's number, codes, and a reason without numbers or
addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.gateway.store import access
from services.gateway.store.directory import Directory
from services.kernel.message.clock import utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.message.redaction import redact
from services.kernel.settings import settings
from services.organisation import contract

_OWN = ("changes", "unit", "bearer")
"""What is known of a request and is no part of its entry as it is."""
_ON_ACCOUNTS = (
    contract.AddUser,
    contract.SetRoles,
    contract.ChangePassword,
    contract.ResetPassword,
    contract.SetIdentity,
    contract.DisableUser,
    contract.EnableUser,
    contract.GetUser,
)
_MADE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_ID = re.compile(rf"{_MADE.pattern}|[A-Za-z][A-Za-z0-9._-]{{0,39}}")
_HIDDEN = "record.not_found"
"""What services say of a record that is not there and of one outside the scope alike."""
_NOBODY_ASKED = "token.missing"
"""Who bears no token has been asked to sign in, and refused nothing."""


@dataclass
class Asking:
    """What is known of a request so far; the gate adds who asks and for what, the edge how it ended."""

    peer: str = ""
    trace: str = ""
    changes: bool = False
    operation: str = ""
    user: str = ""
    role: str = ""
    action: str = ""
    unit: str = ""
    record: str = ""
    target: str = ""
    refused: str = ""
    reason: str = ""
    bearer: int = 0

    @property
    def withheld(self) -> bool:
        """Whether it must stand in the log before it is answered: a refusal, or a look at what is masked."""
        return bool(self.refused or self.reason)


_CURRENT: ContextVar[Asking | None] = ContextVar("asking", default=None)


def begin(peer: str, trace: str, *, changes: bool, operation: str = "") -> Asking:
    """A request begins; what follows in its task is told of it."""
    asking = Asking(peer=peer, trace=trace, changes=changes, operation=operation)
    _CURRENT.set(asking)
    return asking


def told(**known: Any) -> None:
    """What is now known of the request; outside any (a command line's check) it is nobody's."""
    asking = _CURRENT.get()
    if asking is not None:
        for name, value in known.items():
            setattr(asking, name, value)


def refused(refusal: DomainError) -> None:
    """The request is answered with this refusal; kept where it is access that is refused."""
    if refusal.code != _NOBODY_ASKED and (
        refusal.kind in ("forbidden", "unauthenticated") or refusal.code in (_HIDDEN, "sign_in.locked")
    ):
        told(refused=refusal.code)


def concerning(command: Command) -> None:
    """Which record a command or a query is about; for one on an account, whose. What is no id was typed as one."""
    id = getattr(command, "id", None)
    if isinstance(id, str) and _ID.fullmatch(id) and (_MADE.fullmatch(id) or redact(id) == id):
        told(**{"target" if isinstance(command, _ON_ACCOUNTS) else "record": id})


def looked(reason: str) -> None:
    """What is masked otherwise is about to be shown, for this reason."""
    told(reason=redact(reason))


async def keep(log: access.Log, directory: Directory, asking: Asking) -> None:
    """Write the request down; it is waited for where it is `withheld`."""
    paths = await directory.paths([asking.unit] if asking.unit else [])
    now = utc_now()
    entry = {name: value for name, value in vars(asking).items() if name not in _OWN and value}
    known = asking.unit in paths
    await log.add(
        {
            **entry,
            "unit": asking.unit if known else None,
            "scope": paths.get(asking.unit, []),
            "allowed": not asking.refused,
            "at": now,
            "expires": now + timedelta(days=settings().audit_days),
        },
        gather=not asking.withheld,
    )


def shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it is answered: every field, null where nothing is known."""
    names = (
        "user",
        "role",
        "action",
        "operation",
        "unit",
        "record",
        "target",
        "allowed",
        "refused",
        "reason",
        "peer",
        "trace",
    )
    at: datetime = entry["at"]
    return {"at": at, **{name: entry.get(name) for name in names}}
