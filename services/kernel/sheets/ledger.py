"""What every row of a ledger bears: whose record it is, the unit's own number, and what is to be done with it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from ..message.free_text import FREE
from ..message.instants import Day
from .cells import Code, Line, Number, Text, choice
from .sheet import Column

Action = Annotated[Literal["add", "correct", "void"], choice({"新增": "add", "更正": "correct", "作废": "void"})]
ACTION = (
    Column("action", "操作", "不填即为新增；同一编号内容不同的须选“更正”", choices=("新增", "更正", "作废")),
    Column("reason", "事由", "更正、作废时必填"),
)
TAGS = Column("tags", "举措、载体标签", "可不填；多个用顿号分开，最多 5 个", example="建在链上")


class Row(BaseModel):
    """A row of a ledger, whatever it is a ledger of."""

    model_config = ConfigDict(frozen=True)

    action: Action = "add"
    reason: Annotated[Text, Field(max_length=200), FREE] = ""
    unit: Code
    number: Number
    day: Day
    title: Annotated[Line, Field(min_length=1, max_length=120), FREE]

    def digest(self) -> str:
        """Names the row's content: the same content again is the same row."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:32]


def identity(number: str, title: str) -> tuple[Column, ...]:
    """The columns that name a record, with an example of its number and its title."""
    told = "本单位自编、不重复；再次报送同一编号的相同内容不会重复计数"
    return (
        Column("number", "本单位编号", told, required=True, example=number),
        Column("unit", "单位编码", "见单位名册", required=True, example="D001-B01"),
        Column("day", "日期", "不晚于当日", required=True, example="2026-03-05"),
        Column("title", "标题", "不超过 120 字", required=True, example=title),
    )
