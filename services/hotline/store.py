"""The hotline's lists, indexes, working days and rules."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, time, timedelta
from typing import Any

import pymongo
from chinese_calendar.constants import holidays, workdays
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.kernel.clock import SHANGHAI
from services.kernel.errors import DomainError
from services.kernel.lists import containing, page, shown
from services.kernel.store import Document

from .contract import ListTickets
from .domain import Calendar, Rule
from .domain.deadline import RULES

SOURCE = "国务院办公厅节假日安排（chinesecalendar 1.11 整理）"


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked; the tables of working days and rules where they are empty."""
    tickets = database["tickets"]
    for field in ("received", "deadline"):
        tickets.create_index([("scope", 1), (field, -1), ("_id", -1)])
    for field in ("state", "kind", "channel"):
        tickets.create_index([("scope", 1), (field, 1), ("received", -1)])
    tickets.create_index([("life.answered", 1), ("overdue", 1), ("state", 1), ("deadline", 1)])
    _seed(database)


def _seed(database: Database[Document]) -> None:
    if not database["working_years"].find_one():
        exceptions = {day: False for day in holidays if day.weekday() < 5} | dict.fromkeys(workdays, True)
        days = [{"_id": day.isoformat(), "works": works, "source": SOURCE} for day, works in sorted(exceptions.items())]
        years = sorted({day.year for day in holidays})
        with contextlib.suppress(BulkWriteError):
            database["working_days"].insert_many(days, ordered=False)
        with contextlib.suppress(BulkWriteError):
            database["working_years"].insert_many([{"_id": year, "source": SOURCE} for year in years], ordered=False)
    if not database["deadline_rules"].find_one():
        with contextlib.suppress(BulkWriteError):
            database["deadline_rules"].insert_many(
                [
                    {
                        "_id": f"{rule.kind}:{rule.since}",
                        "kind": str(rule.kind),
                        "days": rule.days,
                        "since": rule.since.isoformat(),
                        "source": rule.source,
                    }
                    for rule in RULES
                ],
                ordered=False,
            )


def calendar(database: Database[Document]) -> Calendar:
    """The working days as the table has them now."""
    return Calendar(
        frozenset(int(year["_id"]) for year in database["working_years"].find()),
        {date.fromisoformat(day["_id"]): bool(day["works"]) for day in database["working_days"].find()},
    )


def rules(database: Database[Document]) -> list[Rule]:
    """The rules as the table has them now."""
    return [
        Rule(rule["kind"], rule["days"], date.fromisoformat(rule["since"]), rule["source"])
        for rule in database["deadline_rules"].find()
    ]


def past_deadline(database: Database[Document], now: datetime) -> list[str]:
    """Tickets whose deadline has passed without an answer and that do not say so yet; at most 500 at a time."""
    found = database["tickets"].find(
        {"life.answered": None, "overdue": None, "state": {"$ne": "void"}, "deadline": {"$lte": now}}, {"_id": 1}
    )
    return [ticket["_id"] for ticket in found.sort("deadline", pymongo.ASCENDING).limit(500)]


def one(database: Database[Document], id: str, unit: str) -> dict[str, Any]:
    """A ticket of the unit's subtree.

    Raises:
        DomainError: there is none, or it lies outside; the two are not told apart.
    """
    found = database["tickets"].find_one({"_id": id, "scope": unit})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return shown(found)


def listed(database: Database[Document], asked: ListTickets) -> dict[str, Any]:
    """A page of tickets of the unit's subtree."""
    filters: Document = {"scope": asked.unit}
    for name in ("state", "kind", "channel"):
        if (value := getattr(asked, name)) is not None:
            filters[name] = str(value)
    if asked.overdue is not None:
        filters["overdue"] = {"$ne": None} if asked.overdue else None
    span = {}
    if asked.first:
        span["$gte"] = datetime.combine(asked.first, time(), SHANGHAI)
    if asked.last:
        span["$lt"] = datetime.combine(asked.last + timedelta(days=1), time(), SHANGHAI)
    if span:
        filters["received"] = span
    if asked.q:
        filters["title"] = containing(asked.q)
    return page(database["tickets"], filters, sort=asked.sort, page=asked.page, page_size=asked.page_size)
