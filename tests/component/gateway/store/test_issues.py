"""Issuing a report on a real replica set: issued + corrected since = now, always, and what was issued stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.service.units import move_unit
from services.gateway.store import generation
from services.gateway.store.facts import Projection
from services.gateway.store.issued import corrections, issued_report, issues
from services.gateway.store.period import Span
from services.gateway.store.report import report
from services.kernel.bus.inbox import Taking
from services.kernel.journal.store import in_transaction
from services.kernel.message.errors import DomainError
from services.organisation.contract import MoveUnit
from services.registry import SOURCES
from tests.component.gateway.figures import READER, Figures, watermark
from tests.component.gateway.store.test_locks import HELD, LATER, MANY, MARCH, folding, later
from tests.unit.gateway.owners import NOW, Owners, Step, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPANS = (
    MARCH,
    Span(date(2026, 2, 1), date(2026, 10, 31)),
    Span(date(2026, 1, 1), date(2026, 3, 31)),
    Span(date(2026, 2, 28), date(2026, 3, 5)),
)
VOIDED: list[Step] = [("void", 0, "B1", date(2026, 3, 5), 0)]


@SMALL
@given(asked=steps, data=st.data())
def test_issued_and_corrected_is_now(figures: Figures, asked: list[Step], data: st.DataObject) -> None:
    """However records and issues follow one another, with months locked between them, over any span."""
    figures.forget()
    figures.arrive()
    events = Owners.after(asked).events
    place = st.integers(0, len(events))
    issued = data.draw(st.lists(st.tuples(place, st.sampled_from(SPANS), st.sampled_from(("P", "D1"))), max_size=3))
    locked = data.draw(st.lists(place, max_size=1))
    acts: list[tuple[int, Any]] = [(at, (span, unit)) for at, span, unit in issued] + [(at, None) for at in locked]
    done = 0
    for number, (at, act) in enumerate(sorted(acts, key=lambda each: each[0])):
        figures.project(events[done:at])
        done = at
        if act is None:
            figures.lock("D1", "2026-03")
        else:
            figures.issue(act[1], f"{number}号", act[0])
        assert figures.unequal() == []
    figures.project(events[done:])
    assert figures.unequal() == []


def test_a_report_stays_as_it_was_issued(figures: Figures) -> None:
    """What changes later changes the figures of now; a correction says by how much and why, for the child as well."""
    first, second = later(HELD, VOIDED)
    figures.project(first)
    figures.arrive()
    before = figures.ask(lambda database: report(database, "D1", MARCH))
    of_branch = figures.ask(lambda database: report(database, "B1", MARCH))
    document = figures.issue("D1", "一号", MARCH)
    figures.project(second)
    told = figures.ask(lambda database: issued_report(database, "D1", MARCH))
    names = ("unit", "unit_name", "path", "period", "figures", "details", "children")
    assert {name: told[name] for name in names} == {name: before[name] for name in names}
    assert told["issued"]["intact"]
    assert (told["issued"]["number"], told["issued"]["unit"]) == ("一号", "D1")
    after = figures.ask(lambda database: report(database, "D1", MARCH))
    assert told["now"] == after["figures"]
    changed = {id for id, value in before["figures"].items() if value != after["figures"][id]}
    assert changed
    assert set(told["differing"]) == changed
    by_number = figures.ask(lambda database: issued_report(database, "B1", None, "一号"))
    assert by_number["figures"] == of_branch["figures"]
    assert by_number["children"] == []
    for unit in ("D1", "B1"):
        found = figures.ask(lambda database, unit=unit: corrections(database, unit, document, 1, 50, roles=READER))  # type: ignore[misc]  # bound at once
        (voided,) = [item for item in found["items"] if item["change"] == "voided"]
        assert voided["why"]
        assert any(found["sums"].get(id) for id in changed)
    listed = figures.ask(lambda database: issues(database, "B1", 1, 50))
    assert [(row["number"], row["unit"], row["unit_name"]) for row in listed["items"]] == [("一号", "D1", "单位D1")]


def test_the_latest_over_just_these_days_is_meant(figures: Figures) -> None:
    """Without a number it is the last issue of the very span; a unit beside or two below is in none of it."""
    first, second = later(HELD, VOIDED)
    figures.project(first)
    figures.arrive()
    figures.issue("D1", "一号", MARCH)
    figures.project(second)
    figures.issue("D1", "二号", MARCH)
    told = figures.ask(lambda database: issued_report(database, "D1", MARCH))
    assert (told["issued"]["number"], told["differing"]) == ("二号", [])
    assert figures.ask(lambda database: issued_report(database, "D1", None, "一号"))["differing"]
    figures.issue("P", "三号", MARCH)
    april = Span.of_month("2026-04")
    for unit, span, number in (("D1", april, None), ("D2", MARCH, "一号"), ("B1", None, "三号"), ("P", MARCH, "四号")):
        with pytest.raises(DomainError) as refused:
            figures.ask(
                lambda database, unit=unit, span=span, number=number: issued_report(database, unit, span, number)  # type: ignore[misc]  # bound at once
            )
        assert refused.value.code == "report.not_issued"


def test_a_number_is_one_documents(figures: Figures) -> None:
    """Said again it is the report that was issued; over other days, or by another title, it is refused."""
    first, second = later(HELD, VOIDED)
    figures.project(first)
    figures.arrive()
    figures.issue("D1", "一号", MARCH)
    kept = list(figures.database["issued"].find())
    figures.project(second)
    figures.issue("D1", "一号", MARCH)
    assert list(figures.database["issued"].find()) == kept
    for title, span in (("通报", Span.of_month("2026-02")), ("简报", MARCH)):
        with pytest.raises(DomainError) as refused:
            figures.issue("D1", "一号", span, title)
        assert refused.value.code == "report.number_taken"
    figures.issue("D2", "一号", MARCH)
    assert figures.unequal() == []


def test_nothing_is_issued_of_days_to_come_or_while_an_owner_is_silent(figures: Figures) -> None:
    """The last day is today at the latest, and every owner has said how far it is."""
    today = Span(date(2027, 1, 1), date(2027, 1, 15))
    with pytest.raises(DomainError) as refused:
        figures.issue("D1", "一号", today)
    assert refused.value.code == "figures.not_ready"
    figures.arrive()
    with pytest.raises(DomainError) as refused:
        figures.issue("D1", "一号", Span(today.first, today.last + timedelta(days=1)))
    assert refused.value.code == "report.not_over"
    assert figures.database["issued"].count_documents({}) == 0
    figures.issue("D1", "一号", today)
    assert figures.ask(lambda database: issued_report(database, "D1", today))["issued"]["as_of"] == NOW


def test_a_reform_of_its_days_that_is_written_down_later_is_told(figures: Figures) -> None:
    """A branch moves as of a day of an issued report: that is no correction, but the report tells of it."""
    figures.settle()
    first, _ = later(HELD, [])
    figures.project(first)
    figures.arrive()
    figures.issue("D1", "一号", MARCH)
    moved = MoveUnit(id="B1", parent="D2", day=date(2026, 3, 2), basis="关于调整隶属关系的通知")
    figures.reform(lambda work: move_unit(work, moved))
    told = figures.ask(lambda database: issued_report(database, "D1", MARCH))
    assert [(each["kind"], each["unit"]) for each in told["tree_changes"]] == [("moved", "B1")]
    assert told["issued"]["intact"]
    assert told["differing"]
    assert figures.unequal() == []


def test_an_issue_amid_batches_tears_nothing(figures: Figures) -> None:
    """Each event is in what was issued or is a correction, whoever comes first."""
    figures.arrive()
    with folding(figures, MANY):
        for number in range(6):
            figures.issue("P" if number % 2 else "D1", f"{number}号", SPANS[number % len(SPANS)])
            assert figures.unequal() == []
    assert figures.unequal() == []
    assert figures.database["facts"].count_documents({}) == len(MANY)


def test_a_rebuild_leaves_what_was_issued_and_loses_no_correction(figures: Figures) -> None:
    """What came to the rebuilt figures first becomes a correction when they take over."""
    first, second = later(HELD, VOIDED)
    figures.project(first)
    figures.arrive(first[-1].recorded)
    figures.issue("D1", "一号", MARCH)
    kept = list(figures.database["issued"].find())
    building = generation.begin(figures.database, "g1", NOW)
    assert building is not None
    marks = [watermark(service, LATER) for service in SOURCES]
    projection = Projection(building)
    in_transaction(
        figures.database,
        lambda session: projection.apply([*first, *second, *marks], Taking(session, figures.database, NOW)),
    )
    assert generation.take_over(figures.database, building) == 0
    assert figures.database["corrections"].count_documents({}) > 0
    assert list(figures.database["issued"].find()) == kept
    assert figures.unequal() == []


@pytest.mark.parametrize("collection", ["issued", "corrections", "rollups"])
def test_what_was_tampered_with_is_found(figures: Figures, collection: str) -> None:
    """A figure that is not what was issued is told to the reader too."""
    first, second = later(HELD, VOIDED)
    figures.project(first)
    figures.arrive()
    figures.issue("D1", "一号", MARCH)
    figures.project(second)
    assert figures.unequal() == []
    if collection == "corrections":
        assert figures.database[collection].delete_many({}).deleted_count > 0
    elif collection == "issued":
        row = figures.database["issued"].find_one({"unit": "D1"})
        assert row is not None
        row["figures"]["study.sessions.branch"][0] += 1
        figures.database["issued"].replace_one({"_id": row["_id"]}, row)
        assert not figures.ask(lambda database: issued_report(database, "D1", MARCH))["issued"]["intact"]
    else:
        changed = {"$inc": {"sum.study:sessions:branch": 7}}
        assert figures.database[collection].update_one({"unit": "D1", "month": "2026-03"}, changed).modified_count == 1
    assert figures.unequal() != []
