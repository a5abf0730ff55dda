"""Units, campaigns, users: what they take, tell and show. The only module that others may import."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.cells import Count, Day, Text, choice
from services.kernel.event import Command, Payload
from services.kernel.sheets import Column, Sheet

NAME = "gateway"
SOURCES = ("study", "hotline", "research", NAME)
"""The services whose events the projection takes; an event that nobody takes would stay unpublished."""

Consumer = Literal["gateway", "study"]
CONSUMERS: tuple[Consumer, ...] = get_args(Consumer)
"""The services that consume events; the names of their queues begin with theirs."""

UnitId = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]


class UnitKind(StrEnum):
    """Kinds of units."""

    committee = "committee"
    department = "department"
    central = "central"
    institution = "institution"
    enterprise = "enterprise"
    party_group = "party_group"
    organ_committee = "organ_committee"
    base_committee = "base_committee"
    general_branch = "general_branch"
    branch = "branch"
    joint_branch = "joint_branch"
    youth_group = "youth_group"
    women = "women"
    union = "union"


UNIT_KINDS = {
    UnitKind.committee: "工委",
    UnitKind.department: "省直单位",
    UnitKind.central: "中直驻省单位",
    UnitKind.institution: "事业单位",
    UnitKind.enterprise: "企业",
    UnitKind.party_group: "党组",
    UnitKind.organ_committee: "机关党委",
    UnitKind.base_committee: "基层党委",
    UnitKind.general_branch: "党总支",
    UnitKind.branch: "党支部",
    UnitKind.joint_branch: "联合（临时）党支部",
    UnitKind.youth_group: "青年理论学习小组",
    UnitKind.women: "妇女组织",
    UnitKind.union: "工会",
}


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


class AddUnit(Command):
    """Put a unit into the tree below its parent; the root has none."""

    id: UnitId
    name: Name
    short_name: str = Field(default="", max_length=40)
    kind: UnitKind
    parent: UnitId | None = None
    credit_code: str = Field(default="", max_length=18)
    party_code: str = Field(default="", max_length=40)
    members: int = Field(default=0, ge=0, le=1_000_000)
    active_from: date
    row: str | None = None


class OpenCampaign(Command):
    """Open a campaign; every record's day lies in one."""

    id: UnitId
    name: Name
    opens: date
    closes: date
    requirement: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes < self.opens:
            raise ValueError("结束日期早于开始日期")
        return self


class Held(BaseModel):
    """A role held for a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    unit: Annotated[str, Field(pattern=r"^([A-Z0-9][A-Z0-9-]{0,31}|[*])$")]


class AddUser(Command):
    """Let somebody sign in. `password` is the argon2 hash that the edge made; it lies beside the journal."""

    id: Login
    name: Name
    roles: list[Held] = Field(min_length=1, max_length=20)
    password: str = Field(min_length=8, max_length=200)


class SetRoles(Command):
    """Say anew which roles somebody holds."""

    id: Login
    roles: list[Held] = Field(max_length=20)


class SetPassword(Command):
    """Replace somebody's password (the argon2 hash of it)."""

    id: Login
    password: str = Field(min_length=8, max_length=200)


class ListUsers(Command):
    """Users with a role in a unit's subtree."""

    unit: UnitId
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


# What happened.

_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-02-01"}


class UnitAdded(Payload):
    """A unit was put into the tree; `path` leads from the root to it."""

    type: ClassVar[str] = "unit.added.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "name": "示例省财政厅", "kind": "department", "parent": "P000", "path": ["P000", "D001"]}
    ]
    name: str
    short_name: str = ""
    kind: UnitKind
    parent: str | None = None
    path: list[str]
    credit_code: str = ""
    party_code: str = ""
    members: int = 0
    row: str | None = None


class CampaignOpened(Payload):
    """A campaign was opened."""

    type: ClassVar[str] = "campaign.opened.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "name": "主题教育", "opens": "2026-02-01", "closes": "2026-10-31", "requirement": "学思想、强党性"}
    ]
    name: str
    opens: date
    closes: date
    requirement: str = ""


class UserAdded(Payload):
    """Somebody may sign in; the event bears neither name nor password."""

    type: ClassVar[str] = "user.added.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "roles": [{"role": "handler", "unit": "D001"}]}]
    roles: list[Held]


class RolesSet(Payload):
    """Somebody's roles changed."""

    type: ClassVar[str] = "user.roles_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "was": [], "roles": [{"role": "handler", "unit": "D001"}]}]
    was: list[Held]
    roles: list[Held]


class PasswordSet(Payload):
    """Somebody's password was replaced."""

    type: ClassVar[str] = "user.password_set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_UNIT]


# Spreadsheets.


class UnitRow(BaseModel):
    """A row of 单位名册."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[Text, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
    name: Annotated[Text, Field(min_length=1, max_length=80)]
    short_name: Annotated[Text, Field(max_length=40)] = ""
    kind: Annotated[UnitKind, choice({name: str(kind) for kind, name in UNIT_KINDS.items()})]
    parent: Text | None = None
    credit_code: Annotated[Text, Field(max_length=18)] = ""
    party_code: Annotated[Text, Field(max_length=40)] = ""
    members: Count = 0
    active_from: Day


class UserRow(BaseModel):
    """A row of 用户名册; the edge replaces the password by its hash before the row leaves it."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]
    name: Annotated[Text, Field(min_length=1, max_length=80)]
    role: Annotated[Role, choice({name: str(role) for role, name in ROLES.items()})]
    unit: Text
    password: Annotated[Text, Field(min_length=8, max_length=200)]


SHEETS = {
    "units": Sheet(
        "units",
        "单位名册",
        (
            Column("id", "单位编码", "大写字母、数字和连字符，不重复", required=True, example="D001"),
            Column("name", "单位名称", required=True, example="示例省财政厅"),
            Column("short_name", "简称", example="财政厅"),
            Column("kind", "单位类别", required=True, choices=tuple(UNIT_KINDS.values()), example="省直单位"),
            Column("parent", "上级单位编码", "上级须排在下级之前；最高一级不填", example="P000"),
            Column("credit_code", "统一社会信用代码"),
            Column("party_code", "党组织编码"),
            Column("members", "党员人数", example="120"),
            Column("active_from", "启用日期", required=True, example="2026-01-01"),
        ),
        UnitRow,
        units=(),
    ),
    "users": Sheet(
        "users",
        "用户名册",
        (
            Column("id", "账号", "小写字母、数字", required=True, example="cz-admin"),
            Column("name", "姓名", required=True),
            Column("role", "角色", required=True, choices=tuple(ROLES.values()), example="单位管理员"),
            Column("unit", "单位编码", required=True, example="D001"),
            Column("password", "初始密码", "不少于 8 位", required=True),
        ),
        UserRow,
    ),
}
