"""Locking a month on a real replica set: locked + corrected since = now, always."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.store import generation, locks
from services.gateway.store.facts import Projection
from services.gateway.store.locked import corrections, locked_report
from services.gateway.store.period import Span
from services.gateway.store.report import report
from services.kernel.bus.inbox import Taking
from services.kernel.journal.store import in_transaction
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Event
from services.registry import SOURCES
from tests.component.gateway.figures import READER, Figures, watermark
from tests.unit.gateway.owners import NOW, Owners, Step, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LATER = NOW + timedelta(days=1)
MARCH = Span.of_month("2026-03")
BRANCHES = "study.sessions.branch"
HELD: list[Step] = [("report", 0, "B1", date(2026, 3, 5), 0)]
MONTHS = ("2026-02", "2026-03", "2026-07")
MANY = Owners.after(
    [("report", number, "B1", date(2026, 3, 5), number) for number in range(3)]
    + [("correct", number % 3, "B1", date(2026, 3, 31 if number % 2 else 5), number % 12) for number in range(30)]
).events
"""Sessions of March, corrected again and again."""


@contextmanager
def folding(figures: Figures, events: list[Event]) -> Iterator[None]:
    """Meanwhile the events are brought into effect, one by one; in the end all are."""
    failures: list[Exception] = []

    def fold() -> None:
        try:
            for happened in events:
                figures.project([happened])
        except Exception as error:  # noqa: BLE001  # told by the test's own thread
            failures.append(error)

    thread = threading.Thread(target=fold)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert failures == []


def later(before: list[Step], after: list[Step]) -> tuple[list[Event], list[Event]]:
    """The events of what is done before a lock, and of what is done after it."""
    first, whole = Owners.after(before).events, Owners.after(before + after).events
    return first, whole[len(first) :]


@SMALL
@given(asked=steps, data=st.data())
def test_locked_and_corrected_is_now(figures: Figures, asked: list[Step], data: st.DataObject) -> None:
    """However records, returns, voids and acceptances follow one another, for every unit and month below a lock."""
    figures.forget()
    figures.arrive()
    events = Owners.after(asked).events
    places = data.draw(
        st.lists(st.tuples(st.integers(0, len(events)), st.sampled_from(MONTHS)), max_size=4, unique=True)
    )
    done, held = 0, set[tuple[str, str]]()
    for place, month in sorted(places):
        figures.project(events[done:place])
        done = place
        unit = next((unit for unit in ("B1", "D1", "D2", "P") if (unit, month) not in held), None)
        if unit is not None:
            figures.lock(unit, month)
            held.add((unit, month))
        assert figures.unequal() == []
    figures.project(events[done:])
    assert figures.unequal() == []


def test_a_report_as_locked_stays_as_it_was(figures: Figures) -> None:
    """What is changed after the lock changes the figure of now, and a correction says by how much and why."""
    first, second = later(HELD, [("void", 0, "B1", date(2026, 3, 5), 0)])
    figures.project(first)
    figures.arrive()
    before = figures.ask(lambda database: report(database, "D1", MARCH))
    figures.lock("D1", "2026-03")
    figures.project(second)
    told = figures.ask(lambda database: locked_report(database, "D1", MARCH))
    assert told["figures"] == before["figures"]
    assert told["figures"][BRANCHES] + told["figures"]["study.sessions.leadership"] >= 1
    assert told["children"][0]["figures"] == before["children"][0]["figures"]
    after = figures.ask(lambda database: report(database, "D1", MARCH))
    assert told["now"] == after["figures"]
    changed = {id for id, value in before["figures"].items() if value != after["figures"][id]}
    assert changed
    assert set(told["differing"]) == changed
    found = figures.ask(lambda database: corrections(database, "D1", "2026-03", 1, 50, roles=READER))
    (voided,) = [item for item in found["items"] if item["change"] == "voided"]
    assert (voided["record"], voided["kind"]) == ("s0", "session")
    assert voided["why"]
    for id in changed:
        if id in found["sums"]:
            assert before["figures"][id] + found["sums"][id] == after["figures"][id]
    assert figures.unequal() == []


def test_a_level_is_locked_with_all_that_came_before(figures: Figures) -> None:
    """Somebody who joined in February and is taken off that month later corrects March too, which was locked."""
    first, second = later([("join", 0, "B1", date(2026, 2, 1), 0)], [("leave", 0, "B1", date(2026, 2, 28), 0)])
    figures.project(first)
    figures.arrive()
    figures.lock("D1", "2026-03")
    figures.project(second)
    assert second
    told = figures.ask(lambda database: locked_report(database, "D1", MARCH))
    assert (told["figures"]["study.members_due"], told["now"]["study.members_due"]) == (1, 0)
    found = figures.ask(lambda database: corrections(database, "D1", "2026-03", 1, 50, roles=READER))
    assert found["sums"]["study.members_due"] == -1
    assert figures.unequal() == []


def test_a_month_that_adds_up_to_nothing_is_audited_like_any(figures: Figures) -> None:
    """What came on one day and went on another within a batch leaves days alone in a roll-up, and no sum."""
    figures.arrive()
    days = {"05": {"study:essays": 1}, "06": {"study:essays": -1}}
    row = {"_id": "B1|2026-03", "unit": "B1", "month": "2026-03", "days": days}
    figures.database["rollups"].insert_one(row)
    figures.lock("D1", "2026-03")
    figures.issue("D1", "一号", MARCH)
    assert figures.unequal() == []


def test_who_stands_above_locks_what_is_left(figures: Figures) -> None:
    """A correction between two locks is one for the unit below, and part of what its superior locks."""
    first, second = later(HELD, [("report", 1, "B1", date(2026, 3, 5), 0)])
    figures.project(first)
    figures.arrive()
    figures.lock("D1", "2026-03")
    figures.project(second)
    figures.lock("P", "2026-03")
    below = figures.ask(lambda database: corrections(database, "D1", "2026-03", 1, 50, roles=READER))
    above = figures.ask(lambda database: corrections(database, "P", "2026-03", 1, 50, roles=READER))
    assert below["total"] > 0
    assert above["total"] == 0
    assert figures.unequal() == []


def test_what_was_locked_stays_locked_where_a_unit_goes(figures: Figures) -> None:
    """A branch that moves to a department which has not locked the month takes its locked figures with it."""
    first, _ = later(HELD, [])
    figures.project(first)
    figures.arrive()
    figures.lock("D1", "2026-03")
    before = figures.ask(lambda database: locked_report(database, "B1", MARCH))
    path = ["P", "D2", "B1"]
    moved = {"$set": {"parent": "D2", "path": path, "scope": sorted(path)}}
    figures.database["units"].update_one({"_id": "B1"}, moved)
    after = figures.ask(lambda database: locked_report(database, "B1", MARCH))
    assert after["figures"] == before["figures"]
    assert any(after["figures"][f"study.sessions.{way}"] for way in ("leadership", "branch", "youth", "self"))


def test_a_month_that_is_not_locked_has_no_locked_figures(figures: Figures) -> None:
    """Nor has a span with one day outside, nor the month of a unit beside."""
    figures.arrive()
    figures.lock("D1", "2026-03")
    part = Span(date(2026, 3, 1), date(2026, 3, 30))
    for unit, span in (("D1", Span.of_month("2026-02")), ("D2", MARCH), ("D1", part), ("P", MARCH)):
        with pytest.raises(DomainError) as refused:
            figures.ask(lambda database, unit=unit, span=span: locked_report(database, unit, span))  # type: ignore[misc]  # bound at once
        assert refused.value.code == "period.not_locked"


def test_nothing_is_locked_before_what_was_confirmed_has_arrived(figures: Figures) -> None:
    """A lock waits for every owner's watermark to pass the confirmation."""
    figures.arrive(NOW)
    with pytest.raises(DomainError) as refused:
        figures.lock("D1", "2026-03", confirmed=LATER)
    assert refused.value.code == "submission.figures_behind"
    assert figures.database["locks"].count_documents({}) == 0
    figures.arrive(LATER)
    figures.lock("D1", "2026-03", confirmed=LATER)
    assert locks.arrived(figures.database, LATER)


