"""A number opens to what its reader may see: every figure, for every role, against the owner's own answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.gateway.domain import PERMISSIONS, Action
from services.gateway.projection import METRICS
from services.organisation.contract import Role
from tests.eventually import eventually
from tests.journey.province import ROOT, AsUser, Province, founded
from tests.journey.test_rest import code, key, made

OF, BRANCH, LEFT = "D930", "D930-B01", "D930-B02"
UNITS = (
    (OF, "示例省档案局", "department", ROOT),
    ("D931", "示例省文物局", "department", ROOT),
    (BRANCH, "示例省档案局第一党支部", "branch", OF),
    (LEFT, "示例省档案局第二党支部", "branch", OF),
)
USERS = {f"opening-{role.value.replace('_', '-')}": (role.value, OF) for role in Role} | {
    "opening-judge-too": ("judge", ROOT),
    "opening-units": ("system_admin", ROOT),
}
ADDRESSES = {
    "activity": "/study/activities",
    "contest": "/study/contests",
    "entry": "/study/entries",
    "essay": "/study/essays",
    "issue": "/study/issues",
    "lecture": "/study/lectures",
    "measure": "/research/measures",
    "notice": "/study/notices",
    "pair": "/study/pairs",
    "receipt": "/study/receipts",
    "session": "/study/sessions",
    "submission": "/submissions",
    "ticket": "/hotline/tickets",
    "topic": "/research/topics",
    "unit": "/units",
    "visit": "/research/visits",
}
SPAN = {"from": "2026-02-01", "to": "2026-12-31"}
SESSION = {"day": "2026-03-05", "way": "branch", "form": "theme_day", "title": "主题党日", "due": 5}
TICKET = {"unit": ROOT, "channel": "phone", "category": "供水", "received": "2026-03-05T09:00:00+08:00"}


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Any) -> AsUser:
    """A department with a branch that stays and one that leaves it, a user of every role, records of many kinds."""
    users = founded(province, administrator, sign_in, UNITS, USERS)
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    known = province.databases[f"{prefix}_study"]["units"]
    of_test = [unit[0] for unit in UNITS]
    eventually(lambda: known.count_documents({"_id": {"$in": of_test}}) == len(of_test), "study learning of the units")
    unit_admin, agent = users("opening-unit-admin"), users("agent")
    for unit in (BRANCH, LEFT):
        session = made(unit_admin.post("/study/sessions", json={**SESSION, "unit": unit}))["id"]
        made(unit_admin.post(f"/study/sessions/{session}/submissions"))
    own = {"unit": OF, "day": "2026-03-06"}
    made(unit_admin.post("/study/essays", json={**own, "title": "学习体会"}))
    lecture = {"title": "专题党课", "mode": "all", "speaker_post": "书记", "audience": 9}
    made(unit_admin.post("/study/lectures", json={**own, **lecture}))
    made(unit_admin.post("/study/issues", json={**own, "title": "学习读本", "copies": 3}))
    topic = {"title": "档案利用", "kind": "solution", "leader": "局长", "group": [{"post": "处长"}]}
    topic_id = made(unit_admin.post("/research/topics", json={**own, **topic}))["id"]
    made(unit_admin.post(f"/research/topics/{topic_id}/outlines", json={"outline": "到三个单位座谈"}))
    approved = {"day": "2026-03-06"}
    made(users("opening-leader").post(f"/research/topics/{topic_id}/approvals", json=approved))
    visit = {"title": "座谈", "topic": topic_id, "leader": "处长", "visited": "D931"}
    made(unit_admin.post("/research/visits", json={**own, **visit}))
    measure = {"title": "开放目录", "topic": topic_id, "owner": OF, "due": "2026-06-30"}
    made(unit_admin.post("/research/measures", json={**own, **measure}))
    ticket = made(agent.post("/hotline/tickets", json={**TICKET, "kind": "help", "title": "查阅档案"}))["id"]
    made(agent.post(f"/hotline/tickets/{ticket}/classifications", json={"kind": "help", "category": "档案"}))
    made(agent.post(f"/hotline/tickets/{ticket}/dispatches", json={"handler": OF}))
    reported = {**TICKET, "kind": "report", "title": "举报收费", "reported_unit": OF}
    made(agent.post("/hotline/tickets", json=reported))
    contest = {
        "unit": ROOT,
        "day": "2026-03-01",
        "last": "2026-03-31",
        "title": "征文",
        "kind": "essay",
        "criteria": [{"name": "内容", "full": 100}],
        "awards": [{"name": "一等奖", "quota": 1}],
        "judges": ["opening-judge-too"],
    }
    called = made(users("office").post("/study/contests", json=contest))["id"]
    entry = {"unit": BRANCH, "title": "我的岗位", "contest": called, "author": "1 号", "reference": "征文-1"}
    made(unit_admin.post("/study/entries", json={**entry, "day": "2026-03-10"}))
    province.settled(datetime.now(UTC))
    move = {"day": datetime.now(UTC).date().isoformat(), "parent": "D931", "basis": "示例编〔2026〕30号"}
    made(users("opening-units").post(f"/units/{LEFT}/moves", json=move, headers=key()))
    province.settled(datetime.now(UTC))
    return users


def pages(client: httpx.Client, figure: str, unit: str) -> Iterator[dict[str, Any]]:
    """Every page of the records behind a figure; the only page, where it is refused."""
    page = 1
    while True:
        asked = {"unit": unit, "page": str(page), "page_size": "200", **SPAN}
        answer = client.get(f"/figures/{figure}/records", params=asked)
        if answer.status_code != 200:
            assert code(answer) in {(403, "role.missing"), (403, "unit.out_of_scope")}, answer.text
            return
        found = answer.json()
        yield found
        if page * 200 >= found["total"]:
            return
        page += 1


@pytest.mark.row("G2", "S5", "L4")
@pytest.mark.parametrize("role", [role.value for role in Role])
def test_no_figure_shows_a_record_that_its_owner_refuses(province: Province, as_user: AsUser, role: str) -> None:
    """What a page of records names, its reader may open; what it does not name still counts."""
    client, office = as_user(f"opening-{role.replace('_', '-')}"), as_user("office")
    answers: dict[str, int] = {}
    for figure, metric in METRICS.items():
        if metric.opens_to_units:  # what it opens to are figures again, which a report names as well
            continue
        for found in pages(client, figure, OF):
            whole = next(pages(office, figure, OF), None)
            assert whole is None or (whole["sum"], whole["total"]) == (found["sum"], found["total"]), figure
            for row in found["items"]:
                if row["record"] is None:
                    assert (row["title"], row["unit"], row["unit_name"]) == (None, None, None)
                    continue
                address = f"{ADDRESSES[row['kind']]}/{row['record']}"
                if address not in answers:
                    answers[address] = client.get(address).status_code
                assert answers[address] == 200, (role, figure, row)
    assert bool(answers) == (Role(role) in PERMISSIONS[Action.read_figures])


@pytest.mark.row("S5")
def test_a_judge_learns_nobodys_unit(province: Province, as_user: AsUser) -> None:
    """Neither by the records of a figure, nor as a sheet, nor by lists; the number they may see."""
    judge = as_user("opening-judge-too")
    assert judge.get(f"/reports/{ROOT}", params=SPAN).json()["figures"]["study.contest_entries"] >= 1
    asked = {"unit": ROOT, **SPAN}
    for address in (
        "/figures/study.contest_entries/records",
        "/figures/study.contest_entries/records/workbook",
        "/figures/hotline.tickets/records",
    ):
        assert code(judge.get(address, params=asked)) == (403, "role.missing")
    for address in ("/study/entries", "/study/contests", "/study/pairs", "/hotline/tickets"):
        assert code(judge.get(address, params={"unit": ROOT})) == (403, "role.missing")


@pytest.mark.row("O2", "G2")
def test_a_record_goes_with_its_unit(province: Province, as_user: AsUser) -> None:
    """Who was above a branch when it met keeps the number; the record opens to the branch's new superior."""
    former = next(pages(as_user("opening-unit-admin"), "study.sessions.branch", OF))
    assert former["sum"] == 2
    assert sorted(row["unit"] or "" for row in former["items"]) == ["", BRANCH]
    whole = next(pages(as_user("office"), "study.sessions.branch", OF))
    assert sorted(row["unit"] for row in whole["items"]) == [BRANCH, LEFT]
