"""The working calendar 工作日历: each year's holidays and make-up working days, as its notice has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from chinese_calendar.constants import holidays, workdays
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText
from services.kernel.message.instants import FIRST, LAST, Day
from services.kernel.rules.working_days import Calendar

from .words import EXAMPLE_UNIT

Year = Annotated[int, Field(ge=FIRST.year, le=LAST.year)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), FREE]
WhereNeeded = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), FREE]
"""A reason, where one is needed."""
STATUTORY = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
"""The holidays of every year since 2008."""


class Holiday(BaseModel):
    """A holiday: the days off, both included, weekends among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), FREE]
    first: Day
    last: Day

    def days(self) -> Iterator[date]:
        """Its days."""
        yield from (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


class CalendarContent(Command):
    """A year's table: its holidays, and the weekend days that are worked for them; `source` is the notice."""

    year: Year
    holidays: list[Holiday] = Field(min_length=1, max_length=20)
    working: list[Day] = Field(default_factory=list, max_length=40, description="调休上班的周六、周日")
    source: Source


class SetCalendar(CalendarContent):
    """Enter a year's table, or replace it, which needs a reason."""

    reason: WhereNeeded = ""


class CalendarSet(Payload):
    """A year's working calendar was entered or replaced."""

    type: ClassVar[str] = "calendar.set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "year": 2026,
            "holidays": [{"name": "元旦", "first": "2026-01-01", "last": "2026-01-03"}],
            "working": ["2026-01-04"],
            "source": "国务院办公厅关于2026年部分节假日安排的通知",
            "reason": "",
        }
    ]
    year: int
    holidays: list[Holiday]
    working: list[date]
    source: FreeText
    reason: FreeText = ""


def exceptions(table: CalendarContent | CalendarSet) -> dict[date, bool]:
    """The days on which a year's table says otherwise than the week: False is off, True is worked."""
    off = {day: False for holiday in table.holidays for day in holiday.days()}
    return off | dict.fromkeys(table.working, True)


def working_calendar(said: Iterable[CalendarContent | CalendarSet]) -> Calendar:
    """The calendar in force: what was entered, and for all other years what is delivered."""
    return Calendar({table.year: exceptions(table) for table in (*DELIVERED.values(), *said)})


_PACKAGE = "国务院办公厅节假日安排（chinesecalendar 整理）"
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


def _delivered() -> Iterator[CalendarContent]:
    """The years that the package knows; a notice is that of the year in which its holiday ends."""
    spans: list[Holiday] = []
    for day, name in sorted(holidays.items()):
        told = _NAMES[name]
        if spans and (spans[-1].name, spans[-1].last) == (told, day - timedelta(days=1)):
            spans[-1] = spans[-1].model_copy(update={"last": day})
        else:
            spans.append(Holiday(name=told, first=day, last=day))
    for year in sorted({day.year for day in holidays}):
        own = [span for span in spans if span.last.year == year]
        made_up = [day for day in sorted(workdays) if day.year == year]
        yield CalendarContent(year=year, holidays=own, working=made_up, source=_PACKAGE)


DELIVERED = {table.year: table for table in _delivered()}
"""The years that are known before anybody has entered one."""
