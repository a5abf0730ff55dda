"""A plan, its monthly notice, and what the branches make of it, as their users meet them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.eventually import PATIENCE, eventually
from tests.journey.province import ROOT, Province
from tests.journey.test_rest import code, difference, made

PLAN: dict[str, Any] = {
    "unit": ROOT,
    "title": "三会一课计划",
    "first": "2026-06",
    "last": "2026-09",
    "units": ["D001", "D002"],
    "requirements": [{"kind": "theme_day"}, {"kind": "general_meeting", "each": "quarter"}],
    "materials": [{"title": "学习读本"}],
}
SESSION: dict[str, Any] = {"unit": "D001-B01", "way": "branch", "title": "学习", "due": 9}


def issued_plan(office: httpx.Client, **fields: Any) -> str:
    """A plan of the office, issued and known to its audience."""
    id: str = made(office.post("/study/plans", json={**PLAN, "number": uuid.uuid4().hex[:8], **fields}))["id"]
    assert made(office.post(f"/study/plans/{id}/issues"))["state"] == "issued"
    arrived(office, f"/study/plans/{id}")
    return id


def issued_notice(office: httpx.Client, plan: str, month: str) -> str:
    """The month's notice of a plan, issued and come to its branches."""
    id: str = made(office.post("/study/notices", json={"unit": ROOT, "plan": plan, "month": month}))["id"]
    assert made(office.post(f"/study/notices/{id}/issues", json={}))["state"] == "issued"
    arrived(office, f"/study/notices/{id}")
    return id


def arrived(client: httpx.Client, address: str) -> None:
    """What is sent in the background has come to every unit that it is for."""
    eventually(lambda: client.get(address).json()["distribution"]["state"] == "done")


def receipt_of(client: httpx.Client, notice: str) -> dict[str, Any]:
    """The reader's own receipt of a notice."""
    listed = client.get("/study/receipts", params={"page_size": 200}).json()["items"]
    id = next(row["id"] for row in listed if row["notice"] == notice)
    found: dict[str, Any] = client.get(f"/study/receipts/{id}").json()
    return found


def reported(secretary: httpx.Client, day: str, form: str) -> str:
    """A session held and reported."""
    id: str = made(secretary.post("/study/sessions", json={**SESSION, "day": day, "form": form}))["id"]
    made(secretary.post(f"/study/sessions/{id}/submissions"))
    return id


@pytest.mark.row("S1")
def test_progress_of_a_plan_is_computed(province: Province) -> None:
    """Nobody types it: it follows the sessions, at every unit, and opens to names; null where nothing is due."""
    office, finance, secretary = (province.as_user(name) for name in ("office", "finance", "secretary"))
    plan = issued_plan(office, requirements=[{"kind": "on_site", "each": "period"}], kinds=["branch"])
    progress = f"/study/plans/{plan}/progress"
    assert office.get(progress).json()["due"] == 2
    assert finance.get(progress).json() | {"children": []} == {
        "source": plan,
        "unit": "D001",
        "due": 1,
        "complete": 0,
        "on_time": 0,
        "behind": 1,
        "unacknowledged": 0,
        "rate": 0.0,
        "children": [],
    }
    held = made(
        secretary.post("/study/sessions", json={**SESSION, "day": "2026-06-10", "way": "leadership", "form": "on_site"})
    )["id"]
    made(secretary.post(f"/study/sessions/{held}/submissions"))
    assert finance.get(progress).json()["complete"] == 1
    told = office.get(progress).json()
    assert [(row["unit"], row["complete"], row["behind"]) for row in told["children"]] == [
        ("D001", 1, 0),
        ("D002", 0, 1),
    ]
    behind = office.get(f"/study/plans/{plan}/units", params={"state": "behind"}).json()
    assert [(row["unit"], row["standing"]) for row in behind["items"]] == [("D002-B01", "behind")]
    made(office.post(f"/study/sessions/{held}/returns", json={"reason": "缺少议题"}))
    assert finance.get(progress).json()["complete"] == 0
    assert code(finance.get(progress, params={"unit": "D002"})) == (403, "unit.out_of_scope")
    made(secretary.post(f"/study/sessions/{held}/voids", json={"reason": "误报"}))


