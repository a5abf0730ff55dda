"""Deadlines on a real store: they wait for a year, are set once when it comes, and follow when it changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.hotline import store
from services.hotline.contract import (
    ClassifyTicket,
    CorrectTicket,
    GetTicket,
    Life,
    ListTickets,
    RegisterTicket,
    TicketRow,
    VoidTicket,
)
from services.kernel.message.clock import SHANGHAI
from services.kernel.message.event import Actor, Envelope, new_id
from tests.component.explained import scans, watched
from tests.component.hotline.desk import PATHS, TICKET_BODY, Desk, swept, whole

DECEMBER = datetime(2026, 12, 21, 9, tzinfo=SHANGHAI)


@pytest.fixture
def desk(mongo_client: MongoClient[dict[str, Any]], database: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """At a time when the next year is not known, whatever the package has by now."""
    known = {year: days for year, days in store.DELIVERED.years.items() if year <= 2026}
    monkeypatch.setattr(store, "DELIVERED", type(store.DELIVERED)(known))
    return Desk(mongo_client, database, DECEMBER)


def register(desk: Desk, **fields: Any) -> str:
    """A complaint that is received now; its id."""
    id = new_id()
    desk.do(RegisterTicket(**{**TICKET_BODY, "received": desk.now, **fields}, id=id))
    return id


def seen(desk: Desk, id: str) -> tuple[Any, ...]:
    """Until when it is to be answered, as it is shown."""
    found = desk.do(GetTicket(id=id))
    return found["answer_by"], found["waits_for"], found["limit"]


def test_a_receipt_is_never_refused_for_the_calendar(desk: Desk) -> None:
    """The ticket is taken; its deadline waits, in one record as in a list, and nothing is overdue meanwhile."""
    id = register(desk)
    assert seen(desk, id) == (None, 2027, "待录入 2027 年工作日历后确定")
    (listed,) = desk.do(ListTickets(unit="R"))["items"]
    assert (listed["limit"], listed["deadline"]) == ("待录入 2027 年工作日历后确定", None)
    desk.tick(days=40)
    assert desk.events(id) == ["registered.v2"]
    assert desk.overdue() == 0


def test_the_deadline_is_set_once_when_the_year_comes(desk: Desk) -> None:
    """For all that waited, and for what was received in between by tables read before; again it changes nothing."""
    first, quick = register(desk), register(desk, kind="consultation")
    assert seen(desk, quick)[0] == "2026-12-23"
    desk.learn(whole(2027))
    between = register(desk)  # within the second for which the tables are kept
    assert seen(desk, between)[1] == 2027
    desk.tick(seconds=5)
    desk.learn(whole(2027))
    desk.tick(seconds=15)
    desk.tick(seconds=15)
    for id in (first, between):
        assert seen(desk, id) == ("2027-01-18", None, "2027-01-18（含当日）")
        assert desk.events(id) == ["registered.v2", "deadline_set.v1"]
    assert desk.events(quick)[0] == "registered.v1"
    assert seen(desk, register(desk))[0] == "2027-01-18"
    assert swept(desk, 2027) == 2


def test_a_year_that_comes_late_marks_what_is_late(desk: Desk) -> None:
    """Entered after the deadline that it makes: overdue from that day on, and counted so."""
    id = register(desk)
    desk.tick(days=60)
    desk.learn(whole(2027))
    desk.tick(seconds=5)
    assert desk.events(id) == ["registered.v2", "deadline_set.v1", "overdue.v1"]
    assert desk.do(GetTicket(id=id))["overdue"] == "2027-01-19"
    assert desk.overdue() == 1


def test_a_corrected_calendar_moves_running_deadlines(desk: Desk) -> None:
    """What is not answered follows, its mark too; what was answered keeps the deadline under which it was."""
    desk.learn(whole(2027))
    running, answered = register(desk), register(desk)
    desk.tick(days=30)
    life = Life(answered=desk.now, answer="已处理")
    told = {**TICKET_BODY, "received": DECEMBER}
    desk.do(CorrectTicket(**told, id=answered, life=life, reason="补录答复"))
    assert desk.overdue() == 1
    holidays = [{"name": "元旦", "first": "2027-01-01", "last": "2027-01-31"}]
    desk.learn(whole(2027, holidays=holidays))
    desk.tick(seconds=5)
    assert seen(desk, running)[0] == "2027-02-09"
    assert desk.events(running) == ["registered.v1", "overdue.v1", "deadline_set.v1", "overdue_lifted.v1"]
    assert seen(desk, answered)[0] == "2027-01-18"
    assert desk.overdue() == 0


def test_a_notice_that_reaches_into_december_moves_what_ends_there(desk: Desk) -> None:
    """The next year's table makes a December day off: a deadline of this year follows."""
    id = register(desk, kind="consultation", received=datetime(2026, 12, 21, 8, tzinfo=SHANGHAI))
    days = [{"name": "元旦", "first": "2026-12-22", "last": "2026-12-23"}]
    desk.learn(whole(2027, holidays=days))
    desk.tick(seconds=5)
    assert seen(desk, id)[0] == "2026-12-25"


