"""The spreadsheets of joint study, contests and self-study."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.kernel.message.free_text import FREE
from services.kernel.message.instants import Day
from services.kernel.sheets.cells import Code, Count, Line, Tagged, Text
from services.kernel.sheets.ledger import ACTION, TAGS, Row, identity
from services.kernel.sheets.sheet import Column, Sheet

UnitCode = Annotated[Code, Field(min_length=1, max_length=64)]
Link = Annotated[Line, Field(min_length=1, max_length=64)]
"""Another record: its id, or its number in whatever spelling."""


class PairRow(Row):
    """A row of 联学结对."""

    central: UnitCode
    provincial: UnitCode
    last: Day | None = None
    tags: Tagged = Field(default_factory=list)


class ActivityRow(Row):
    """A row of 联学活动; `pair_unit` is who numbered the pair, where that is the other unit."""

    pair: Link
    pair_unit: UnitCode | None = None
    session: Link | None = None
    central_people: Count = 0
    provincial_people: Count = 0
    tags: Tagged = Field(default_factory=list)


class EntryRow(Row):
    """A row of 参赛作品."""

    contest: Link
    author: Annotated[Line, Field(min_length=1, max_length=40), FREE]
    reference: Annotated[Line, Field(min_length=1, max_length=200), FREE]


class IssueRow(Row):
    """A row of 资料配发."""

    copies: Annotated[Count, Field(ge=1)]
    material: Annotated[Text, Field(min_length=1, max_length=64)] | None = None


SHEETS = {
    sheet.kind: sheet
    for sheet in (
        Sheet(
            "pairs",
            "联学结对",
            (
                *identity("JD-001", "金融助企"),
                Column("central", "中直单位编码", "见单位名册", required=True, example="Z001"),
                Column("provincial", "省直单位编码", "见单位名册", required=True, example="D001"),
                Column("last", "结束日期", "不填为长期", example="2026-12-31"),
                TAGS,
                *ACTION,
            ),
            PairRow,
        ),
        Sheet(
            "activities",
            "联学活动",
            (
                *identity("LX-001", "联学座谈"),
                Column("pair", "结对编号", "所属结对的编号", required=True, example="JD-001"),
                Column("pair_unit", "结对登记单位", "结对由对方登记的，填对方单位编码", example="Z001"),
                Column("session", "学习活动编号", "牵头单位已登记为联学共建的，填其编号", example=""),
                Column("central_people", "中直单位参加人数", "没有可不填", example="12"),
                Column("provincial_people", "省直单位参加人数", "没有可不填", example="15"),
                TAGS,
                *ACTION,
            ),
            ActivityRow,
        ),
        Sheet(
            "entries",
            "参赛作品",
            (
                *identity("ZP-001", "我的岗位我负责"),
                Column("contest", "比赛编号", "举办单位给比赛的编号", required=True, example="BS-2026-01"),
                Column("author", "作者", "填职务或展示编号，不填姓名", required=True, example="7 号选手"),
                Column("reference", "作品存放", "存放处的编号或地址；平台不存作品", required=True, example="征文-007"),
                *ACTION,
            ),
            EntryRow,
        ),
        Sheet(
            "issues",
            "资料配发",
            (
                *identity("PF-001", "第一批学习资料"),
                Column("copies", "册数", "配发给该单位的册（套）数", required=True, example="120"),
                Column("material", "资料编号", "配发单位给整套资料的编号，可不填", example="ZL-2026-01"),
                *ACTION,
            ),
            IssueRow,
        ),
    )
}
