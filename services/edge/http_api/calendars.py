"""The working calendar 工作日历: each year's holidays and make-up working days."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import calendars
from services.kernel.message.instants import Day
from services.organisation import contract

from .answers import Written
from .auth import Caller, Gated

router = APIRouter(prefix="/calendars", tags=["工作日历"])
YearOf = Annotated[contract.Year, Path(description="年份", examples=[2026])]


class CalendarBody(BaseModel):
    """A year's table, as its notice has it; a reason where the year is known and this changes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "holidays": [
                        {"name": "元旦", "first": "2026-01-01", "last": "2026-01-03"},
                        {"name": "春节", "first": "2026-02-15", "last": "2026-02-23"},
                        {"name": "清明节", "first": "2026-04-04", "last": "2026-04-06"},
                        {"name": "劳动节", "first": "2026-05-01", "last": "2026-05-05"},
                        {"name": "端午节", "first": "2026-06-19", "last": "2026-06-21"},
                        {"name": "中秋节", "first": "2026-09-25", "last": "2026-09-27"},
                        {"name": "国庆节", "first": "2026-10-01", "last": "2026-10-07"},
                    ],
                    "working": ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
                    "source": "国务院办公厅关于2026年部分节假日安排的通知",
                }
            ]
        },
    )

    holidays: list[contract.Holiday] = Field(min_length=1, max_length=20)
    working: list[Day] = Field(default_factory=list, max_length=40, description="调休上班的周六、周日")
    source: contract.Source
    reason: contract.WhereNeeded = Field(default="", description="该年已有、内容有变的须填写")


class WorkingYear(BaseModel):
    """A year's table in force; version 0, without day and reason, is as delivered."""

    year: int
    version: int
    holidays: list[contract.Holiday]
    working: list[date]
    source: str
    day: date | None = Field(description="录入日期")
    reason: str | None


class WorkingYears(BaseModel):
    """Every known year, the last first."""

    items: list[WorkingYear]
    total: int


@router.get("", summary="工作日历")
async def list_calendars(caller: Caller, gate: Gated) -> WorkingYears:
    """Every year whose holidays are known. Deadlines that need another wait until it is entered."""
    gate.own(caller, Action.read_units)
    found = await calendars.years(gate.database)
    return WorkingYears.model_validate({"items": found, "total": len(found)})


@router.get("/{year}", summary="一年的工作日历")
async def get_calendar(year: YearOf, caller: Caller, gate: Gated) -> WorkingYear:
    """One year's table."""
    gate.own(caller, Action.read_units)
    return WorkingYear.model_validate(await calendars.year(gate.database, year))


@router.put("/{year}", summary="录入、更改工作日历")
async def set_calendar(year: YearOf, body: CalendarBody, request: Request, caller: Caller, gate: Gated) -> Written:
    """Enter a year's table, or replace it. Deadlines that waited for it are set; running ones are counted again."""
    actor = gate.own(caller, Action.keep_calendar)
    asked = contract.SetCalendar(year=year, **body.model_dump())
    return Written.model_validate(await gate.ask("gateway", asked, actor, request.headers))
