"""Spreadsheets of units, users, members and the working calendar."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.free_text import FREE, SEALED
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Code, Count, Text, choice
from services.kernel.sheets.sheet import Column, Sheet

from .calendar_sheet import CALENDAR_SHEET
from .unit import UNIT_KINDS, UnitKind
from .user import ROLES, Role


class UnitRow(BaseModel):
    """A row of 单位名册."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[Code, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
    name: Annotated[Text, Field(min_length=1, max_length=80), FREE]
    short_name: Annotated[Text, Field(max_length=40), FREE] = ""
    kind: Annotated[UnitKind, choice({name: str(kind) for kind, name in UNIT_KINDS.items()})]
    parent: Code | None = None
    credit_code: Annotated[Code, Field(max_length=18)] = ""
    party_code: Annotated[Code, Field(max_length=40)] = ""
    members: Count = 0
    active_from: Day


ROLE_ACTIONS = {"授予": "grant", "收回": "take"}


class UserRow(BaseModel):
    """A row of 用户名册: an account where a system administrator sends it, a role of it where a security one does.

    The edge replaces the password by its hash before the row leaves it.
    """

    model_config = ConfigDict(frozen=True)

    id: Annotated[Code, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]
    name: Annotated[Text, Field(min_length=1, max_length=80), SEALED]
    unit: Code
    password: Annotated[Text, Field(min_length=8, max_length=200), SEALED] | None = None
    role: Annotated[Role, choice({name: str(role) for role, name in ROLES.items()})] | None = None
    action: Annotated[Literal["grant", "take"], choice(ROLE_ACTIONS)] | None = None


MEMBER_ACTIONS = {"新增": "add", "调动": "transfer", "离开": "remove", "更正": "correct"}


class MemberRow(BaseModel):
    """A row of 党员名册: a member as they stand, and what is to be done where that is news."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[Code, Field(pattern=r"^[A-Z][A-Z0-9-]{2,31}$")]
    name: Annotated[Text, Field(min_length=1, max_length=40), SEALED]
    unit: Code
    since: Day
    until: Day | None = None
    user: Annotated[Code, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")] | None = None
    action: Annotated[Literal["add", "transfer", "remove", "correct"], choice(MEMBER_ACTIONS)] = "add"
    reason: Annotated[Text, Field(max_length=200), FREE] = ""


SHEETS = {
    "calendars": CALENDAR_SHEET,
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
            Column("unit", "单位编码", "账号所属单位；授予、收回角色时为角色所在单位", required=True, example="D001"),
            Column(
                "password",
                "初始密码",
                "系统管理员建账号时必填，不少于 10 位，首次登录须修改；已有账号的密码不因再次导入而改变",
            ),
            Column("role", "角色", "系统管理员不填；安全管理员导入时必填", choices=tuple(ROLES.values())),
            Column("action", "操作", "安全管理员填，不填即为授予", choices=tuple(ROLE_ACTIONS)),
        ),
        UserRow,
    ),
    "members": Sheet(
        "members",
        "党员名册",
        (
            Column(
                "id", "党员编号", "以大写字母开头；不得使用证件号码、电话号码", required=True, example="DY-D001-0001"
            ),
            Column("name", "姓名", "加密保存，不进入统计和流转", required=True),
            Column("unit", "单位编码", "现在（离开的为最后）所在支部", required=True, example="D001-B01"),
            Column("since", "编入日期", "自该日起编入上述单位", required=True, example="2026-01-01"),
            Column("until", "离开日期", "自该日起不在册；在册的不填；已登记的须选“更正”方可更改"),
            Column("user", "账号", "本人登录用的账号，没有的不填"),
            Column("action", "操作", "不填即为新增；内容有变的须选", choices=tuple(MEMBER_ACTIONS)),
            Column("reason", "事由", "更正时必填"),
        ),
        MemberRow,
    ),
}
