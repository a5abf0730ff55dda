"""The projection on a real replica set: each event once, whatever comes."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from services.gateway.store.indexes import ensure_indexes
from services.kernel.bus.inbox import Taking
from services.kernel.journal.store import Document, in_transaction, open_database
from services.kernel.message.errors import Later
from services.kernel.message.event import Event
from tests.component.gateway.figures import Figures, unit, watermark
from tests.unit.gateway.owners import NOW, PATHS, Owners, Step, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIFE: list[Step] = [
    ("report", 0, "B1", NOW.date() - timedelta(200), 0),
    ("live", 0, "D1", NOW.date() - timedelta(190), 5),
]


def kept(figures: Figures) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts by id, and roll-ups without what came to nothing."""
    facts = {fact["_id"]: fact for fact in figures.database["facts"].find()}
    rollups = {}
    for row in figures.database["rollups"].find():
        cells = {f"sum.{field}": n for field, n in row.get("sum", {}).items() if n}
        for day, amounts in row["days"].items():
            cells |= {f"days.{day}.{field}": n for field, n in amounts.items() if n}
        if cells:
            rollups[row["_id"]] = cells
    return facts, rollups


@SMALL
@given(asked=steps, data=st.data())
def test_order_repetition_and_batching_change_nothing(figures: Figures, asked: list[Step], data: st.DataObject) -> None:
    """The same events in any order, repeated within and between batches, leave the same facts and roll-ups."""
    events = Owners.after(asked).events
    figures.forget()
    assert figures.project(events) == len(events)
    expected = kept(figures)
    again = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    repeated = data.draw(st.permutations(events + again))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(repeated)), max_size=4)))
    figures.forget()
    fresh = sum(figures.project(repeated[start:end]) for start, end in pairwise([0, *cuts, len(repeated)]))
    assert fresh == len(events)
    assert kept(figures) == expected


@SMALL
@given(asked=steps)
def test_rollups_are_the_sums_of_the_facts(figures: Figures, asked: list[Step]) -> None:
    """For every unit, month and day the store's roll-up is the sum of the entries below that unit."""
    figures.forget()
    figures.project(Owners.after(asked).events)
    facts, rollups = kept(figures)
    direct: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts.values():
        for entry in fact["entries"]:
            field = entry["m"].replace(".", ":")
            for above in PATHS[entry["u"]]:
                place = direct[f"{above}|{entry['d'][:7]}"]
                place[f"sum.{field}"] += entry["n"]
                place[f"days.{entry['d'][8:]}.{field}"] += entry["n"]
    standing = {place: {field: n for field, n in cells.items() if n} for place, cells in direct.items()}
    assert rollups == {place: cells for place, cells in standing.items() if cells}


def test_an_event_of_an_unknown_unit_waits_for_it(figures: Figures) -> None:
    """Nothing of the batch takes effect; once the tree has the unit, all of it does."""
    owners = Owners.after(LIFE)
    stranger = [event.model_copy(update={"data": _moved(event.data, "B1", "B9")}) for event in owners.events]
    with pytest.raises(Later, match="B9"):
        figures.project(stranger)
    assert figures.database["facts"].count_documents({}) == 0
    figures.database["units"].insert_one(unit("B9", ["P", "D2", "B9"]))
    figures.database["projection"].update_one({"_id": "projection"}, {"$inc": {"tree": 1}})
    assert figures.project(stranger) == len(stranger)
    row = figures.database["rollups"].find_one({"unit": "D2"})
    assert row is not None
    assert row["sum"]["study:sessions:leadership"] == 1


def test_watermarks_only_grow(figures: Figures) -> None:
    """The latest word of each owner stands, whichever comes first; a watermark is no fact."""
    marks = [NOW, NOW - timedelta(seconds=5)]
    assert figures.project([watermark("study", mark) for mark in marks]) == 0
    figures.project([watermark("study", marks[1]), watermark("hotline", marks[1])])
    row = figures.database["projection"].find_one({"_id": "projection"})
    assert row is not None
    assert row["watermarks"] == {"study": NOW, "hotline": marks[1]}
    assert row["batches"] == 2
    assert figures.database["facts"].count_documents({}) == 0


def test_a_change_of_the_tree_and_a_batch_never_pass_each_other(
    figures: Figures, mongo_client: MongoClient[Document]
) -> None:
    """A batch that began before a unit came is done again: it never counts below a tree that is no more."""
    events = Owners.after(LIFE).events
    other = open_database(mongo_client, figures.database.name)
    tries = 0

    def act(session: Any) -> int:
        nonlocal tries
        tries += 1
        figures.database["facts"].find_one(session=session)  # the snapshot begins
        if tries == 1:
            other["projection"].update_one({"_id": "projection"}, {"$inc": {"tree": 1}})
        return figures.projection.apply(events, Taking(session, figures.database, NOW))

    assert in_transaction(figures.database, act) == len(events)
    assert tries == 2


def test_starting_again_changes_nothing(figures: Figures) -> None:
    """Indexes and first documents are made once; weights that somebody changed are kept."""
    figures.database["norms"].update_one({"_id": "hotline.weights"}, {"$set": {"basically": 0.8}})
    ensure_indexes(figures.database)
    norm = figures.database["norms"].find_one({"_id": "hotline.weights"})
    assert norm is not None
    assert (norm["basically"], norm["response"]) == (0.8, 0.1)
    assert norm["source"]


def _moved(data: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    now = data.get("now")
    return {**data, "now": {**now, "unit": new}} if isinstance(now, dict) and now["unit"] == old else data


def test_facts_bear_what_a_rebuild_and_an_audit_need(figures: Figures) -> None:
    """Id, owner, type, record, version and instant of the event; entries with path, day and amount."""
    events: list[Event] = Owners.after(LIFE).events
    figures.project(events)
    submitted = next(event for event in events if event.short_type == "session.submitted.v1")
    fact = figures.database["facts"].find_one({"_id": submitted.id})
    assert fact is not None
    assert (fact["service"], fact["type"], fact["record"]) == ("study", "session.submitted.v1", "s0")
    assert (fact["version"], fact["recorded"]) == (2, submitted.recorded)
    assert fact["title"] == "学习"
    assert {entry["p"] for entry in fact["entries"]} == {"P/D1/B1/"}
