"""Research on the pages: a topic from its form to its approval, a visit, and a measure that is settled."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.journey.province import Province
from tests.journey.test_research import MEASURE, surveyed, take_back, visit
from tests.journey.test_rest import made

from .conftest import SignedIn, sign_out, turn_to, violations


def record_id(page: Page) -> str:
    """The id of the record that the page shows."""
    return page.url.partition("?")[0].rsplit("/", 1)[-1]


@pytest.mark.row("R1", "R2")
def test_a_topic_is_framed_and_its_outline_approved(signed_in: SignedIn, province: Province) -> None:
    """Typed by the unit with its group in one line, and found by the leader among what waits."""
    title = f"页面立题{uuid.uuid4().hex[:6]}"
    page = signed_in("finance")
    page.get_by_role("link", name="登记重点课题").click()
    assert violations(page) == []
    page.get_by_label("课题名称").fill(title)
    page.get_by_label("课题类型").select_option(label="对策性")
    page.get_by_label("立题日期").fill("2026-03-05")
    page.get_by_label("牵头领导职务").fill("党组书记")
    page.get_by_label("调研组").fill("处长×2；副处长×1@D404")
    page.get_by_role("button", name="立题").click()
    expect(page.get_by_role("alert")).to_contain_text("没有单位 D404")
    page.get_by_label("调研组").fill("处长×2；副处长×1@D002")
    page.get_by_role("button", name="立题").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(page.locator("main")).to_contain_text("处长×2；副处长×1@D002")
    page.get_by_role("textbox", name="调研方案").fill("到三个单位座谈")
    page.get_by_role("button", name="报送调研方案").click()
    assert violations(page) == []
    id = record_id(page)

    sign_out(page)
    page = signed_in("finance-leader")
    page.get_by_role("link", name="调研方案待审批").click()
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="批准调研方案").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("破题")
    take_back(province, f"topics/{id}")


@pytest.mark.row("R2", "R3")
def test_a_closed_gate_says_on_the_page_what_is_missing(signed_in: SignedIn, province: Province) -> None:
    """Above the step's own form; a visit entered from the list of topics opens it."""
    topic = surveyed(province, title=f"页面关卡{uuid.uuid4().hex[:6]}", cooperating=[])
    page = signed_in("finance")
    page.goto(f"/records/topic/{topic}")
    page.get_by_role("button", name="进入下一阶段").click()
    expect(page.get_by_role("alert")).to_contain_text("至少一次调研")
    page.goto(f"/records/visit/new?topic={topic}")
    page.get_by_label("调研事项").fill("座谈")
    page.get_by_label("日期", exact=False).first.fill("2026-03-10")
    page.get_by_label("带队人职务").fill("副厅长")
    page.locator("#f-visited").fill("D002-B01")
    page.get_by_label("发现的问题和建议").fill("堵点在标准不一")
    page.get_by_role("button", name="登记调研").click()
    expect(page.locator("main")).to_contain_text("堵点在标准不一")
    expect(page.locator("main")).to_contain_text("省直单位")
    assert violations(page) == []
    visited = record_id(page)
    page.get_by_role("link", name="课题", exact=True).click()
    page.get_by_role("button", name="进入下一阶段").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("解题")
    take_back(province, f"visits/{visited}", f"topics/{topic}")


@pytest.mark.row("R4")
def test_a_measure_is_noted_and_settled_on_its_page(signed_in: SignedIn, province: Province) -> None:
    """Its owner notes four fields and asks for settlement; who asked finds it waiting and settles it."""
    title = f"页面措施{uuid.uuid4().hex[:6]}"
    topic = surveyed(province, cooperating=[])
    told = {**MEASURE, "title": title, "topic": topic}
    measure = made(province.as_user("finance").post("/research/measures", json=told))["id"]
    page = signed_in("water-handler")
    turn_to(page, "调研", "转化清单")
    assert violations(page) == []
    page.get_by_role("link", name=title).click()
    page.get_by_role("textbox", name="已做").fill("已印发标准")
    page.get_by_role("textbox", name="问题").fill("人手不足")
    page.get_by_role("button", name="填报进展").click()
    expect(page.locator("main")).to_contain_text("50%")
    page.get_by_role("button", name="申请销号").click()
    sign_out(page)
    page = signed_in("finance-leader")
    page.get_by_role("link", name="转化措施待销号").click()
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="销号", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已销号")
    take_back(province, f"measures/{measure}", f"topics/{topic}")


@pytest.mark.row("R3", "R5")
def test_lists_show_crowding_and_give_out_a_sheet(signed_in: SignedIn, province: Province) -> None:
    """Too many visits a month are marked on the list; the list can be taken away as a spreadsheet."""
    topic = surveyed(province, cooperating=[])
    visits = [visit(province, topic, visited="D002", day=f"2026-06-{day:02}")["id"] for day in (8, 9, 10, 11)]
    page = signed_in("finance")
    page.goto(f"/records/visit?topic={topic}")
    expect(page.locator("tbody")).to_contain_text("超过每月上限")
    assert violations(page) == []
    with page.expect_download() as given:
        page.get_by_role("link", name="导出表格").click()
    assert re.search(r"\.xlsx$", given.value.suggested_filename)
    take_back(province, *(f"visits/{each}" for each in visits), f"topics/{topic}")
