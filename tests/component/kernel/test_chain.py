"""The audit chain on a real store: what was changed, removed or forged is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.kernel.journal.chain import anchor_days, verify
from services.kernel.journal.journal import Journal

from .jar import JAR, change, make_journal

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> list[datetime]:
    return [START]


@pytest.fixture
def journal(mongo_client: MongoClient[dict[str, Any]], database: str, now: list[datetime]) -> Journal:
    """Three days with two records; the first two days are anchored."""
    made = make_journal(mongo_client, database, clock=lambda: now[0])
    for _ in range(3):
        change(made, "j1", 2)
        change(made, "j2", 3)
        now[0] += timedelta(days=1)
    assert anchor_days(made, START.replace(hour=0) + timedelta(days=2)) == 2
    return made


def findings(journal: Journal) -> list[str]:
    return verify(journal, [JAR])[1]


def test_an_untouched_journal_is_whole(journal: Journal) -> None:
    """Every entry is read and nothing is found; anchoring again anchors only what is new."""
    assert verify(journal, [JAR]) == (6, [])
    assert anchor_days(journal, START + timedelta(days=9)) == 7
    assert findings(journal) == []


def test_another_key_does_not_verify(journal: Journal) -> None:
    """Without the key nobody can make a chain that holds."""
    journal.chain_key = b"x" * 32
    found = findings(journal)
    assert sum(finding.endswith("is not what was written") for finding in found) == 6


def test_a_changed_entry_is_found(journal: Journal) -> None:
    """A figure that was changed in an entry is named by record and number."""
    journal.database["journal"].update_one({"aggregate": "j1", "n": 2}, {"$set": {"data.coins": 200}})
    assert findings(journal) == ["j1: entry 2 is not what was written"]


def test_a_removed_entry_is_found(journal: Journal) -> None:
    """An entry that was taken out leaves a gap and a day that is not what was anchored."""
    journal.database["journal"].delete_one({"aggregate": "j1", "n": 2})
    found = findings(journal)
    assert "j1: entry 2 is missing" in found
    assert any(finding.startswith("2026-03-02: the day's entries (1)") for finding in found)


def test_a_removed_end_is_found(journal: Journal) -> None:
    """The newest entry cannot go without the record showing it."""
    journal.database["journal"].delete_one({"aggregate": "j1", "n": 3})
    assert findings(journal) == ["j1: the record is at version 3, its entries at 2"]


def test_a_record_removed_with_its_entries_is_found(journal: Journal) -> None:
    """A whole record cannot vanish from an anchored day."""
    journal.database["journal"].delete_many({"aggregate": "j1"})
    journal.database["jars"].delete_one({"_id": "j1"})
    assert [finding[:10] for finding in findings(journal)] == ["2026-03-01", "2026-03-02"]


def test_a_record_put_in_by_hand_is_found(journal: Journal) -> None:
    """A record without entries was not made by a command."""
    journal.database["jars"].insert_one({"_id": "j9", "version": 1, "head": b""})
    assert findings(journal) == ["j9: the record has no entries"]
