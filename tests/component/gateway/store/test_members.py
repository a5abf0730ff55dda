"""Lists of members on a real store: each walks an index, whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.store import members
from services.gateway.store.indexes import ensure_indexes
from services.kernel.journal.store import ensure_collections
from services.organisation.contract import ListMembers
from tests.component.explained import scans, watched

MEMBER: dict[str, Any] = {"scope": ["B1", "D1", "P"], "state": "current", "stays": []}


@pytest.mark.row("O3")
def test_no_list_of_members_reads_a_whole_collection(mongo: str) -> None:
    """By subtree, state, number, name and account, and one after the other for the sheet."""
    with watched(mongo, "explained_members") as (database, queries):
        ensure_collections(database, ("members",))
        ensure_indexes(database)
        listed = [{**MEMBER, "_id": f"DY-{number:03d}", "user": f"u{number}"} for number in range(100)]
        database["members"].insert_many(listed)
        database["member_names"].insert_many([{"_id": member["_id"], "tag": b"t"} for member in listed])
        for asked, tag in (({}, None), ({"state": "left"}, None), ({"q": "DY-0"}, None), ({"q": "样例"}, b"t")):
            members.listed(database, ListMembers(unit="D1", page=2, **asked), tag)
        members.numbers(database, "D1", None, 50)
        members.numbers(database, "D1", "DY-020", 50)
        members.one(database, "DY-001", "D1", "u7")
        assert database["members"].find_one({"user": "u7"}, {"_id": 1}) == {"_id": "DY-007"}
        assert len(queries.sent) >= 8
        assert scans(database, queries) == []
