"""Submissions as the worker and the API read them: who owes a month, who has settled it, what it would confirm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database as Store

from services.kernel.journal.lists import MOST_COUNTED, shown
from services.kernel.journal.store import Document
from services.kernel.message.clock import SHANGHAI, business_day
from services.kernel.message.errors import DomainError
from services.organisation.contract import SETTLED, Prepared, SubmissionFellDue, SubmissionOpened, SubmissionRule
from services.organisation.contract import SubmissionState as State

from ..domain.lacks import lacks
from ..domain.period import days_of
from ..domain.report import figures_not_ready
from ..domain.submission import submission_id
from ..domain.unit import Unit
from ..projection import Tree
from . import directory
from .generation import PROJECTION
from .period import Span
from .report import report
from .snapshot import Database
from .tree import tree_of

_PATH = {"path": 1}
_CLOCK, _KEPT = "clock", "submissions"
_UNSETTLED = {"$nin": [str(state) for state in SETTLED]}


def ensure_indexes(database: Store[Document]) -> None:
    """One index for each way of asking."""
    submissions = database["submissions"]
    submissions.create_index([("month", 1), ("unit", 1)])
    submissions.create_index([("superior", 1), ("month", 1), ("state", 1)])
    submissions.create_index([("scope", 1), ("month", -1), ("unit", 1)])
    submissions.create_index([("scope", 1), ("state", 1), ("month", -1)])
    submissions.create_index([("late", 1), ("state", 1), ("due", 1)])


def reasons(database: Store[Document], today: date) -> tuple[Any, ...]:
    """What decides which submissions there must be, and until when: while it stays the same, nothing is to be done."""
    projection = database[PROJECTION].find_one({"_id": PROJECTION}, {"tree": 1}) or {}
    decided = (database[name].find({}, {"version": 1}).sort("_id") for name in ("campaigns", "calendars"))
    return today, projection.get("tree"), *((row["_id"], row["version"]) for rows in decided for row in rows)


def owing(database: Store[Document], rule: SubmissionRule, month: str) -> Iterator[list[str]]:
    """Paths to the units that owe a month, each after those above it: of the rule's kinds, and whoever stood above one
    of these on the month's last day.

    A unit that came after the month, or was no more at its end, owes nothing of it.
    """
    last = days_of(month)[1].isoformat()
    there = {"active_from": {"$lte": last}, "$or": [{"until": None}, {"until": {"$gt": last}}]}
    kinds = {"kind": {"$in": [str(kind) for kind in rule.kinds]}}
    over_time = tree_of(database)
    below = database["units"].find({**kinds, **there}, _PATH)
    above = {step for row in below for step in over_time.on(row["path"], last)}
    found = database["units"].find({"_id": {"$in": sorted(above)}, **there}, _PATH)
    yield from sorted((over_time.on(row["path"], last) for row in found), key=lambda path: (len(path), path[-1]))


def unopened(database: Store[Document], rule: SubmissionRule, month: str, most: int) -> list[list[str]]:
    """Paths to some of those whose submission is not open yet, and who are below no lock."""
    open_ = {row["unit"] for row in database["submissions"].find({"month": month}, {"unit": 1})}
    locked = {row["unit"] for row in database["locks"].find({"month": month}, {"unit": 1})}
    lacking = (path for path in owing(database, rule, month) if path[-1] not in open_ and locked.isdisjoint(path))
    return list(islice(lacking, most))


def due_otherwise(
    database: Store[Document], campaign: str, month: str, due: date | None, waits_for: int | None
) -> list[str]:
    """A month's submissions that have another due day and are not submitted under it, or wait for one."""
    running = [{"state": {"$in": ["open", "returned"]}}, {"waits_for": {"$gt": 0}}]
    same = {"due": due and due.isoformat(), "waits_for": waits_for}
    asked = {"month": month, "campaign": campaign, "$or": running, "$nor": [same]}
    return [row["_id"] for row in database["submissions"].find(asked, {"_id": 1})]


def kept(database: Store[Document], day: date) -> None:
    """Everything that the clock brings was recorded up to this day."""
    database[_CLOCK].update_one({"_id": _KEPT}, {"$max": {"day": day.isoformat()}}, upsert=True)


def unmarked(database: Store[Document], now: datetime) -> datetime | None:
    """The midnight from which on months that are over may be neither opened nor published; None where none are behind.

    Looked for in this order: what is opened in between is among what was not opened.
    """
    found = database[_CLOCK].find_one({"_id": _KEPT})
    days = [] if found is None else [date.fromisoformat(found["day"]) + timedelta(days=1)]
    told = {"published": False, "type": {"$in": [SubmissionOpened.type, SubmissionFellDue.type]}}
    first = database["journal"].find_one(told, {"recorded": 1}, sort=[("recorded", 1)], hint="outbox")
    days = [day for day in days if day <= business_day(now)] + ([business_day(first["recorded"])] if first else [])
    return min((datetime.combine(day, time(), SHANGHAI) for day in days), default=None)


