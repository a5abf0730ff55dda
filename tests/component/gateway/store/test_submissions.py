"""Who owes a month and who has settled it, on a real store."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from services.gateway.store import submissions
from services.gateway.store.indexes import ensure_indexes
from services.kernel.message.clock import SHANGHAI
from services.organisation.contract import SubmissionOpened, SubmissionRule, UnitKind
from tests.component.explained import scans, watched
from tests.component.gateway.figures import Figures

RULE = SubmissionRule(months=["2026-03"], kinds=[UnitKind.branch])
ROW: dict[str, Any] = {"month": "2026-03", "state": "open", "late": False, "superior": "D1", "due": "2026-04-08"}


def codes(found: Any) -> list[str]:
    return [path[-1] for path in found]


def kinds(figures: Figures, **of: str) -> None:
    for unit, kind in of.items():
        figures.database["units"].update_one({"_id": unit}, {"$set": {"kind": kind}})


def test_units_of_the_kinds_owe_and_all_above_them(figures: Figures) -> None:
    """Those above come first; a department without such a unit below it owes nothing."""
    kinds(figures, B1="branch")
    assert codes(submissions.owing(figures.database, RULE, "2026-03")) == ["P", "D1", "B1"]


def test_a_unit_owes_nothing_of_a_month_before_it_was_there(figures: Figures) -> None:
    """Nor has whoever stands above it anything to wait for."""
    kinds(figures, B1="branch")
    figures.database["units"].update_one({"_id": "B1"}, {"$set": {"active_from": "2026-04-01"}})
    assert codes(submissions.owing(figures.database, RULE, "2026-03")) == []


def test_what_is_open_or_locked_is_not_opened_again(figures: Figures) -> None:
    """A unit that comes to owe a month which is locked above it is left alone."""
    kinds(figures, B1="branch", D2="branch")
    figures.database["submissions"].insert_one({**ROW, "_id": "1", "unit": "P"})
    assert codes(submissions.unopened(figures.database, RULE, "2026-03", 9)) == ["D1", "D2", "B1"]
    assert codes(submissions.unopened(figures.database, RULE, "2026-03", 1)) == ["D1"]
    figures.arrive()
    figures.lock("D1", "2026-03")
    assert codes(submissions.unopened(figures.database, RULE, "2026-03", 9)) == ["D2"]


def test_a_superior_waits_for_who_has_not_settled_the_month(figures: Figures) -> None:
    """Neither for who is accepted or excused, nor for other months."""
    states = {"B1": "open", "B2": "accepted", "B3": "excused", "B4": "submitted", "B5": "returned"}
    rows = [{**ROW, "_id": unit, "unit": unit, "state": state} for unit, state in states.items()]
    figures.database["submissions"].insert_many([*rows, {**ROW, "_id": "B6", "unit": "B6", "month": "2026-02"}])
    with figures.database.client.start_session() as session:
        assert submissions.waiting(figures.database, "D1", "2026-03", session) == ["B1", "B4", "B5"]


def test_what_is_due_and_open_falls_due_once(figures: Figures) -> None:
    """The day after its due day, where it has one and is not marked yet."""
    more: list[dict[str, Any]] = [{"due": None}, {"late": True}, {"state": "submitted"}, {"due": "2026-04-09"}]
    rows = [{**ROW, "_id": "1", "unit": "B1"}]
    rows += [{**ROW, "_id": str(number), "unit": "B2", **each} for number, each in enumerate(more, start=2)]
    figures.database["submissions"].insert_many(rows)
    assert submissions.fallen_due(figures.database, date(2026, 4, 8), 9) == []
    assert submissions.fallen_due(figures.database, date(2026, 4, 9), 9) == ["1"]


def test_an_excused_month_is_not_overdue(figures: Figures) -> None:
    """Marked after its due day and excused later: it is owed no more, in lists and by itself."""
    figures.database["submissions"].insert_many(
        {**ROW, "_id": state, "unit": "B1", "month": month, "state": state, "late": True, "scope": ["P"]}
        for state, month in (("open", "2026-03"), ("excused", "2026-04"))
    )
    listed = figures.ask(lambda database: submissions.listed(database, "P"))
    assert {row["state"]: row["late"] for row in listed["items"]} == {"open": True, "excused": False}
    assert not figures.ask(lambda database: submissions.one(database, "excused"))["late"]


def test_running_months_follow_another_due_day(figures: Figures) -> None:
    """Open or given back ones that have another, and whatever waits for one; what was submitted keeps its own."""
    more: list[dict[str, Any]] = [{"state": "returned"}, {"due": "2026-04-10"}, {"state": "submitted"}]
    more += [{"state": "accepted", "due": None, "waits_for": 2027}, {"campaign": "C2"}, {"month": "2026-02"}]
    rows = [{**ROW, "campaign": "C1", "unit": str(n), "_id": str(n), **each} for n, each in enumerate([{}, *more])]
    figures.database["submissions"].insert_many(rows)
    found = submissions.due_otherwise(figures.database, "C1", "2026-03", date(2026, 4, 10), None)
    assert sorted(found) == ["0", "1", "4"]


def test_no_question_of_the_worker_reads_a_whole_collection(mongo: str) -> None:
    """Who waits, what is open of a month, and what falls due walk an index."""
    with watched(mongo, "explained_submissions") as (database, queries):
        ensure_indexes(database)
        listed = [{**ROW, "_id": str(number), "unit": f"B{number}", "scope": ["P", "D1"]} for number in range(100)]
        database["submissions"].insert_many(listed)
        with database.client.start_session() as session:
            assert len(submissions.waiting(database, "D1", "2026-03", session)) == 100
        assert len(submissions.fallen_due(database, date(2026, 4, 9), 200)) == 100
        list(database["submissions"].find({"month": "2026-03"}, {"unit": 1}))
        assert len(queries.sent) >= 3
        assert scans(database, queries) == []


def test_nothing_is_said_of_a_day_before_the_months_that_it_opens(figures: Figures) -> None:
    """The timer held back over a midnight: that midnight holds the watermark, until what was opened is published."""
    database, midnight = figures.database, datetime(2026, 9, 1, tzinfo=SHANGHAI)
    assert submissions.unmarked(database, midnight) is None
    submissions.kept(database, date(2026, 8, 31))
    assert submissions.unmarked(database, midnight - timedelta(seconds=1)) is None
    assert submissions.unmarked(database, midnight) == midnight
    opened = {"_id": "e", "aggregate": "s", "n": 1, "published": False, "type": SubmissionOpened.type}
    database["journal"].insert_one({**opened, "recorded": midnight + timedelta(minutes=1)})
    submissions.kept(database, date(2026, 9, 1))
    assert submissions.unmarked(database, midnight + timedelta(minutes=2)) == midnight
    database["journal"].update_one({"_id": "e"}, {"$set": {"published": True}})
    assert submissions.unmarked(database, midnight + timedelta(minutes=3)) is None
