"""Joint study, contests and materials on a real store: every query walks an index, and readers see what is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pymongo import MongoClient, monitoring
from pymongo.database import Database

from services.kernel.journal.store import in_transaction, open_database
from services.kernel.message.errors import DomainError
from services.kernel.message.import_rows import ExportRows
from services.organisation.contract import UnitKind
from services.study import contract as c
from services.study import store
from services.study.domain import KnownUnit

Documents = Database[dict[str, Any]]
COLLECTIONS = ("pairs", "activities", "contests", "entries", "material_sets", "issues", "programmes")


class Asked(monitoring.CommandListener):
    """The reads that were sent, to be explained afterwards."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note a read."""
        if event.command_name in ("find", "aggregate", "count"):
            kept = {name: value for name, value in event.command.items() if name not in _OF_THE_SESSION}
            self.commands.append({event.command_name: event.command[event.command_name], **kept})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


_OF_THE_SESSION = ("lsid", "$clusterTime", "$db", "$readPreference", "readConcern", "txnNumber", "find", "aggregate")


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def records(mongo: str, database: str, asked: Asked) -> Iterator[Documents]:
    with MongoClient[dict[str, Any]](mongo, tz_aware=True, event_listeners=[asked]) as client:
        opened = open_database(client, database)
        store.ensure_indexes(opened)
        for path in (["R"], ["R", "D1"], ["R", "D1", "D1-B1"], ["R", "D2"]):
            learn(opened, path)
        asked.commands.clear()
        yield opened


def learn(records: Documents, path: list[str]) -> None:
    """Let study know of a unit."""
    unit = KnownUnit(name="例", kind=UnitKind.department, path=path, members=9, active_from=date(2026, 1, 1))
    in_transaction(records, lambda session: store.units.learn(records, path[-1], unit, session))


def record(id: str, unit: str = "D1", **fields: Any) -> dict[str, Any]:
    """A stored record."""
    path = ["R", unit] if unit in ("D1", "D2") else ["R"] if unit == "R" else ["R", "D1", unit]
    kept = {"version": 1, "head": b"", "paths": {unit: path}, "scope": path, "rows": []}
    told = {"unit": unit, "day": "2026-03-05", "title": "题", "number": None, "state": "recorded", "reason": None}
    return {"_id": id, **kept, **told, **fields}


def explained(records: Documents, commands: list[dict[str, Any]]) -> list[str]:
    """The plans of what was asked, as text."""
    found = []
    for command in commands:
        told = {**command, "cursor": {}} if "aggregate" in command else command
        found.append(str(records.command("explain", told, verbosity="queryPlanner")))
    return found


def test_every_query_walks_an_index(records: Documents, asked: Asked) -> None:
    """Lists in every narrowing, what belongs to a record, what waits for a judge: no collection is read whole."""
    for collection in COLLECTIONS:
        records[collection].insert_one(record("a"))
    for collection in COLLECTIONS:
        narrowings: list[dict[str, Any]] = [{}, {"pair": "p"}, {"contest": "c"}, {"material": "m"}, {"tags": "t"}]
        for narrowing in narrowings:
            for options in ({}, {"state": "void"}, {"first": date(2026, 1, 1)}, {"sort": "title"}, {"offered": True}):
                listed = c.ListContests(unit="D1", **options)
                store.reported.listed(records, collection, listed, **narrowing)
        store.reported.rows(records, c.SHEETS["pairs"], ExportRows(kind=collection, unit="D1"))
    store.listed(records, "sessions", c.ListSessions(unit="D1", programme="p"))
    store.reported.count(records, "activities", {"pair": "p"})
    store.reported.count(records, "activities", {"session": "s", "_id": {"$ne": "a"}}, limit=1)
    store.reported.count(records, "entries", {"contest": "c"})
    store.reported.judging(records, "judge")
    store.reported.entries(records, ["c"])
    store.reported.scores(records, contest="c")
    store.reported.scores(records, judge="judge")
    store.units.kinds(records, ["D1"])
    records["pairs"].insert_one(record("p"))
    store.reported.pair(records, "p", "D1")
    sent = list(asked.commands)
    assert len(sent) > 150
    for command, plan in zip(sent, explained(records, sent), strict=True):
        assert "COLLSCAN" not in plan, command
        assert "IXSCAN" in plan or "IDHACK" in plan, command


def test_what_is_put_before_a_unit_is_seen_by_it(records: Documents) -> None:
    """A contest of a unit above, never one of beside; an entry of elsewhere is not there."""
    records["contests"].insert_many([record("above", "R"), record("beside", "D2"), record("below", "D1-B1")])
    for id, reader, seen in (
        ("above", "D1-B1", True),
        ("beside", "D1", False),
        ("below", "D1", True),
        ("below", "D2", False),
    ):
        if seen:
            assert store.reported.offered(records, "contests", id, reader)["id"] == id
        else:
            with pytest.raises(DomainError, match=r"record\.not_found"):
                store.reported.offered(records, "contests", id, reader)
    found = store.reported.listed(records, "contests", c.ListContests(unit="D1", offered=True))
    assert [item["id"] for item in found["items"]] == ["above"]


def test_a_pair_tells_what_its_activities_add_up_to(records: Documents) -> None:
    """Those that stand; nothing where there is none."""
    records["pairs"].insert_many([record("p"), record("q")])
    people: dict[str, Any] = {"central_people": 3, "provincial_people": 5}
    records["activities"].insert_many(
        [
            record("a", pair="p", **people),
            record("b", pair="p", day="2026-04-01", **people),
            record("c", pair="p", state="void", **people),
        ]
    )
    told = store.reported.pair(records, "p", "R")["progress"]
    assert told == {"activities": 2, "central_people": 6, "provincial_people": 10, "latest": "2026-04-01"}
    assert store.reported.pair(records, "q", "R")["progress"]["activities"] == 0


def test_records_are_given_out_in_steps(records: Documents) -> None:
    """Those of the subtree that stand, some at a time, each once; one without a number bears its id."""
    records["issues"].insert_many([record(f"{place:02}", number=f"N{place}", copies=place) for place in range(7)])
    records["issues"].insert_many([record("90", copies=1), record("91", "D2", copies=1), record("92", state="void")])
    given: list[Any] = []
    after: str | None = None
    while True:
        asked = ExportRows(kind="issues", unit="D1", after=after, limit=3)
        found, after = store.reported.rows(records, c.SHEETS["issues"], asked)
        given += [row["number"] for row in found]
        if after is None:
            break
    assert given == [*(f"N{place}" for place in range(7)), "90"]
