"""Coverage of a province over 150,000 branches against one over 1,500: it reads roll-ups of a unit and its children."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

from pymongo import AsyncMongoClient, MongoClient

from services.gateway.projection import stored
from services.gateway.store.coverage import coverage
from services.gateway.store.indexes import ensure_indexes
from services.gateway.store.period import Span
from services.kernel.journal.store import CODEC, Document, open_database

from .events import tree
from .measured import at_most, interleaved, write

SMALL, LARGE, GOAL = 1_500, 150_000, 1.5
MONTHS, CALLS, ROUNDS = ("2026-03",), 20, 5
_FIGURES = ("study.members_due", "study.members_covered@month", "study.units_due", "study.attendance.due")


def test_coverage_of_a_province(mongo: str, mongo_client: MongoClient[Document], database: str) -> None:
    """Calls a second at both sizes in turn; what 150,000 branches cost in what 1,500 do."""
    for size in (SMALL, LARGE):
        fill(mongo_client, f"{database}{size}", size)
    works: dict[str, Callable[[], float]] = {
        str(size): partial(asked, mongo, f"{database}{size}", size) for size in (SMALL, LARGE)
    }
    rates = interleaved(ROUNDS, works)
    small, large = rates[str(SMALL)], rates[str(LARGE)]
    write(
        "coverage",
        {
            "branches": LARGE,
            "ms_at_1500": 1000 / small,
            "ms_at_150k": 1000 / large,
            "cost_150k_to_1500": small / large,
            **at_most(small / large, GOAL),
        },
    )


def asked(mongo: str, name: str, size: int) -> float:
    """Calls a second, after one to warm up."""

    async def calls() -> float:
        async with AsyncMongoClient[Document](mongo) as client:
            opened = client.get_database(name, codec_options=CODEC)
            span = Span.of_month(MONTHS[0])
            found = await coverage(opened, "P000", span)
            assert found["figures"]["study.members_due"]["value"] == 20 * size
            started = time.perf_counter()
            for _ in range(CALLS):
                await coverage(opened, "P000", span)
            return CALLS / (time.perf_counter() - started)

    return asyncio.run(calls())


def fill(client: MongoClient[Document], name: str, size: int) -> None:
    """Units on five levels, and the roll-ups that twenty members a branch leave in each month, all the way up."""
    opened = open_database(client, name)
    ensure_indexes(opened)
    units = list(tree(size))
    feet = {unit["_id"]: 0 for unit in units}
    for unit in units:
        if len(unit["path"]) == 5:
            for above in unit["path"]:
                feet[above] += 1
    for chunk in _chunks(iter(units)):
        opened["units"].insert_many(chunk, ordered=False)
    for chunk in _chunks(_rollups(feet)):
        opened["rollups"].insert_many(chunk, ordered=False)


def _rollups(feet: dict[str, int]) -> Iterator[Document]:
    for unit, below in feet.items():
        for month in MONTHS:
            amounts = {stored(figure): 20 * below for figure in _FIGURES}
            yield {"_id": f"{unit}|{month}", "unit": unit, "month": month, "sum": amounts, "days": {"05": amounts}}


def _chunks(documents: Iterator[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    for document in documents:
        chunk.append(document)
        if len(chunk) == 5_000:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
