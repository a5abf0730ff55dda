"""Joint study and contests on the pages: a pair by its form, a judge's own page, the result."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journey.province import ROOT, Province
from tests.journey.test_joint import CONTEST, MARKS, Users, people

from .conftest import SignedIn, violations

__all__ = ["people"]


def made(answer: Any) -> dict[str, Any]:
    """What a write answers."""
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.row("S9", "P2")
def test_a_pair_is_recorded_by_its_form_and_leads_to_its_activities(people: Users, signed_in: SignedIn) -> None:
    """What is wrong is said beside its field; the pair's page tells its progress and opens the activity's form."""
    page = signed_in("commerce")
    page.goto("/records/pair/new")
    page.locator("#f-central").fill("D802")
    page.locator("#f-provincial").fill("D801")
    page.get_by_label("主题").fill("页面结对")
    page.get_by_label("结对日期").fill("2026-03-02")
    page.get_by_label("举措、载体标签").fill("建在链上、对口帮扶")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#e-central")).to_contain_text("中直单位一方应为")
    assert violations(page) == []
    page.locator("#f-central").fill("Z801")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("页面结对")
    expect(page.locator("main")).to_contain_text("建在链上、对口帮扶")
    page.get_by_role("link", name="登记联学活动").click()
    page.get_by_label("标题").fill("页面联学")
    page.get_by_label("日期").fill("2026-03-12")
    page.get_by_label("中直单位参加人数").fill("5")
    page.get_by_role("button", name="登记", exact=True).click()
    page.get_by_role("link", name="结对", exact=True).click()
    expect(page.locator("main")).to_contain_text("1 次活动，中直单位 5 人次")
    assert violations(page) == []
    page.get_by_role("link", name="联学活动", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert violations(page) == []


@pytest.mark.row("S5")
def test_a_judge_scores_on_a_page_of_their_own(province: Province, people: Users, signed_in: SignedIn) -> None:
    """The waiting entries, a field for each criterion, the refusal beside it; then it waits no more."""
    office = people("office")
    contest = made(office.post("/study/contests", json={**CONTEST, "judges": list(MARKS), "title": "页面评审"}))
    entry = {"unit": "D802", "day": "2026-03-10", "contest": contest["id"], "author": "1 号", "reference": "演讲-9"}
    work = made(people("statistics").post("/study/entries", json={**entry, "title": "页面上的作品"}))
    made(office.post(f"/study/contests/{contest['id']}/scorings"))
    page = signed_in("judge-one")
    page.get_by_role("link", name="作品评分").click()
    assert violations(page) == []
    page.get_by_role("link", name="页面上的作品").click()
    expect(page.locator("main")).not_to_contain_text("统计局")
    page.get_by_label("主题内容").fill("61")
    page.get_by_label("表达").fill("30.5")
    page.get_by_role("button", name="提交评分").click()
    expect(page.locator("main")).to_contain_text("满分 60")
    assert violations(page) == []
    page.get_by_label("主题内容").fill("50")
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_role("link", name="页面上的作品")).to_have_count(0)
    for judge in ("judge-two", "judge-three", "judge-own"):
        made(people(judge).post(f"/study/entries/{work['id']}/scores", json={"marks": [40, 30]}))
    made(office.post(f"/study/contests/{contest['id']}/closings"))


@pytest.mark.row("S5", "S6")
def test_results_and_ones_own_progress_hinder_nobody(people: Users, signed_in: SignedIn) -> None:
    """The result opens from the contest's page; a member ticks what is read, for themselves alone."""
    office = people("office")
    found = office.get("/study/contests", params={"state": "closed", "q": "页面评审"}).json()["items"]
    page = signed_in("office")
    page.goto(f"/records/contest/{found[0]['id']}")
    assert violations(page) == []
    page.get_by_role("link", name="评审结果").click()
    expect(page.locator("tbody tr").first).to_contain_text("页面上的作品")
    assert violations(page) == []
    material = {"unit": ROOT, "day": "2026-03-02", "title": "页面资料", "manner": "timely", "medium": "online"}
    issued = made(office.post("/study/materials", json={**material, "items": [{"title": "读本", "hours": 2}]}))
    page.context.clear_cookies()
    page = signed_in("reader")
    page.get_by_role("link", name="学习资料").click()
    page.get_by_role("link", name="页面资料").click()
    page.get_by_role("link", name="我的学习进度").click()
    page.get_by_label("读本").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_label("读本")).to_be_checked()
    expect(page.locator("main")).to_contain_text("只有本人能看到")
    assert violations(page) == []
    assert people("office").get(f"/study/materials/{issued['id']}/progress").json()["finished"] == []
