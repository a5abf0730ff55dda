"""Who may ask a service for what: asked again where it is done, whatever the edge has let through."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import DomainError
from .event import ONESELF, Actor, Command

Permits = Mapping[type[Command], Mapping[str, frozenset[str]]]
"""Command → action → the roles by which that may be done."""


def check_permitted(permits: Permits, command: type[Command], actor: Actor) -> None:
    """Make sure that the actor's role may do this, and is one that they hold.

    Raises:
        DomainError: role.missing.
    """
    allowed = permits.get(command, {}).get(actor.action, frozenset())
    held = {role.role for role in actor.roles}
    holds = any((role.role, role.unit) == (actor.role, actor.unit) for role in actor.roles)
    if not (held <= allowed and (holds or (actor.unit == ONESELF and actor.role in held))):
        raise DomainError("role.missing", "您的角色没有此项权限", "forbidden")
