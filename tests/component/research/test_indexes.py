"""Research's queries on a real store: each walks an index, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from services.kernel.journal.store import ensure_collections
from services.kernel.message.import_rows import ExportRows
from services.research import contract as c
from services.research import store
from services.research.store.rows import exported
from tests.component.explained import Documents, Queries, scans, watched
from tests.unit.research.records import MEASURE_CONTENT, VISIT_CONTENT, WAY, topic

TODAY = date(2026, 6, 30)
KEPT = {"version": 1, "head": b"", "paths": {"D1": ["P", "D1"]}, "scope": ["D1", "P"], "state": "recorded"}
VISIT = {**VISIT_CONTENT, "place": None, "number": None, "reason": None, "rows": [], **KEPT}
MEASURE = {
    **MEASURE_CONTENT,
    **dict.fromkeys(("number", "progress", "noted", "settled", "became", "reason")),
    "cooperating": [],
    "rows": [],
    **KEPT,
    "state": "working",
}


@pytest.fixture(scope="module")
def store_of_research(mongo: str) -> Iterator[tuple[Documents, Queries]]:
    """A store with its indexes and enough records for a planner to choose."""
    with watched(mongo, "explained_research") as (database, queries):
        ensure_collections(database, ("topics", "visits", "places", "measures", "norms", "journal"))
        store.ensure_indexes(database)
        state = topic(*WAY).model_dump()
        database["topics"].insert_many([{**state, **KEPT, "state": "closed", "_id": f"t{n}"} for n in range(50)])
        database["visits"].insert_many([{**VISIT, "topic": f"t{n}", "_id": f"v{n}"} for n in range(50)])
        database["measures"].insert_many([{**MEASURE, "topic": f"t{n}", "_id": f"m{n}"} for n in range(50)])
        queries.sent.clear()
        yield database, queries


ASKED: dict[str, Callable[[Documents], Any]] = {
    "topic": lambda database: store.topic(database, "t1", "P"),
    "topics": lambda database: store.topics(database, c.ListTopics(unit="P")),
    "topics by state": lambda database: store.topics(
        database, c.ListTopics(unit="P", state="closed", sort="title", q="数据", first=TODAY)
    ),
    "topics by kind": lambda database: store.topics(database, c.ListTopics(unit="D1", kind="solution")),
    "topics to approve": lambda database: store.topics(
        database, c.ListTopics(unit="D1", outline=c.OutlineState.submitted)
    ),
    "visit": lambda database: store.visit(database, "v1", "D1"),
    "visits": lambda database: store.visits(database, c.ListVisits(unit="P", sort="day")),
    "visits of a topic": lambda database: store.visits(database, c.ListVisits(unit="P", topic="t1")),
    "visits by kind": lambda database: store.visits(database, c.ListVisits(unit="P", kind=c.PlaceKind.enterprise)),
    "measure": lambda database: store.measure(database, "m1", "D1", TODAY),
    "measures": lambda database: store.measures(database, c.ListMeasures(unit="P", sort="due"), TODAY),
    "measures overdue": lambda database: store.measures(database, c.ListMeasures(unit="P", overdue=True), TODAY),
    "measures of an owner": lambda database: store.measures(
        database, c.ListMeasures(unit="P", owner="D2", due_to=TODAY, state="working"), TODAY
    ),
    "progress": lambda database: store.progress(database, c.ListProgress(id="m1"), "D1"),
    "topics given out": lambda database: exported(database, ExportRows(kind="topics", unit="D1")),
    "visits given out": lambda database: exported(database, ExportRows(kind="visits", unit="D1", after="a")),
    "measures given out": lambda database: exported(database, ExportRows(kind="measures", unit="P", limit=10)),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_query_reads_a_whole_collection(store_of_research: tuple[Documents, Queries], asked: str) -> None:
    """All that one way of asking sends to the server is explained by it, and walks an index."""
    database, queries = store_of_research
    ASKED[asked](database)
    assert queries.sent
    assert scans(database, queries) == []


def test_a_query_without_an_index_is_found(store_of_research: tuple[Documents, Queries]) -> None:
    """The check bites."""
    database, queries = store_of_research
    list(database["visits"].find({"people": 3}))
    database["visits"].count_documents({"people": 3})
    assert len(scans(database, queries)) == 2


def test_lists_by_day_are_walked_in_order(store_of_research: tuple[Documents, Queries]) -> None:
    """None sorts what it has read, so that a page of a province's list costs as much as one of a branch's."""
    database, queries = store_of_research
    for name in ("topics", "visits", "measures"):
        for filters in ({}, *({field: "x"} for field in store.FILTERS[name])):
            found = database[name].find({"scope": "P", **filters}).sort([("day", -1), ("_id", -1)])
            plan = str(found.explain()["queryPlanner"]["winningPlan"])
            assert "'SORT'" not in plan, (name, filters)
    queries.sent.clear()
