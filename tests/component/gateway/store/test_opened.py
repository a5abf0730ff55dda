"""Whom records open to: a number is for who may see figures, what it is made of for who may see that."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.gateway.domain import HeldRoles
from services.gateway.projection import METRICS
from services.gateway.store.locked import corrections
from services.gateway.store.period import Span
from services.gateway.store.records import records
from services.hotline.contract import Channel, Kind, RegisterTicket
from services.hotline.domain import TICKET
from services.kernel.message.errors import DomainError
from services.organisation.contract import Role
from services.study.contract import RecordEntry
from services.study.domain import ENTRY
from tests.component.gateway.figures import READER, Figures
from tests.component.gateway.recounted import moving
from tests.unit.gateway.owners import NOW, Owners, Step

YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))
MARCH = Span.of_month("2026-03")
HELD: list[Step] = [("report", 0, "B1", date(2026, 3, 5), 0), ("report", 1, "B2", date(2026, 3, 6), 0)]
SESSIONS = "study.sessions.leadership"
ENTRIES = "study.contest_entries"


def opened(figures: Figures, roles: HeldRoles, figure: str, unit: str, span: Span = YEAR) -> dict[str, Any]:
    """The records behind a figure, as who holds these roles is shown them."""
    return figures.ask(lambda database: records(database, figure, unit, span, 1, 50, roles=roles))


def registered(owners: Owners, id: str, **content: Any) -> None:
    told = {"unit": "D2", "channel": Channel.phone, "kind": Kind.help, "category": "住房", "title": "申请维修"}
    at = {"received": NOW - timedelta(days=200), "deadline": NOW - timedelta(days=190)}
    owners.decide("hotline", TICKET, id, RegisterTicket.model_validate({**told, **at, "id": id, **content}))


def entered(owners: Owners) -> None:
    told = {"unit": "B1", "day": "2026-03-05", "title": "我的岗位", "contest": "c1", "author": "7 号", "reference": "7"}
    owners.decide("study", ENTRY, "en1", RecordEntry.model_validate({**told, "id": "en1", "organiser": "P"}))


def test_a_unit_that_has_left_takes_its_records_with_it(figures: Figures) -> None:
    """Who was above it keeps the number of then, and its day; its new superior and the root open the record."""
    figures.project(Owners.after(HELD).events)
    figures.reform(moving("B1", "D2", date(2026, 7, 1)))
    of_d1, of_d2 = ((Role.unit_admin, "D1"),), ((Role.unit_admin, "D2"),)
    whole, left = opened(figures, READER, SESSIONS, "D1", MARCH), opened(figures, of_d1, SESSIONS, "D1", MARCH)
    assert whole["sum"] == left["sum"] == sum(row["amount"] for row in left["items"]) == 2
    shut, seen = sorted(left["items"], key=lambda row: row["record"] or "")
    hidden = {"record": None, "title": None, "unit": None, "unit_name": None}
    assert shut == {**hidden, "service": "study", "kind": "session", "day": "2026-03-05", "amount": 1}
    assert (seen["record"], seen["unit"]) == ("s1", "B2")
    both = opened(figures, (*of_d1, *of_d2), SESSIONS, "D1", MARCH)
    assert both == whole


@pytest.mark.parametrize(
    ("role", "figure"),
    [
        (Role.judge, ENTRIES),
        (Role.judge, SESSIONS),
        (Role.judge, "hotline.tickets"),
        (Role.audit_admin, "hotline.tickets"),
        (Role.agent, "research.topics"),
        (Role.agent, "report.submitted"),
    ],
)
def test_whoever_may_not_see_such_records_is_told_so(figures: Figures, role: Role, figure: str) -> None:
    """By the figure's name, whatever stands behind it; a figure that opens to units opens."""
    with pytest.raises(DomainError) as refused:
        opened(figures, ((role, "P"),), figure, "P")
    assert (refused.value.code, refused.value.kind) == ("role.missing", "forbidden")
    assert METRICS[figure].name in refused.value.detail
    assert opened(figures, ((role, "P"),), "study.units_covered", "P", MARCH)["items"] == []


def test_who_judges_is_blind_whatever_else_they_are(figures: Figures) -> None:
    """Of an entry they see that it counts, and not of which unit."""
    owners = Owners()
    entered(owners)
    figures.project(owners.events)
    assert [row["unit"] for row in opened(figures, READER, ENTRIES, "P")["items"]] == ["B1"]
    (row,) = opened(figures, (*READER, (Role.judge, "P")), ENTRIES, "P")["items"]
    assert (row["record"], row["title"], row["unit"], row["amount"]) == (None, None, None, 1)


def test_a_report_is_kept_from_whom_it_is_about(figures: Figures) -> None:
    """Though its desk came below that unit since, nobody from it down opens the record; above it one does."""
    owners = Owners()
    registered(owners, "t1", kind=Kind.report, reported_unit="D1")
    registered(owners, "t2", confidential=True)
    figures.project(owners.events)
    figures.reform(moving("D2", "D1", date(2026, 3, 1)))

    def seen(role: Role, unit: str) -> list[str]:
        found = opened(figures, ((role, unit),), "hotline.tickets", "D2")
        assert found["sum"] == sum(row["amount"] for row in found["items"]) == 2
        return sorted(row["record"] for row in found["items"] if row["record"])

    assert seen(Role.leader, "P") == ["t1", "t2"]
    assert seen(Role.leader, "D1") == seen(Role.handler, "D2") == ["t2"]
    figures.database["facts"].update_many({}, {"$unset": {"hidden": 1}})  # as they were written before
    assert seen(Role.leader, "P") == ["t1", "t2"]
    assert seen(Role.leader, "D1") == []


def test_a_correction_opens_like_its_record(figures: Figures) -> None:
    """Which figure changed, when and by how much is for all who see figures; which record and why is not."""
    before = Owners.after(HELD).events
    whole = Owners.after([*HELD, ("void", 0, "B1", date(2026, 3, 5), 0)]).events
    figures.project(before)
    figures.arrive()
    figures.lock("D1", "2026-03")
    figures.project(whole[len(before) :])

    def told(roles: HeldRoles) -> dict[str, Any]:
        return figures.ask(lambda database: corrections(database, "D1", "2026-03", 1, 50, roles=roles))

    clear, blind = told(READER), told(((Role.judge, "P"),))
    assert blind["sums"] == clear["sums"]
    assert [item["record"] for item in clear["items"] if item["kind"] == "session"] == ["s0"]
    for shown, masked in zip(clear["items"], blind["items"], strict=True):
        assert (masked["record"], masked["title"], masked["why"]) == (None, None, None)
        assert [{**change, "unit": None, "unit_name": None} for change in shown["changes"]] == masked["changes"]
