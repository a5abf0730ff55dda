"""One instant of the store for all that a report reads, and how much of what was recorded that instant knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from services.kernel.journal.store import Document

from ..projection import SOURCES, Weights
from .generation import PROJECTION, QUEUE, Generation, generation_of

Database = AsyncDatabase[Document]
HELD: Document = {"queue": QUEUE, "sort": {"$ne": "dropped"}, "recorded": {"$ne": None}}
WEIGHTS: Document = {"_id": "hotline.weights"}


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
    oldest = await database["held"].find_one(HELD, {"recorded": 1}, sort=[("recorded", 1)], session=session)
    return generation_of(projection), complete_until(projection, oldest)


def complete_until(projection: Document | None, oldest_held: Document | None) -> datetime | None:
    """That instant, of the projection's document and the first of what is `HELD`."""
    marks: dict[str, datetime] = (projection or {}).get("watermarks", {})
    if not marks.keys() >= SOURCES:
        return None
    aside: list[datetime] = [] if oldest_held is None else [oldest_held["recorded"] - timedelta(milliseconds=1)]
    return min([*marks.values(), *aside])


async def weights(database: Database, session: AsyncClientSession | None = None) -> Weights:
    """The weights in force."""
    return weights_of(await database["norms"].find_one(WEIGHTS, session=session))


def weights_of(norm: Document | None) -> Weights:
    """The weights that a norm says, and those with which the platform comes where it says none."""
    return Weights(**{name: (norm or {})[name] for name in vars(Weights()) if name in (norm or {})})
