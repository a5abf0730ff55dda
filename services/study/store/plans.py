"""Plans, notices and receipts as their readers see them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from pymongo.database import Database

from services.kernel.bus.inbox import Taking
from services.kernel.journal.lists import containing, page, shown
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work, without_bookkeeping
from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError

from ..contract import IN_FIGURES, Form, Paged, Way
from ..domain import LECTURE, SESSION, KnownUnit, Notice
from ..domain.account import counts_of
from ..domain.duty import Window, end_of, first_of, month_of
from . import units

_MOST_SHOWN = 10
_DAYS: list[tuple[str, int]] = [("day", -1), ("_id", -1)]


def ensure_indexes(database: Database[Document]) -> None:
    """By who issued them, by whom they are addressed to, and those in force."""
    for collection in ("plans", "notices"):
        database[collection].create_index([("scope", 1), *_DAYS])
        database[collection].create_index([("units", 1), *_DAYS])
    for collection in ("receipts", "reminders", "branch_plans"):
        database[collection].create_index([("scope", 1), *_DAYS])
        database[collection].create_index([("scope", 1), ("state", 1), *_DAYS])
    database["distributions"].create_index([("state", 1), ("asked", 1)])


def get(database: Database[Document], collection: str, id: str, reader: str) -> dict[str, Any]:
    """A plan or notice of the reader's, of those below, or addressed to them; with how far it has been sent.

    Raises:
        DomainError: there is none, or it is not for them; the two are not told apart.
    """
    found = database[collection].find_one({"_id": id, "$or": _for(database, reader)})
    if found is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    job = database["distributions"].find_one({"_id": id}, {"_id": 0, "state": 1, "units": 1, "until": 1})
    return {**shown(found), "distribution": job}


def listed(database: Database[Document], collection: str, asked: Paged) -> dict[str, Any]:
    """A page of plans or notices of a unit, of those below it, and of those addressed to it."""
    filters: Document = {"$or": _for(database, asked.unit, asked.state)}
    days = {key: day.isoformat() for key, day in (("$gte", asked.first), ("$lte", asked.last)) if day is not None}
    if days:
        filters["day"] = days
    if asked.q:
        filters["title"] = containing(asked.q)
    return page(database[collection], filters, sort=asked.sort, page=asked.page, page_size=asked.page_size)


def _for(database: Database[Document], reader: str, state: str | None = None) -> list[Document]:
    """What a reader may see: issued by or below their unit, or issued to a subtree in which it lies.

    The state stands in each branch: beside them it would keep both from being read in the order of an index.
    """
    addressed: Document = {"units": {"$in": units.path(database, reader)}, "state": {"$ne": "draft"}}
    if state is None:
        return [{"scope": reader}, addressed]
    return [{"scope": reader, "state": state}, *([{**addressed, "state": state}] if state != "draft" else [])]


def send_later(taking: Taking, id: str, unit: KnownUnit) -> None:
    """Let the plans and notices in force, within whose audience a unit has come, be distributed to it as well."""
    _send(taking, {"units": {"$in": unit.path}, "kinds": {"$in": [unit.kind, []]}}, id, {"only": id})


def send_below_later(taking: Taking, id: str, path: Sequence[str]) -> None:
    """Let those within whose audience a unit has moved be distributed to it and to all below it; who has them already
    gets nothing new.
    """
    _send(taking, {"units": {"$in": list(path)}}, f"below {id}", {"below": id})


def _send(taking: Taking, audience: Document, name: str, to: Document) -> None:
    month = month_of(business_day(taking.now))
    for sort, collection, last in (("plan", "plans", "last"), ("notice", "notices", "month")):
        asked = {**audience, "state": "issued", last: {"$gte": month}}
        for found in taking.database[collection].find(asked, {"_id": 1}, session=taking.session):
            job = {"source": found["_id"], "sort": sort, **to, "state": "open", "asked": taking.now}
            job |= {"root": 0, "after": "", "units": 0, "until": None}
            place = {"_id": f"{found['_id']}|{name}"}
            taking.database["distributions"].replace_one(place, job, upsert=True, session=taking.session)


def on_their_way(work: Work) -> set[str]:
    """The plans and notices that have not come to all of their units."""
    return set(work.database["distributions"].distinct("source", {"state": "open"}, session=work.session))


def receipt(database: Database[Document], found: dict[str, Any]) -> dict[str, Any]:
    """A receipt with its notice's items: which are done, by which records or by which words of the unit's own."""
    kept = database["notices"].find_one({"_id": found["notice"]})
    notice = Notice.model_validate(without_bookkeeping(kept or {}))
    ticked: dict[str, str] = found["ticked"]
    items = []
    for item, window in zip(notice.items, notice.windows(), strict=True):
        records = [] if window.kind is None else _records(database, found["unit"], window)
        by = "record" if item.key in found["recorded"] else "hand" if item.key in ticked else None
        told = {**item.model_dump(mode="json"), "due": window.due.isoformat(), "since": window.first}
        items.append({**told, "done": by, "note": ticked.get(item.key), "records": records})
    read = found["acknowledged"]
    new = [edition.model_dump(mode="json") for edition in notice.editions if edition.edition > max(read, 1)]
    return {**found, "items": items, "text": notice.note, "issuer": notice.unit, "editions_since": new}


def _records(database: Database[Document], unit: str, window: Window) -> list[dict[str, Any]]:
    """The latest records of a unit that do what a window asks for."""
    days = {"$gte": first_of(window.first).isoformat(), "$lte": end_of(window.last).isoformat()}
    filters: Document = {"scope": unit, "unit": unit, "day": days, "state": {"$in": list(IN_FIGURES)}}
    collection = "sessions"
    if isinstance(window.kind, Form):
        filters["form"] = window.kind
    elif isinstance(window.kind, Way):
        filters["way"] = window.kind
    else:
        collection, filters["state"] = "lectures", "recorded"
    aggregate = SESSION if collection == "sessions" else LECTURE
    rows = database[collection].find(filters).sort(_DAYS)
    counting = (row for row in rows if counts_of(aggregate.state.model_validate(without_bookkeeping(row))))
    return [
        {"id": row["_id"], "record": collection[:-1], "title": row["title"], "day": row["day"]}
        for row in islice(counting, _MOST_SHOWN)
    ]
