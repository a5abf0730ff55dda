"""Research's lists and their indexes, and what a reader is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pymongo.database import Database

from services.kernel.journal.lists import containing, page, shown
from services.kernel.journal.numbered import numbered_ids
from services.kernel.journal.store import Document
from services.kernel.journal.work import state_of, without_bookkeeping
from services.kernel.message.errors import DomainError

from ..contract import (
    NAME,
    OPEN,
    PERCENT,
    ListMeasures,
    ListProgress,
    ListTopics,
    ListVisits,
    MeasureCorrected,
    MeasureState,
    ProgressNoted,
)
from ..domain import NORM_ID, PLACE, Norm, Visit, in_month, percent, place_id_of
from . import campaigns

ORDERS = {"topics": ("day", "title"), "visits": ("day", "title"), "measures": ("day", "title", "due")}
FILTERS = {
    "topics": ("state", "kind", "outline.state"),
    "visits": ("state", "kind", "topic"),
    "measures": ("state", "topic", "owner"),
}


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which lists are asked: within a subtree, in an order, by one more field."""
    campaigns.ensure(database)
    for name, orders in ORDERS.items():
        records = database[name]
        for field in orders:
            records.create_index([("scope", 1), (field, -1), ("_id", -1)])
        for field in FILTERS[name]:
            records.create_index([("scope", 1), (field, 1), ("day", -1), ("_id", -1)])
        records.create_index([("scope", 1), ("_id", 1)])
    database["measures"].create_index([("scope", 1), ("state", 1), ("due", -1), ("_id", -1)])
    database["journal"].create_index([("aggregate", 1), ("type", 1), ("n", -1), ("_id", -1)])


def norm(database: Database[Document]) -> Norm:
    """The configuration in force."""
    found = database["norms"].find_one({"_id": NORM_ID})
    return Norm() if found is None else Norm.model_validate(without_bookkeeping(found))


def topic(database: Database[Document], id: str, reader: str) -> dict[str, Any]:
    """A topic of the reader's subtree.

    Raises:
        DomainError: there is none, or it lies outside; the two are not told apart.
    """
    return _topic_seen(shown(_found(database, "topics", id, reader)), norm(database))


def topics(database: Database[Document], asked: ListTopics) -> dict[str, Any]:
    """A page of topics."""
    filters = {"kind": asked.kind, "outline.state": asked.outline}
    found, known = _listed(database, "topics", asked, filters), norm(database)
    return {**found, "items": [_topic_seen(item, known) for item in found["items"]]}


def visit(database: Database[Document], id: str, reader: str) -> tuple[dict[str, Any], bool]:
    """A visit, and whether the reader belongs to those who went: the unit visited does not see what they found."""
    found = _found(database, "visits", id, reader)
    (seen,) = _visits_seen(database, [shown(found)])
    return seen, reader in found["paths"][found["unit"]]


def visits(database: Database[Document], asked: ListVisits) -> dict[str, Any]:
    """A page of visits; each says so where its unit gets too many in that month."""
    found = _listed(database, "visits", asked, {"kind": asked.kind, "topic": asked.topic})
    return {**found, "items": _visits_seen(database, found["items"])}


def measure(database: Database[Document], id: str, reader: str, today: date) -> dict[str, Any]:
    """A measure of the reader's subtree, with the title of its topic."""
    found = _found(database, "measures", id, reader)
    (seen,) = _measures_seen(database, [shown(found)], today)
    return seen


def measures(database: Database[Document], asked: ListMeasures, today: date) -> dict[str, Any]:
    """A page of measures."""
    filters: Document = {"topic": asked.topic, "owner": asked.owner}
    due = {key: day.isoformat() for key, day in (("$gte", asked.due_from), ("$lte", asked.due_to)) if day is not None}
    if asked.overdue:
        due["$lt"] = today.isoformat()
        filters["state"] = {"$in": [state for state in OPEN if asked.state in (None, state)]}
    found = _listed(database, "measures", asked, {**filters, "due": due or None})
    return {**found, "items": _measures_seen(database, found["items"], today)}


