"""Somebody who may sign in, and the roles they hold for units. Names and passwords lie beside the journal."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.clock import business_day
from services.kernel.errors import DomainError
from services.kernel.event import Command, Payload

from ..contract import AddUser, Held, PasswordSet, RolesSet, SetPassword, SetRoles, UserAdded


class User(BaseModel):
    """A user as they stand; `unit` is the unit of their first role."""

    model_config = ConfigDict(frozen=True)

    unit: str
    roles: list[Held]


def decide(state: User | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a user.

    Raises:
        DomainError: user.id_taken, user.not_found.
    """
    day = business_day(now)
    if isinstance(command, AddUser):
        if state is None:
            return [UserAdded(unit=command.roles[0].unit, day=day, roles=command.roles)]
        if state.roles == command.roles:
            return []
        detail = f"账号 {command.id} 已存在"
        raise DomainError("user.id_taken", detail, "conflict", [{"pointer": "/id", "detail": detail}])
    if state is None:
        raise DomainError("user.not_found", "没有这个账号", "not_found")
    if isinstance(command, SetRoles):
        if state.roles == command.roles:
            return []
        return [RolesSet(unit=state.unit, day=day, was=state.roles, roles=command.roles)]
    if isinstance(command, SetPassword):
        return [PasswordSet(unit=state.unit, day=day)]
    raise TypeError(f"no user takes {type(command).__name__}")


def evolve(state: User | None, event: Payload) -> User:
    """The user after what happened."""
    match event:
        case UserAdded() | RolesSet():
            return User(unit=event.unit, roles=event.roles)
        case PasswordSet():
            if state is not None:
                return state
    raise TypeError(f"no user knows {type(event).__name__}")


def parts(user: User) -> set[str]:
    """The units for which roles are held."""
    return {user.unit, *(held.unit for held in user.roles)}


USER = Aggregate("user", User, decide, evolve, parts)
