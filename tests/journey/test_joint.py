"""Joint study, contests, programmes and self-study as their users meet them: from the form to the figure and back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.cli.workbook import workbook
from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import XLSX
from services.study.contract import SHEETS
from tests.eventually import PATIENCE, eventually
from tests.journey.province import ROOT, Province
from tests.journey.test_rest import code, difference, key, made

UNITS = (
    {"id": "Z801", "name": "示例中央驻省银行", "kind": "central", "parent": ROOT},
    {"id": "D801", "name": "示例省商务厅", "kind": "department", "parent": ROOT},
    {"id": "D801-Y01", "name": "示例省商务厅青年理论学习小组", "kind": "youth_group", "parent": "D801"},
    {"id": "D802", "name": "示例省统计局", "kind": "department", "parent": ROOT},
)
USERS = {
    "bank": [("unit_admin", "Z801")],
    "commerce": [("unit_admin", "D801")],
    "statistics": [("unit_admin", "D802")],
    "youth": [("secretary", "D801-Y01")],
    "reader": [("member", "D801-Y01")],
    "judge-one": [("judge", ROOT)],
    "judge-two": [("judge", ROOT)],
    "judge-three": [("judge", ROOT)],
    "judge-own": [("judge", ROOT), ("handler", "D801")],
}
Users = Callable[[str], httpx.Client]


@pytest.fixture(scope="module")
def people(province: Province, administrator: httpx.Client) -> Users:
    """The units that study jointly and those who act for them, known to study too."""
    for unit in UNITS:
        made(administrator.post("/units", json={**unit, "active_from": "2026-01-01"}))
    for name, roles in USERS.items():
        province.enrol(name, *roles)
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    known = province.databases[f"{prefix}_study"]["units"]
    eventually(
        lambda: known.count_documents({"_id": {"$in": [unit["id"] for unit in UNITS]}}) == len(UNITS),
        "study learning of the units",
    )
    return province.as_user


PAIR: dict[str, Any] = {
    "unit": "D801",
    "day": "2026-03-02",
    "title": "金融助企",
    "central": "Z801",
    "provincial": "D801",
    "tags": ["建在链上"],
}
ACTIVITY: dict[str, Any] = {
    "unit": "Z801",
    "day": "2026-03-12",
    "title": "联学座谈",
    "central_people": 12,
    "provincial_people": 15,
    "tags": ["建在链上"],
}


def newly_joined(before: dict[str, Any]) -> dict[str, int]:
    """A unit joins once in a campaign, whatever other tests let it do before."""
    joined = ("study.central_units_joined", "study.provincial_units_joined")
    return {figure: 1 for figure in joined if not before["figures"][figure]}


def activities(province: Province, unit: str) -> int:
    return int(province.report(unit)["figures"]["study.pair_activities"])


@pytest.mark.row("S9", "S5", "P2")
def test_a_session_of_joint_study_is_the_activitys_own(province: Province, people: Users) -> None:
    """Recorded once: the activity takes its people from the session, each counts once; no second activity takes it."""
    commerce, bank = people("commerce"), people("bank")
    before = province.settled(datetime.now(UTC))
    pair = made(commerce.post("/study/pairs", json={**PAIR, "number": "JD-SESSION"}, headers=key()))
    content = {"unit": "Z801", "day": ACTIVITY["day"], "way": "youth", "form": "joint_study", "title": "联学座谈"}
    held = made(bank.post("/study/sessions", json={**content, "due": 17, "number": "LX-XX-1"}))["id"]
    made(bank.post(f"/study/sessions/{held}/submissions"))
    told = {name: ACTIVITY[name] for name in ("unit", "day", "title")} | {"pair": pair["id"], "session": "LX-XX-1"}
    activity = made(bank.post("/study/activities", json=told))["id"]
    seen = bank.get(f"/study/activities/{activity}").json()
    assert (seen["session"], seen["central_people"], seen["provincial_people"]) == (held, 17, 0)
    assert code(bank.post("/study/activities", json={**told, "title": "再登一次"})) == (409, "activity.session_taken")
    counted = difference(before, province.settled(datetime.now(UTC)))
    assert (counted["study.pair_activities"], counted["study.sessions.youth"]) == (1, 1)
    corrected = {name: value for name, value in told.items() if name != "session"} | {"provincial_people": 20}
    made(bank.post(f"/study/activities/{activity}/corrections", json={**corrected, "reason": "补人数"}))
    seen = bank.get(f"/study/activities/{activity}").json()
    assert (seen["session"], seen["central_people"], seen["provincial_people"]) == (held, 17, 20)
    for kind, id in (("activities", activity), ("sessions", held), ("pairs", pair["id"])):
        client = commerce if kind == "pairs" else bank
        made(client.post(f"/study/{kind}/{id}/voids", json={"reason": "演练"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}


@pytest.mark.row("S9", "P2")
def test_a_shared_activity_counts_once_for_who_led_it(province: Province, people: Users) -> None:
    """The pair and its activity count one each up to the province, both units have joined; voided, nothing is left."""
    commerce, bank = people("commerce"), people("bank")
    before = province.settled(datetime.now(UTC))
    bank_before, commerce_before = activities(province, "Z801"), activities(province, "D801")
    pair = made(commerce.post("/study/pairs", json={**PAIR, "number": "JD-1"}, headers=key()))
    activity = made(bank.post("/study/activities", json={**ACTIVITY, "pair": pair["id"]}, headers=key()))
    again = made(bank.post("/study/activities", json={**ACTIVITY, "pair": pair["id"], "day": "2026-04-02"}))
    counted = {"study.pairs": 1, "study.pair_activities": 2}
    told = province.settled(datetime.now(UTC))
    assert difference(before, told) == {**counted, **newly_joined(before)}
    assert activities(province, "Z801") - bank_before == 2
    assert activities(province, "D801") == commerce_before
    behind = (
        people("office")
        .get(
            "/figures/study.central_units_joined/records",
            params={"unit": ROOT, "from": "2026-02-01", "to": "2026-12-31"},
        )
        .json()
    )
    assert (behind["sum"], [item["unit"] for item in behind["items"]]) == (1, ["Z801"])

    seen = bank.get(f"/study/pairs/{pair['id']}").json()
    assert seen["progress"] == {"activities": 2, "central_people": 24, "provincial_people": 30, "latest": "2026-04-02"}
    assert code(people("statistics").get(f"/study/pairs/{pair['id']}")) == (404, "record.not_found")
    tagged = people("office").get("/study/activities", params={"tag": "建在链上", "pair": pair["id"]}).json()
    assert {item["id"] for item in tagged["items"]} == {activity["id"], again["id"]}
    assert code(commerce.post(f"/study/pairs/{pair['id']}/voids", json={"reason": "误报"})) == (
        409,
        "pair.has_activities",
    )
    stale = commerce.post(
        f"/study/pairs/{pair['id']}/corrections",
        json={**PAIR, "last": "2026-06-30", "reason": "结对到期"},
        headers={"If-Match": "9"},
    )
    assert code(stale) == (412, "version.stale")
    made(commerce.post(f"/study/pairs/{pair['id']}/corrections", json={**PAIR, "last": "2026-06-30", "reason": "到期"}))
    ended = province.settled(datetime.now(UTC))
    assert difference(before, ended) == {"study.pair_activities": 2, **newly_joined(before)}

    made(people("office").post(f"/study/activities/{activity['id']}/returns", json={"reason": "缺少人数"}))
    made(bank.post(f"/study/activities/{again['id']}/voids", json={"reason": "重复登记"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}
    corrected = {**ACTIVITY, "pair": pair["id"], "reason": "补人数"}
    made(bank.post(f"/study/activities/{activity['id']}/corrections", json=corrected))
    assert difference(before, province.settled(datetime.now(UTC))) == {
        "study.pair_activities": 1,
        **newly_joined(before),
    }
    made(bank.post(f"/study/activities/{activity['id']}/voids", json={"reason": "误报"}))
    made(commerce.post(f"/study/pairs/{pair['id']}/voids", json={"reason": "误报"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}


@pytest.mark.row("S9")
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"central": "D802"}, (422, "pair.kind_mismatch")),
        ({"provincial": "D801-Y01"}, (422, "pair.kind_mismatch")),
        ({"central": "Z999"}, (422, "pair.unit_unknown")),
        ({"provincial": "D802"}, (422, "pair.unit_outside")),
        ({"last": "2026-01-01"}, (422, "pair.days_out_of_order")),
        ({"unit": "D802", "provincial": "D802"}, (403, "unit.out_of_scope")),
        ({"day": "2099-12-31"}, (422, "day.in_future")),
    ],
)
def test_what_is_no_pair_is_refused(people: Users, change: dict[str, Any], refusal: tuple[int, str]) -> None:
    """The two sides are units of their kinds, one of them reports, its days are in order; nothing is kept."""
    commerce = people("commerce")
    total = commerce.get("/study/pairs").json()["total"]
    assert code(commerce.post("/study/pairs", json={**PAIR, **change})) == refusal
    assert commerce.get("/study/pairs").json()["total"] == total


CONTEST: dict[str, Any] = {
    "unit": ROOT,
    "day": "2026-03-01",
    "last": "2026-03-31",
    "title": "青春建功演讲比赛",
    "kind": "speech",
    "criteria": [{"name": "主题内容", "full": 60}, {"name": "表达", "full": 40}],
    "drop_highest": 1,
    "drop_lowest": 1,
    "awards": [{"name": "一等奖", "quota": 1}],
}


@dataclass(frozen=True)
class Contest:
    """A contest called by the office, and two entries: of a youth group of D801, and of D802."""

    address: str
    entries: tuple[dict[str, Any], dict[str, Any]]


MARKS = {
    "judge-one": ([50, 30], [60, 40]),
    "judge-two": ([54.5, 36], [30, 20]),
    "judge-three": ([60, 40], [48, 32]),
    "judge-own": (None, [51, 34]),
}
"""What each judge gives the two entries; the last judges none of the own department's."""