def test_a_void_ticket_waits_for_nothing(desk: Desk) -> None:
    """It gets no deadline any more."""
    id = register(desk)
    desk.do(VoidTicket(id=id, reason="重复登记"))
    desk.learn(whole(2027))
    desk.tick(seconds=5)
    assert desk.events(id) == ["registered.v2", "voided.v1"]


def test_a_reclassified_ticket_has_the_limit_of_its_kind(desk: Desk) -> None:
    """To praise and back again, to a longer limit and to a shorter one: mark and figure are those of the kind."""
    desk.now = datetime(2026, 3, 5, 9, tzinfo=SHANGHAI)
    id = register(desk, kind="help")
    desk.tick(days=16)
    assert (desk.overdue(), seen(desk, id)[0]) == (1, "2026-03-19")
    for kind, by, late in (
        ("complaint", "2026-03-26", 0),
        ("consultation", "2026-03-09", 1),
        ("praise", None, 0),
        ("help", "2026-03-19", 1),
    ):
        desk.do(ClassifyTicket(id=id, kind=kind, category="住房"))
        assert (seen(desk, id)[0], desk.overdue()) == (by, late)


def test_praise_of_before_loses_its_deadline(desk: Desk) -> None:
    """A store in which praise had a limit: its tickets lose deadline and mark, by events, and then the rule goes."""
    desk.now = datetime(2026, 3, 5, 9, tzinfo=SHANGHAI)
    id, other = register(desk, kind="help"), register(desk, kind="help")
    desk.tick(days=20)
    rule = {"_id": "praise", "kind": "praise", "days": 10, "since": "2020-01-01", "source": "旧规"}
    desk.database["deadline_rules"].insert_one(rule)
    desk.database["tickets"].update_one({"_id": id}, {"$set": {"kind": "praise"}, "$unset": {"waits_for": ""}})
    assert desk.overdue() == 2
    desk.tick(seconds=5)
    assert desk.events(id)[-2:] == ["deadline_set.v1", "overdue_lifted.v1"]
    assert seen(desk, id) == (None, None, "不设时限")
    assert (desk.overdue(), desk.events(other)) == (1, ["registered.v1", "overdue.v1"])
    assert desk.database["deadline_rules"].count_documents({"kind": "praise"}) == 0


def test_a_row_of_history_waits_as_well(desk: Desk) -> None:
    """A sheet's complaint of December is taken, answered or not; its clock runs once the year is known."""
    row = TicketRow.model_validate(
        {
            "number": "GD-1",
            "unit": "R",
            "channel": "电话",
            "kind": "投诉",
            "category": "住房",
            "title": "反映供暖问题",
            "received": "2026-12-20 09:00:00.5",
            "answered": "2026-12-20 21:00",
            "answer": "已处理",
        }
    )
    envelope = Envelope(
        command_id="i:2", actor=Actor(user="u1", role="duty_supervisor", unit="R"), paths=PATHS, deadline=desk.now
    )
    desk.journal.transact(envelope, lambda work: desk.service.apply_row(work, "tickets", row))
    (found,) = desk.do(ListTickets(unit="R"))["items"]
    assert (found["waits_for"], found["state"]) == (2027, "answered")
    desk.learn(whole(2027))
    desk.tick(seconds=5)
    told = ["registered.v2", "classified.v2", "answered.v1", "deadline_set.v1"]
    assert desk.events(found["id"]) == told
    assert desk.overdue() == 0


def test_what_the_timers_ask_walks_an_index(mongo: str) -> None:
    """Waiting tickets, and those that a year's table may move."""
    with watched(mongo, "explained_deadlines") as (database, queries):
        store.ensure_indexes(database)
        rows: list[dict[str, Any]] = [
            {"_id": str(n), "state": "registered", "life": {"answered": None}, "received": DECEMBER, "deadline": None}
            for n in range(200)
        ]
        database["tickets"].insert_many(
            [{**row, **({"waits_for": 2027} if n < 3 else {})} for n, row in enumerate(rows)]
        )
        queries.sent.clear()
        assert len(store.waiting(database, [2027])) == 3
        store.running_in(database, 2027)
        assert scans(database, queries) == []


def test_nothing_is_said_of_an_instant_before_its_overdue_tickets_are_told(desk: Desk) -> None:
    """The timer held back: the earliest deadline that has passed holds the watermark, until its mark is published."""
    first = register(desk, kind="consultation")
    register(desk, kind="help")
    deadline = desk.database["tickets"].find_one({"_id": first}, {"deadline": 1})
    assert deadline is not None
    assert store.unmarked(desk.database, desk.now) is None
    desk.now += timedelta(days=6)
    assert store.unmarked(desk.database, desk.now) == deadline["deadline"]
    desk.service.mark_overdue()
    assert store.unmarked(desk.database, desk.now) == deadline["deadline"]
    desk.database["journal"].update_many({}, {"$set": {"published": True}})
    assert store.unmarked(desk.database, desk.now) is None
