"""The journal on a real replica set."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
from prometheus_client import REGISTRY
from pymongo import MongoClient

from services.kernel.journal.journal import Journal, TooSlow
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError

from .jar import JAR, Change, change, envelope, make_journal


@pytest.fixture
def journal(mongo_client: MongoClient[dict[str, Any]], database: str) -> Journal:
    return make_journal(mongo_client, database)


def counts(journal: Journal) -> tuple[int, int, int]:
    database = journal.database
    return (
        database["jars"].count_documents({}),
        database["journal"].count_documents({}),
        database["commands"].count_documents({}),
    )


def test_a_command_leaves_record_entry_and_answer(journal: Journal) -> None:
    """One command writes the record, its event and the answer, and nothing else."""
    answer = change(journal, "j1", 3)
    assert answer == {"id": "j1", "version": 1, "coins": 3}
    assert counts(journal) == (1, 1, 1)
    record = journal.database["jars"].find_one({"_id": "j1"})
    assert record is not None
    assert record["scope"] == ["R", "U1"]
    assert record["version"] == 1
    entry = journal.database["journal"].find_one()
    assert entry is not None
    assert (entry["aggregate"], entry["n"], entry["published"]) == ("j1", 1, False)
    assert entry["data"]["coins"] == 3


def test_a_record_outside_the_actors_unit_is_not_changed(journal: Journal) -> None:
    """Who stands in no path of the record is refused, whatever the edge thought, and nothing is written."""
    change(journal, "j1", 3)
    for unit, code in (("R", None), ("U1", None), ("*", None), ("N", "unit.out_of_scope")):
        before = counts(journal)
        given = envelope()
        given = given.model_copy(update={"actor": given.actor.model_copy(update={"unit": unit})})

        def act(work: Work) -> dict[str, Any]:
            work.decide(JAR, "j1", Change(coins=1))
            work.within(JAR, "j1")
            return {}

        if code is None:
            journal.execute(given, Change(coins=1), act)
            continue
        with pytest.raises(DomainError) as refused:
            journal.execute(given, Change(coins=1), act)
        assert (refused.value.code, counts(journal)) == (code, before)


def test_the_same_command_again_gives_its_first_answer(journal: Journal) -> None:
    """A repeated command id has one effect and one answer."""
    given = envelope("c1")
    first = change(journal, "j1", 3, given)
    change(journal, "j1", 4)
    assert change(journal, "j1", 3, given) == first
    assert counts(journal) == (1, 2, 2)


def test_the_same_id_with_another_body_is_refused(journal: Journal) -> None:
    """A command id stands for one body."""
    given = envelope("c1")
    change(journal, "j1", 3, given)
    with pytest.raises(DomainError) as refused:
        change(journal, "j1", 5, given)
    assert refused.value.code == "command.reused"
    assert counts(journal) == (1, 1, 1)


@pytest.mark.parametrize("coins", [-3, -4])
def test_what_was_done_is_found_before_the_rules_refuse_it(journal: Journal, coins: int) -> None:
    """A repeated command gives its first answer, and another body is refused as such, whatever the rules say by now."""
    change(journal, "j1", 3)
    given = envelope("c1")
    first = change(journal, "j1", -3, given)
    if coins == -3:
        assert change(journal, "j1", coins, given) == first
    else:
        with pytest.raises(DomainError, match=r"command\.reused"):
            change(journal, "j1", coins, given)
    assert counts(journal) == (1, 2, 2)


def test_command_ids_of_two_users_do_not_meet(journal: Journal) -> None:
    """The same id from another user is another command."""
    change(journal, "j1", 3, envelope("c1", user="u1"))
    change(journal, "j1", 4, envelope("c1", user="u2"))
    jar = journal.get(JAR, "j1")
    assert jar is not None
    assert jar.coins == 7


def test_a_refusal_changes_nothing_and_is_decided_afresh(journal: Journal) -> None:
    """What the rules refuse leaves no trace, and may be asked again with the same id."""
    given = envelope("c1")
    with pytest.raises(DomainError):
        change(journal, "j1", -1, given)
    assert counts(journal) == (0, 0, 0)
    change(journal, "j1", 3)
    assert change(journal, "j1", -1, given)["coins"] == 2


def test_a_stale_version_is_refused(journal: Journal) -> None:
    """Who saw version 1 cannot change version 2."""
    change(journal, "j1", 1)
    change(journal, "j1", 1)
    with pytest.raises(DomainError) as refused:
        change(journal, "j1", 1, envelope(expected=1))
    assert (refused.value.code, refused.value.kind) == ("version.stale", "stale")
    assert change(journal, "j1", 1, envelope(expected=2))["version"] == 3


def test_concurrent_changes_of_one_record_all_count(journal: Journal) -> None:
    """Eight callers on one record: every change takes effect, versions have no gap."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: change(journal, "j1", 1), range(40)))
    jar = journal.get(JAR, "j1")
    assert jar is not None
    assert jar.coins == 40
    versions = sorted(entry["n"] for entry in journal.database["journal"].find())
    assert versions == list(range(1, 41))


def test_the_same_command_at_once_takes_effect_once(journal: Journal) -> None:
    """A command sent eight times at the same moment has one effect."""
    given, start = envelope("c1"), threading.Barrier(8)

    def send(_: int) -> dict[str, Any]:
        start.wait()
        return change(journal, "j1", 5, given)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert counts(journal) == (1, 1, 1)


