"""The spreadsheets in which histories are reported."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.kernel.cells import Count, Day, Text, choice
from services.kernel.sheets import Column, Sheet

from .lecture import MODE_NAMES, LectureMode
from .session import FORM_NAMES, REASON_NAMES, WAYS, Absence, Form, Reasons, Way

# A cell with line breaks in it is one line of text.
Line = Annotated[Text, BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)]
Action = Annotated[Literal["add", "correct", "void"], choice({"新增": "add", "更正": "correct", "作废": "void"})]
_ACTION = (
    Column("action", "操作", "不填即为新增；同一编号内容不同的须选“更正”", choices=("新增", "更正", "作废")),
    Column("reason", "事由", "更正、作废时必填"),
)
_FORM_BY_NAME = {name: str(form) for form, name in FORM_NAMES.items()}
_WAY_BY_NAME = {name: str(way) for way, name in WAYS.items()}


class Row(BaseModel):
    """What every row of a study sheet bears: whose it is, the unit's own number, and what to do with it."""

    model_config = ConfigDict(frozen=True)

    action: Action = "add"
    reason: Annotated[Text, Field(max_length=200)] = ""
    unit: Text
    number: Annotated[Line, Field(min_length=1, max_length=40)]
    day: Day
    title: Annotated[Line, Field(min_length=1, max_length=120)]

    def digest(self) -> str:
        """Names the row's content: the same content again is the same row."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:32]


class SessionRow(Row):
    """A row of 学习活动台账."""

    way: Annotated[Way, choice(_WAY_BY_NAME)]
    form: Annotated[Form, choice(_FORM_BY_NAME)]
    due: Count
    duty: Count = 0
    illness: Count = 0
    personal: Count = 0
    absent: Count = 0
    transferred: Count = 0
    exempt: Count = 0
    present: Count | None = None

    def absences(self) -> list[Absence]:
        """Who is named, by reason."""
        named = ((reason, int(getattr(self, reason.value))) for reason in Reasons)
        return [Absence(reason=reason, count=count) for reason, count in named if count]


class EssayRow(Row):
    """A row of 学习体会文章."""

    session: Annotated[Line, Field(min_length=1, max_length=40)] | None = None


class LectureRow(Row):
    """A row of 专题党课."""

    mode: Annotated[LectureMode, choice({name: str(mode) for mode, name in MODE_NAMES.items()})]
    speaker_post: Annotated[Line, Field(min_length=1, max_length=60)]
    audience: Count


_IDENTITY = (
    Column(
        "number",
        "本单位编号",
        "本单位自编、不重复；再次报送同一编号的相同内容不会重复计数",
        required=True,
        example="XX-2026-001",
    ),
    Column("unit", "单位编码", "见单位名册", required=True, example="D001-B01"),
    Column("day", "日期", "须在活动期内，不晚于当日", required=True, example="2026-03-05"),
    Column("title", "标题", "不超过 120 字", required=True, example="三月主题党日"),
)
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
                Column("due", "应到", "应参加人数", required=True, example="20"),
                *(Column(str(reason), name, "人数，没有可不填") for reason, name in REASON_NAMES.items()),
                Column("present", "实到", "可不填，由平台计算；填写时须一致"),
                *_ACTION,
            ),
            SessionRow,
        ),
        Sheet(
            "essays",
            "学习体会文章",
            (*_IDENTITY, Column("session", "读书班编号", "关联的读书班，本单位编号", example="DS-2026-001"), *_ACTION),
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
                *_ACTION,
            ),
            LectureRow,
        ),
    )
}