@pytest.mark.row("S1")
def test_a_plan_keeps_its_editions(province: Province) -> None:
    """Draft, issued, said anew with what changed, withdrawn; other units neither see the draft nor change it."""
    office, finance, secretary = (province.as_user(name) for name in ("office", "finance", "secretary"))
    id = made(office.post("/study/plans", json=PLAN))["id"]
    address = f"/study/plans/{id}"
    assert code(secretary.get(address)) == (404, "record.not_found")
    made(office.post(f"{address}/issues"))
    assert secretary.get(address).json()["state"] == "issued"
    assert code(finance.post(f"{address}/withdrawals", json={"reason": "试"})) == (403, "unit.out_of_scope")
    more = {**PLAN, "requirements": [*PLAN["requirements"], {"kind": "lecture", "each": "quarter"}]}
    made(office.post(f"{address}/revisions", json={**more, "reason": "上级要求"}))
    edition = secretary.get(address).json()["editions"][-1]
    assert (edition["edition"], edition["reason"], edition["changes"]) == (
        2,
        "上级要求",
        ["新增：专题党课，每季度 1 次"],
    )
    assert made(office.post(f"{address}/withdrawals", json={"reason": "并入新计划"}))["state"] == "withdrawn"
    assert code(office.post(f"{address}/issues")) == (409, "plan.withdrawn")
    outside = finance.post("/study/plans", json={**PLAN, "unit": "D001", "units": ["D002"]})
    assert code(outside) == (422, "plan.audience_outside")


@pytest.mark.row("S3")
def test_a_notice_goes_out_is_acknowledged_and_ticks_itself(province: Province) -> None:
    """Made out of the plan; due and done are figures, and a session that is void is done no more."""
    office, secretary = province.as_user("office"), province.as_user("secretary")
    plan = issued_plan(office)
    before = province.settled(datetime.now(UTC))
    notice = issued_notice(office, plan, "2026-06")
    mine = receipt_of(secretary, notice)
    assert [(item["title"], item["done"]) for item in mine["items"]] == [
        ("主题党日（每月 1 次）", None),
        ("支部党员大会（每季度 1 次）", None),
    ]
    address = f"/study/receipts/{mine['id']}"
    assert made(secretary.post(f"{address}/acknowledgements", json={"edition": 1}))["state"] == "acknowledged"
    waiting = office.get(f"/study/notices/{notice}/units", params={"state": "unacknowledged"}).json()
    assert [row["unit"] for row in waiting["items"]] == ["D002-B01"]
    held = reported(secretary, "2026-06-12", "theme_day")
    ticked = secretary.get(address).json()["items"][0]
    assert (ticked["done"], [record["id"] for record in ticked["records"]]) == ("record", [held])
    by_hand = secretary.post(f"{address}/ticks", json={"item": mine["items"][1]["key"], "note": "已开"})
    assert code(by_hand) == (409, "receipt.item_recorded")
    counted = difference(before, province.settled(datetime.now(UTC)))
    of_notices = {name: amount for name, amount in counted.items() if name.startswith("study.notice")}
    assert of_notices == {"study.notices": 1, "study.notice_items.due": 4, "study.notice_items.done": 1}
    asked = {"unit": "D001-B01", "from": "2026-06-01", "to": "2026-06-30"}
    records = office.get("/figures/study.notice_items.done/records", params=asked).json()
    assert mine["id"] in [row["record"] for row in records["items"]]
    made(secretary.post(f"/study/sessions/{held}/voids", json={"reason": "误报"}))
    after = difference(before, province.settled(datetime.now(UTC)))
    assert "study.notice_items.done" not in after
    made(office.post(f"/study/notices/{notice}/withdrawals", json={"reason": "重复下发"}))
    arrived(office, f"/study/notices/{notice}")
    after = difference(before, province.settled(datetime.now(UTC)))
    assert {name for name in after if name.startswith("study.notice")} == set()


