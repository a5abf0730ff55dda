"""The hotline's lists, indexes, working days and rules."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

import pymongo
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.kernel.journal import calendars
from services.kernel.journal.lists import containing, page, shown
from services.kernel.journal.store import Document
from services.kernel.message.clock import SHANGHAI
from services.kernel.message.errors import DomainError
from services.kernel.rules.working_days import Calendar
from services.organisation.contract import working_calendar

from .contract import ListTickets, TicketOverdue, limit_told
from .domain import Rule, last_day
from .domain.deadline import RULES, WITHOUT_LIMIT

DELIVERED = working_calendar(())
_ALIVE: Document = {"state": {"$ne": "void"}}


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked; the table of rules where it is empty."""
    calendars.ensure_indexes(database)
    tickets = database["tickets"]
    for field in ("received", "deadline"):
        tickets.create_index([("scope", 1), (field, -1), ("_id", -1)])
    for field in ("state", "kind", "channel"):
        tickets.create_index([("scope", 1), (field, 1), ("received", -1)])
    tickets.create_index([("life.answered", 1), ("overdue", 1), ("state", 1), ("deadline", 1)])
    tickets.create_index([("waits_for", 1)], partialFilterExpression={"waits_for": {"$gt": 0}})
    _seed(database)


def _seed(database: Database[Document]) -> None:
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
    """The working days as they are known now."""
    return calendars.known(database, DELIVERED)


def rules(database: Database[Document]) -> list[Rule]:
    """The rules as the table has them now."""
    return [
        Rule(rule["kind"], rule["days"], date.fromisoformat(rule["since"]), rule["source"])
        for rule in database["deadline_rules"].find()
    ]


def past_deadline(database: Database[Document], now: datetime) -> list[str]:
    """Tickets whose deadline has passed without an answer and that do not say so yet; at most 500 at a time."""
    found = database["tickets"].find(_passed(now), {"_id": 1})
    return [ticket["_id"] for ticket in found.sort("deadline", pymongo.ASCENDING).limit(500)]


def unmarked(database: Database[Document], now: datetime) -> datetime | None:
    """The earliest deadline that has passed and of which nobody has heard: not marked yet, or not published.

    Looked for in this order: what is marked in between is among what was not marked.
    """
    late = database["tickets"].find_one(_passed(now), {"deadline": 1}, sort=[("deadline", pymongo.ASCENDING)])
    told = {"published": False, "type": TicketOverdue.type}
    days = [entry["day"] for entry in database["journal"].find(told, {"day": 1}, hint="outbox")]
    known: list[datetime] = [] if late is None else [late["deadline"]]
    return min(known + [datetime.combine(date.fromisoformat(day), time(), SHANGHAI) for day in days], default=None)


def _passed(now: datetime) -> Document:
    return {"life.answered": None, "overdue": None, "state": {"$ne": "void"}, "deadline": {"$lte": now}}


def waiting(database: Database[Document], years: Collection[int]) -> list[str]:
    """Tickets whose deadline waits for one of these years."""
    return _ids(database, {"waits_for": {"$gt": 0, "$in": list(years)}})


def running_in(database: Database[Document], year: int) -> list[str]:
    """Unanswered tickets whose deadline may rest on a year's table, which reaches into the December before."""
    received = {"$lt": datetime(year + 1, 1, 1, tzinfo=SHANGHAI)}
    deadline = {"$gte": datetime(year - 1, 12, 1, tzinfo=SHANGHAI)}
    return _ids(database, {"life.answered": None, "received": received, "deadline": deadline})


def limited_before(database: Database[Document]) -> list[str]:
    """Kinds that have no limit and of which the table of rules still says one."""
    found: list[str] = database["deadline_rules"].distinct("kind", {"kind": {"$in": [str(k) for k in WITHOUT_LIMIT]}})
    return found


def with_deadline(database: Database[Document], kind: str) -> list[str]:
    """Tickets of a kind that bear a deadline."""
    return _ids(database, {"kind": kind, "deadline": {"$ne": None}})


def forget_rules(database: Database[Document], kind: str) -> None:
    """A kind has no limit any more."""
    database["deadline_rules"].delete_many({"kind": kind})


def _ids(database: Database[Document], asked: Document) -> list[str]:
    return [ticket["_id"] for ticket in database["tickets"].find({**asked, **_ALIVE}, {"_id": 1})]


def one(database: Database[Document], id: str, unit: str) -> dict[str, Any]:
    """A ticket of the unit's subtree.

    Raises:
        DomainError: there is none, or it lies outside; the two are not told apart.
    """
    found = database["tickets"].find_one({"_id": id, "scope": unit})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    return _seen(shown(found))


def _seen(ticket: dict[str, Any]) -> dict[str, Any]:
    """With the last day on which an answer is on time, and the same in words."""
    answer_by = None if ticket["deadline"] is None else last_day(ticket["deadline"])
    waits_for = ticket.get("waits_for")
    return {
        **ticket,
        "waits_for": waits_for,
        "answer_by": answer_by and answer_by.isoformat(),
        "limit": limit_told(answer_by, waits_for),
    }


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
    found = page(database["tickets"], filters, sort=asked.sort, page=asked.page, page_size=asked.page_size)
    return {**found, "items": [_seen(ticket) for ticket in found["items"]]}
