"""Research as its users meet it: a topic through its gates, visits, the conversion list, and sheets in and out."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.cli.audit.books import Books
from services.cli.audit.findings import Findings
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import XLSX
from services.research.contract import SHEETS
from services.research.domain.counted import COUNTED, DISTINCT
from tests.eventually import PATIENCE
from tests.journey.province import CLOSES, OPENS, ROOT, Province
from tests.journey.test_rest import code, difference, key, made

TOPIC: dict[str, Any] = {
    "unit": "D001",
    "day": "2026-03-05",
    "title": "基层治理中的数据共享",
    "kind": "solution",
    "leader": "党组书记",
    "group": [{"post": "处长", "count": 2}, {"post": "副处长", "count": 1, "unit": "D002"}],
    "cooperating": ["D002"],
}
MEASURE: dict[str, Any] = {
    "unit": "D001",
    "day": "2026-04-10",
    "title": "统一数据共享标准",
    "owner": "D002",
    "due": "2026-06-30",
}


def framed(province: Province, **fields: Any) -> str:
    """A topic of the finance department; its id."""
    return str(made(province.as_user("finance").post("/research/topics", json={**TOPIC, **fields}))["id"])


def surveyed(province: Province, **fields: Any) -> str:
    """A topic whose outline the leader has approved."""
    id = framed(province, **fields)
    address = f"/research/topics/{id}"
    made(province.as_user("finance").post(f"{address}/outlines", json={"outline": "到三个单位座谈"}))
    made(province.as_user("finance-leader").post(f"{address}/approvals", json={"day": "2026-03-06"}))
    return id


def visit(province: Province, topic: str, **fields: Any) -> dict[str, Any]:
    """A visit of the finance department's group; the answer."""
    told = {"unit": "D001", "day": "2026-03-10", "title": "座谈", "topic": topic, "leader": "副厅长", "people": 3}
    return made(province.as_user("finance").post("/research/visits", json={**told, **fields}))


