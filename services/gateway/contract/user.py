"""Who may sign in, and the roles they hold for units."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.event import Command, Payload
from services.kernel.free_text import SEALED
from services.kernel.lives import UnitField, UnitFields

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

    unit_fields: ClassVar[UnitFields] = (UnitField("roles/unit", "角色所在单位"),)

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


class SetPassword(Command):
    """Replace somebody's password (the argon2 hash of it)."""

    id: Login
    password: Annotated[str, SEALED] = Field(min_length=8, max_length=200)


class SetIdentity(Command):
    """Say who somebody is to the OIDC provider: a hash of issuer and subject, which lies beside the journal."""

    id: Login
    digest: str | None = Field(pattern=r"^[0-9a-f]{64}$")


class ListUsers(Command):
    """Users with a role in a unit's subtree."""

    unit: UnitId
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
    """Somebody's password was replaced."""

    type: ClassVar[str] = "user.password_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]