def entered(people: Users) -> Contest:
    """A contest that takes entries, with two of them."""
    office = people("office")
    contest = made(office.post("/study/contests", json={**CONTEST, "judges": list(MARKS)}))
    entry = {"day": "2026-03-10", "contest": contest["id"], "author": "1 号选手", "reference": "演讲-1"}
    first = made(people("youth").post("/study/entries", json={**entry, "unit": "D801-Y01", "title": "我的岗位"}))
    second = made(people("statistics").post("/study/entries", json={**entry, "unit": "D802", "title": "数字青春"}))
    return Contest(f"/study/contests/{contest['id']}", (first, second))


def scored(people: Users, contest: Contest, *judges: str) -> None:
    """The judges give their marks."""
    for judge in judges:
        for entry, marks in zip(contest.entries, MARKS[judge], strict=True):
            if marks is not None:
                made(people(judge).post(f"/study/entries/{entry['id']}/scores", json={"marks": marks}))


@pytest.mark.row("S5")
def test_entries_count_for_their_units_until_taken_back(province: Province, people: Users) -> None:
    """A contest and its entries count; a returned entry does not; nothing is entered once scoring has begun."""
    office, youth = people("office"), people("youth")
    before = province.settled(datetime.now(UTC))
    contest = entered(people)
    told = difference(before, province.settled(datetime.now(UTC)))
    assert told == {"study.contests": 1, "study.contest_entries": 2}
    assert province.report("D801-Y01")["figures"]["study.contest_entries"] == 1
    offered = youth.get("/study/contests", params={"offered": "true"}).json()
    assert contest.address.split("/")[-1] in {item["id"] for item in offered["items"]}
    assert code(office.post(f"{contest.address}/voids", json={"reason": "误报"})) == (409, "contest.has_entries")
    made(office.post(f"/study/entries/{contest.entries[1]['id']}/returns", json={"reason": "格式不符"}))
    assert difference(before, province.settled(datetime.now(UTC)))["study.contest_entries"] == 1
    assert made(office.post(f"{contest.address}/scorings"))["state"] == "scoring"
    late = {"unit": "D801-Y01", "day": "2026-03-10", "contest": contest.address.split("/")[-1], "title": "迟到"}
    late |= {"author": "2 号选手", "reference": "演讲-2"}
    assert code(youth.post("/study/entries", json=late)) == (409, "entry.contest_closed")
    for entry in contest.entries:
        made(office.post(f"/study/entries/{entry['id']}/voids", json={"reason": "比赛取消"}))
    made(office.post(f"{contest.address}/voids", json={"reason": "比赛取消"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}


@pytest.mark.row("S5")
def test_judges_are_blind_to_one_another_and_to_whose_work_it_is(people: Users) -> None:
    """A judge sees the own marks alone, no unit, no author; and scores nothing of the own department."""
    office, one, own = people("office"), people("judge-one"), people("judge-own")
    contest = entered(people)
    first, second = contest.entries
    made(office.post(f"{contest.address}/scorings"))
    assert code(office.get(f"{contest.address}/results")) == (409, "contest.not_closed")
    waiting = one.get("/study/judging").json()["items"]
    assert [item["title"] for item in waiting] == ["我的岗位", "数字青春"]
    assert not {"unit", "author", "organiser"} & set(waiting[0])
    assert [item["title"] for item in own.get("/study/judging").json()["items"]] == ["数字青春"]
    scores = f"/study/entries/{first['id']}/scores"
    assert code(own.post(scores, json={"marks": [1, 1]})) == (404, "entry.not_found")
    assert code(people("youth").post(scores, json={"marks": [60, 40]})) == (403, "role.missing")
    assert code(one.post(scores, json={"marks": [61, 40]})) == (422, "score.mark_too_high")
    assert code(one.post(scores, json={"marks": [60.3, 40]})) == (422, "request.invalid")
    scored(people, contest, "judge-one")
    seen = people("judge-two").get("/study/judging", params={"waiting": "false"}).json()
    assert [item["marks"] for item in seen["items"]] == [None, None]
    shown = people("judge-two").get(f"/study/judging/{first['id']}").json()
    assert shown["marks"] is None
    assert not {"unit", "author", "scores", "result"} & shown.keys()
    assert one.get("/study/judging").json()["total"] == 0
    assert code(office.post(f"{contest.address}/closings")) == (409, "contest.scores_missing")
    again = one.post(scores, json={"marks": [55, 30]}, headers={"If-Match": "1"})
    assert made(again)["version"] == 2
    assert one.get(f"/study/judging/{first['id']}").json()["marks"] == [55, 30]
    made(office.post(f"/study/entries/{second['id']}/voids", json={"reason": "退出"}))
    assert code(one.post(f"/study/entries/{second['id']}/scores", json={"marks": [1, 1]})) == (
        409,
        "score.entry_gone",
    )


@pytest.mark.row("S5")
def test_a_result_opens_to_its_scores_and_awards_to_unit_and_title(people: Users) -> None:
    """Highest and lowest dropped, judges numbered and not named; what is published names no author."""
    office, youth = people("office"), people("youth")
    contest = entered(people)
    made(office.post(f"{contest.address}/scorings"))
    scored(people, contest, *MARKS)
    assert made(office.post(f"{contest.address}/closings"))["state"] == "closed"
    rescored = people("judge-one").post(f"/study/entries/{contest.entries[0]['id']}/scores", json={"marks": [1, 1]})
    assert code(rescored) == (409, "score.not_open")
    result = office.get(f"{contest.address}/results").json()["items"]
    assert [(item["place"], item["title"], item["score"], item["award"]) for item in result] == [
        (1, "我的岗位", "90.50", "一等奖"),
        (2, "数字青春", "82.50", None),
    ]
    assert [len(item["scores"]) for item in result] == [3, 4]
    assert [score["total"] for score in result[1]["scores"] if not score["dropped"]] == [80, 85]
    assert not any(judge in str(result) for judge in MARKS)
    assert code(youth.get(f"{contest.address}/awards")) == (409, "contest.not_published")
    made(office.post(f"{contest.address}/publications"))
    awards = youth.get(f"{contest.address}/awards").json()["items"]
    assert awards == [{"award": "一等奖", "title": "我的岗位", "unit": "D801-Y01"}]
    assert code(youth.get(f"{contest.address}/results")) == (404, "record.not_found")
    made(youth.post(f"/study/entries/{contest.entries[0]['id']}/voids", json={"reason": "自愿退出"}))
    assert [item["title"] for item in office.get(f"{contest.address}/results").json()["items"]] == ["数字青春"]


@pytest.mark.row("S5")
def test_a_programme_gathers_its_sessions(people: Users) -> None:
    """A session of the programme form names it by its number; units that take no part are refused."""
    commerce, youth, statistics = people("commerce"), people("youth"), people("statistics")
    programme = {"unit": "D801", "day": "2026-03-01", "last": "2026-06-30", "title": "青年理论学习提升工程"}
    opened = made(commerce.post("/study/programmes", json={**programme, "number": "GC-1", "units": ["D801-Y01"]}))
    session = {"day": "2026-03-05", "way": "youth", "form": "programme", "title": "专题学习", "due": 9}
    held = made(youth.post("/study/sessions", json={**session, "unit": "D801-Y01", "programme": "GC-1"}))
    listed = commerce.get("/study/sessions", params={"programme": opened["id"]}).json()
    assert [item["id"] for item in listed["items"]] == [held["id"]]
    outside = {**session, "unit": "D802", "programme": opened["id"]}
    assert code(statistics.post("/study/sessions", json=outside)) == (422, "session.programme_unknown")
    other = {**session, "unit": "D801-Y01", "form": "group_study", "programme": "GC-1"}
    assert code(youth.post("/study/sessions", json=other)) == (422, "session.programme_form")
    assert youth.get(f"/study/programmes/{opened['id']}").json()["units"] == ["D801-Y01"]
    assert code(commerce.post("/study/programmes", json={**programme, "units": ["D802"]})) == (
        422,
        "programme.unit_outside",
    )


@pytest.mark.row("S6")
def test_progress_in_self_study_is_ones_own(province: Province, people: Users) -> None:
    """A set is issued and its copies count; who has read what is seen by the reader alone, in no event and no list."""
    commerce, reader, office = people("commerce"), people("reader"), people("office")
    before = province.settled(datetime.now(UTC))
    items = [{"title": "读本", "kind": "book", "hours": 6}, {"title": "讲话", "kind": "document", "hours": 1.5}]
    material = {"unit": "D801", "day": "2026-03-02", "title": "第一批资料", "manner": "complete", "medium": "offline"}
    issued = made(commerce.post("/study/materials", json={**material, "items": items, "number": "ZL-1"}))
    copies = {"unit": "D801-Y01", "day": "2026-03-03", "title": "第一批资料", "copies": 120, "material": "ZL-1"}
    issue = made(commerce.post("/study/issues", json=copies))
    assert difference(before, province.settled(datetime.now(UTC))) == {"study.copies": 120}
    address = f"/study/materials/{issued['id']}"
    assert reader.get(address).json()["hours"] == 7.5
    assert reader.get(f"{address}/progress").json()["finished"] == []
    made(reader.post(f"{address}/progress", json={"finished": [1]}))
    assert reader.get(f"{address}/progress").json()["finished"] == [1]
    assert office.get(f"{address}/progress").json()["finished"] == []
    assert code(reader.post(f"{address}/progress", json={"finished": [2]})) == (422, "progress.item_unknown")
    assert code(people("statistics").get(f"{address}/progress")) == (404, "record.not_found")
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    study = province.databases[f"{prefix}_study"]
    assert study["journal"].count_documents({"aggregate": {"$regex": "progress"}}) == 0
    sealed = study["private"].find_one({"_id": f"progress:reader:{issued['id']}"})
    assert sealed is not None
    assert b"finished" not in sealed["fields"]
    made(
        commerce.post(f"/study/issues/{issue['id']}/corrections", json={**copies, "copies": 100, "reason": "清点有误"})
    )
    assert difference(before, province.settled(datetime.now(UTC))) == {"study.copies": 100}
    made(commerce.post(f"/study/issues/{issue['id']}/voids", json={"reason": "误报"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}


SHEETED: dict[str, list[dict[str, Any]]] = {
    "pairs": [
        {"number": "JD-7", "title": "数据共享", "central": "Z801", "provincial": "D801", "tags": "建在链上、对口帮扶"}
    ],
    "activities": [
        {"number": "LX-7", "title": "座谈", "pair": "JD-7", "central_people": 4, "provincial_people": 6},
        {"number": "LX-8", "unit": "Z801", "title": "调研", "pair": "JD-7", "pair_unit": "D801"},
    ],
    "entries": [{"number": "ZP-7", "title": "我的岗位", "contest": "BS-7", "author": "7 号", "reference": "演讲-7"}],
    "issues": [{"number": "PF-7", "title": "资料", "copies": 30}],
}


def sent(province: Province, kind: str, data: bytes) -> dict[str, Any]:
    """A sheet as the office sends it, until it is applied."""
    office = province.as_user("office")
    file = {"file": ("表.xlsx", data, XLSX)}
    answer = office.post("/study/imports", data={"kind": kind}, files=file, headers=key())
    state: dict[str, Any] = answer.json()
    until = time.monotonic() + PATIENCE
    while answer.status_code == 202 and state["state"] != "applied":
        assert time.monotonic() < until
        time.sleep(0.1)
        state = office.get(f"/study/imports/{state['id']}").json()
    return state


@pytest.mark.row("S5", "S6", "S9")
def test_sheets_come_in_and_go_out_in_one_format(province: Province, people: Users) -> None:
    """What comes in is counted; what goes out and comes in again changes nothing; a wrong row refuses the whole."""
    made(people("office").post("/study/contests", json={**CONTEST, "judges": list(MARKS), "number": "BS-7"}))
    before = province.settled(datetime.now(UTC))
    for kind, rows in SHEETED.items():
        cells = [{"unit": "D801", "day": "2026-03-12", **row} for row in rows]
        wrong = {**cells[0], "number": "X", "unit": "D999", "day": "去年"}
        refused = sent(province, kind, workbook({kind: [*cells, wrong]}))
        assert {error["pointer"].split("/")[-1] for error in refused["errors"]} == {"day"}
        taken = sent(province, kind, workbook({kind: cells}))
        assert (taken["applied"], taken["skipped"], taken["failures"]) == (len(rows), 0, [])
    told = difference(before, province.settled(datetime.now(UTC)))
    counted = {"pairs": 1, "pair_activities": 2, "contest_entries": 1, "copies": 30}
    assert told == {**{f"study.{name}": amount for name, amount in counted.items()}, **newly_joined(before)}
    for kind, rows in SHEETED.items():
        given = people("office").get(f"/study/exports/{kind}.xlsx", params={"unit": ROOT})
        assert given.status_code == 200, given.text
        found = read(SHEETS[kind], given.content).rows
        assert {row["number"] for row in found} >= {row["number"] for row in rows}
        again = sent(province, kind, given.content)
        assert (again["state"], again["skipped"], again["failures"]) == ("applied", len(found), [])
    assert difference(before, province.settled(datetime.now(UTC))) == told


@pytest.mark.row("S6")
def test_nothing_lists_what_persons_have_learnt(province: Province, people: Users) -> None:
    """No address takes somebody's name with their progress, no figure is of a person, no list ranks any."""
    described = httpx.get(f"{province.platform.url}/openapi.json", timeout=PATIENCE).json()
    paths = {path for path in described["paths"] if re.search("progress|points|ranking|check-?in", path)}
    units = {
        f"/api/v1/{of}/{{id}}/progress" for of in ("study/plans", "study/notices", "research/measures", "initiatives")
    }
    assert paths - units == {"/api/v1/study/materials/{id}/progress"}
    for operation in described["paths"]["/api/v1/study/materials/{id}/progress"].values():
        named = {parameter["name"] for parameter in operation["parameters"]}
        assert named <= {"id", "Idempotency-Key", "If-Match"}
    assert not {
        figure["id"] for figure in people("office").get("/figures").json()["items"] if "progress" in figure["id"]
    }
