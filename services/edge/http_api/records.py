"""Who may do what binds every unit."""

from __future__ import annotations

from typing import Any

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor

from .auth import Gate, Principal

Answer = dict[str, Any]


async def for_all_units(gate: Gate, caller: Principal, action: Action) -> tuple[Actor, str]:
    """By which role somebody may do what binds every unit, and the root that they must reach for it.

    Raises:
        DomainError: unit.unknown, unit.out_of_scope, role.missing.
    """
    root = await directory.root(gate.database)
    if root is None:
        raise DomainError("unit.unknown", "尚未建立单位", "not_found")
    return await gate.allow(caller, action, root), root
