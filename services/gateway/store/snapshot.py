"""One instant of the store for all that a report reads, and how much of what was recorded that instant knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.store import Document

from ..projection import SOURCES, Weights
from .generation import PROJECTION, QUEUE, Generation, generation_of

Database = AsyncDatabase[Document]


@asynccontextmanager
async def one_instant(database: Database) -> AsyncIterator[AsyncClientSession]:
    """Queries within see the same instant: a unit is the sum of its children whatever arrives meanwhile."""
    async with database.client.start_session(snapshot=True) as session:
        yield session


async def known(database: Database, session: AsyncClientSession | None = None) -> tuple[Generation, datetime | None]:
    """The generation that is read, and up to when it is complete: all that was recorded up to then is in its figures.

    That is the oldest owner's watermark, or just before the oldest event that is held; None while an owner has said
    nothing.
    """
    projection = await database[PROJECTION].find_one({"_id": PROJECTION}, session=session)
    generation = generation_of(projection)
    marks: dict[str, datetime] = (projection or {}).get("watermarks", {})
    if not marks.keys() >= SOURCES:
        return generation, None
    held: Document | None = await database["held"].find_one(
        {"queue": QUEUE, "sort": {"$ne": "dropped"}, "recorded": {"$ne": None}},
        {"recorded": 1},
        sort=[("recorded", 1)],
        session=session,
    )
    oldest = min(marks.values())
    return generation, oldest if held is None else min(oldest, held["recorded"] - timedelta(milliseconds=1))


async def weights(database: Database, session: AsyncClientSession | None = None) -> Weights:
    """The weights in force."""
    row: dict[str, Any] | None = await database["norms"].find_one({"_id": "hotline.weights"}, session=session)
    return Weights() if row is None else Weights(**{name: row[name] for name in vars(Weights()) if name in row})
