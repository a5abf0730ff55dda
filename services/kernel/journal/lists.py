"""Lists of records: one page, an exact total up to 10,000, and beyond it "more than"."""

from __future__ import annotations

import re
from typing import Any

from pymongo.collection import Collection

from ..message.free_text import masked
from .store import Document

MOST_COUNTED = 10_000


def page(
    collection: Collection[Document], filters: Document, *, sort: str, page: int, page_size: int
) -> dict[str, Any]:
    """A page of what matches, sorted by a field ("-day" is descending) and then by id."""
    field, direction = sort.lstrip("-"), -1 if sort.startswith("-") else 1
    total = collection.count_documents(filters, limit=MOST_COUNTED + 1)
    found = (
        collection.find(filters)
        .sort([(field, direction), ("_id", direction)])
        .skip((page - 1) * page_size)
        .limit(page_size)
    )
    return {
        "items": [shown(document) for document in found],
        "total": min(total, MOST_COUNTED),
        "more_than": total > MOST_COUNTED,
        "page": page,
        "page_size": page_size,
    }


def shown(document: Document) -> Document:
    """A record as it is answered: its fields, its id and version, without what the kernel keeps beside them."""
    kept = {key: value for key, value in document.items() if key not in ("_id", "head", "paths", "scope", "rows")}
    told: Document = masked({"id": document["_id"], **kept})
    return told


def containing(text: str) -> Document:
    """A filter for a field that contains the text as it is typed."""
    return {"$regex": re.escape(text), "$options": "i"}