def test_what_is_locked_above_is_not_locked_again(figures: Figures) -> None:
    """A unit below is part of its superior's lock: the first lock stands, and what it kept."""
    figures.project(Owners.after(HELD).events)
    figures.arrive()
    figures.lock("D1", "2026-03")
    locked = list(figures.database["locked"].find().sort("_id"))
    figures.lock("B1", "2026-03")
    assert [row["_id"] for row in figures.database["locks"].find()] == ["D1|2026-03"]
    assert list(figures.database["locked"].find().sort("_id")) == locked != []


def test_the_first_day_that_is_open(figures: Figures) -> None:
    """After the last month that the unit or who stands above it has locked; a unit beside is not concerned."""
    figures.arrive()
    assert locks.first_open_day(figures.database, ["B1"]) is None
    figures.lock("D1", "2026-02")
    figures.lock("D1", "2026-03")
    assert locks.first_open_day(figures.database, ["B1"]) == date(2026, 4, 1)
    assert locks.first_open_day(figures.database, ["D2", "P"]) is None
    assert locks.first_open_day(figures.database, ["D2", "B2"]) == date(2026, 4, 1)


def test_a_lock_amid_a_batch_tears_nothing(figures: Figures) -> None:
    """Batches and acceptances at the same time conflict: each event is in what was locked or is a correction."""
    figures.arrive()
    with folding(figures, MANY):
        for unit in ("B1", "D1", "D2", "P"):
            figures.lock(unit, "2026-03")
            assert figures.unequal() == []
    assert figures.unequal() == []
    assert figures.database["facts"].count_documents({}) == len(MANY)


