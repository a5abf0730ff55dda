"""A record's history, told from its journal entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pymongo.database import Database

from ..message.errors import DomainError
from ..message.event import EVERYWHERE
from ..rules.aggregate import Aggregate
from .store import Document

MOST_ENTRIES = 2_000
"""So many entries of one record are looked through; no record that people keep has as many."""
_NO_CONTENT = ("was", "now", "row", "reason")


def history(
    database: Database[Document], aggregate: Aggregate[Any], id: str, unit: str, page: int, page_size: int
) -> Document:
    """A page of a record's entries, the latest first, for a role that is held for `unit`.

    Each has `n`, `type` (the event's last name, without its version), `time`, `actor`, `day`, `reason`, and `changes`:
    the fields of the content that it changed, with their values before and after.

    Raises:
        DomainError: record.not_found, also where the record lies outside the scope.
    """
    scope = {} if unit == EVERYWHERE else {"scope": unit}
    if database[aggregate.collection].find_one({"_id": id, **scope}, {"_id": 1}) is None:
        raise DomainError("record.not_found", "没有这条记录，或不在您的权限范围内", "not_found")
    entries = database["journal"].find({"aggregate": id}).sort("n").limit(MOST_ENTRIES)
    told = list(_told(entries))[::-1]
    skipped = (page - 1) * page_size
    return {
        "items": told[skipped : skipped + page_size],
        "total": len(told),
        "more_than": False,
        "page": page,
        "page_size": page_size,
    }


def _told(entries: Iterable[Document]) -> Iterator[Document]:
    content: Document = {}
    for entry in entries:
        fresh = {name: value for name, value in entry["data"].items() if name not in _NO_CONTENT}
        changes = [
            {"field": name, "was": content[name], "now": value}
            for name, value in fresh.items()
            if name in content and content[name] != value
        ]
        content |= fresh
        yield {
            "n": entry["n"],
            "type": entry["type"].split(".")[1],
            "time": entry["time"],
            "actor": entry["actor"],
            "day": entry["day"],
            "reason": entry["data"].get("reason"),
            "changes": changes,
        }
