"""The directory of units on a real store."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel.journal.store import in_transaction, open_database
from services.organisation.contract import UnitKind
from services.study import store
from services.study.domain import KnownUnit

Documents = Database[dict[str, Any]]


@pytest.fixture
def records(mongo_client: MongoClient[dict[str, Any]], database: str) -> Documents:
    opened = open_database(mongo_client, database)
    store.ensure_indexes(opened)
    for path, kind in (("R", "committee"), ("R/D1", "department"), ("R/D1/D1-B1", "branch"), ("R/D1/D1-B2", "branch")):
        learn(opened, path.split("/"), kind)
    return opened


def learn(records: Documents, path: list[str], kind: str) -> None:
    unit = KnownUnit(name=path[-1], kind=UnitKind(kind), path=path, members=9, active_from=date(2026, 1, 1))
    in_transaction(records, lambda session: store.units.learn(records, path[-1], unit, session))


def test_a_subtree_is_listed_by_kind_in_order(records: Documents) -> None:
    """Some at a time, each beginning where the last ended."""
    first = store.units.below(records, "R", [UnitKind.branch], limit=1)
    more = store.units.below(records, "R", [UnitKind.branch], after=first[-1]["_id"], limit=10)
    assert [unit["_id"] for unit in (*first, *more)] == ["D1-B1", "D1-B2"]
    assert [unit["_id"] for unit in store.units.below(records, "D1", [], limit=10)] == ["D1", "D1-B1", "D1-B2"]


def test_what_is_told_later_takes_the_place_of_what_was_known(records: Documents) -> None:
    """A unit stands in the directory once."""
    learn(records, ["R", "D2", "D1-B1"], "joint_branch")
    assert store.units.paths(records, ["D1-B1", "D9"]) == {"D1-B1": ["R", "D2", "D1-B1"]}
    assert store.units.path(records, "D9") == ["D9"]
    assert [unit["_id"] for unit in store.units.below(records, "D1", [], limit=10)] == ["D1", "D1-B2"]


@pytest.mark.parametrize("kinds", [{}, {"kind": {"$in": ["branch", "joint_branch"]}}])
def test_a_subtree_walks_an_index_in_order(records: Documents, kinds: dict[str, Any]) -> None:
    """Nothing reads the whole collection or sorts what it has read."""
    found = records["units"].find({"path": "D1", "_id": {"$gt": "D1"}, **kinds}).sort("_id")
    plan = str(found.explain()["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan
