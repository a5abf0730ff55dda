"""A year's working calendar: entered as a whole, replaced with a reason; what is delivered stands until then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.organisation.contract import DELIVERED, STATUTORY, CalendarContent, CalendarSet, Holiday, SetCalendar

_LONGEST = 15
_ALL_SEVEN_SINCE = 2008


class WorkingYear(BaseModel):
    """A year's table as it was entered last."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    year: int
    holidays: list[Holiday]
    working: list[date]
    source: str
    reason: str


class PlaceCalendar(Command):
    """A year's table, and the unit of who enters it."""

    asked: SetCalendar
    unit: str


def calendar_id(year: int) -> str:
    """The id of a year's table; no unit and no account can be called so."""
    return f"calendar:{year}"


def standing(state: WorkingYear | None, year: int) -> CalendarContent | None:
    """The table in force of a year; None for one that nobody knows."""
    if state is None:
        return DELIVERED.get(year)
    return CalendarContent(**state.model_dump(include=set(CalendarContent.model_fields)))


def is_news(state: WorkingYear | None, asked: SetCalendar) -> bool:
    """Whether it says anything else than the table in force."""
    known = standing(state, asked.year)
    return known is None or _ordered(known) != _ordered(asked)


def decide(state: WorkingYear | None, command: PlaceCalendar, now: datetime) -> list[CalendarSet]:
    """The year's table; nothing where it says what is so already.

    Raises:
        DomainError: calendar.reason_missing for a year that is known; calendar.holiday_missing, .days_wrong.
    """
    asked = command.asked
    if not is_news(state, asked):
        return []
    _check(asked)
    if standing(state, asked.year) is not None and not asked.reason:
        detail = f"{asked.year} 年的工作日历已有，更改须说明事由（表格中选“更正”）"
        raise wrong("calendar.reason_missing", "reason", detail, "conflict")
    return [CalendarSet(**_ordered(asked), unit=command.unit, day=business_day(now), reason=asked.reason)]


def _ordered(table: CalendarContent) -> dict[str, Any]:
    """A table's fields, its days in their order: the order in which they were written says nothing."""
    holidays = sorted(table.holidays, key=lambda holiday: (holiday.first, holiday.last, holiday.name))
    return {"year": table.year, "holidays": holidays, "working": sorted(set(table.working)), "source": table.source}


def _check(asked: SetCalendar) -> None:
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in _wrong_days(asked)]
    if errors:
        raise DomainError("calendar.days_wrong", errors[0]["detail"], errors=errors)  # type: ignore[arg-type]
    named = "、".join(holiday.name for holiday in asked.holidays)
    missing = [name for name in STATUTORY if name.removesuffix("节") not in named]
    if missing and asked.year >= _ALL_SEVEN_SINCE:
        raise wrong("calendar.holiday_missing", "holidays", f"缺少节日：{'、'.join(missing)}")


def _wrong_days(asked: SetCalendar) -> Iterator[tuple[str, str]]:
    first, last = date(asked.year - 1, 12, 1), date(asked.year, 12, 31)
    off: set[date] = set()
    for place, holiday in enumerate(asked.holidays):
        pointer = f"/holidays/{place}"
        if holiday.last < holiday.first:
            yield pointer, f"{holiday.name}的末日 {holiday.last} 早于首日 {holiday.first}"
        elif not first <= holiday.first <= holiday.last <= last:
            yield pointer, f"{holiday.name}（{holiday.first} 至 {holiday.last}）不在 {first} 至 {last} 之间"
        elif (holiday.last - holiday.first).days >= _LONGEST:
            yield pointer, f"{holiday.name}连续放假超过 {_LONGEST} 天，请核对"
        else:
            off.update(holiday.days())
    for place, day in enumerate(asked.working):
        pointer = f"/working/{place}"
        if not first <= day <= last:
            yield pointer, f"调休上班日 {day} 不在 {first} 至 {last} 之间"
        elif day.weekday() < 5:
            yield pointer, f"{day} 是周{'一二三四五'[day.weekday()]}，不是调休上班日"
        elif day in off:
            yield pointer, f"{day} 既放假又上班，请核对"


def evolve(state: WorkingYear | None, event: CalendarSet) -> WorkingYear:
    """The table after it was entered."""
    return WorkingYear(**event.model_dump())


CALENDAR = Aggregate("calendar", WorkingYear, decide, evolve, lambda year: (year.unit,))
