"""Somebody who may sign in, and the roles they hold for units. Names and passwords lie beside the journal."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import EVERYWHERE, Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import (
    ROLES,
    AddUser,
    ChangePassword,
    DisableUser,
    EnableUser,
    Held,
    PasswordSet,
    ResetPassword,
    Role,
    RolesSet,
    SetIdentity,
    SetRoles,
    UserAdded,
    UserDisabled,
    UserEnabled,
)

from .separation import EVERYWHERE_ROLES, separated


class User(BaseModel):
    """A user as they stand; `unit` is the unit that their account was made for."""

    model_config = ConfigDict(frozen=True)

    unit: str
    roles: list[Held]
    disabled: bool = False


Asked = AddUser | SetRoles | ChangePassword | ResetPassword | SetIdentity | DisableUser | EnableUser


class ByUser(Command):
    """A command on an account, with who gives it and under which role: the separation of duties is decided here."""

    asked: Asked
    user: str
    role: str


class Install(Command):
    """Make the first account of a role; the installation asks for it, nobody else can."""

    held: Held


_OTHERS = {Role.security_admin, Role.audit_admin}
"""Whose accounts a system administrator must not be able to sign in to."""


def decide(state: User | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a user.

    Raises:
        DomainError: user.id_taken, user.not_found, user.own, user.administrator, role.missing, role.own,
            role.separated, role.needs_unit, role.not_with_account.
    """
    day = business_day(now)
    if isinstance(command, Install):
        if state is None:
            return [UserAdded(unit=command.held.unit, day=day, roles=[command.held])]
        raise DomainError("user.id_taken", "该账号已存在", "conflict")
    if not isinstance(command, ByUser):
        raise TypeError(f"no user takes {type(command).__name__}")
    asked = command.asked
    _check_whose(asked, command)
    if isinstance(asked, AddUser):
        return _add(state, asked, now)
    if state is None:
        raise DomainError("user.not_found", "没有这个账号", "not_found")
    return _change(state, asked, command.user, now)


def _check_whose(asked: Asked, command: ByUser) -> None:
    """One's password is one's own; roles are the security administrator's, all else is the system administrator's."""
    if isinstance(asked, ChangePassword):
        if asked.id != command.user:
            raise DomainError("password.not_own", "只能修改本人的密码", "forbidden")
        return
    whose = Role.security_admin if isinstance(asked, SetRoles) else Role.system_admin
    if command.role != whose:
        raise DomainError("role.missing", f"只有{ROLES[whose]}可以办理", "forbidden")


def _change(state: User, asked: Asked, by: str, now: datetime) -> list[Payload]:
    about = {"unit": state.unit, "day": business_day(now)}
    match asked:
        case SetRoles():
            check_roles(asked, by, state)
            same = state.roles == asked.roles
            return [] if same else [RolesSet(**about, was=state.roles, roles=asked.roles)]
        case ChangePassword():
            return [PasswordSet(**about)]
        case ResetPassword() | SetIdentity():
            if others := _OTHERS & {held.role for held in state.roles}:
                told = "、".join(ROLES[role] for role in Role if role in others)
                detail = f"该账号是{told}，系统管理员不能代为设置其登录方式；可另建账号，由安全管理员授予角色"
                raise DomainError("user.administrator", detail, "forbidden")
            return [PasswordSet(**about, once=True)] if isinstance(asked, ResetPassword) else []
        case DisableUser():
            if asked.id == by:
                raise DomainError("user.own", "不能停用本人的账号", "forbidden")
            return [] if state.disabled else [UserDisabled(**about, reason=asked.reason)]
        case EnableUser():
            return [UserEnabled(**about)] if state.disabled else []
    raise TypeError(f"no user takes {type(asked).__name__}")


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
        case UserAdded():
            return User(unit=event.unit, roles=event.roles)
        case RolesSet():
            known = state or User(unit=event.unit, roles=[])
            return known.model_copy(update={"roles": event.roles})
        case UserDisabled() | UserEnabled() if state is not None:
            return state.model_copy(update={"disabled": isinstance(event, UserDisabled)})
        case PasswordSet() if state is not None:
            return state
    raise TypeError(f"no user knows {type(event).__name__}")


def parts(user: User) -> set[str]:
    """The unit of the account, and those for which roles are held."""
    return {user.unit, *(held.unit for held in user.roles)}


USER = Aggregate("user", User, decide, evolve, parts)
