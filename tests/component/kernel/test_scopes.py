"""Records follow the tree, on a real store: at once, and whatever was saved while the change came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.kernel.journal.journal import Journal
from services.kernel.journal.store import in_transaction
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Envelope, new_id
from services.kernel.runtime.scopes import follow

from .jar import JAR, Change, make_journal

NOW = datetime(2026, 3, 5, 1, tzinfo=UTC)
BEFORE, AFTER = ["R", "A", "U1"], ["R", "B", "A", "U1"]


class Clock:
    """Tells what it was set to."""

    now = NOW

    def __call__(self) -> datetime:
        """The instant."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(mongo_client: MongoClient[dict[str, Any]], database: str, clock: Clock) -> Journal:
    return make_journal(mongo_client, database, clock)


def put(journal: Journal, id: str, path: list[str]) -> None:
    """Change a jar by a command whose edge knew this path."""
    actor = Actor(user="u1", role="office", unit="R")
    envelope = Envelope(command_id=new_id(), actor=actor, paths={"U1": path}, deadline=NOW + timedelta(minutes=1))
    journal.execute(envelope, Change(coins=1), lambda work: {"coins": work.decide(JAR, id, Change(coins=1)).coins})


def note(journal: Journal, n: int, unit: str, path: list[str]) -> None:
    """A change of the tree comes."""
    in_transaction(journal.database, lambda session: journal.moves.note(n, unit, path, session))


def kept(journal: Journal, id: str) -> tuple[list[str], list[str], int]:
    """A jar's path and scope, and its version."""
    found = journal.database["jars"].find_one({"_id": id})
    assert found is not None
    return found["paths"]["U1"], found["scope"], found["version"]


def test_records_follow_a_change(journal: Journal) -> None:
    """Those below what has moved, and no others; neither version nor journal know of it."""
    put(journal, "j1", BEFORE)
    put(journal, "j2", ["R", "C", "U1"])
    entries = journal.database["journal"].count_documents({})
    note(journal, 1, "A", ["R", "B", "A"])
    assert follow(journal, [JAR]) == 1
    assert kept(journal, "j1") == (AFTER, sorted(AFTER), 1)
    assert kept(journal, "j2") == (["R", "C", "U1"], ["C", "R", "U1"], 1)
    assert journal.database["journal"].count_documents({}) == entries
    assert follow(journal, [JAR]) == 0


def test_what_was_saved_while_the_change_came_is_brought_after_it(journal: Journal, clock: Clock) -> None:
    """A transaction that did not know of it may commit after the first time: the second finds it. There is no third."""
    note(journal, 1, "A", ["R", "B", "A"])
    follow(journal, [JAR])
    stale = {"paths": {"U1": BEFORE}, "scope": sorted(BEFORE)}
    put(journal, "j1", AFTER)
    journal.database["jars"].update_one({"_id": "j1"}, {"$set": stale})
    assert follow(journal, [JAR]) == 0
    clock.now += timedelta(seconds=11)
    assert follow(journal, [JAR]) == 1
    assert kept(journal, "j1")[0] == AFTER
    journal.database["jars"].update_one({"_id": "j1"}, {"$set": stale})
    assert follow(journal, [JAR]) == 0


def test_changes_after_one_another_are_followed_from_any(journal: Journal) -> None:
    """A unit that goes below another one, which goes elsewhere itself, and back: only where it is now counts."""
    put(journal, "j1", BEFORE)
    note(journal, 1, "U1", ["R", "B", "U1"])
    note(journal, 2, "B", ["R", "A", "B"])
    assert follow(journal, [JAR]) == 1
    assert kept(journal, "j1")[0] == ["R", "A", "B", "U1"]
    note(journal, 3, "U1", ["R", "U1"])
    follow(journal, [JAR])
    assert kept(journal, "j1")[:2] == (["R", "U1"], ["R", "U1"])


def test_a_command_whose_edge_knew_less_is_brought_up_to_date(journal: Journal) -> None:
    """The record that it makes stands where its unit is."""
    note(journal, 1, "A", ["R", "B", "A"])
    put(journal, "j1", BEFORE)
    assert kept(journal, "j1")[:2] == (AFTER, sorted(AFTER))


def test_who_knows_more_waits(journal: Journal, clock: Clock) -> None:
    """Until the change has come and records were brought after it; not beyond their patience, and not for nothing."""
    soon = NOW + timedelta(seconds=1)
    journal.moves.wait(0, soon)
    for n in (1, 2):
        note(journal, n, "A", ["R", "B", "A"])
    with pytest.raises(DomainError, match=r"tree\.behind"):
        journal.moves.wait(2, soon)
    follow(journal, [JAR])
    journal.moves.wait(2, soon)
    with pytest.raises(DomainError, match=r"tree\.behind"):
        journal.moves.wait(3, soon)


def test_what_bears_a_path_beside_the_journal_follows_too(journal: Journal) -> None:
    """Its documents below what has moved."""
    journal.database["duties"].insert_many([{"_id": "1", "path": BEFORE}, {"_id": "2", "path": ["R", "C"]}])
    note(journal, 1, "A", ["R", "B", "A"])
    assert follow(journal, [JAR], ["duties"]) == 1
    assert [row["path"] for row in journal.database["duties"].find().sort("_id")] == [AFTER, ["R", "C"]]


def test_more_than_a_chunk_follows(journal: Journal) -> None:
    """However many there are."""
    rows = [{"_id": f"{n:04d}", "path": [*BEFORE, f"{n}"]} for n in range(1200)]
    journal.database["duties"].insert_many(rows)
    note(journal, 1, "A", ["R", "B", "A"])
    assert follow(journal, [], ["duties"]) == 1200
