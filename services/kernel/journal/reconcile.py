"""Does a subscriber hold what its owners published? Deleting a queue destroys confirmed messages; nothing else notices.

An owner tells hourly, for every day (UTC, by `recorded`) and kind of event, how many there are and the sum of their
ids' hashes. A subscriber compares with its own and asks for the days that differ to be sent again, to its queue alone.
One that had to create its queue asks at once for everything from its last day on. Sending again is harmless: each event
takes effect once.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict
from pymongo.database import Database

from .journal import Journal
from .store import Document

TALLY = "tally.told.v1"
ENDED = "resend.ended.v1"
"""Follows the last event that was sent again to a queue: `count` of them, `since` a day (null: all), or of `days`."""
_BITS = 1 << 63

Tally = dict[str, dict[str, tuple[int, int]]]
"""Day → kind of event → count and hash-sum."""


class Resend(BaseModel):
    """Send again, to one queue, what was recorded on these days, or since a day, or all; of the kinds that match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue: str
    days: list[date] = []
    since: date | None = None
    keys: list[str] = ["#"]


def matches(kind: str, keys: Iterable[str]) -> bool:
    """Whether a kind of event is one that a queue bound by these keys gets: `*` is one word, `#` any number of them."""
    return any(_pattern(key).fullmatch(f".{kind}") for key in keys)


@cache
def _pattern(key: str) -> re.Pattern[str]:
    words = {"*": r"\.[^.]+", "#": r"(?:\.[^.]+)*"}
    return re.compile("".join(words.get(word, re.escape(f".{word}")) for word in key.split(".")))


def requests_queue(owner: str) -> str:
    """The queue on which an owner is asked to send again."""
    return f"{owner}.resend"


def digest(ids: Iterable[str]) -> tuple[int, int]:
    """Count and hash-sum of ids: the same whatever their order."""
    count = total = 0
    for id in ids:
        count += 1
        total = (total + int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest())) % _BITS
    return count, total


def owner_tally(journal: Journal, until: datetime) -> Tally:
    """What the owner recorded up to `until`, a watermark. Days that are over are counted once and kept."""
    kept = journal.database["tallies"]
    known: Tally = {row["_id"]: row["kinds"] for row in kept.find()}
    first = journal.database["journal"].find_one(sort=[("recorded", 1)])
    if first is None:
        return {}
    tally: Tally = {}
    day = first["recorded"].date()
    while day <= until.date():
        name = day.isoformat()
        if name in known:
            tally[name] = {kind: (count, total) for kind, (count, total) in known[name].items()}
        else:
            entries = journal.database["journal"].find(_span("recorded", day, until), {"type": 1})
            tally[name] = _by_kind((entry["type"], entry["_id"]) for entry in entries)
            if day < until.date():
                kinds = {kind: list(pair) for kind, pair in tally[name].items()}
                kept.replace_one({"_id": name}, {"_id": name, "kinds": kinds}, upsert=True)
        day += timedelta(days=1)
    return {name: kinds for name, kinds in tally.items() if kinds}


def differing_days(
    database: Database[Document],
    ledger: str,
    queue: str,
    owner: str,
    told: dict[str, Any],
    until: datetime,
    keys: Sequence[str] = ("#",),
) -> list[date]:
    """The days for which the subscriber does not hold what the owner tells.

    `ledger` is the collection in which it keeps what it took (`service`, `type`, `recorded`, the event's id, and the
    `queue` where several share it). What is held back, parked or dropped counts as held, but not for more than what the
    owner tells: a forged event that was parked is nobody's. Kinds that it does not take do not count. A day that was
    over when both agreed is kept in `agreed` and not counted again while the owner tells the same of it.
    """
    agreed = {row["_id"]: row["told"] for row in database["agreed"].find({"queue": queue, "owner": owner})}
    found = []
    for name, kinds in told.items():
        day, wanted = date.fromisoformat(name), {kind: list(kinds[kind]) for kind in kinds if matches(kind, keys)}
        place = f"{queue}\x1f{owner}\x1f{name}"
        if agreed.get(place) == wanted:
            continue
        span = _span("recorded", day, until)
        taken = database[ledger].find({**_of(queue, owner), **span}, {"type": 1, "event": 1})
        ids = {(str(row["type"]), str(row.get("event", row["_id"]))) for row in taken}
        applied = _by_kind(ids)
        aside = database["held"].find({"queue": queue, "owner": owner, **span}, {"type": 1, "event": 1})
        ids |= {(row["type"].split(".", 2)[2], row["event"]) for row in aside}
        known = _by_kind(ids)
        if any(tuple(pair) not in (known.get(kind), applied.get(kind)) for kind, pair in wanted.items()):
            found.append(day)
        elif day < until.date():
            kept = {"_id": place, "queue": queue, "owner": owner, "told": wanted}
            database["agreed"].replace_one({"_id": place}, kept, upsert=True)
    return found


def last_day(database: Database[Document], ledger: str, queue: str, owner: str) -> date | None:
    """The day of the newest event that the subscriber has of an owner; None where it has none."""
    newest = database[ledger].find_one(_of(queue, owner), {"recorded": 1}, sort=[("recorded", -1)])
    return None if newest is None else newest["recorded"].date()


def entries_to_resend(journal: Journal, asked: Resend) -> Iterator[Document]:
    """The entries that were asked for, an aggregate's in their order.

    Those not marked published are among them: one may have been published before the asking queue was bound, and not
    have been marked yet.
    """
    spans = [_span("recorded", day, None) for day in asked.days]
    if asked.since is not None:
        spans.append({"recorded": {"$gte": datetime.combine(asked.since, time(), UTC)}})
    elif not asked.days:
        spans.append({})
    for span in spans:
        for entry in journal.database["journal"].find(span, sort=[("recorded", 1), ("n", 1)]):
            if matches(entry["type"], asked.keys):
                yield entry


def _of(queue: str, owner: str) -> Document:
    """What a queue took of an owner; a ledger of one queue's own does not name it."""
    return {"service": owner, "queue": {"$in": [queue, None]}}


def _by_kind(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for kind, id in pairs:
        ids[kind].append(id)
    return {kind: digest(some) for kind, some in ids.items()}


def _span(field: str, day: date, until: datetime | None) -> Document:
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    if until is not None and until < end:
        return {field: {"$gte": start, "$lte": until}}
    return {field: {"$gte": start, "$lt": end}}
