"""A gateway's store with 150,000 units and any number of facts, by the store's own bulk path."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from multiprocessing import get_context

from pymongo import MongoClient

from services.gateway.projection import ALWAYS, fold
from services.gateway.store import facts
from services.gateway.store.indexes import ensure_indexes
from services.kernel.journal.store import Document, ensure_collections, open_database
from services.kernel.message.event import Event, new_id

from .events import unit

ROOT, CHILDREN, BELOW_EACH, UNITS = "P000", 100, 15, 150_000
MONTHS = tuple(f"2026-{month:02d}" for month in range(2, 11))
CHUNK = 20_000
PROCESSES = 2
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def paths() -> Iterator[list[str]]:
    """The path to each unit at the foot: province, department, committee, branch."""
    for number in range(UNITS - 1 - CHILDREN - CHILDREN * BELOW_EACH):
        department = number % CHILDREN
        committee = department * BELOW_EACH + number // CHILDREN % BELOW_EACH
        yield [ROOT, f"D{department:03d}", f"C{committee:04d}", f"B{number:06d}"]


def fill(client: MongoClient[Document], mongo: str, name: str, size: int) -> None:
    """Units, then so many facts with their roll-ups, in the order of their ids; the indexes last."""
    opened = open_database(client, name)
    ensure_collections(opened, ("units", "facts", "rollups"))
    units = _units()
    while chunk := list(islice(units, 5_000)):
        opened["units"].insert_many(chunk, ordered=False)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_month, mongo, name, size // len(MONTHS)), MONTHS))
    ensure_indexes(opened)


def _month(mongo: str, name: str, count: int, month: str) -> None:
    """A month's facts: events of units in the units' order, so that a unit's roll-up is written a few times at most."""
    feet = list(paths())
    at = {path[-1]: path for path in feet}
    chosen = random.Random(f"{month} {count}")
    where = sorted(chosen.choices(range(len(feet)), k=count))
    with MongoClient[Document](mongo, tz_aware=True) as client:
        opened = open_database(client, name)
        for start in range(0, count, CHUNK):
            events = [_event(chosen, feet[place][-1], month) for place in where[start : start + CHUNK]]
            documents, increments = fold(events, lambda unit: [(ALWAYS, at[unit])])
            opened["facts"].insert_many(documents, ordered=False)
            facts.write_rollups(opened["rollups"], increments, None)


def _event(chosen: random.Random, unit: str, month: str) -> Event:
    """A reported session, a ticket or a visit, as their owners tell them."""
    day = f"{month}-{chosen.randint(1, 28):02d}"
    due = chosen.randint(5, 40)
    counted: Document = {"unit": unit, "day": day}
    kind, now = chosen.choices(
        (
            ("study.session.submitted", {**counted, "way": "branch", "due": due, "present": due - 1, "excused": 1}),
            ("hotline.ticket.registered", [{**counted, "figure": "tickets"}]),
            ("research.visit.recorded", counted),
        ),
        (3, 4, 3),
    )[0]
    id = new_id()
    return Event.model_construct(
        id=id,
        source="/bench",
        type=f"shengzhi.{kind}.v1",
        subject=id,
        time=NOW,
        aggregateversion=1,
        recorded=NOW,
        unit=unit,
        actor="u1",
        day=date.fromisoformat(day),
        data={"title": "演练", "now": now},
    )


def _units() -> Iterator[Document]:
    seen: set[str] = set()
    for path in paths():
        for depth in range(1, len(path) + 1):
            if path[depth - 1] not in seen:
                seen.add(path[depth - 1])
                yield unit(path[:depth])