def take_back(province: Province, *addresses: str) -> None:
    """Leave no figure behind."""
    for address in addresses:
        made(province.as_user("office").post(f"/research/{address}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("R1")
def test_a_topic_is_led_by_a_leader_with_a_group(province: Province) -> None:
    """It counts with its group; its kind is one of the configured ones, with its Chinese name; people by post alone."""
    finance, office = province.as_user("finance"), province.as_user("office")
    before = province.settled(datetime.now(UTC))
    id = framed(province)
    assert difference(before, province.settled(datetime.now(UTC))) == {"research.topics": 1, "research.groups": 1}
    found = finance.get(f"/research/topics/{id}").json()
    assert (found["kind_name"], found["state"], found["percent"]) == ("对策性", "framing", None)
    assert found["group"] == [
        {"post": "处长", "count": 2, "unit": None},
        {"post": "副处长", "count": 1, "unit": "D002"},
    ]
    norm = office.get("/research/norm").json()
    assert [kind["name"] for kind in norm["kinds"]][:2] == ["战略性", "对策性"]
    culture = {**TOPIC, "kind": "culture"}
    assert code(finance.post("/research/topics", json=culture)) == (422, "topic.kind_unknown")
    anew = {**norm, "kinds": [*norm["kinds"], {"id": "culture", "name": "文化类"}], "source": "本省通知"}
    assert code(finance.put("/research/norm", json=anew)) == (403, "role.missing")
    office.put("/research/norm", json=anew).raise_for_status()
    cultural = made(finance.post("/research/topics", json=culture))["id"]
    assert finance.get(f"/research/topics/{cultural}").json()["kind_name"] == "文化类"
    office.put("/research/norm", json=norm).raise_for_status()
    named = finance.post("/research/topics", json={**TOPIC, "group": [{"name": "张三"}]})
    assert code(named) == (422, "request.invalid")
    take_back(province, f"topics/{id}", f"topics/{cultural}")
    assert difference(before, province.settled(datetime.now(UTC))) == {}


@pytest.mark.row("R1")
def test_a_topic_is_seen_by_who_has_a_part_in_it(province: Province) -> None:
    """Its unit, those above and those who cooperate; nobody else; a unit that is not there is refused."""
    id = framed(province, cooperating=[], group=[])
    water = province.as_user("water")
    assert code(water.get(f"/research/topics/{id}")) == (404, "record.not_found")
    unknown = province.as_user("finance").post("/research/topics", json={**TOPIC, "cooperating": ["D404"]})
    assert (code(unknown), unknown.json()["errors"][0]["pointer"]) == ((404, "unit.unknown"), "/cooperating/0")
    correction = {**TOPIC, "group": [], "reason": "增加协作单位"}
    made(province.as_user("finance").post(f"/research/topics/{id}/corrections", json=correction))
    assert water.get(f"/research/topics/{id}").json()["title"] == TOPIC["title"]
    assert id in {item["id"] for item in water.get("/research/topics", params={"kind": "solution"}).json()["items"]}
    assert code(water.post(f"/research/topics/{id}/voids", json={"reason": "不是我的"})) == (403, "unit.out_of_scope")
    take_back(province, f"topics/{id}")


@pytest.mark.row("R2")
def test_a_topic_passes_its_gates_one_by_one(province: Province) -> None:
    """谋题 → 破题 → 解题 → 转化 → 回访 → 关闭: each gate refuses, naming what is missing, until it is there."""
    finance, leader = province.as_user("finance"), province.as_user("finance-leader")
    id = framed(province)
    address = f"/research/topics/{id}"

    def missing(who: httpx.Client, step: str, body: dict[str, Any] | None = None) -> str:
        answer = who.post(f"{address}/{step}", json=body)
        assert code(answer) == (409, "topic.gate_closed")
        return str(answer.json()["detail"])

    assert "经批准的调研方案" in missing(finance, "advances")
    made(finance.post(f"{address}/outlines", json={"outline": "到三个单位座谈，联系人 13900001111"}))
    assert "13900001111" not in finance.get(address).text
    assert code(finance.post(f"{address}/approvals", json={})) == (403, "role.missing")
    made(leader.post(f"{address}/returns", json={"reason": "问题不够聚焦"}))
    assert finance.get(address).json()["reason"] == "问题不够聚焦"
    made(finance.post(f"{address}/outlines", json={"outline": "聚焦标准不一"}))
    assert [each["id"] for each in leader.get("/research/topics?outline=submitted").json()["items"]] == [id]
    made(leader.post(f"{address}/approvals", json={"day": "2026-03-06"}))
    assert "至少一次调研" in missing(finance, "advances")
    visited = visit(province, id, visited="D002-B01")["id"]
    assert made(finance.post(f"{address}/advances"))["state"] == "solving"
    detail = missing(finance, "advances")
    assert "调研报告" in detail
    assert "至少一项转化措施" in detail
    made(finance.post(f"{address}/reports", json={"day": "2026-04-01", "report": "数据共享调研报告"}))
    measure = made(finance.post("/research/measures", json={**MEASURE, "topic": id}))["id"]
    assert made(finance.post(f"{address}/advances"))["state"] == "converted"
    assert "督查回访记录" in missing(leader, "closures", {})
    made(leader.post(f"{address}/revisits", json={"day": "2026-06-01", "effective": False, "finding": "尚未见效"}))
    assert "达到预期效果" in missing(leader, "closures", {})
    made(leader.post(f"{address}/revisits", json={"day": "2026-07-01"}))
    assert made(leader.post(f"{address}/closures", json={"day": "2026-07-02"}))["state"] == "closed"
    found = finance.get(address).json()
    assert (found["visits"], found["measures"], found["closed"]) == (1, {"set": 1}, "2026-07-02")
    assert code(finance.post(f"{address}/voids", json={"reason": "误"})) == (409, "topic.in_use")
    take_back(province, f"visits/{visited}", f"measures/{measure}", f"topics/{id}")


@pytest.mark.row("R3")
def test_a_unit_counts_once_however_often_it_is_visited(province: Province) -> None:
    """By kind, for the unit visited; taken back with the last visit; a place outside counts for the province."""
    finance, water = province.as_user("finance"), province.as_user("water")
    before, water_before = province.settled(datetime.now(UTC)), province.report("D002")
    id = surveyed(province)
    first = visit(province, id, visited="D002-B01", findings="堵点在标准不一，联系 13900001111")
    second = visit(province, id, visited="D002", day="2026-04-02")
    outside = visit(province, id, place="示例公司", kind="enterprise")
    again = visit(province, id, place="示例 公司", kind="enterprise", day="2026-05-06")
    counted = {"topics": 1, "groups": 1, "visits": 4, "units_visited.department": 1, "units_visited.enterprise": 1}
    after = province.settled(datetime.now(UTC))
    assert difference(before, after) == {f"research.{name}": amount for name, amount in counted.items()}
    assert difference(water_before, province.report("D002")) == {"research.units_visited.department": 1}
    asked = {"unit": ROOT, "from": OPENS, "to": CLOSES}
    opened = finance_units(province.as_user("office"), "research.units_visited.department", asked)
    assert "D002" in opened

    seen = water.get(f"/research/visits/{first['id']}").json()
    assert (seen["visited"], seen["kind"], seen["findings"]) == ("D002-B01", "department", None)
    own = finance.get(f"/research/visits/{first['id']}").json()
    assert own["findings"].startswith("堵点在标准不一")
    assert "13900001111" not in own["findings"]
    look = f"/research/visits/{first['id']}/findings?reason=核对情况"
    assert "13900001111" in finance.get(look).json()["findings"]
    assert code(water.get(look)) == (404, "record.not_found")

    take_back(province, f"visits/{first['id']}")
    assert difference(after, province.settled(datetime.now(UTC))) == {"research.visits": -1}
    moved = {**{name: own[name] for name in ("unit", "title", "topic", "leader", "people")}, "day": "2026-04-02"}
    correction = {**moved, "place": "示例村", "kind": "other", "reason": "地点有误"}
    made(finance.post(f"/research/visits/{second['id']}/corrections", json=correction))
    gone = {"research.visits": -1, "research.units_visited.department": -1}
    assert difference(after, province.settled(datetime.now(UTC))) == gone
    take_back(province, *(f"visits/{each['id']}" for each in (second, outside, again)), f"topics/{id}")
    assert difference(before, province.settled(datetime.now(UTC))) == {}


def finance_units(client: httpx.Client, figure: str, asked: dict[str, str]) -> set[str]:
    """The units that a distinct figure opens to; their number is the figure."""
    found = client.get(f"/figures/{figure}/records", params=asked).json()
    assert found["sum"] == sum(item["amount"] for item in found["items"])
    return {item["record"] for item in found["items"]}


@pytest.mark.row("R3")
def test_too_many_visits_are_warned_of_and_not_refused(province: Province) -> None:
    """With the fourth in a month: in the answer, and on the list, for those of that month alone."""
    id = surveyed(province, cooperating=[], group=[])
    visits = [visit(province, id, visited="D002", day=f"2026-05-{day:02}") for day in (6, 7, 8, 11)]
    other = visit(province, id, visited="D002", day="2026-06-02")
    assert [len(each["warnings"]) for each in (*visits, other)] == [0, 0, 0, 1, 0]
    assert visits[-1]["warnings"][0]["code"] == "visit.crowded"
    assert "4 次" in visits[-1]["warnings"][0]["detail"]
    listed = province.as_user("water").get("/research/visits", params={"topic": id}).json()["items"]
    assert {item["day"]: item["crowded"] for item in listed} == {
        "2026-05-06": True,
        "2026-05-07": True,
        "2026-05-08": True,
        "2026-05-11": True,
        "2026-06-02": False,
    }
    take_back(province, *(f"visits/{each['id']}" for each in (*visits, other)), f"topics/{id}")


@pytest.mark.row("R3")
def test_a_visit_belongs_to_a_surveyed_topic_of_ones_own(province: Province) -> None:
    """Not to one that is still being framed, nor to another unit's; and it goes to one place of a kind."""
    framing, mine = framed(province, cooperating=[], group=[]), surveyed(province, cooperating=[], group=[])
    finance, water = province.as_user("finance"), province.as_user("water")
    told = {"unit": "D001", "day": "2026-03-10", "title": "座谈", "leader": "副厅长"}
    refusals = {
        "topic.not_surveyed": {"topic": framing, "visited": "D002"},
        "topic.unknown": {"topic": "KT-404", "visited": "D002"},
        "visit.place_missing": {"topic": mine},
        "visit.kind_missing": {"topic": mine, "place": "示例村"},
        "unit.unknown": {"topic": mine, "visited": "D404"},
        "day.in_future": {"topic": mine, "visited": "D002", "day": "2099-03-10"},
    }
    for expected, fields in refusals.items():
        assert finance.post("/research/visits", json={**told, **fields}).json()["code"] == expected
    foreign = {**told, "unit": "D002", "topic": mine, "visited": "D001"}
    assert code(water.post("/research/visits", json=foreign)) == (422, "topic.unknown")
    take_back(province, f"topics/{framing}", f"topics/{mine}")


@pytest.mark.row("R4")
def test_a_measure_is_noted_by_its_owner_and_settled_by_who_asked(province: Province) -> None:
    """Progress in four fields; the percentage follows from the state; what is not done is given back."""
    finance, leader, handler = (province.as_user(name) for name in ("finance", "finance-leader", "water-handler"))
    before = province.settled(datetime.now(UTC))
    id = surveyed(province)
    measure = made(finance.post("/research/measures", json={**MEASURE, "topic": id}))["id"]
    address = f"/research/measures/{measure}"

    def percents() -> tuple[int, int]:
        topic = finance.get(f"/research/topics/{id}").json()
        return handler.get(address).json()["percent"], topic["percent"]

    assert percents() == (0, 0)
    note = {"done": "已印发标准", "next": "组织培训", "problem": "人手不足", "support": "请财政厅支持经费"}
    made(handler.post(f"{address}/progress", json={**note, "day": "2026-05-06"}))
    made(handler.post(f"{address}/progress", json={**note, "done": "已培训两期", "day": "2026-06-03"}))
    listed = handler.get(f"{address}/progress").json()
    assert [item["done"] for item in listed["items"]] == ["已培训两期", "已印发标准"]
    assert percents() == (50, 50)
    assert code(handler.post(f"{address}/settlements", json={})) == (403, "role.missing")
    assert code(leader.post(f"{address}/settlements", json={})) == (409, "measure.out_of_turn")
    made(handler.post(f"{address}/submissions"))
    assert percents() == (90, 90)
    made(leader.post(f"{address}/returns", json={"reason": "佐证不足"}))
    assert handler.get(address).json()["reason"] == "佐证不足"
    made(handler.post(f"{address}/submissions"))
    made(leader.post(f"{address}/settlements", json={"day": "2026-06-20"}))
    assert percents() == (100, 100)
    counted = {"topics": 1, "groups": 1, "measures": 1, "measures_settled": 1}
    expected = {f"research.{name}": amount for name, amount in counted.items()}
    assert difference(before, province.settled(datetime.now(UTC))) == expected
    take_back(province, f"measures/{measure}", f"topics/{id}")
    assert difference(before, province.settled(datetime.now(UTC))) == {}


@pytest.mark.row("R4")
def test_measures_that_are_behind_can_be_listed(province: Province) -> None:
    """By owner, topic, due date and whether they are overdue; what is settled is not overdue."""
    finance, leader, water = (province.as_user(name) for name in ("finance", "finance-leader", "water"))
    id = surveyed(province)
    late = made(finance.post("/research/measures", json={**MEASURE, "topic": id}))["id"]
    later = made(finance.post("/research/measures", json={**MEASURE, "topic": id, "due": "2099-12-31"}))["id"]
    asked = {"topic": id}

    def listed(**more: str) -> set[str]:
        found = water.get("/research/measures", params={**asked, **more})
        assert found.status_code == 200, found.text
        return {item["id"] for item in found.json()["items"]}

    assert listed() == listed(owner="D002") == {late, later}
    assert listed(overdue="true") == listed(due_to="2026-12-31") == {late}
    assert listed(overdue="true", state="settled") == set()
    made(finance.post(f"/research/measures/{late}/submissions"))
    made(leader.post(f"/research/measures/{late}/settlements", json={}))
    assert listed(overdue="true") == set()
    take_back(province, f"measures/{late}", f"measures/{later}", f"topics/{id}")


@pytest.mark.row("R4")
def test_a_measure_becomes_a_regulation_or_a_problem(province: Province) -> None:
    """Once; the event bears what those who follow these need."""
    finance = province.as_user("finance")
    id = surveyed(province)
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    journal = province.databases[f"{prefix}_research"]["journal"]
    for into in ("regulation", "problem"):
        measure = made(finance.post("/research/measures", json={**MEASURE, "topic": id}))["id"]
        made(finance.post(f"/research/measures/{measure}/handovers", json={"into": into}))
        again = finance.post(f"/research/measures/{measure}/handovers", json={"into": into})
        assert code(again) == (409, "measure.became")
        told = journal.find_one({"aggregate": measure, "type": f"measure.became_{into}.v1"})
        assert told is not None
        assert (told["unit"], told["data"]["owner"], told["data"]["due"]) == ("D001", "D002", "2026-06-30")
        take_back(province, f"measures/{measure}")
    take_back(province, f"topics/{id}")


def sent(client: httpx.Client, kind: str, data: bytes) -> dict[str, Any]:
    """A sheet that is taken, once it is applied."""
    files = {"file": ("台账.xlsx", data, XLSX)}
    answer = client.post("/research/imports", data={"kind": kind}, files=files, headers=key())
    assert answer.status_code == 202, answer.text
    state: dict[str, Any] = answer.json()
    until = time.monotonic() + PATIENCE
    while state["state"] != "applied" and time.monotonic() < until:
        time.sleep(0.1)
        state = client.get(f"/research/imports/{state['id']}").json()
    assert (state["state"], state["failures"]) == ("applied", [])
    return state


@pytest.mark.row("R5")
def test_what_is_given_out_can_be_sent_in_again(province: Province) -> None:
    """Topics, visits and measures, by number or without one: the same columns, every row skipped, nothing changed."""
    finance, office = province.as_user("finance"), province.as_user("office")
    number = uuid.uuid4().hex[:8]
    numbered, plain = surveyed(province, number=number), surveyed(province)
    visits = [
        visit(province, numbered, visited="D002", number=number, findings="堵点在标准，联系 13900001111"),
        visit(province, plain, place="示例公司", kind="enterprise"),
    ]
    measures = []
    for topic, more in ((number, {"number": number}), (plain, {})):
        measures.append(made(finance.post("/research/measures", json={**MEASURE, "topic": topic, **more}))["id"])
    made(finance.post(f"/research/measures/{measures[0]}/progress", json={"done": "已印发", "day": "2026-05-06"}))
    made(finance.post(f"/research/measures/{measures[0]}/submissions"))
    province.settled(datetime.now(UTC))
    before = province.counts()
    for kind in ("topics", "visits", "measures"):
        given = finance.get(f"/research/exports/{kind}.xlsx")
        assert given.headers["content-type"] == XLSX
        rows = read(SHEETS[kind], given.content).rows
        assert len([row for row in rows if row["number"] == number]) == 1
        assert "13900001111" not in str(rows)
        for who in (finance, office):
            state = sent(who, kind, given.content)
            assert (state["rows"], state["skipped"]) == (len(rows), len(rows))
    after = province.counts()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert set(changed) <= {"research.commands"}, changed
    own = [f"visits/{each['id']}" for each in visits] + [f"measures/{each}" for each in measures]
    take_back(province, *own, f"topics/{numbered}", f"topics/{plain}")


@pytest.mark.row("R3", "R4")
def test_the_audit_recounts_what_research_tells(province: Province) -> None:
    """Its records as they stand count what their facts add up to, the units visited too; a visit that was tampered
    with is found.
    """
    id = surveyed(province)
    visits = [
        visit(province, id, **aim)["id"] for aim in ({"visited": "D002"}, {"place": "示例厂", "kind": "enterprise"})
    ]
    measure = made(province.as_user("finance").post("/research/measures", json={**MEASURE, "topic": id}))["id"]
    province.settled(datetime.now(UTC))
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    books = Books(province.databases, prefix)

    def differences() -> list[str]:
        found, until = Findings(), books.until()
        assert until is not None
        for kind in COUNTED:
            books.compare_states("research", kind, until, found)
        for distinct in DISTINCT:
            books.compare_distinct("research", distinct, until, found)
        assert found.compared["states"] >= 4
        assert found.compared["windows"] >= 2
        return found.first

    assert differences() == []
    stored = province.databases[f"{prefix}_research"]["visits"]
    stored.update_one({"_id": visits[1]}, {"$set": {"kind": "institution"}})
    assert [line for line in differences() if "research.units_visited.institution@campaign" in line]
    stored.update_one({"_id": visits[1]}, {"$set": {"kind": "enterprise"}})
    assert differences() == []
    take_back(province, *(f"visits/{each}" for each in visits), f"measures/{measure}", f"topics/{id}")
