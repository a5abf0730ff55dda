"""A report is issued on its page; afterwards the page says what has changed since, and opens it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from tests.journey.province import ROOT, Province

from .conftest import SignedIn, violations

UNIT, DAYS = "D081", "from=2026-06-01&to=2026-06-30"
SESSION = {"day": "2026-06-11", "way": "leadership", "form": "theory_group", "title": "集中学习", "due": 12}


@pytest.fixture(scope="module")
def session(province: Province, administrator: httpx.Client) -> str:
    """A department of its own, and a session of its leaders."""
    body = {
        "id": UNIT,
        "name": "示例省归国华侨联合会",
        "kind": "department",
        "parent": ROOT,
        "active_from": "2026-01-01",
    }
    administrator.post("/units", json=body).raise_for_status()
    province.enrol("overseas", ("unit_admin", UNIT))
    office = province.as_user("office")
    held_session = office.post("/study/sessions", json={**SESSION, "unit": UNIT})
    held_session.raise_for_status()
    id = str(held_session.json()["id"])
    office.post(f"/study/sessions/{id}/submissions").raise_for_status()
    province.settled(datetime.now(UTC), UNIT)
    return id


@pytest.mark.row("G1", "G7")
def test_a_report_is_issued_and_says_what_changed_since(province: Province, session: str, signed_in: SignedIn) -> None:
    """Two fields are typed; a blank one is refused beside itself; a correction shows on the page as it was issued."""
    page = signed_in("overseas")
    page.goto(f"/reports/{UNIT}?{DAYS}")
    page.get_by_role("link", name="印发", exact=True).click()
    form = page.get_by_role("form", name="印发")
    expect(form.get_by_label("期间首日")).to_have_value("2026-06-01")
    expect(form.get_by_label("期间末日")).to_have_value("2026-06-30")
    form.get_by_label("文号").fill("有 空格")
    form.get_by_label("标题").fill("六月情况通报")
    form.get_by_role("button", name="印发").click()
    expect(page.locator("#e-number")).to_be_visible()
    assert violations(page) == []
    form.get_by_label("文号").fill("示例侨联〔2026〕1号")
    form.get_by_role("button", name="印发").click()
    expect(page.get_by_text("示例侨联〔2026〕1号《六月情况通报》")).to_be_visible()
    expect(page.get_by_text("至今没有变化")).to_be_visible()
    assert violations(page) == []
    due = page.locator('tr[data-figure="study.attendance.due"] .now').first
    expect(due).to_contain_text("12")
    office = province.as_user("office")
    said_anew = {**SESSION, "unit": UNIT, "due": 15, "reason": "少计三人"}
    office.post(f"/study/sessions/{session}/corrections", json=said_anew).raise_for_status()
    province.settled(datetime.now(UTC), UNIT)
    page.reload()
    expect(due).to_contain_text("12")
    page.get_by_role("link", name="印发后的变化").click()
    since = page.locator("section", has=page.locator("#since"))
    expect(since.get_by_text("少计三人")).to_be_visible()
    line = since.locator('tr[data-figure="study.attendance.due"]')
    expect(line).to_contain_text("12")
    line.get_by_role("link").click()
    expect(page.get_by_text("15", exact=True).first).to_be_visible()
    page.goto(f"/reports/{UNIT}/issues")
    page.get_by_role("link", name="六月情况通报").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载单页").click()
    assert "示例侨联〔2026〕1号" in taken.value.path().read_text("utf-8")
