"""Plans, notices and branches' plans on the pages: made, said anew, taken over, and who is behind."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journey.province import Province
from tests.journey.test_plans import arrived, receipt_of
from tests.journey.test_rest import made

from .conftest import SignedIn, sign_out, turn_to, violations
from .test_research import record_id

MONTH = "2026-05"


def fits(page: Page) -> bool:
    """Whether nothing but a table's own frame scrolls sideways on a phone."""
    page.set_viewport_size({"width": 390, "height": 800})
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    return fitting


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """What one step leaves for the next."""
    return {"title": f"页面计划{uuid.uuid4().hex[:6]}"}


@pytest.mark.row("S1")
def test_a_plan_is_made_line_by_line(signed_in: SignedIn, known: dict[str, Any]) -> None:
    """What is wrong is said beside its field in its line; saying it anew after issue makes an edition."""
    page = signed_in("office")
    page.get_by_role("link", name="制定学习计划").click()
    expect(page.locator(".effort")).to_contain_text("手工填写 3 项")
    assert violations(page) == []
    page.get_by_label("计划名称").fill(known["title"])
    page.get_by_label("开始月份").fill("2026年5月")
    page.get_by_label("结束月份").fill(MONTH)
    page.get_by_label("学习资料").fill("学习读本\n案例选编")
    page.locator("#f-0-kind").select_option(label="读书班")
    page.locator("#f-0-number").fill("0")
    page.get_by_role("button", name="制定计划").click()
    expect(page.locator("#e-first")).to_contain_text("格式不对")
    expect(page.locator("#e-0-number")).to_contain_text("太小")
    assert violations(page) == []
    page.get_by_label("开始月份").fill(MONTH)
    page.locator("#f-0-number").fill("1")
    page.get_by_role("button", name="制定计划").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(known["title"])
    expect(page.locator("main")).to_contain_text("《案例选编》")
    known["plan"] = record_id(page)
    page.get_by_role("button", name="下发计划").click()
    page.get_by_role("link", name="修订学习计划").click()
    expect(page.locator("#f-0-kind")).to_have_value("reading_class")
    assert fits(page)
    page.locator("#f-1-kind").select_option(label="现场见学")
    page.locator("#f-1-each").select_option(label="计划期内")
    page.get_by_label("修订事由").fill("上级要求")
    page.get_by_role("button", name="保存修订").click()
    expect(page.locator("main")).to_contain_text("上级要求 新增：现场见学，计划期内 1 次")
    assert violations(page) == []


@pytest.mark.row("S3")
def test_a_notice_said_anew_shows_what_changed(signed_in: SignedIn, province: Province, known: dict[str, Any]) -> None:
    """A line is added and another one changed; the record, the paper and the branch's receipt tell the difference."""
    office = province.as_user("office")
    notice = made(office.post(f"/study/plans/{known['plan']}/notices", json={"month": MONTH}))["id"]
    page = signed_in("office")
    page.goto(f"/records/notice/{notice}")
    page.get_by_role("button", name="下发通知单").click()
    page.get_by_role("link", name="修订通知单").click()
    assert violations(page) == []
    other = page.context.new_page()
    other.goto(page.url)
    page.locator("#f-0-due").fill("2026-05-20")
    page.locator("#f-2-title").fill("观看专题片")
    page.get_by_label("修订事由").fill("增加事项")
    page.get_by_role("button", name="保存修订").click()
    expect(page.locator("main")).to_contain_text("新增：“观看专题片”")
    expect(page.locator("main")).to_contain_text("2026-05-20 前")
    page.get_by_role("link", name="打印页").click()
    expect(page.get_by_role("heading", name="本版变更")).to_be_visible()
    other.get_by_label("说明").fill("另一人同时修订")
    other.get_by_role("button", name="保存修订").click()
    expect(other.get_by_role("alert")).to_contain_text("已被他人修改")
    expect(other.locator("#f-2-title")).to_have_value("观看专题片")
    assert fits(other)
    other.close()
    arrived(office, f"/study/notices/{notice}")
    known |= {"notice": notice, "receipt": receipt_of(province.as_user("secretary"), notice)["id"]}
    sign_out(page)
    page = signed_in("secretary")
    page.goto(f"/records/receipt/{known['receipt']}")
    expect(page.locator("main")).to_contain_text("新增：“观看专题片”")