@pytest.mark.row("S3")
def test_a_change_after_issue_is_read_again(province: Province) -> None:
    """The new edition says what changed, an acknowledgement of the old one is out of date, hand-ticked items stay."""
    office, secretary = province.as_user("office"), province.as_user("secretary")
    notice = issued_notice(office, issued_plan(office), "2026-07")
    address = f"/study/receipts/{receipt_of(secretary, notice)['id']}"
    made(secretary.post(f"{address}/acknowledgements", json={"edition": 1}))
    items = office.get(f"/study/notices/{notice}").json()["items"]
    film = {"key": "film", "title": "观看专题片", "due": "2026-07-20"}
    made(office.post(f"/study/notices/{notice}/revisions", json={"items": [*items, film], "reason": "增加事项"}))
    arrived(office, f"/study/notices/{notice}")
    told = secretary.get(address).json()
    assert (told["state"], told["editions_since"][0]["changes"]) == (
        "outdated",
        ["新增：“观看专题片”，1 次，2026-07-20 前"],
    )
    assert code(secretary.post(f"{address}/acknowledgements", json={"edition": 1})) == (409, "receipt.outdated")
    made(secretary.post(f"{address}/acknowledgements", json={"edition": 2}))
    made(secretary.post(f"{address}/ticks", json={"item": "film", "note": "7月15日集中观看"}))
    done = {item["key"]: (item["done"], item["note"]) for item in secretary.get(address).json()["items"]}
    assert done["film"] == ("hand", "7月15日集中观看")


@pytest.mark.row("S3")
def test_who_is_behind_is_listed_and_reminded(province: Province) -> None:
    """Any unit that supervises others sees who lapses by name and reminds them, once a day; each sees its reminders."""
    office, finance, secretary = (province.as_user(name) for name in ("office", "finance", "secretary"))
    notice = issued_notice(office, issued_plan(office), "2026-08")
    address = f"/study/notices/{notice}"
    behind = finance.get(f"{address}/units", params={"state": "behind"}).json()["items"]
    assert [(row["unit"], row["missing"], row["due"], row["done"]) for row in behind] == [
        ("D001-B01", "2026-08-31", 1, 0)
    ]
    lapsed = {"source": notice, "what": "unacknowledged", "units": ["D001-B01", "D002-B01"]}
    told = made(finance.post("/study/reminders", json={**lapsed, "unit": "D001"}))
    assert told == {"reminded": ["D001-B01"], "already": [], "not_due": ["D002-B01"]}
    assert made(office.post("/study/reminders", json={**lapsed, "unit": ROOT}))["already"] == ["D001-B01"]
    reminders = secretary.get("/study/reminders").json()["items"]
    assert [row["by"] for row in reminders if row["source"] == notice] == ["D001"]
    assert code(finance.post("/study/reminders", json={**lapsed, "unit": ROOT})) == (403, "unit.out_of_scope")


@pytest.mark.row("S3")
def test_meetings_are_held_against_norms_with_a_source(province: Province) -> None:
    """For each branch: what the norm asks in the month or its quarter, what was done, what is missing."""
    office, secretary = province.as_user("office"), province.as_user("secretary")
    norms = {norm["id"]: norm for norm in office.get("/study/norms").json()["items"]}
    assert norms["general_meeting"] | {"each": "quarter", "number": 1} == norms["general_meeting"]
    assert all(norm["source"] and norm["trust"] for norm in norms.values())
    held = reported(secretary, "2026-10-09", "general_meeting")
    asked = {"unit": "D001", "month": "2026-10"}
    (branch,) = office.get("/study/norms/units", params=asked).json()["items"]
    stands = {norm["norm"]: norm["missing"] for norm in branch["norms"]}
    assert (branch["unit"], stands["general_meeting"], stands["theme_day"]) == ("D001-B01", 0, 1)
    made(secretary.post(f"/study/sessions/{held}/voids", json={"reason": "误报"}))