def test_a_rebuild_leaves_what_was_locked_and_loses_no_correction(figures: Figures) -> None:
    """What came to the rebuilt figures first becomes a correction when they take over."""
    first, second = later(HELD, [("void", 0, "B1", date(2026, 3, 5), 0)])
    figures.project(first)
    figures.arrive(first[-1].recorded)
    figures.lock("D1", "2026-03", confirmed=first[-1].recorded)
    kept: list[Any] = list(figures.database["locked"].find())
    building = generation.begin(figures.database, "g1", NOW)
    assert building is not None
    marks = [watermark(service, LATER) for service in SOURCES]
    projection = Projection(building)

    def build(session: Any) -> None:
        projection.apply([*first, *second, *marks], Taking(session, figures.database, NOW))

    in_transaction(figures.database, build)
    assert figures.database["corrections"].count_documents({}) == 0
    assert generation.take_over(figures.database, building) == 0
    assert figures.unequal() == []
    assert figures.database["corrections"].count_documents({}) > 0
    assert figures.project(second) == 0
    assert list(figures.database["locked"].find()) == kept
    assert figures.unequal() == []


@pytest.mark.parametrize("collection", ["locked", "corrections", "rollups"])
def test_what_was_tampered_with_is_found(figures: Figures, collection: str) -> None:
    """A locked figure, a correction or a roll-up that is not what was written makes the three disagree."""
    first, second = later(HELD, [("void", 0, "B1", date(2026, 3, 5), 0)])
    figures.project(first)
    figures.arrive()
    figures.lock("D1", "2026-03")
    figures.project(second)
    assert figures.unequal() == []
    if collection == "corrections":
        assert figures.database[collection].delete_many({}).deleted_count > 0
    else:
        changed = {"$inc": {"sum.study:sessions:branch": 7}}
        assert figures.database[collection].update_one({"unit": "D1", "month": "2026-03"}, changed).modified_count == 1
    assert figures.unequal() != []