@pytest.mark.row("S4")
def test_a_branch_fills_in_what_it_drew_and_records_from_it(
    signed_in: SignedIn, province: Province, known: dict[str, Any]
) -> None:
    """Drawn without typing, filled in line by line, an its own item too; what took place is recorded from it."""
    page = signed_in("secretary")
    page.goto(f"/records/receipt/{known['receipt']}")
    page.get_by_role("button", name="生成支部计划").click()
    page.goto("/records/branch_plan")
    page.get_by_role("link", name="2026年5月支部计划").first.click()
    expect(page.locator("main")).to_contain_text("0 项；由通知单带入")
    page.get_by_role("link", name="完善支部计划").click()
    expect(page.locator(".effort")).to_contain_text("手工填写 0 项")
    assert violations(page) == []
    assert fits(page)
    page.locator("#f-0-day").fill("2026-05-14")
    page.locator("#f-0-place").fill("三楼会议室")
    page.locator("#f-3-title").fill("走访慰问")
    page.get_by_role("button", name="保存计划").click()
    expect(page.locator("main")).to_contain_text("三楼会议室")
    expect(page.locator("main")).to_contain_text("走访慰问")
    page.get_by_label("已开展的事项").select_option(index=1)
    page.get_by_label("应到人数").fill("9")
    page.get_by_role("button", name="按计划登记学习活动").click()
    expect(page.get_by_role("status")).to_contain_text("已生成")
    expect(page.get_by_role("heading", level=1)).to_contain_text("已开展")
    secretary = province.as_user("secretary")
    asked = {"from": "2026-05-14", "to": "2026-05-14"}
    (held,) = secretary.get("/study/sessions", params=asked).json()["items"]
    assert (held["form"], held["due"], held["state"]) == ("reading_class", 9, "held")
    made(secretary.post(f"/study/sessions/{held['id']}/voids", json={"reason": "演练"}))


@pytest.mark.row("S3", "G7")
def test_who_is_behind_waits_on_the_first_page(signed_in: SignedIn, known: dict[str, Any]) -> None:
    """The department's administrator finds its branch, opens the notice's standing and reminds; the branch reads it."""
    page = signed_in("finance")
    page.get_by_role("link", name="进度落后").click()
    expect(page.locator("tbody")).to_contain_text("D001-B01")
    expect(page.locator("tbody")).not_to_contain_text("D002-B01")
    assert violations(page) == []
    assert fits(page)
    page.get_by_role("link", name=known["title"]).first.click()
    page.get_by_role("button", name="提醒本页单位").click()
    sign_out(page)
    page = signed_in("secretary")
    page.get_by_role("link", name="进度落后").click()
    page.get_by_role("link", name="收到和发出的提醒").click()
    assert violations(page) == []
    page.get_by_role("link", name=known["title"]).first.click()
    expect(page.locator("main")).to_contain_text("示例省财政厅（D001）")
    page.get_by_role("link", name="学习计划").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(known["title"])


@pytest.mark.row("S3", "R1")
def test_norms_are_read_with_their_source_and_set_by_the_office(
    signed_in: SignedIn, province: Province, known: dict[str, Any]
) -> None:
    """The office says a norm anew with its source; a branch reads it and finds no form."""
    before = province.as_user("office").get("/study/norms").json()["items"]
    page = signed_in("office")
    turn_to(page, "学习", "标准与依据")
    expect(page.locator("main")).to_contain_text("《中国共产党支部工作条例（试行）》第十三条")
    assert violations(page) == []
    assert fits(page)
    page.get_by_text("修改“主题党日”的标准").click()
    page.locator("#f-theme_day-source").fill("省直机关工委通知（样例）")
    page.locator("#f-theme_day-number").fill("99")
    form = page.get_by_role("form", name="主题党日")
    form.get_by_role("button", name="保存").click()
    expect(page.locator("#e-theme_day-number")).to_contain_text("太大")
    page.locator("#f-theme_day-number").fill("2")
    form.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("每月 2 次")
    page.get_by_text("修改“调查研究”的标准").click()
    expect(page.locator("#f-research-visits_a_month")).to_have_value("3")
    sign_out(page)
    page = signed_in("secretary")
    page.goto("/norms")
    expect(page.locator("main")).to_contain_text("省直机关工委通知（样例）")
    expect(page.get_by_role("button", name="保存")).to_have_count(0)
    (norm,) = [norm for norm in before if norm["id"] == "theme_day"]
    told = {name: norm[name] for name in ("number", "each", "from_members", "source", "trust")}
    answer = province.as_user("office").put("/study/norms/theme_day", json=told)
    assert answer.status_code == 200, answer.text
    office = province.as_user("office")
    for sort in ("notice", "plan"):
        made(office.post(f"/study/{sort}s/{known[sort]}/withdrawals", json={"reason": "演练"}))