def test_a_failure_after_deciding_saves_nothing(journal: Journal) -> None:
    """Record and events are saved together or not at all."""

    def act(work: Any) -> dict[str, Any]:
        work.decide(JAR, "j1", Change(coins=2))
        raise RuntimeError("dies here")

    with pytest.raises(RuntimeError):
        journal.execute(envelope(), Change(coins=2), act)
    assert counts(journal) == (0, 0, 0)


def test_a_trial_that_fails_takes_back_only_itself(journal: Journal) -> None:
    """Of many rows one may fail alone, also when it had decided something before it failed."""

    def act(work: Any) -> dict[str, Any]:
        for coins, fails in ((5, False), (2, True), (1, False)):
            try:
                with work.trial():
                    work.decide(JAR, "j1", Change(coins=coins))
                    work.decide(JAR, f"k{coins}", Change(coins=1))
                    work.insert("notes", {"_id": coins})
                    work.write("notes", pymongo.UpdateOne({"_id": coins}, {"$set": {"coins": coins}}))
                    if fails:
                        raise DomainError("row.wrong", "错")
            except DomainError:
                pass
        return {}

    journal.database.create_collection("notes")
    journal.execute(envelope(), Change(coins=0), act)
    jar = journal.get(JAR, "j1")
    assert jar is not None
    assert jar.coins == 6
    entries = journal.database["journal"].find(sort=[("aggregate", 1), ("n", 1)])
    assert [(entry["aggregate"], entry["n"]) for entry in entries] == [("j1", 1), ("j1", 2), ("k1", 1), ("k5", 1)]
    assert [(note["_id"], note["coins"]) for note in journal.database["notes"].find()] == [(5, 5), (1, 1)]


def test_what_follows_is_asked_once_and_saved_with_its_cause(journal: Journal) -> None:
    """Of a work that changed many records: it sees them all as they are now, and what it decides is saved with them."""
    asked: list[dict[str, int]] = []

    def follow(work: Work) -> None:
        jars = {id: jar.coins for id, jar in work.changed(JAR).items()}
        asked.append(jars)
        work.decide(JAR, "sum", Change(coins=sum(jars.values())))

    journal.follow = follow
    journal.transact(envelope(), lambda work: [work.decide(JAR, id, Change(coins=2)) for id in ("a", "b", "a")])
    assert asked == [{"a": 4, "b": 2}]
    summed = journal.get(JAR, "sum")
    assert summed is not None
    assert summed.coins == 6
    assert change(journal, "c", 5)["coins"] == 5
    assert asked[1:] == [{"c": 5}]
    journal.rehearse(envelope(), lambda work: work.decide(JAR, "a", Change(coins=2)))
    assert len(asked) == 2


def test_a_rehearsal_writes_nothing(journal: Journal) -> None:
    """Rehearsed rows see one another and leave no trace."""

    def act(work: Any) -> int:
        work.decide(JAR, "j1", Change(coins=2))
        coins: int = work.decide(JAR, "j1", Change(coins=3)).coins
        return coins

    assert journal.rehearse(envelope(), act) == 5
    assert counts(journal) == (0, 0, 0)


def test_what_was_stamped_too_long_ago_is_not_committed(
    mongo_client: MongoClient[dict[str, Any]], database: str
) -> None:
    """A transaction older than the watermark waits commits nothing."""
    ticks = iter(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=10 * n) for n in range(9))
    journal = make_journal(mongo_client, database, clock=lambda: next(ticks))
    impatient = envelope().model_copy(update={"deadline": datetime(2026, 3, 1, 0, 0, 15, tzinfo=UTC)})
    before = begun_again("too_slow")
    with pytest.raises(TooSlow):
        change(journal, "j1", 1, impatient)
    assert counts(journal) == (0, 0, 0)
    assert begun_again("too_slow") > before


def test_a_conflict_is_tried_again_and_counted(journal: Journal) -> None:
    """Two who change one record at once both succeed; that one of them began again is a number, not an error."""
    change(journal, "j1", 1)
    others = iter((2,))

    def act(work: Work) -> None:
        work.load(JAR, ["j1"])
        for coins in others:
            change(journal, "j1", coins)
        work.decide(JAR, "j1", Change(coins=4))

    before = begun_again("conflict")
    journal.transact(envelope(), act)
    jar = journal.get(JAR, "j1")
    assert jar is not None
    assert jar.coins == 7
    assert begun_again("conflict") == before + 1


def begun_again(reason: str) -> float:
    labels = {"service": "jars", "reason": reason}
    return REGISTRY.get_sample_value("shengzhi_transactions_again_total", labels) or 0


def test_the_audit_chain_is_what_a_reader_computes_again(journal: Journal) -> None:
    """Each stored entry hashes, with the one before it, to what stands in it; a changed one does not."""
    for coins in (1, 2, 3):
        change(journal, "j1", coins)
    head = b""
    entries = list(journal.database["journal"].find(sort=[("n", 1)]))
    for entry in entries:
        head = journal.link(head, entry)
        assert head == entry["hash"]
    entries[1]["data"]["coins"] = 20
    assert journal.link(entries[0]["hash"], entries[1]) != entries[1]["hash"]
