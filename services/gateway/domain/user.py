"""Somebody who may sign in, and the roles they hold for units. Names and passwords lie beside the journal."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.aggregate import Aggregate
from services.kernel.clock import business_day
from services.kernel.errors import DomainError
from services.kernel.event import EVERYWHERE, Command, Payload
from services.kernel.rules import wrong

from ..contract import ROLES, AddUser, Held, PasswordSet, Role, RolesSet, SetPassword, SetRoles, UserAdded
from .separation import EVERYWHERE_ROLES, separated


class User(BaseModel):
    """A user as they stand; `unit` is the unit that their account was made for."""

    model_config = ConfigDict(frozen=True)

    unit: str
    roles: list[Held]


class ByUser(Command):
    """A command on an account, with who gives it and under which role: the separation of duties is decided here."""

    asked: AddUser | SetRoles | SetPassword
    user: str
    role: str


class Install(Command):
    """Make the first account of a role; the installation asks for it, nobody else can."""

    held: Held


_BY: dict[type[Command], Role] = {
    AddUser: Role.system_admin,
    SetPassword: Role.system_admin,
    SetRoles: Role.security_admin,
}
"""Which of the three administrators does what to accounts."""


def decide(state: User | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a user.

    Raises:
        DomainError: user.id_taken, user.not_found, role.missing, role.own, role.separated, role.needs_unit,
            role.not_with_account.
    """
    day = business_day(now)
    if isinstance(command, Install):
        if state is None:
            return [UserAdded(unit=command.held.unit, day=day, roles=[command.held])]
        raise DomainError("user.id_taken", "该账号已存在", "conflict")
    if not isinstance(command, ByUser):
        raise TypeError(f"no user takes {type(command).__name__}")
    asked = command.asked
    if command.role != _BY[type(asked)]:
        raise DomainError("role.missing", f"只有{ROLES[_BY[type(asked)]]}可以办理", "forbidden")
    if isinstance(asked, AddUser):
        return _add(state, asked, now)
    if state is None:
        raise DomainError("user.not_found", "没有这个账号", "not_found")
    if isinstance(asked, SetPassword):
        return [PasswordSet(unit=state.unit, day=day)]
    check_roles(asked, command.user, state)
    if state.roles == asked.roles:
        return []
    return [RolesSet(unit=state.unit, day=day, was=state.roles, roles=asked.roles)]


def _add(state: User | None, asked: AddUser, now: datetime) -> list[Payload]:
    if asked.roles:
        detail = "建立账号时不能授予角色：角色由安全管理员授予"
        raise DomainError("role.not_with_account", detail, "forbidden", [{"pointer": "/roles", "detail": detail}])
    if state is None:
        return [UserAdded(unit=asked.unit, day=business_day(now), roles=[])]
    if state.unit == asked.unit:
        return []
    raise _taken(asked)


def check_roles(asked: SetRoles, by: str, state: User) -> None:
    """Refuse roles that the user `by` may not give, or that nobody may hold together.

    An account that combines what separates since before that was refused may lose some of it; it gains nothing until
    what it holds is in order.

    Raises:
        DomainError: role.own, role.needs_unit, role.separated.
    """
    if asked.id == by:
        raise DomainError("role.own", "不能更改本人的角色", "forbidden")
    for held in asked.roles:
        if held.unit == EVERYWHERE and held.role not in EVERYWHERE_ROLES:
            raise wrong("role.needs_unit", "roles", f"角色“{ROLES[held.role]}”须填写具体单位")
    pairs = separated(held.role for held in asked.roles)
    if pairs and not all(held in state.roles for held in asked.roles):
        told = "、".join(f"“{ROLES[one]}”与“{ROLES[other]}”" for one, other in pairs)
        detail = f"同一账号不能兼有互斥的角色：{told}"
        raise DomainError("role.separated", detail, "conflict", [{"pointer": "/roles", "detail": detail}])


def _taken(asked: AddUser) -> DomainError:
    detail = f"账号 {asked.id} 已存在"
    return DomainError("user.id_taken", detail, "conflict", [{"pointer": "/id", "detail": detail}])


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
    """The unit of the account, and those for which roles are held."""
    return {user.unit, *(held.unit for held in user.roles)}


USER = Aggregate("user", User, decide, evolve, parts)
