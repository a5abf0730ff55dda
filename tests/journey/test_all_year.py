"""A campaign is no border of records: what is done before, after or between campaigns is taken and counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.cli.audit.books import Books
from services.cli.audit.findings import Findings
from services.cli.audit.recount import COUNTED, DISTINCT
from services.study.contract import SHEETS
from tests.journey.province import ROOT, AsUser, Province, founded
from tests.journey.test_bad_input import workbook
from tests.journey.test_plans import issued_notice, issued_plan
from tests.journey.test_rest import TICKET, made

UNIT, BRANCH, VISITED = "D090", "D090-B01", "D091"
UNITS = (
    (UNIT, "示例省常年厅", "department", ROOT),
    (BRANCH, "示例省常年厅党支部", "branch", UNIT),
    (VISITED, "示例省受访厅", "department", ROOT),
)
USERS = {
    "all-year": ("unit_admin", UNIT),
    "all-year-leader": ("leader", UNIT),
    "all-year-secretary": ("secretary", BRANCH),
}
JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}
"""Before the only campaign opens."""


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """A department with a branch of one member, and another one to be visited."""
    people = founded(province, administrator, sign_in, UNITS, USERS)
    member = {"id": "DY-D090-0001", "name": "样例·常年", "unit": BRANCH, "since": "2026-01-01"}
    made(people("all-year-secretary").post("/members", json=member))
    return people


def of_campaign(province: Province, unit: str) -> dict[str, Any]:
    """All that the campaign's report says of a unit."""
    figures: dict[str, Any] = province.settled(datetime.now(UTC), unit)["figures"]
    return figures


@pytest.mark.row("O5", "H1", "R2", "R3", "S3", "S8", "G2")
def test_what_is_done_outside_every_campaign_is_taken(province: Province, as_user: AsUser) -> None:
    """A meeting, an essay by sheet, an excuse, a notice, a visit, a revisit, a ticket with its call-back: each counts
    in its month, the campaign's figures are what they were, and the audit agrees.
    """
    secretary, admin, leader, office = map(as_user, ("all-year-secretary", "all-year", "all-year-leader", "office"))
    before = {unit: of_campaign(province, unit) for unit in (UNIT, VISITED)}

    told = {"unit": BRANCH, "day": "2026-01-15", "way": "branch", "form": "theme_day", "title": "一月主题党日"}
    session = made(secretary.post("/study/sessions", json=told))["id"]
    made(secretary.post(f"/study/sessions/{session}/submissions"))
    absence = {"member": "DY-D090-0001", "first": "2026-01-20", "last": "2026-01-21", "reason": "duty"}
    made(secretary.post("/study/excuses", json=absence))
    essay = {"number": "Y-1", "unit": UNIT, "day": "2026-01-16", "title": "学习体会"}
    applied(admin, "essays", essay)
    issued_notice(office, issued_plan(office, units=[UNIT], first="2026-01", last="2026-01"), "2026-01")

    topic = {"unit": UNIT, "day": "2026-01-05", "title": "岁末年初", "kind": "solution", "leader": "党组书记"}
    address = f"/research/topics/{made(admin.post('/research/topics', json=topic))['id']}"
    made(admin.post(f"{address}/outlines", json={"outline": "到一个单位座谈"}))
    made(leader.post(f"{address}/approvals", json={"day": "2026-01-06"}))
    visit = {
        "unit": UNIT,
        "day": "2026-01-10",
        "title": "座谈",
        "topic": address.rpartition("/")[2],
        "leader": "副厅长",
    }
    made(admin.post("/research/visits", json={**visit, "visited": VISITED}))
    made(admin.post(f"{address}/advances"))
    made(admin.post(f"{address}/reports", json={"day": "2026-01-12", "report": "岁末年初调研报告"}))
    measure = {"unit": UNIT, "day": "2026-01-13", "title": "印发办法", "owner": UNIT, "due": "2026-06-30"}
    made(admin.post("/research/measures", json={**measure, "topic": address.rpartition("/")[2]}))
    made(admin.post(f"{address}/advances"))
    revisit = {"day": "2026-01-20", "effective": True, "finding": "已见效"}
    assert made(leader.post(f"{address}/revisits", json=revisit))["state"] == "revisited"

    agent = as_user("agent")
    ticket = made(agent.post("/hotline/tickets", json={**TICKET, "received": "2026-01-15T09:00:00+08:00"}))["id"]
    made(agent.post(f"/hotline/tickets/{ticket}/classifications", json={"kind": "help", "category": "供水"}))
    made(agent.post(f"/hotline/tickets/{ticket}/answers", json={"answer": "已答复"}))
    made(agent.post(f"/hotline/tickets/{ticket}/callbacks", json={"valid": True, "responded": True, "solved": True}))

    january = province.settled(datetime.now(UTC), UNIT, **JANUARY)["figures"]
    counted = {
        "study.sessions.branch": 1,
        "study.units_covered": 1,
        "study.members_covered": 1,
        "study.essays": 1,
        "research.topics": 1,
        "research.visits": 1,
        "research.measures": 1,
    }
    assert {name: january[name] for name in counted} == counted
    assert province.report(ROOT, **JANUARY)["figures"]["hotline.tickets"] == 1
    levels = {"study.units_due", "study.members_due"}
    for unit, figures in before.items():
        now = of_campaign(province, unit)
        assert {name for name in now if now[name] != figures[name]} <= levels, unit
    assert audited(province) == []
    made(as_user("supervisor").post(f"/hotline/tickets/{ticket}/voids", json={"reason": "测试结束"}))
    made(secretary.post(f"/study/sessions/{session}/voids", json={"reason": "测试结束"}))
    assert province.settled(datetime.now(UTC), UNIT, **JANUARY)["figures"]["study.members_covered"] == 0
    assert audited(province) == []


def applied(client: httpx.Client, kind: str, *rows: dict[str, Any]) -> None:
    """A sheet of study's comes in and is applied."""
    file = {"file": ("表.xlsx", workbook(*rows, sheet=SHEETS[kind]))}
    state = client.post("/study/imports", data={"kind": kind}, files=file).json()
    until = time.monotonic() + 60
    while state["state"] != "applied":
        assert time.monotonic() < until
        time.sleep(0.1)
        state = client.get(f"/study/imports/{state['id']}").json()
    assert state["failures"] == []


def audited(province: Province) -> list[str]:
    """What the audit finds of every owner's records and of everything that is counted once."""
    books = Books(province.databases, province.platform.environment["SHENGZHI_DATABASE_PREFIX"])
    found, until = Findings(), books.until()
    assert until is not None
    for source, kind in COUNTED:
        books.compare_states(source, kind, until, found)
    for source, distinct in DISTINCT:
        books.compare_distinct(source, distinct, until, found)
    books.compare_members_covered(until, found)
    return found.first
