"""A role is asked again by the service: of the action, of the roles that the edge signed, and of the unit."""

from __future__ import annotations

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import ONESELF, Actor, Command, HeldRole
from services.kernel.message.permits import Permits, check_permitted


class Look(Command):
    """Something that one may ask for."""


class Other(Command):
    """Something that nobody may ask for."""


PERMITS: Permits = {Look: {"look": frozenset({"agent", "office"})}}


def actor(role: str = "agent", unit: str = "U", action: str = "look", held: tuple[str, ...] = ("agent",)) -> Actor:
    """Somebody who holds these roles for U."""
    roles = tuple(HeldRole(role=each, unit="U") for each in held)
    return Actor(user="u", role=role, unit=unit, action=action, roles=roles)


@pytest.mark.parametrize("asked", [actor(), actor(unit=ONESELF), actor("office", held=("agent", "office"))])
def test_who_holds_a_role_that_may_is_let_through(asked: Actor) -> None:
    """By the role and unit that are held, or for what is one's own."""
    check_permitted(PERMITS, Look, asked)


@pytest.mark.parametrize(
    "asked",
    [
        actor("office"),
        actor(unit="V"),
        actor(unit="*"),
        actor(action="other"),
        actor(action=""),
        actor(held=()),
        actor("platform", "*", held=("platform",)),
        actor("platform", "*", held=()),
        actor("handler", held=("handler",)),
        actor(held=("agent", "handler")),
        actor("handler", ONESELF),
    ],
)
def test_everybody_else_is_not(asked: Actor) -> None:
    """A role or unit that is not held, another action, a role that may not: the platform's own among them."""
    with pytest.raises(DomainError, match=r"role\.missing"):
        check_permitted(PERMITS, Look, asked)
    with pytest.raises(DomainError, match=r"role\.missing"):
        check_permitted(PERMITS, Other, actor())
