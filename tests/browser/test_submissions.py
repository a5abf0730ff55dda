"""A month is submitted and given back on pages: nobody types a figure, what is missing is explained."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from tests.journey.province import ROOT, Province

from .conftest import SignedIn, violations

ABOVE, UNIT, MONTH = "D060", "D060-W01", "2026-07"
UNITS = ((ABOVE, "示例省妇女联合会", "department", ROOT), (UNIT, "示例省妇女联合会第一妇委会", "women", ABOVE))
USERS = {"women-above": ABOVE, "women-one": UNIT}
RULE = {
    "rule": {"months": [MONTH], "kinds": ["women"], "limits_from": "2026-09"},
    "reason": "样例：只由妇女组织逐级上报",
}


@pytest.fixture(scope="module", autouse=True)
def _owed(province: Province, administrator: httpx.Client) -> None:
    """A department of its own with a women's organisation, which are to submit a month."""
    for id, name, kind, parent in UNITS:
        body = {"id": id, "name": name, "kind": kind, "parent": parent, "active_from": "2026-01-01"}
        administrator.post("/units", json=body).raise_for_status()
    for name, unit in USERS.items():
        province.enrol(name, ("unit_admin", unit))
    office = province.as_user("office")
    office.post("/campaigns/C2026/submissions", json=RULE).raise_for_status()
    office.post("/submissions/openings").raise_for_status()
    province.settled(datetime.now(UTC), UNIT)


@pytest.mark.row("G3", "G7")
def test_a_month_is_confirmed_and_given_back(signed_in: SignedIn) -> None:
    """What waits leads to the month; a blank word is refused with its reason; the superior's reason comes back."""
    page = signed_in("women-one")
    page.get_by_role("link", name="月度上报待报").click()
    page.get_by_role("link", name="示例省妇女联合会第一妇委会").click()
    confirm = page.get_by_role("form", name="上报")
    remark = confirm.get_by_role("textbox")
    expect(confirm.get_by_role("spinbutton")).to_have_count(0)
    expect(remark).to_have_count(1)
    remark.fill("   ")
    confirm.get_by_role("button", name="确认上报").click()
    expect(page.get_by_role("alert")).to_contain_text("下列情况须逐项说明")
    remark.fill("正在筹备")
    confirm.get_by_role("button", name="确认上报").click()
    expect(page.get_by_text("待审", exact=True)).to_be_visible()
    assert violations(page) == []
    address = page.url
    page.context.clear_cookies()
    page = signed_in("women-above")
    page.get_by_role("link", name="下级月度上报待审").click()
    page.goto(address)
    expect(page.get_by_text("正在筹备")).to_be_visible()
    back = page.get_by_role("form", name="退回")
    back.get_by_role("textbox").fill("缺少专题党课记录")
    back.get_by_role("button", name="退回").click()
    expect(page.get_by_text("缺少专题党课记录")).to_be_visible()
    assert violations(page) == []