def fallen_due(database: Store[Document], today: date, most: int) -> list[str]:
    """Open submissions whose due day has passed and which nobody has marked."""
    asked = {"late": False, "state": "open", "due": {"$lt": today.isoformat(), "$gt": ""}}
    return [row["_id"] for row in database["submissions"].find(asked, {"_id": 1}).limit(most)]


def waiting(database: Store[Document], unit: str, month: str, session: ClientSession) -> list[str]:
    """The units below that owe the month and have not settled it: right below, or below one that was excused."""
    found: list[str] = []
    through = [unit]
    while through:
        asked = {"superior": {"$in": through}, "month": month, "state": {"$ne": str(State.accepted)}}
        rows = list(database["submissions"].find(asked, {"unit": 1, "state": 1}, session=session))
        found += [row["unit"] for row in rows if row["state"] != State.excused]
        through = [row["unit"] for row in rows if row["state"] == State.excused]
    return sorted(found)


def astray(
    database: Store[Document], over_time: Tree, unit: Unit, session: ClientSession | None = None
) -> Iterator[tuple[Document, list[str]]]:
    """Months of a unit that are not accepted and belong to another superior than on their last day, with the path of
    that day. A unit that was no more by then owes nothing, below whomever.
    """
    id = unit.path[-1]
    asked = {"scope": id, "unit": id, "state": {"$ne": str(State.accepted)}}
    for row in database["submissions"].find(asked, session=session):
        last = days_of(row["month"])[1]
        path = over_time.on(unit.path, last)
        if row["superior"] != above(path) and (unit.until is None or unit.until > last):
            yield row, path


def above(path: Sequence[str]) -> str | None:
    """The unit right above the one at the end of a path."""
    return path[-2] if len(path) > 1 else None


def unsettled(database: Store[Document], unit: str, session: ClientSession) -> dict[str, str]:
    """The months that a unit still has to settle, by id."""
    asked = {"scope": unit, "unit": unit, "state": _UNSETTLED}
    return {row["_id"]: row["month"] for row in database["submissions"].find(asked, {"month": 1}, session=session)}


def _shown(row: Document) -> dict[str, Any]:
    """A submission as it is read: a month that was excused is owed no more, so it is not overdue either."""
    found = shown(row)
    return {**found, "late": found["late"] and found["state"] != "excused"}


async def one(database: Database, id: str) -> Document:
    """A submission.

    Raises:
        DomainError: submission.not_found.
    """
    found = await database["submissions"].find_one({"_id": id})
    if found is None:
        raise DomainError("submission.not_found", "没有这次上报", "not_found")
    return _shown(found)


async def listed(
    database: Database,
    below: str,
    *,
    month: str | None = None,
    state: str | None = None,
    superior: str | None = None,
    unit: str | None = None,
    page: int = 1,
    page_size: int = 50,
) -> dict[str, Any]:
    """A page of the submissions of a subtree, the newest month first; with the units' names."""
    asked = {"month": month, "state": state, "superior": superior, "unit": unit}
    filters: Document = {"scope": below, **{name: value for name, value in asked.items() if value}}
    submissions = database["submissions"]
    total = await submissions.count_documents(filters, limit=MOST_COUNTED + 1)
    order = [("month", pymongo.DESCENDING), ("unit", pymongo.ASCENDING)]
    rows = await submissions.find(filters).sort(order).skip((page - 1) * page_size).limit(page_size).to_list()
    names = await directory.names(database, [row["unit"] for row in rows])
    return {
        "items": [{**_shown(row), "unit_name": names.get(row["unit"], row["unit"])} for row in rows],
        "total": min(total, MOST_COUNTED),
        "more_than": total > MOST_COUNTED,
        "page": page,
        "page_size": page_size,
    }


async def of_unit(database: Database, unit: str, month: str) -> Document | None:
    """A unit's submission for a month, if there is one."""
    found = await database["submissions"].find_one({"_id": submission_id(unit, month)})
    return None if found is None else _shown(found)


async def prepare(database: Database, unit: str, month: str) -> tuple[dict[str, Any], Prepared]:
    """The unit's report for the month, and what it would confirm with it.

    Raises:
        DomainError: figures.not_ready, while an owner has not said how far it is.
    """
    found = await report(database, unit, Span.of_month(month), children=False)
    if found["as_of"] is None:
        raise figures_not_ready()
    return found, Prepared(figures=found["figures"], lacks=lacks(found["figures"]), as_of=found["as_of"])
