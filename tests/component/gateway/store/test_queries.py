"""What the API reads of the gateway's store: each query walks an index, whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.projection import METRICS
from services.gateway.store import coverage, directory, report
from services.gateway.store.period import Span
from services.kernel.journal.store import CODEC, Document
from tests.component.explained import Queries, scans
from tests.component.gateway.figures import READER, Figures
from tests.unit.gateway.owners import CAMPAIGN, DAYS, Owners

WHOLE, PART = Span(CAMPAIGN.first, CAMPAIGN.last), Span(date(2026, 3, 2), date(2026, 7, 20))
Database = AsyncDatabase[Document]


async def _figures(database: Database) -> None:
    for span in (WHOLE, PART):
        await report.report(database, "D1", span, compare=("before", "year"))
        await coverage.coverage(database, "D1", span)
    for figure, metric in METRICS.items():
        await report.records(database, figure, "D1", WHOLE if metric.grains else PART, 1, 50, roles=READER)


async def _tree(database: Database) -> None:
    await directory.unit(database, "B1")
    await directory.root(database)
    await directory.standings(database, [("B1", date(2026, 3, 5)), ("D2", date(2026, 3, 5))])
    await directory.names(database, ["B1", "D2"])
    for q in (None, "财政"):
        await directory.listed(database, "D1", q, 1, 50)


async def _people(database: Database) -> None:
    who = directory.Directory(database)
    await who.look()
    await who.signed_in("digest")
    await who.paths(["B1"])
    await who.tree()
    await directory.member_of(database, "u1")
    await directory.member_changes(database)
    await directory.unit_of_member(database, "DY-1")


async def _sent(mongo: str, name: str, read: Callable[[Database], Awaitable[None]]) -> Queries:
    queries = Queries()
    async with AsyncMongoClient[Document](mongo, tz_aware=True, event_listeners=[queries]) as client:
        await read(client.get_database(name, codec_options=CODEC))
    return queries


@pytest.mark.parametrize("read", [_figures, _tree, _people], ids=["figures", "tree", "people"])
def test_nothing_that_the_api_reads_scans_a_collection(
    figures: Figures, mongo: str, read: Callable[[Database], Awaitable[None]]
) -> None:
    """Figures, their records and coverage; the tree; who is asking. The campaigns alone, a handful, are read whole."""
    figures.project(Owners.after([("report", 0, "B1", DAYS[2], 1), ("join", 1, "B1", DAYS[0], 0)]).events)
    queries = asyncio.run(_sent(mongo, figures.database.name, read))
    assert queries.sent
    queries.sent = [query for query in queries.sent if query.get("find") != "campaigns"]
    assert scans(figures.database, queries) == []
