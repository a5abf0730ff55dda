"""Who may sign in, and the roles they hold for units."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import SEALED, FreeText, Reason
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields

from .words import EXAMPLE_UNIT, DisplayName, Login, UnitId


class Role(StrEnum):
    """What somebody is, for a unit and what lies below it."""

    committee = "committee"
    office = "office"
    unit_admin = "unit_admin"
    leader = "leader"
    handler = "handler"
    secretary = "secretary"
    member = "member"
    agent = "agent"
    duty_supervisor = "duty_supervisor"
    judge = "judge"
    partner = "partner"
    system_admin = "system_admin"
    security_admin = "security_admin"
    audit_admin = "audit_admin"
    operations = "operations"


ROLES = {
    Role.committee: "工委",
    Role.office: "主题教育办",
    Role.unit_admin: "单位管理员",
    Role.leader: "审批领导",
    Role.handler: "经办人",
    Role.secretary: "支部书记",
    Role.member: "党员",
    Role.agent: "坐席",
    Role.duty_supervisor: "值班长",
    Role.judge: "评委",
    Role.partner: "对接单位",
    Role.system_admin: "系统管理员",
    Role.security_admin: "安全管理员",
    Role.audit_admin: "审计管理员",
    Role.operations: "运维",
}


class Held(BaseModel):
    """A role held for a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    unit: Annotated[str, Field(pattern=r"^([A-Z0-9][A-Z0-9-]{0,31}|[*])$")]


class AddUser(Command):
    """Let somebody sign in. `password` is the argon2 hash that the edge made; it lies beside the journal.

    `unit` is the unit whose administrators keep the account. Roles are given by `SetRoles` alone: an account that is
    to be made with some is refused.
    """

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "账号所在单位"), UnitField("roles/unit", "角色所在单位"))

    id: Login
    name: DisplayName
    unit: UnitId
    password: Annotated[str, SEALED] = Field(min_length=8, max_length=200)
    roles: list[Held] = Field(default=[], max_length=20, description="须为空：角色由安全管理员授予")


class SetRoles(Command):
    """Replace the roles that somebody holds; given by a security administrator, and never to oneself."""

    unit_fields: ClassVar[UnitFields] = (UnitField("roles/unit", "角色所在单位"),)

    id: Login
    roles: list[Held] = Field(max_length=20)


class ChangePassword(Command):
    """Replace one's own password (the argon2 hash of it)."""

    id: Login
    password: Annotated[str, SEALED] = Field(min_length=8, max_length=200)


class ResetPassword(Command):
    """Give somebody a password (the argon2 hash of it) with which they sign in once, to set their own."""

    id: Login
    password: Annotated[str, SEALED] = Field(min_length=8, max_length=200)


class DisableUser(Command):
    """Let somebody sign in no more, for a reason; what they hold and what they did stays."""

    id: Login
    reason: Reason


class EnableUser(Command):
    """Let somebody sign in again."""

    id: Login


class SetIdentity(Command):
    """Say who somebody is to the OIDC provider: a hash of issuer and subject, which lies beside the journal."""

    id: Login
    digest: str | None = Field(pattern=r"^[0-9a-f]{64}$")


class UserState(StrEnum):
    """Whether somebody can sign in; the first that holds."""

    disabled = "disabled"
    locked = "locked"
    pending = "pending"
    active = "active"


USER_STATES = {
    UserState.disabled: "已停用",
    UserState.locked: "已锁定",
    UserState.pending: "待首次修改密码",
    UserState.active: "正常",
}


class GetUser(Command):
    """One account."""

    id: Login


class ListCombined(Command):
    """Accounts in a unit's subtree that hold roles which exclude each other, since before that was refused."""

    unit: UnitId


class ListUsers(Command):
    """Accounts of a unit's subtree, and those with a role in it."""

    unit: UnitId
    state: UserState | None = None
    role: Role | None = None
    signed_in_before: Day | None = Field(None, description="此日以来没有登录过的")
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class UserAdded(Payload):
    """Somebody may sign in; the event bears neither name nor password."""

    type: ClassVar[str] = "user.added.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "roles": [{"role": "handler", "unit": "D001"}]}]
    roles: list[Held]


class RolesSet(Payload):
    """Somebody's roles changed."""

    type: ClassVar[str] = "user.roles_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**EXAMPLE_UNIT, "was": [], "roles": [{"role": "handler", "unit": "D001"}]}
    ]
    was: list[Held]
    roles: list[Held]


class PasswordSet(Payload):
    """Somebody's password was replaced; `once`: by somebody else, so that it must be changed at the next sign-in."""

    type: ClassVar[str] = "user.password_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT, {**EXAMPLE_UNIT, "once": True}]
    once: bool = False


class UserDisabled(Payload):
    """Somebody can sign in no more."""

    type: ClassVar[str] = "user.disabled.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "调离"}]
    reason: FreeText


class UserEnabled(Payload):
    """Somebody can sign in again."""

    type: ClassVar[str] = "user.enabled.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]
