"""What study must have learnt of members before it is asked who was due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from services.gateway.store import directory
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor
from services.study import contract

from .gate import Gate

_PATIENCE_SECONDS = 15.0
_LEARNT: WeakKeyDictionary[Gate, int] = WeakKeyDictionary()
"""How many changes study was seen to have learnt: it forgets none."""


async def members_known(gate: Gate, actor: Actor, headers: Mapping[str, str]) -> None:
    """Wait until study has learnt every change of members that there was: who is due must not be guessed.

    Raises:
        DomainError: service.behind.
    """
    wanted = await directory.member_changes(gate.database)
    if wanted <= _LEARNT.get(gate, 0):
        return
    until = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        asked = await gate.ask("study", contract.GetDirectory(), actor, plain(headers))
        _LEARNT[gate] = asked["changes"]
        if asked["changes"] >= wanted:
            return
        if asyncio.get_running_loop().time() > until:
            raise DomainError("service.behind", "党员名册的变动正在同步，请稍后重试", "unavailable")
        await asyncio.sleep(0.1)


def plain(headers: Mapping[str, str]) -> dict[str, str]:
    """A query's own id, not the command's."""
    return {name: value for name, value in headers.items() if name not in ("idempotency-key", "if-match")}
