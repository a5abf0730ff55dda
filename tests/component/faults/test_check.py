"""The campaign's checker finds each harm that is planted, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel.journal.store import open_database
from services.kernel.journal.vault import Cipher
from tests.faults.check import Checker
from tests.faults.ledger import Ledger

KEY = b"k" * 32
NOW = datetime(2026, 3, 5, tzinfo=UTC)
QUEUE = "gateway.projection"
Stores = dict[str, Database[dict[str, Any]]]
Harm = Callable[[Stores, Ledger], object]


def entry(id: str, aggregate: str, n: int, kind: str) -> dict[str, Any]:
    """A published entry of a journal."""
    told = {"time": NOW, "recorded": NOW, "unit": "P000", "actor": "u", "day": "2026-03-05", "command": "c", "data": {}}
    return {"_id": id, "aggregate": aggregate, "n": n, "type": kind, "published": True, "hash": b"", **told}


@pytest.fixture
def stores(mongo_client: MongoClient[dict[str, Any]], database: str) -> Stores:
    """One session reported and one ticket registered; the projection has all of it, another subscriber too."""
    opened = {name: open_database(mongo_client, f"{database}_{name}") for name in ("study", "hotline", "gateway")}
    study, hotline, gateway = opened.values()
    session = {"_id": "s", "number": "1", "state": "submitted", "version": 2, "due": 9, "head": b""}
    study["sessions"].insert_one(session)
    hotline["tickets"].insert_one({"_id": "t", "number": "2", "state": "registered", "version": 1, "head": b""})
    kinds = {"study": ["session.held.v1", "session.submitted.v1"], "hotline": ["ticket.registered.v1"]}
    for owner in opened:
        opened[owner]["journal"].create_index([("aggregate", 1), ("n", 1)])
    for owner, types in kinds.items():
        for n, kind in enumerate(types, start=1):
            id = f"{owner}{n}"
            opened[owner]["journal"].insert_one(entry(id, owner[0].replace("h", "t"), n, kind))
            gateway["facts"].insert_one({"_id": id, "service": owner})
            taken = {"_id": f"q\x1f{id}", "event": id, "service": owner, "type": kind}
            hotline["inbox"].insert_one(taken)
    sums = {"study:sessions:branch": 1, "study:attendance:due": 9, "hotline:tickets": 1}
    gateway["rollups"].insert_one({"unit": "P000", "sum": sums})
    return opened


@pytest.fixture
def ledger() -> Ledger:
    """What was asked for just that."""
    made = Ledger()
    session = made.note("1", 9)
    session.id, session.submitted = "s", True
    ticket = made.note_ticket("2")
    ticket.asked, ticket.acknowledged = ["ticket.registered.v1"], 1
    return made


@pytest.fixture
def found(
    mongo_client: MongoClient[dict[str, Any]], database: str, stores: Stores, ledger: Ledger
) -> Callable[[], set[str]]:
    """What the checker finds, but for the audit chain, which has tests of its own."""
    checker = Checker(mongo_client, database, KEY, KEY)
    chain = ("study s:", "study t:", "hotline t:", "hotline s:")
    return lambda: {line for line in checker.findings(ledger, []) if not line.startswith(chain)}


def park(stores: Stores, sort: str = "parked") -> None:
    id = f"{QUEUE}:x"
    row = {"_id": id, "queue": QUEUE, "sort": sort, "reason": "odd", "body": Cipher(KEY).encrypt(b"odd", id)}
    stores["gateway"]["held"].insert_one({**row, "event": None, "first": NOW})


HARMS: dict[str, Harm] = {
    "lost: session 1 was acknowledged": lambda stores, _: stores["study"]["sessions"].delete_one({}),
    "lost: the report of session 1": lambda stores, _: stores["study"]["sessions"].update_one(
        {}, {"$set": {"state": "held"}}
    ),
    "doubled: session 1": lambda stores, _: stores["study"]["sessions"].insert_one(
        {"_id": "z", "number": "1", "state": "held", "version": 0, "due": 1, "head": b""}
    ),
    "nobody asked for session 1": lambda _, ledger: ledger.asked.clear(),
    "session 1 has the events": lambda stores, _: stores["study"]["journal"].delete_one({"n": 2}),
    "lost: ticket 2 was acknowledged": lambda stores, _: stores["hotline"]["tickets"].delete_one({}),
    "ticket 2 has the events": lambda stores, _: stores["hotline"]["journal"].insert_one(
        entry("again", "t", 2, "ticket.registered.v1")
    ),
    "lost: study event study2 has no fact": lambda stores, _: stores["gateway"]["facts"].delete_one({"_id": "study2"}),
    "study fact forged has no event": lambda stores, _: stores["gateway"]["facts"].insert_one(
        {"_id": "forged", "service": "study"}
    ),
    "lost: q did not take late": lambda stores, _: stores["study"]["journal"].insert_one(
        entry("late", "s", 3, "session.submitted.v1")
    ),
    "hotline took study1, which is in no journal": lambda stores, _: stores["study"]["journal"].delete_one({"n": 1}),
    "study:attendance:due is 8": lambda stores, _: stores["gateway"]["rollups"].update_one(
        {}, {"$inc": {"sum.study:attendance:due": -1}}
    ),
    "parked and not planted: b'odd'": lambda stores, _: park(stores),
    "held for retry: odd": lambda stores, _: park(stores, "retry"),
    "refused: odd": lambda _, ledger: ledger.refused("odd"),
}


def test_where_nothing_was_harmed_nothing_is_found(found: Callable[[], set[str]]) -> None:
    """What was asked is there, once, everywhere."""
    assert found() == set()


@pytest.mark.parametrize("harm", HARMS)
def test_a_planted_harm_is_found(found: Callable[[], set[str]], stores: Stores, ledger: Ledger, harm: str) -> None:
    """Each guarantee has a check that fails when it is broken."""
    HARMS[harm](stores, ledger)
    assert [line for line in found() if line.startswith(harm)], found()


def test_poison_that_was_not_parked_is_lost(
    mongo_client: MongoClient[dict[str, Any]], database: str, stores: Stores, ledger: Ledger
) -> None:
    """Whoever planted it finds it again or is told."""
    park(stores)
    found = Checker(mongo_client, database, KEY, KEY).findings(ledger, [b"odd", b"other"])
    assert [line for line in found if "parked" in line] == ["lost: planted and not parked: b'other'"]
