"""The frame of the pages: side bar, search for units, days, what is asked again, light and dark, and how it is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journey.province import ROOT, Province

from .conftest import SignedIn, turn_to, violations


@pytest.mark.row("G7")
def test_a_unit_is_found_by_a_part_of_its_name(signed_in: SignedIn) -> None:
    """What is typed into the search box leads to the unit and the pages about it."""
    page = signed_in("office")
    page.keyboard.press("/")
    page.keyboard.type("水利厅第一")
    page.get_by_role("option", name="示例省水利厅第一党支部（D002-B01）").click()
    page.wait_for_url("**/units?unit=D002-B01")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("link", name="统计报告", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("示例省水利厅第一党支部")


def test_units_are_found_within_ones_reach(signed_in: SignedIn) -> None:
    """By code first, by name or not at all; what lies elsewhere is not told of, and signs of patterns are letters."""

    def found(asked: str) -> list[str]:
        answer = page.request.get("/choices/units", params={"q": asked})
        assert answer.status == 200
        return [unit["id"] for unit in answer.json()["items"]]

    page = signed_in("water")
    assert found("") == ["D002", "D002-B01"]
    assert found("D002-") == ["D002-B01"]
    assert found("支部") == ["D002-B01"]
    assert found("财政厅") == found("D001") == found(".*") == found("(") == []


def test_the_side_bar_is_remembered_and_a_drawer_on_a_phone(signed_in: SignedIn) -> None:
    """Folded away it stays away; a phone has it behind a button, and Esc closes it."""
    page = signed_in("office")
    bar = page.get_by_role("navigation", name="主导航")
    turn_to(page, "学习", "学习计划")
    expect(bar.locator("[aria-current]")).to_have_text("学习计划")
    page.get_by_role("button", name="收起或展开侧栏").click()
    expect(bar).to_be_hidden()
    page.reload()
    expect(bar).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("link", name="打开主导航").click()
    expect(bar).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_dark_is_as_readable_as_light(signed_in: SignedIn) -> None:
    """Chosen in the account's menu, it is remembered; axe finds nothing serious."""
    page = signed_in("office")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    for path in ("/", "/records/session", "/records/session/new", f"/reports/{ROOT}"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        assert violations(page) == []


def test_a_day_is_written_in_one_way(signed_in: SignedIn) -> None:
    """However a day is typed, it stands there as 2026-03-05; what is no day is left for the form to refuse."""
    page = signed_in("office")
    page.goto("/records/session/new")
    day = page.locator("#f-day")
    for typed in ("2026/3/5", "2026年3月5日", "20260305", "2026.03.05"):
        day.fill(typed)
        day.blur()
        expect(day).to_have_value("2026-03-05")
    day.fill("昨天")
    day.blur()
    expect(day).to_have_value("昨天")


def test_what_takes_back_is_asked_again(signed_in: SignedIn) -> None:
    """A token is revoked only by who says so twice."""
    page = signed_in("auditor")
    page.goto("/access/tokens")
    page.get_by_label("名称").fill("对接程序")
    page.get_by_label("角色").select_option(index=1)
    page.get_by_role("button", name="生成").click()
    row = page.get_by_role("row", name=re.compile("对接程序"))
    row.get_by_role("button", name="撤销").click()
    dialog = page.get_by_role("dialog")
    assert violations(page) == []
    dialog.get_by_role("button", name="返回").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name="撤销").click()
    dialog.get_by_role("button", name="撤销").click()
    expect(row).to_have_count(0)


def test_files_of_the_pages_are_small_and_kept(page: Page, province: Province) -> None:
    """A file whose address names its content is asked for once; all are compressed, and no page may be kept."""
    page.goto("/login")
    kept = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    assert kept is not None
    named = page.request.get(kept)
    assert "immutable" in named.headers["cache-control"]
    assert named.headers["content-encoding"] == "gzip"
    assert page.request.get(kept.partition("?")[0]).headers["cache-control"] == "no-cache"
    assert page.request.get("/login").headers["cache-control"] == "no-store"
