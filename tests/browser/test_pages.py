"""What somebody does on the pages, with the mouse, with the keyboard alone, and with a spreadsheet."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.cli.workbook import workbook
from tests.journey.province import CLOSES, OPENS, ROOT, Province

from .conftest import SignedIn, violations

REPORT = f"/reports/{ROOT}?from={OPENS}&to={CLOSES}"


@pytest.fixture(scope="module")
def session(province: Province) -> dict[str, Any]:
    """A session of the finance department's branch that is in the figures."""
    content = {
        "unit": "D001-B01",
        "day": "2026-04-08",
        "way": "branch",
        "form": "theme_day",
        "title": "浏览器里看得见的主题党日",
        "due": 20,
        "absences": [{"reason": "duty", "count": 2}],
    }
    finance = province.as_user("finance")
    made: dict[str, Any] = finance.post("/study/sessions", json=content).raise_for_status().json()
    finance.post(f"/study/sessions/{made['id']}/submissions").raise_for_status()
    province.settled(datetime.now(UTC))
    return {**made, **content}


def sheet(folder: Path, **wrong: Any) -> Path:
    """A sheet of sessions with one good row and one that may be wrong."""
    good: dict[str, Any] = {
        "number": "LL-1",
        "unit": "D001-B01",
        "day": "2026-04-09",
        "title": "研讨",
        "way": "研学",
        "form": "研讨",
        "due": 9,
    }
    path = folder / "学习活动台账.xlsx"
    path.write_bytes(workbook({"sessions": [good, {**good, "number": "LL-2", **wrong}]}))
    return path


def test_a_stranger_is_asked_to_sign_in_and_led_on(page: Page, session: dict[str, Any]) -> None:
    """Who follows a link signs in with the keyboard alone and lands where the link led."""
    page.goto(REPORT)
    expect(page).to_have_title(re.compile("登录"))
    page.get_by_label("账号").focus()
    page.keyboard.type("office")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不正确")
    page.get_by_label("账号").fill("office")
    page.get_by_label("密码").focus()
    page.keyboard.type("Sample-2026-word")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("示例省直机关工委")


@pytest.mark.row("G2")
def test_a_figure_opens_to_its_records_and_a_record_to_itself(
    signed_in: SignedIn, province: Province, session: dict[str, Any]
) -> None:
    """The figure on the report, the sum of its records and the API agree; the record says what was reported."""
    page = signed_in("office")
    page.goto(REPORT)
    figure = page.locator("[data-figure='study.sessions.branch'] a").first
    shown = int(figure.inner_text().replace(",", "").split()[0])
    assert shown == province.report()["figures"]["study.sessions.branch"] > 0
    figure.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"研学次数 {shown}")
    counts = page.locator("tbody td:last-child").all_inner_texts()
    assert sum(int(count) for count in counts) == shown
    page.get_by_role("link", name=session["title"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(session["title"])
    expect(page.locator("main")).to_contain_text("已报送")
    expect(page.locator("main")).to_contain_text("公务")


def test_children_open_to_their_own_reports(signed_in: SignedIn, session: dict[str, Any]) -> None:
    """From the province to a department by its name."""
    page = signed_in("office")
    page.goto(REPORT)
    page.get_by_role("link", name="示例省财政厅", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("示例省财政厅")


@pytest.mark.row("G2")
def test_a_childs_number_opens_to_its_own_records(signed_in: SignedIn, session: dict[str, Any]) -> None:
    """What stands in the table of units is as good as the figure above it."""
    page = signed_in("office")
    page.goto(REPORT)
    number = page.get_by_role("link", name=re.compile("^示例省财政厅 研学次数 .*打开依据$"))
    shown = number.inner_text().strip()
    number.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"研学次数 {shown}")
    expect(page.locator("main")).to_contain_text("示例省财政厅")


@pytest.mark.row("G7")
def test_a_sheet_with_a_mistake_comes_back_with_it(signed_in: SignedIn, tmp_path: Path) -> None:
    """The page names row, column and reason, and gives the marked sheet; nothing was taken."""
    page = signed_in("finance")
    page.goto("/imports")
    page.locator("input[type=file]").first.set_input_files(sheet(tmp_path, due=-3))
    page.get_by_role("button", name=re.compile("上传")).first.click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("1 行有误")
    expect(page.locator("main")).to_contain_text("不能为负数")
    with page.expect_download() as marked:
        page.get_by_role("link", name=re.compile("下载.*表格")).first.click()
    assert marked.value.suggested_filename.endswith(".xlsx")


def test_a_clean_sheet_is_taken_and_says_so(signed_in: SignedIn, tmp_path: Path) -> None:
    """An accepted sheet leads to its progress, which comes to its end."""
    page = signed_in("finance")
    page.goto("/imports")
    page.locator("input[type=file]").first.set_input_files(sheet(tmp_path))
    page.get_by_role("button", name=re.compile("上传")).first.click()
    expect(page.get_by_role("status")).to_contain_text("2 行")
    for _ in range(40):
        if "已全部入库" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator("main")).to_contain_text("已全部入库")


def test_another_units_report_is_refused_in_words(signed_in: SignedIn) -> None:
    """Who may not see a unit is told so, and sees nothing of it."""
    page = signed_in("water")
    answer = page.goto(f"/reports/D001?from={OPENS}&to={CLOSES}")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("权限")


@pytest.mark.row("G7")
@pytest.mark.parametrize("name", ["office", "finance", "secretary", "member", "supervisor", "water-handler"])
def test_every_kind_of_user_has_a_first_page(signed_in: SignedIn, name: str) -> None:
    """Each role lands on a page of its own that hinders nobody."""
    page = signed_in(name)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        REPORT,
        f"/figures/study.sessions.branch/records?unit={ROOT}",
        "/imports",
        "/figures",
        f"/initiatives/{ROOT}",
        "/initiatives/vehicles/edit",
    ],
)
def test_no_page_hinders_anybody(signed_in: SignedIn, session: dict[str, Any], path: str) -> None:
    """axe finds nothing serious: names, contrast, headers, order."""
    page = signed_in("office")
    page.goto(path)
    assert violations(page) == []


def test_the_report_fits_a_phone(signed_in: SignedIn, session: dict[str, Any]) -> None:
    """At 390 px nothing but the tables' own frames scrolls sideways."""
    page = signed_in("office")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(REPORT)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_documentation_asks_nothing_of_anybody_else(page: Page) -> None:
    """The API's documentation is drawn from this machine alone."""
    page.goto("/docs")
    expect(page.get_by_text("省直主题教育工作平台").first).to_be_visible()
