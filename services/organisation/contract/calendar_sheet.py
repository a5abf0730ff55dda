"""The sheet of the working calendar: a year a row, each holiday in its column, as the notice lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.kernel.message.free_text import FREE
from services.kernel.message.instants import Day, read_day
from services.kernel.sheets.cells import Count, Text, choice
from services.kernel.sheets.sheet import Column, Sheet

from .calendar import STATUTORY, CalendarContent, Holiday, SetCalendar, Year

_ACTIONS = {"新增": "add", "更正": "correct"}
_KEYS = ("new_year", "spring", "qingming", "labour", "dragon_boat", "mid_autumn", "national")
_BETWEEN, _AMONG = re.compile(r"\s*[至到~～]\s*"), re.compile(r"\s*[、，,；;]\s*")


def _span(cell: Any) -> tuple[date, date]:
    """The first and the last day in a cell such as 2027-01-01至2027-01-03; a day alone is both."""
    days = _BETWEEN.split(cell.strip()) if isinstance(cell, str) else [cell]
    if len(days) > 2:
        raise ValueError("应为首日至末日（如 2026-01-01至2026-01-03）")
    return read_day(days[0]), read_day(days[-1])


def _others(cell: Any) -> Any:
    """Holidays beside the seven, each as 名称：首日至末日."""
    if not isinstance(cell, str):
        return cell
    told = [each.partition("：") for each in re.split(r"\s*[；;]\s*", cell.strip().replace(":", "：")) if each]
    if any(not between for _, between, _ in told):
        raise ValueError("应为名称：首日至末日，多个以分号隔开")
    return [dict(zip(("name", "first", "last"), (name, *_span(span)), strict=True)) for name, _, span in told]


Span = Annotated[tuple[Day, Day], BeforeValidator(_span)]
Days = Annotated[list[Day], BeforeValidator(lambda cell: _AMONG.split(cell) if isinstance(cell, str) else [cell])]


class CalendarRow(BaseModel):
    """A row of 工作日历."""

    model_config = ConfigDict(frozen=True)

    year: Annotated[Count, *Year.__metadata__]
    new_year: Span | None = None
    spring: Span | None = None
    qingming: Span | None = None
    labour: Span | None = None
    dragon_boat: Span | None = None
    mid_autumn: Span | None = None
    national: Span | None = None
    others: Annotated[list[Holiday], BeforeValidator(_others)] = Field(default=[])
    working: Days = Field(default=[])
    source: Annotated[Text, Field(min_length=1, max_length=200), FREE]
    action: Annotated[Literal["add", "correct"], choice(_ACTIONS)] = "add"
    reason: Annotated[Text, Field(max_length=200), FREE] = ""

    def holidays(self) -> Iterator[tuple[str, Holiday]]:
        """Each holiday with the key of its column."""
        for key, name in zip(_KEYS, STATUTORY, strict=True):
            if (span := getattr(self, key)) is not None:
                yield key, Holiday(name=name, first=span[0], last=span[1])
        yield from (("others", holiday) for holiday in self.others)

    def asked(self) -> SetCalendar:
        """What the row asks for; a reason counts only beside 更正."""
        return SetCalendar(
            year=self.year,
            holidays=[holiday for _, holiday in self.holidays()],
            working=self.working,
            source=self.source,
            reason=self.reason if self.action == "correct" else "",
        )

    def column(self, pointer: str) -> str:
        """The key of the column in which stands what a refusal of `asked` points at."""
        _, field, *place = pointer.split("/")
        if field != "holidays":
            return field
        if place:
            return [key for key, _ in self.holidays()][int(place[0])]
        return next((key for key in _KEYS if getattr(self, key) is None), "others")


def calendar_row(table: CalendarContent) -> dict[str, Any]:
    """A year's table as a row that can be sent in again."""
    row: dict[str, Any] = {"year": table.year, "source": table.source, "working": "、".join(map(str, table.working))}
    others = []
    for holiday in table.holidays:
        key = _KEYS[STATUTORY.index(holiday.name)] if holiday.name in STATUTORY else ""
        span = _told(holiday.first, holiday.last)
        if key and key not in row:
            row[key] = span
        else:
            others.append(f"{holiday.name}：{span}")
    return {**row, "others": "；".join(others)}


def _told(first: date, last: date) -> str:
    return f"{first}至{last}" if first != last else str(first)


CALENDAR_SHEET = Sheet(
    "calendars",
    "工作日历",
    (
        Column("year", "年份", required=True, example="2026"),
        *(
            Column(key, name, "放假首日至末日，含周末；合并放假的两栏都填", example="2026-01-01至2026-01-03")
            for key, name in zip(_KEYS, STATUTORY, strict=True)
        ),
        Column("others", "其他放假", "名称：首日至末日，多个以分号隔开"),
        Column("working", "调休上班", "周六、周日上班的日期，以顿号隔开", example="2026-01-04、2026-02-14"),
        Column(
            "source",
            "依据",
            "放假通知的名称或文号",
            required=True,
            example="国办发明电〔2025〕1号",
        ),
        Column("action", "操作", "不填即为新增；该年已有、内容有变的须选更正", choices=tuple(_ACTIONS)),
        Column("reason", "事由", "更正时必填"),
    ),
    CalendarRow,
    units=(),
)
