"""Study's lists of sessions, plans and duties on a real store: each walks an index, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from services.gateway.contract import UnitKind
from services.kernel.journal import ensure_collections
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
    **dict.fromkeys(("sessions", "essays", "lectures", "plans", "notices"), _LISTED),
    **dict.fromkeys(("receipts", "reminders", "branch_plans"), _LISTED),
    "duties": {"source": "j1", "unit": "D1", "path": ["P", "D1"], "missing": "2026-05-31", "unread": True},
    "units": {"name": "一", "kind": "branch", "path": ["P", "D1"], "members": 9, "active_from": "2026-01-01"},
    "members": {"version": 1, "stays": [{"unit": "D1", "first": "2026-01-01", "until": None}]},
    "accounts": {"unit": "D1", "counts": {}},
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
    "plans": lambda database: store.plans.listed(database, "plans", c.ListPlans(unit="D1")),
    "notices": lambda database: store.plans.listed(database, "notices", c.ListNotices(unit="D1", state="issued")),
    "receipts": lambda database: store.listed(database, "receipts", c.ListReceipts(unit="P")),
    "reminders": lambda database: store.listed(database, "reminders", c.ListReminders(unit="P")),
    "branch plans": lambda database: store.listed(database, "branch_plans", c.ListBranchPlans(unit="P")),
    "progress": lambda database: store.duties.progress(database, "j1", "P", TODAY),
    **{
        f"duties {state}": lambda database, state=state: store.duties.listed(  # type: ignore[misc]
            database, c.ListDuties(source="j1", unit="P", state=state), TODAY
        )
        for state in (None, "complete", "behind", "on_time", "unacknowledged")
    },
    "units below": lambda database: store.units.below(database, "P", [UnitKind.branch], after="a", limit=10),
    "members of a unit": lambda database: store.members.of_unit(database, "D1", None),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_list_reads_a_whole_collection(study: tuple[Documents, Queries], asked: str) -> None:
    """All that one way of asking sends to the server is explained by it, and walks an index."""
    database, queries = study
    ASKED[asked](database)
    assert queries.sent
    assert scans(database, queries) == []
