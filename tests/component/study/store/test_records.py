"""Study's lists on a real store: filters, order, pages, totals, and the indexes that carry them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel.journal.store import open_database
from services.kernel.message.errors import DomainError
from services.kernel.message.event import record_id
from services.study import contract as c
from services.study import store

Documents = Database[dict[str, Any]]


@pytest.fixture
def records(mongo_client: MongoClient[dict[str, Any]], database: str) -> Documents:
    opened = open_database(mongo_client, database)
    store.ensure_indexes(opened)
    return opened


def session(id: str, unit: str = "D1-B1", **fields: Any) -> dict[str, Any]:
    """A stored session."""
    return {
        "_id": id,
        "version": 1,
        "head": b"",
        "paths": {},
        "scope": ["R", "D1", unit] if unit.startswith("D1-") else ["R", unit],
        "unit": unit,
        "day": "2025-03-05",
        "way": "branch",
        "form": "theme_day",
        "title": "三月主题党日",
        "due": 20,
        "absences": [],
        "number": None,
        "state": "submitted",
        "reason": None,
        "rows": ["digest"],
        **fields,
    }


def ids(found: dict[str, Any]) -> list[str]:
    return [item["id"] for item in found["items"]]


def test_a_list_is_filtered_in_every_way(records: Documents) -> None:
    """By subtree, way, form, state, days and words of the title, alone and together."""
    records["sessions"].insert_many(
        [
            session("a"),
            session("b", day="2025-03-06", way="youth", form="group_study", title="小组(一)学习"),
            session("c", day="2025-03-07", state="void"),
            session("d", "D2", day="2025-03-08"),
        ]
    )
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"unit": "R"}, ["d", "c", "b", "a"]),
        ({"unit": "D1"}, ["c", "b", "a"]),
        ({"unit": "D1-B1", "way": "branch"}, ["c", "a"]),
        ({"unit": "R", "form": "group_study"}, ["b"]),
        ({"unit": "R", "state": "submitted", "way": "branch"}, ["d", "a"]),
        ({"unit": "R", "first": date(2025, 3, 6), "last": date(2025, 3, 7)}, ["c", "b"]),
        ({"unit": "R", "q": "(一)"}, ["b"]),
        ({"unit": "R", "q": ".*"}, []),
        ({"unit": "R", "sort": "day"}, ["a", "b", "c", "d"]),
        ({"unit": "D3"}, []),
    ]
    for query, expected in asked:
        found = store.sessions(records, c.ListSessions(**query), "R")
        assert ids(found) == expected, query
        assert (found["total"], found["more_than"]) == (len(expected), False)


def test_pages_follow_each_other_without_gap_or_overlap(records: Documents) -> None:
    """Equal days and titles do not make a record appear twice: the id decides between them."""
    records["essays"].insert_many([session(f"{number:02}") for number in range(25)])
    for sort in ("day", "-day", "title", "-title"):
        pages = [
            ids(store.listed(records, "essays", c.ListEssays(unit="R", sort=sort, page=page, page_size=10)))
            for page in (1, 2, 3, 4)
        ]
        assert [len(page) for page in pages] == [10, 10, 5, 0]
        assert len({id for page in pages for id in page}) == 25


def test_totals_are_exact_up_to_ten_thousand(records: Documents) -> None:
    """Beyond that there are "more than" so many."""
    records["sessions"].insert_many([session(str(number)) for number in range(10_000)])
    asked = c.ListSessions(unit="R", page_size=1)
    found = store.listed(records, "sessions", asked)
    assert (found["total"], found["more_than"]) == (10_000, False)
    records["sessions"].insert_one(session("one more"))
    found = store.listed(records, "sessions", asked)
    assert (found["total"], found["more_than"]) == (10_000, True)


@pytest.mark.parametrize("collection", ["sessions", "essays", "lectures"])
@pytest.mark.parametrize(
    "filters", [{}, {"state": "void"}, {"way": "youth"}, {"form": "online"}, {"day": {"$gte": "2"}}]
)
@pytest.mark.parametrize("sort", [[("day", -1), ("_id", -1)], [("day", 1), ("_id", 1)]])
def test_lists_walk_an_index_in_order(
    records: Documents, collection: str, filters: dict[str, Any], sort: list[tuple[str, int]]
) -> None:
    """No list reads the whole collection, and by day none sorts what it has read."""
    if collection != "sessions" and {"way", "form"} & set(filters):
        filters = {}
    plan = str(records[collection].find({"scope": "D1", **filters}).sort(sort).explain()["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan


def test_what_the_kernel_keeps_is_not_shown(records: Documents) -> None:
    """A record is answered with its id and version, without scope, chain or rows."""
    records["sessions"].insert_one(session("a"))
    found = store.session(records, "a", "R")
    assert (found["id"], found["version"]) == ("a", 1)
    assert not {"_id", "scope", "head", "paths", "rows"} & set(found)


def test_reasons_of_absence_are_the_units_own(records: Documents) -> None:
    """The branch sees illness and personal matters; all above it see so many excused, in lists too; all see who was
    there.
    """
    named = {"duty": 1, "illness": 2, "personal": 3, "absent": 1}
    absences = [{"reason": reason, "count": count} for reason, count in named.items()]
    records["sessions"].insert_many([session("a", absences=absences), session("b", day="2025-01-01")])
    own, above = store.session(records, "a", "D1-B1"), store.session(records, "a", "D1")
    assert own["absences"] == absences
    assert {each["reason"]: each["count"] for each in above["absences"]} == {"duty": 1, "absent": 1, "excused": 5}
    assert own["present"] == above["present"] == 13
    listed = store.sessions(records, c.ListSessions(unit="D1"), "D1")["items"]
    assert listed[0] == above
    assert (listed[1]["absences"], listed[1]["present"]) == ([], 20)


@pytest.mark.parametrize("collection", ["sessions", "essays", "lectures"])
def test_another_units_record_is_not_there(records: Documents, collection: str) -> None:
    """What lies outside and what does not exist are not told apart."""
    records[collection].insert_one(session("a", "D2"))
    assert store.one(records, collection, "a", "D2")
    for id, unit in (("a", "D1"), ("nothing", "D2")):
        with pytest.raises(DomainError, match=r"record\.not_found"):
            store.one(records, collection, id, unit)


def test_an_essay_shows_the_class_it_came_of(records: Documents) -> None:
    """By the class's id or its own number; never another unit's class, nor a session that is none."""
    reading = {"way": "leadership", "form": "reading_class", "title": "春季读书班"}
    own = record_id("study", "sessions", "D1", "DS-1")
    others = record_id("study", "sessions", "D2", "DS-1")
    records["sessions"].insert_many(
        [session(own, "D1", **reading), session(others, "D2", **reading), session("theme", "D1")]
    )
    shown = {}
    for link in ("DS-1", own, others, "theme", "DS-9", None):
        essay = {**session("e", "D1"), "session": link}
        records["essays"].replace_one({"_id": "e"}, essay, upsert=True)
        shown[link] = store.essay(records, "e", "R")["reading_class"]
    expected = {"id": own, "title": "春季读书班", "day": "2025-03-05", "unit": "D1", "state": "submitted"}
    assert shown == {"DS-1": expected, own: expected, others: None, "theme": None, "DS-9": None, None: None}
