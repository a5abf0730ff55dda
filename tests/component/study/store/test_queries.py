"""Study's lists of what was held, written and said, on a real store: each walks an index, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from services.kernel.journal.store import ensure_collections
from services.study import contract as c
from services.study import store
from services.study.service import Study
from tests.component.explained import Documents, Queries, scans, watched

TODAY = date(2026, 6, 30)
_LISTED: dict[str, Any] = {
    "state": "submitted",
    "day": "2026-03-05",
    "title": "学习",
    "unit": "D1",
    "scope": ["D1", "P"],
}
KEPT: dict[str, Any] = {
    **dict.fromkeys(("sessions", "essays", "lectures"), _LISTED),
    "members": {"version": 1, "stays": [{"unit": "D1", "first": "2026-01-01", "until": None}]},
}


@pytest.fixture(scope="module")
def study(mongo: str) -> Iterator[tuple[Documents, Queries]]:
    """A store with its indexes and enough records for a planner to choose."""
    with watched(mongo, "explained_study_lists") as (database, queries):
        ensure_collections(database, (aggregate.collection for aggregate in Study.journal.aggregates))
        store.ensure_indexes(database)
        for name, kept in KEPT.items():
            database[name].insert_many([{**kept, "_id": f"{name}-{number}"} for number in range(50)])
        queries.sent.clear()
        yield database, queries


def _sessions(**asked: Any) -> Callable[[Documents], Any]:
    return lambda database: database["sessions"].find(store.records.matching(c.ListSessions(unit="P", **asked)))


ASKED: dict[str, Callable[[Documents], Any]] = {
    "sessions": lambda database: list(_sessions()(database).sort([("day", -1), ("_id", -1)])),
    "sessions by state": lambda database: list(_sessions(state="submitted", first=TODAY)(database)),
    "sessions by way": lambda database: list(_sessions(way="branch", q="学")(database)),
    "sessions by form": lambda database: list(_sessions(form="theme_day")(database)),
    "essays": lambda database: store.listed(database, "essays", c.ListEssays(unit="P", sort="title")),
    "lectures": lambda database: store.listed(database, "lectures", c.ListLectures(unit="P", state="recorded")),
    "members of a unit": lambda database: store.members.of_unit(database, "D1", None),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_list_reads_a_whole_collection(study: tuple[Documents, Queries], asked: str) -> None:
    """All that one way of asking sends to the server is explained by it, and walks an index."""
    database, queries = study
    ASKED[asked](database)
    assert queries.sent
    assert scans(database, queries) == []
