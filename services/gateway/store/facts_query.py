"""Which entries of facts belong to a unit over a span: what stood below it on their day, or for a level at its end.

An entry's path is that of its day as the tree was known when it came, so that it finds the entry but does not decide.
For a unit that nothing ever entered or left it does: then this is one range of an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from pymongo.asynchronous.client_session import AsyncClientSession

from services.kernel.journal.store import Document

from ..projection import Path, Tree
from .period import Span
from .snapshot import Database
from .tree import tree

Days = tuple[tuple[str, str], ...]
"""Spans of days, the last day of each included."""
_NEVER: Days = ()


@dataclass
class FactsQuery:
    """What of a unit's entries is found by which paths, and the units to which that alone does not apply."""

    paths: list[Path]
    days: tuple[str, str]
    apart: dict[Days, list[str]] = field(default_factory=dict)

    def finding(self, key: str) -> Document:
        """What facts must match: they bear an entry of the key that may be the unit's."""
        days = _within([self.days])
        return {"$or": [{"entries": {"$elemMatch": {"m": key, "p": _below(path), **days}}} for path in self.paths]}

    def deciding(self, key: str) -> Document:
        """What an entry of such a fact must match: it is the unit's."""
        apart = [unit for units in self.apart.values() for unit in units]
        others: Document = {"entries.u": {"$nin": apart}} if apart else {}
        own = [{"entries.p": _below(path), **others, **_within([self.days], "entries.")} for path in self.paths]
        came = [
            {"entries.u": {"$in": units}, **_within(days, "entries.")} for days, units in self.apart.items() if days
        ]
        return {"entries.m": key, "$or": [*own, *came]}


async def facts_query(
    database: Database, path: Path, level: bool, span: Span, session: AsyncClientSession
) -> FactsQuery:
    """What belongs to the unit at the end of today's path."""
    over_time = await tree(database, session)
    first, last = "" if level else span.first.isoformat(), span.last.isoformat()
    found = FactsQuery(over_time.ever(path), (first, last))
    apart: dict[str, Days] = {}
    for moved in over_time.superiors:
        ever = over_time.ever([moved])
        through = [path[-1] in above for above in ever]
        if moved != path[-1] and any(through) and not all(through):
            apart[moved] = _days(over_time, moved, path[-1], level, first, last)
            found.paths += ever
    if apart:
        units = database["units"].find({"scope": {"$in": sorted(apart)}}, {"path": 1}, session=session)
        groups: dict[Days, list[str]] = defaultdict(list)
        async for row in units:
            block = over_time.block(row["path"])
            if block in apart:
                groups[apart[block]].append(row["_id"])
        found.apart = dict(groups)
    return found


def _days(over_time: Tree, moved: str, unit: str, level: bool, first: str, last: str) -> Days:
    """On which days of a span what belongs to a unit that has moved stood below another one."""
    line = over_time.line([moved])
    if level:
        return ((first, last),) if unit in over_time.on([moved], last) else _NEVER
    spans = [
        (max(begin, first), min(_before(end), last))
        for (begin, above), (end, _) in pairwise([*line, (date.max.isoformat(), [])])
        if unit in above
    ]
    return tuple((since, until) for since, until in spans if since <= until)


def _before(day: str) -> str:
    """The day before."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _within(days: Iterable[tuple[str, str]], of: str = "") -> Document:
    spans: list[Document] = [{f"{of}d": {"$gte": first, "$lte": last}} for first, last in days]
    return spans[0] if len(spans) == 1 else {"$or": spans}


def _below(path: Path) -> Document:
    prefix = "/".join(path) + "/"
    return {"$gte": prefix, "$lt": prefix[:-1] + chr(ord("/") + 1)}
