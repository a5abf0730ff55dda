"""The report's page stays as the figures stand, without being loaded again; lists of initiatives are set on a page."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journey.province import CLOSES, OPENS, ROOT, Province

from .conftest import SignedIn, violations

REPORT = f"/reports/{ROOT}?from={OPENS}&to={CLOSES}"
SESSION: dict[str, Any] = {
    "unit": "D001-B01",
    "day": "2026-05-20",
    "way": "youth",
    "form": "group_study",
    "title": "青年研讨",
    "due": 8,
}


@pytest.mark.row("G1", "G7")
def test_a_figure_changes_before_ones_eyes(signed_in: SignedIn, province: Province) -> None:
    """What is reported meanwhile is shown, in the table and in what the charts draw, on the page that is open."""
    page, secretary = signed_in("office"), province.as_user("secretary")
    page.goto(REPORT)
    expect(page.locator("#live")).to_have_text("实时更新已开启")
    page.evaluate("window.loadedOnce = true")
    figure = page.locator("[data-figure='study.sessions.youth'] .now a")
    before = int(figure.inner_text().replace(",", ""))
    drawn = page.locator("[data-chart='ways'] svg text")
    expect(drawn.get_by_text("精学")).to_have_count(1)
    was = drawn.all_text_contents()
    id = secretary.post("/study/sessions", json=SESSION).raise_for_status().json()["id"]
    secretary.post(f"/study/sessions/{id}/submissions").raise_for_status()
    expect(figure).to_have_text(str(before + 1))
    expect(page.locator("#live")).to_have_text("数据已更新")
    assert str(before + 1) in Counter(drawn.all_text_contents()) - Counter(was)
    assert page.evaluate("window.loadedOnce")
    secretary.post(f"/study/sessions/{id}/voids", json={"reason": "测试结束"}).raise_for_status()
    expect(figure).to_have_text(str(before))


@pytest.mark.row("L6")
def test_a_ranking_is_made_when_it_is_asked_for(signed_in: SignedIn, province: Province) -> None:
    """Chosen by who may issue it, within one kind; the page of everybody else has no such choice."""
    page = signed_in("office")
    page.goto(REPORT)
    expect(page.get_by_text("内部对比")).to_have_count(0)
    ranking = page.get_by_role("form", name="同类单位排名")
    ranking.get_by_label("指标").select_option("study.sessions.branch")
    ranking.get_by_role("button", name="排名").click()
    expect(page.get_by_role("heading", name="研学次数")).to_contain_text("省直单位内部对比")
    assert violations(page) == []


def test_a_unit_ranks_nobody(signed_in: SignedIn) -> None:
    """A unit's administrator sees its children side by side."""
    page = signed_in("finance")
    page.goto(f"/reports/D001?from={OPENS}&to={CLOSES}")
    expect(page.get_by_role("form", name="同类单位排名")).to_have_count(0)


@pytest.mark.row("G6")
def test_a_list_of_initiatives_is_set_on_a_page(signed_in: SignedIn) -> None:
    """A line that says nothing is pointed at; what is saved is shown with the list that it came out of."""
    page = signed_in("office")
    page.goto(f"/initiatives/{ROOT}")
    section = page.locator("section", has=page.get_by_role("heading", name="十大新突破"))
    section.get_by_role("link", name="修订清单").click()
    page.get_by_label("条目").fill("TP-1")
    page.get_by_label("修订依据").fill("省委部署")
    page.get_by_role("button", name="保存新版本").click()
    expect(page.get_by_role("alert")).to_contain_text("第 1 行应为：标签 名称")
    page.get_by_label("条目").fill("TP-1 产业链党建新突破 < 建在链上、对口帮扶")
    page.get_by_label("修订依据").fill("省委部署")
    page.get_by_role("button", name="保存新版本").click()
    expect(page.get_by_text("标签：TP-1；由 建在链上、对口帮扶 深化")).to_be_visible()
    assert violations(page) == []
