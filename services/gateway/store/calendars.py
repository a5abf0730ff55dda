"""The working calendar as the worker and the API read it: what was entered, over what is delivered."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database as Store

from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.kernel.rules.working_days import Calendar
from services.organisation.contract import DELIVERED, CalendarContent, working_calendar

from .snapshot import Database

_FIELDS = dict.fromkeys(CalendarContent.model_fields, 1)


def calendar(database: Store[Document], session: ClientSession | None = None) -> Calendar:
    """The calendar in force."""
    return working_calendar(_content(row) for row in database["calendars"].find({}, _FIELDS, session=session))


def tables(database: Store[Document]) -> list[CalendarContent]:
    """The table in force of every known year."""
    found = DELIVERED | {row["year"]: _content(row) for row in database["calendars"].find({}, _FIELDS)}
    return [found[year] for year in sorted(found)]


async def years(database: Database) -> list[dict[str, Any]]:
    """Every known year, the last first; version 0 is as delivered."""
    rows = {row["year"]: row async for row in database["calendars"].find()}
    return [_shown(year, rows.get(year)) for year in sorted({*DELIVERED, *rows}, reverse=True)]


async def year(database: Database, number: int) -> dict[str, Any]:
    """One year.

    Raises:
        DomainError: calendar.not_found, for a year that nobody has entered.
    """
    found = next((each for each in await years(database) if each["year"] == number), None)
    if found is None:
        raise DomainError("calendar.not_found", f"尚未录入 {number} 年的工作日历", "not_found")
    return found


def _content(row: Document) -> CalendarContent:
    return CalendarContent(**{name: row[name] for name in CalendarContent.model_fields})


def _shown(year: int, row: Document | None) -> dict[str, Any]:
    content = DELIVERED[year] if row is None else _content(row)
    said = {name: None if row is None else row[name] for name in ("day", "reason")}
    return {**content.model_dump(), **said, "version": 0 if row is None else row["version"]}
