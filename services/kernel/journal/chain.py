"""The audit chain: is the journal what it was when it was written?

Each entry bears a keyed hash over itself and the one before it in its record; each record bears its newest hash. A day
that is over is anchored: a keyed hash over all its entries' hashes and the anchor before it, so that a whole record
cannot go missing with its entries either. The key lies outside the store.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pymongo

from ..message.suite import DIGESTS
from ..rules.aggregate import Aggregate
from .journal import Journal
from .store import Document


def anchor_days(journal: Journal, until: datetime) -> int:
    """Anchor every day (UTC) that ended before `until`, a watermark, and is not anchored yet; give how many."""
    anchors = journal.database["anchors"]
    newest = anchors.find_one(sort=[("_id", pymongo.DESCENDING)])
    first = journal.database["journal"].find_one(sort=[("recorded", pymongo.ASCENDING)])
    if first is None:
        return 0
    day = date.fromisoformat(newest["_id"]) + timedelta(days=1) if newest else first["recorded"].date()
    digest, made = newest["digest"] if newest else b"", 0
    while _end_of(day) <= until:
        count, digest = _digest(journal, day, digest, journal.digest)
        anchors.insert_one({"_id": day.isoformat(), "count": count, "digest": digest})
        day, made = day + timedelta(days=1), made + 1
    return made


def verify(journal: Journal, aggregates: Iterable[Aggregate[Any]]) -> tuple[int, list[str]]:
    """How many entries were read, and what is wrong: one line a finding."""
    findings: list[str] = []
    heads = {
        record["_id"]: (record["version"], record["head"])
        for aggregate in aggregates
        for record in journal.database[aggregate.collection].find({}, {"version": 1, "head": 1})
    }
    read = 0
    aggregate, n, head = "", 0, b""
    for entry in journal.database["journal"].find(sort=[("aggregate", 1), ("n", 1)], hint=[("aggregate", 1), ("n", 1)]):
        read += 1
        if entry["aggregate"] != aggregate:
            findings.extend(_ended(heads, aggregate, n, head))
            aggregate, n, head = entry["aggregate"], 0, b""
        n += 1
        if entry["n"] != n:
            findings.append(f"{aggregate}: entry {n} is missing")
            n = entry["n"]
        elif all(journal.link(head, entry, digest) != entry["hash"] for digest in DIGESTS):
            findings.append(f"{aggregate}: entry {n} is not what was written")
        head = entry["hash"]
    findings.extend(_ended(heads, aggregate, n, head))
    findings.extend(f"{id}: the record has no entries" for id in heads)
    findings.extend(_anchors(journal))
    return read, findings


def _ended(heads: dict[str, tuple[int, bytes]], aggregate: str, n: int, head: bytes) -> Iterator[str]:
    if not aggregate:
        return
    version, known = heads.pop(aggregate, (0, b""))
    if version == 0:
        yield f"{aggregate}: there are entries but no record"
    elif version != n:
        yield f"{aggregate}: the record is at version {version}, its entries at {n}"
    elif known != head:
        yield f"{aggregate}: the record does not bear its newest entry's hash"


def _anchors(journal: Journal) -> Iterator[str]:
    previous = b""
    for anchor in journal.database["anchors"].find(sort=[("_id", 1)]):
        known = (anchor["count"], anchor["digest"])
        found = [_digest(journal, date.fromisoformat(anchor["_id"]), previous, digest) for digest in DIGESTS]
        if known not in found:
            count = found[0][0]
            yield f"{anchor['_id']}: the day's entries ({count}) are not those that were anchored ({anchor['count']})"
        previous = anchor["digest"]


def _digest(journal: Journal, day: date, previous: bytes, name: str) -> tuple[int, bytes]:
    mac, count = hmac.new(journal.chain_key, previous + day.isoformat().encode(), name), 0
    start = datetime.combine(day, time(), UTC)
    entries: Iterable[Document] = journal.database["journal"].find(
        {"recorded": {"$gte": start, "$lt": _end_of(day)}}, {"hash": 1}, sort=[("recorded", 1), ("_id", 1)]
    )
    for entry in entries:
        mac.update(entry["hash"])
        count += 1
    return count, mac.digest()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