def progress(database: Database[Document], asked: ListProgress, reader: str) -> dict[str, Any]:
    """What was noted of a measure, the newest first, out of its journal: no document grows by a note."""
    _found(database, "measures", asked.id, reader)
    corrected = {"type": MeasureCorrected.type, "data.life.progress.done": {"$exists": True}}
    noted = {"aggregate": asked.id, "$or": [{"type": ProgressNoted.type}, corrected]}
    found = page(database["journal"], noted, sort="-n", page=asked.page, page_size=asked.page_size)
    return {**found, "items": [_noted(item) for item in found["items"]]}


def _noted(entry: Document) -> Document:
    """A note, as it was noted or as a correction says it."""
    life = entry["data"].get("life") or {}
    place = {"day": life.get("noted") or entry["day"], "unit": entry["unit"], "actor": entry["actor"]}
    return {**place, **(life.get("progress") or entry["data"]["progress"])}


def topic_ids(path: Iterable[str], told: str) -> list[str]:
    """The ids by which a unit may mean a topic: the id itself, or that of its own number or of one above it."""
    return [told, *(id for unit in reversed(list(path)) for id in numbered_ids(NAME, "topics", unit, told))]


def _listed(database: Database[Document], name: str, asked: Any, filters: Document) -> dict[str, Any]:
    wanted: Document = {"scope": asked.unit, "state": asked.state}
    days = {key: day.isoformat() for key, day in (("$gte", asked.first), ("$lte", asked.last)) if day is not None}
    wanted |= {"day": days or None, "title": containing(asked.q) if asked.q else None, **filters}
    wanted = {field: value for field, value in wanted.items() if value is not None}
    return page(database[name], wanted, sort=asked.sort, page=asked.page, page_size=asked.page_size)


def _found(database: Database[Document], collection: str, id: str, unit: str) -> Document:
    found = database[collection].find_one({"_id": id, "scope": unit})
    if found is None:
        raise not_found()
    return found


def not_found() -> DomainError:
    """What does not exist and what lies outside are not told apart."""
    return DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")


def _topic_seen(record: dict[str, Any], known: Norm) -> dict[str, Any]:
    told = {MeasureState(state): count for state, count in record["measures"].items()}
    return {**record, "kind_name": known.name_of(record["kind"]), "percent": percent(told)}


def _visits_seen(database: Database[Document], records: list[Document]) -> list[Document]:
    """With so many visits as their unit got in that month, and whether these are too many."""
    most, topics = norm(database).visits_a_month, numbers(database, records)
    visits = [Visit.model_validate({**record, "rows": []}) for record in records]
    wanted = {"_id": {"$in": list({place_id_of(visit) for visit in visits})}}
    places = {each["_id"]: state_of(database, PLACE, each) for each in database["places"].find(wanted)}
    seen = []
    for record, visit in zip(records, visits, strict=True):
        count = in_month(places.get(place_id_of(visit)), visit.day)
        more = {"visits_in_month": count, "crowded": count > most and visit.state != "void"}
        seen.append({**record, "topic_title": topics.get(visit.topic, {}).get("title"), **more})
    return seen


def _measures_seen(database: Database[Document], records: list[Document], today: date) -> list[Document]:
    """With the title of their topic, how far they have come, and whether they are behind."""
    topics = numbers(database, records)
    return [
        {
            **record,
            "topic_title": topics.get(record["topic"], {}).get("title"),
            "percent": PERCENT.get(record["state"]),
            "overdue": record["state"] in OPEN and record["due"] < today.isoformat(),
        }
        for record in records
    ]


def numbers(database: Database[Document], records: Iterable[Document]) -> dict[str, Document]:
    """The topics that these records belong to, with their numbers, units and titles."""
    wanted = {"_id": {"$in": list({record["topic"] for record in records})}}
    return {each["_id"]: each for each in database["topics"].find(wanted, {"number": 1, "unit": 1, "title": 1})}
