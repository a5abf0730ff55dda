"""The spreadsheets in which histories are reported."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message.free_text import FREE
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Code, Count, Line, Month, Number, Text, choice
from services.kernel.sheets.ledger import ACTION, Row, identity
from services.kernel.sheets.sheet import Column, Sheet

from .lecture import MODE_NAMES, LectureMode
from .session import FORM_NAMES, REASON_NAMES, WAYS, Absence, Form, Way

Outcome = Literal["present", "duty", "illness", "personal", "absent", "transferred", "exempt"]
OUTCOMES: dict[str, str] = {**{name: str(reason) for reason, name in REASON_NAMES.items()}, "到会": "present"}
_FORM_BY_NAME = {name: str(form) for form, name in FORM_NAMES.items()}
_WAY_BY_NAME = {name: str(way) for way, name in WAYS.items()}


class SessionRow(Row):
    """A row of 学习活动台账."""

    way: Annotated[Way, choice(_WAY_BY_NAME)]
    form: Annotated[Form, choice(_FORM_BY_NAME)]
    due: Count | None = None
    duty: Count = 0
    illness: Count = 0
    personal: Count = 0
    absent: Count = 0
    transferred: Count = 0
    exempt: Count = 0
    present: Count | None = None
    programme: Annotated[Line, Field(min_length=1, max_length=64)] | None = None

    def absences(self) -> list[Absence]:
        """Who is named, by reason."""
        named = ((reason, int(getattr(self, reason.value))) for reason in REASON_NAMES)
        return [Absence(reason=reason, count=count) for reason, count in named if count]


class AttendanceRow(BaseModel):
    """A row of 考勤表: one member of one session who was not there (or was, after all)."""

    model_config = ConfigDict(frozen=True)

    session: Number
    unit: Code
    member: Annotated[Code, Field(pattern=r"^[A-Z][A-Z0-9-]{2,31}$")]
    outcome: Annotated[Outcome, choice(OUTCOMES)]
    reason: Annotated[Text, Field(max_length=200), FREE] = ""


class EssayRow(Row):
    """A row of 学习体会文章."""

    session: Annotated[Line, Field(min_length=1, max_length=40)] | None = None


class LectureRow(Row):
    """A row of 专题党课."""

    mode: Annotated[LectureMode, choice({name: str(mode) for mode, name in MODE_NAMES.items()})]
    speaker_post: Annotated[Line, Field(min_length=1, max_length=60), FREE]
    audience: Count


class ReceiptRow(BaseModel):
    """A row of 通知单签收: a unit has read the notice of a month, made of the plan that its issuer numbered so."""

    model_config = ConfigDict(frozen=True)

    unit: Code
    number: Month
    issuer: Code
    plan: Number
    day: Day
    action: Annotated[Literal["add", "correct"], choice({"新增": "add", "更正": "correct"})] = "add"
    reason: Annotated[Text, Field(max_length=200), FREE] = ""


_IDENTITY = identity("XX-2026-001", "三月主题党日")
SHEETS = {
    sheet.kind: sheet
    for sheet in (
        Sheet(
            "sessions",
            "学习活动台账",
            (
                *_IDENTITY,
                Column("way", "方式", required=True, choices=tuple(WAYS.values()), example="研学"),
                Column("form", "形式", required=True, choices=tuple(FORM_NAMES.values()), example="主题党日"),
                Column(
                    "due",
                    "应到",
                    "应参加人数；不填则为党员名册上该单位当日在册人数，未到的另用“考勤表”点名",
                    example="20",
                ),
                *(Column(str(reason), name, "人数，没有可不填") for reason, name in REASON_NAMES.items()),
                Column("present", "实到", "可不填，由平台计算；填写时须一致"),
                Column("programme", "所属工程", "形式为“提升工程”的可填：工程编号"),
                *ACTION,
            ),
            SessionRow,
        ),
        Sheet(
            "essays",
            "学习体会文章",
            (*_IDENTITY, Column("session", "读书班编号", "关联的读书班，本单位编号", example="DS-2026-001"), *ACTION),
            EssayRow,
        ),
        Sheet(
            "lectures",
            "专题党课",
            (
                *_IDENTITY,
                Column("mode", "讲授方式", required=True, choices=tuple(MODE_NAMES.values()), example="集中讲"),
                Column("speaker_post", "讲授人职务", "填职务，不填姓名", required=True, example="党组书记"),
                Column("audience", "听课人数", required=True, example="60"),
                *ACTION,
            ),
            LectureRow,
        ),
        Sheet(
            "attendance",
            "考勤表",
            (
                Column("session", "活动编号", "学习活动台账中的本单位编号", required=True, example="XX-2026-001"),
                Column("unit", "单位编码", "开展活动的支部", required=True, example="D001-B01"),
                Column("member", "党员编号", "只填未到的；到会的不必填", required=True, example="DY-D001-0001"),
                Column("outcome", "情况", required=True, choices=tuple(OUTCOMES), example="病假"),
                Column("reason", "更正事由", "更改已登记的情况时必填"),
            ),
            AttendanceRow,
        ),
        Sheet(
            "receipts",
            "通知单签收",
            (
                Column("unit", "单位编码", "签收的支部", required=True, example="D001-B01"),
                Column("number", "通知单月份", required=True, example="2026-03"),
                Column("issuer", "下发单位编码", required=True, example="D001"),
                Column("plan", "计划编号", "下发单位自编的计划编号", required=True, example="JH-2026-01"),
                Column("day", "签收日期", "不晚于当日", required=True, example="2026-03-03"),
                Column("action", "操作", "不填即为新增；更改签收日期的须选“更正”", choices=("新增", "更正")),
                Column("reason", "事由", "更正时必填"),
            ),
            ReceiptRow,
        ),
    )
}
