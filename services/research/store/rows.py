"""Records as rows of their sheet: what is given out can be sent in again, and then changes nothing."""

from __future__ import annotations

from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.message.import_rows import ExportRows

from ..contract import BECAME, MEASURE_STATES, PLACE_KINDS, TOPIC_STATES, Member, group_told
from ..domain import Norm
from . import norm, numbers


def exported(database: Database[Document], asked: ExportRows) -> tuple[list[Document], str | None]:
    """A subtree's own records that stand, each with its row (`cells`), and the id after which to go on.

    A record without a number of its own bears its id instead: sent in again under it, it is that record.
    """
    wanted: Document = {"scope": asked.unit, "_id": {"$gt": asked.after or ""}}
    found = list(database[asked.kind].find(wanted).sort("_id", 1).limit(asked.limit))
    own = [each for each in found if each["state"] != "void" and asked.unit in each["paths"][each["unit"]]]
    known = norm(database)
    links = {} if asked.kind == "topics" else numbers(database, own)
    for record in own:
        cells = {"number": record["number"] or record["_id"]}
        cells |= {name: record[name] for name in ("unit", "day", "title")}
        if asked.kind == "topics":
            cells |= _topic(record, known)
        else:
            cells |= {"topic": _link(record, links), **(_visit if asked.kind == "visits" else _measure)(record)}
        record["cells"] = {name: "" if value is None else value for name, value in cells.items()}
    return own, found[-1]["_id"] if len(found) == asked.limit else None


def _topic(record: Document, known: Norm) -> Document:
    outline, report, revisit = (record[name] or {} for name in ("outline", "report", "revisit"))
    return {
        "kind": known.name_of(record["kind"]),
        "leader": record["leader"],
        "group": group_told(Member(**member) for member in record["group"]),
        "cooperating": "、".join(record["cooperating"]),
        "tags": "、".join(record.get("tags", ())),
        "state": TOPIC_STATES[record["state"]],
        "outline": outline.get("text"),
        "approved": outline.get("approved"),
        "report": report.get("title"),
        "reported": report.get("day"),
        "summary": report.get("summary"),
        "revisited": revisit.get("day"),
        "effective": {True: "是", False: "否", None: ""}[revisit.get("effective")],
        "finding": revisit.get("finding"),
        "closed": record["closed"],
    }


def _visit(record: Document) -> Document:
    told = {name: record[name] for name in ("leader", "people", "visited", "place")}
    return {**told, "kind": PLACE_KINDS[record["kind"]]}


def _measure(record: Document) -> Document:
    return {
        **{name: record[name] for name in ("owner", "due", "noted", "settled")},
        **(record["progress"] or {}),
        "cooperating": "、".join(record["cooperating"]),
        "tags": "、".join(record.get("tags", ())),
        "state": MEASURE_STATES[record["state"]],
        "became": BECAME.get(record["became"] or ""),
    }


def _link(record: Document, links: dict[str, Document]) -> str:
    """The topic's number where the record's unit may say it, else its id."""
    topic = links.get(record["topic"])
    if topic is None or topic["number"] is None or topic["unit"] not in record["paths"][record["unit"]]:
        return str(record["topic"])
    return str(topic["number"])