@pytest.mark.row("S4")
def test_a_branch_plans_from_the_notice_and_types_nothing_twice(province: Province) -> None:
    """Drawn with no field typed, filled in with what only the branch knows; what was held is recorded from it."""
    office, secretary = province.as_user("office"), province.as_user("secretary")
    notice = issued_notice(office, issued_plan(office), "2026-09")
    receipt = receipt_of(secretary, notice)["id"]
    drawn = made(secretary.post("/study/branch-plans", json={"receipt": receipt}))["id"]
    address = f"/study/branch-plans/{drawn}"
    plan = secretary.get(address).json()
    assert (plan["title"], plan["typed"]) == ("2026年9月支部计划", 0)
    asked = ("key", "title", "text", "kind", "due")
    items = [{name: item[name] for name in asked} for item in plan["items"]]
    items[0] |= {"day": "2026-09-11", "place": "三楼会议室"}
    items.append({"key": "study", "title": "研讨：学习读本第一章", "kind": "discussion", "day": "2026-09-18"})
    made(secretary.post(f"{address}/revisions", json={"items": items}))
    assert secretary.get(address).json()["typed"] == 5
    held = [
        made(secretary.post(f"{address}/sessions", json={"item": item, "due": 9}))["id"]
        for item in ("theme_day.month", "study")
    ]
    shown = secretary.get(f"/study/sessions/{held[0]}").json()
    assert (shown["form"], shown["day"], shown["title"]) == ("theme_day", "2026-09-11", "主题党日（每月 1 次）")
    for id in held:
        made(secretary.post(f"/study/sessions/{id}/submissions"))
    item = secretary.get(address).json()["items"][0]
    assert (item["done"], [record["id"] for record in item["records"]]) == ("record", [held[0]])
    assert office.get("/study/branch-plans", params={"unit": "D001"}).json()["total"] == 1
    assert code(province.as_user("water").get(address)) == (404, "record.not_found")
    for id in held:
        made(secretary.post(f"/study/sessions/{id}/voids", json={"reason": "演练"}))


def on_pages(province: Province, name: str) -> httpx.Client:
    """The pages, as somebody who is signed in sees them."""
    return httpx.Client(
        base_url=province.platform.url,
        headers=dict(province.as_user(name).headers),
        timeout=PATIENCE,
        follow_redirects=True,
    )


@pytest.mark.row("S1", "S3", "S4", "G7")
def test_the_whole_way_on_pages(province: Province) -> None:
    """A plan is issued, its notice made and sent, read, printed and taken into the branch's plan; laggards reminded."""
    api = province.as_user("office")
    plan = made(api.post("/study/plans", json={**PLAN, "first": "2026-10", "last": "2026-10"}))["id"]
    with on_pages(province, "office") as office, on_pages(province, "secretary") as secretary:
        assert "下发计划" in office.get(f"/records/plan/{plan}").text
        assert office.post(f"/records/plan/{plan}/issues", data={"key": uuid.uuid4().hex}).status_code == 200
        assert office.post(f"/records/plan/{plan}/notices", data={"month": "2026-10"}).status_code == 200
        listed = api.get("/study/notices", params={"page_size": 200}).json()["items"]
        notice = next(row["id"] for row in listed if row["plan"] == plan)
        assert office.post(f"/records/notice/{notice}/issues", data={}).status_code == 200
        arrived(api, f"/study/notices/{notice}")
        paper = office.get(f"/records/notice/{notice}/paper").text
        assert "主题党日（每月 1 次）" in paper
        assert "示例省财政厅" in paper
        receipt = receipt_of(province.as_user("secretary"), notice)["id"]
        assert "通知单待签收" in secretary.get("/").text
        shown = secretary.get(f"/records/receipt/{receipt}").text
        assert "未完成" in shown
        assert "手工勾选" not in shown  # every item has its records
        assert "已签收" in secretary.post(f"/records/receipt/{receipt}/acknowledgements", data={"edition": "1"}).text
        assert secretary.post(f"/records/receipt/{receipt}/branch-plans", data={}).status_code == 200
        assert "10月支部计划" in secretary.get("/records/branch_plan").text
        document = secretary.get(f"/api/v1/study/receipts/{receipt}/document.docx")
        assert (document.status_code, document.content[:2]) == (200, b"PK")
        standing = office.get(f"/standings/notice/{notice}", params={"state": "unacknowledged"}).text
        assert "D002-B01" in standing
        assert "提醒本页单位" in standing
        told = {"unit": ROOT, "what": "unacknowledged", "units": "D002-B01"}
        assert office.post(f"/standings/notice/{notice}", data=told).status_code == 200
    reminders = api.get("/study/reminders", params={"unit": "D002-B01"}).json()["items"]
    assert [row["what"] for row in reminders if row["source"] == notice] == ["unacknowledged"]
