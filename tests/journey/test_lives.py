"""A unit is there from its first day until it is no more: on any other day nothing is taken for it, by form or sheet.

`GONE` went into another unit on 1 June 2026, `YOUNG` began on that day. What was recorded of `GONE` before can still be
corrected and taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.hotline.contract import SHEETS as HOTLINE
from services.kernel.sheets.sheet import Sheet
from services.organisation.contract import SHEETS as GATEWAY
from services.research.contract import SHEETS as RESEARCH
from services.study.contract import SHEETS as STUDY
from tests.contract.test_units_named import COMMANDS
from tests.eventually import eventually
from tests.journey.province import PASSWORD, ROOT, AsUser, Province, founded
from tests.journey.test_bad_input import workbook
from tests.journey.test_rest import TICKET, code, made

GONE, YOUNG, HEIR, BANK = "D096", "D097", "D095", "Z095"
UNITS = (
    (HEIR, "示例省承接厅", "department", ROOT),
    (BANK, "示例中央驻省机构", "central", ROOT),
    (GONE, "示例省撤并厅", "department", ROOT),
)
USERS = {
    "lives-judge": ("judge", ROOT),
    "lives-leader": ("leader", ROOT),
    "lives-heir": ("unit_admin", HEIR),
    "lives-units": ("system_admin", ROOT),
}
OLD, BEFORE, DAY, AFTER = "2026-03-11", "2026-05-15", "2026-06-01", "2026-06-15"
"""A day of GONE's; one before YOUNG began; the day of the change; one on which GONE is no more."""

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Session": ("study/sessions", {"way": "branch", "form": "theme_day", "due": 9}),
    "Essay": ("study/essays", {}),
    "Lecture": ("study/lectures", {"mode": "all", "speaker_post": "党组书记", "audience": 60}),
    "Pair": ("study/pairs", {"central": BANK, "provincial": GONE}),
    "Activity": ("study/activities", {"pair": "JD-96"}),
    "Contest": (
        "study/contests",
        {"kind": "speech", "last": "2026-12-31", "criteria": [{"name": "主题"}], "judges": ["lives-judge"]},
    ),
    "Entry": ("study/entries", {"contest": "BS-96", "author": "1 号选手", "reference": "演讲-1"}),
    "MaterialSet": ("study/materials", {"manner": "complete", "medium": "offline", "items": [{"title": "读本"}]}),
    "Issue": ("study/issues", {"copies": 30}),
    "Programme": ("study/programmes", {"last": "2026-12-31"}),
    "Topic": ("research/topics", {"kind": "solution", "leader": "党组书记"}),
    "Visit": ("research/visits", {"topic": "KT-96", "leader": "副厅长", "visited": HEIR}),
    "Measure": ("research/measures", {"topic": "KT-96", "owner": HEIR, "due": "2026-12-31"}),
}
"""Every kind of record that a unit reports: its address, and what it says beside unit, day and title."""


def content(kind: str, unit: str, day: str, **fields: Any) -> dict[str, Any]:
    """What is said of a record; a pair is of its own unit, and so is an activity's."""
    told = {"unit": unit, "day": day, "title": "样例", **KINDS[kind][1]}
    if kind == "Pair" and unit != BANK:
        told["provincial"] = unit
    return {**told, **fields}


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """The units and who keeps them, the office beside."""
    people = founded(province, administrator, sign_in, UNITS, USERS)
    known = province.databases[f"{province.platform.environment['SHENGZHI_DATABASE_PREFIX']}_study"]["units"]
    eventually(
        lambda: known.count_documents({"_id": {"$in": [id for id, *_ in UNITS]}}) == len(UNITS),
        "study learning of the units",
    )
    return people


@pytest.fixture(scope="module")
def records(as_user: AsUser, administrator: httpx.Client) -> dict[str, str]:
    """A record of each kind of GONE's, from before it went; then the reform: by kind the address of each."""
    office, leader = as_user("office"), as_user("lives-leader")
    contest = content("Contest", ROOT, "2026-03-01", number="BS-96")
    made(office.post("/study/contests", json=contest))
    topic = made(office.post("/research/topics", json=content("Topic", GONE, OLD, number="KT-96")))["id"]
    made(office.post(f"/research/topics/{topic}/outlines", json={"outline": "座谈"}))
    made(leader.post(f"/research/topics/{topic}/approvals", json={"day": OLD}))
    made(office.post("/study/pairs", json=content("Pair", GONE, OLD, number="JD-96")))
    found = {}
    for kind, (address, _) in KINDS.items():
        id = made(office.post(f"/{address}", json=content(kind, GONE, OLD)))["id"]
        found[kind] = f"/{address}/{id}"
    ticket = made(as_user("agent").post("/hotline/tickets", json=TICKET))["id"]
    made(as_user("agent").post(f"/hotline/tickets/{ticket}/classifications", json={"kind": "help", "category": "供水"}))
    plan: dict[str, Any] = {"unit": ROOT, "title": "计划", "first": "2026-06", "last": "2026-09", "units": [HEIR]}
    plan["requirements"] = [{"kind": "theme_day"}]
    draft = made(office.post("/study/plans", json=plan))["id"]
    issued = made(office.post("/study/plans", json=plan))["id"]
    made(office.post(f"/study/plans/{issued}/issues"))
    member = {"id": "DY-D095-0001", "name": "样例·承接", "unit": HEIR, "since": OLD}
    made(office.post("/members", json=member))
    found |= {"Ticket": f"/hotline/tickets/{ticket}", "Plan": f"/study/plans/{draft}", "Issued": issued}
    units, basis = as_user("lives-units"), {"basis": "示例编〔2026〕12号", "day": DAY}
    made(units.post(f"/units/{HEIR}/mergers", json={"units": [GONE], **basis}))
    young = {"id": YOUNG, "name": "示例省新设厅", "kind": "department", "parent": ROOT, "active_from": DAY}
    made(administrator.post("/units", json=young))
    return found


def refused(answer: httpx.Response, pointer: str, unit: str, *days: str) -> None:
    """The refusal names the field, the unit and the days."""
    assert code(answer) == (422, "unit.not_active"), answer.text
    told = answer.json()["errors"][0]
    assert told["pointer"] == pointer
    assert all(part in told["detail"] for part in (unit, DAY, *days)), told


@pytest.mark.row("O2", "G2")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_recorded_of_a_unit_that_is_not_there(as_user: AsUser, records: dict[str, str], kind: str) -> None:
    """On a day after it went, and on one before it began."""
    office, address = as_user("office"), f"/{KINDS[kind][0]}"
    refused(office.post(address, json=content(kind, GONE, AFTER)), "/unit", GONE, AFTER)
    if kind not in ("Activity", "Visit", "Measure"):  # theirs are of a pair, a topic of the unit's own
        refused(office.post(address, json=content(kind, YOUNG, BEFORE)), "/unit", YOUNG, BEFORE)


@pytest.mark.row("O2")
@pytest.mark.parametrize("kind", KINDS)
def test_an_old_record_of_a_unit_that_is_no_more_is_corrected_and_taken_back(
    as_user: AsUser, records: dict[str, str], kind: str
) -> None:
    """Its own day decides: what it says can change, it cannot move to a day on which its unit is not there."""
    office, address = as_user("office"), records[kind]
    anew = content(kind, GONE, OLD, title="改正的样例", reason="标题有误")
    moved = office.post(f"{address}/corrections", json={**anew, "day": AFTER})
    refused(moved, "/unit", GONE, AFTER)
    assert made(office.post(f"{address}/corrections", json=anew))["version"] >= 2
    assert office.get(address).json()["title"] == "改正的样例"
    assert made(office.post(f"{address}/voids", json={"reason": "测试结束"}))["state"] == "void"


def others(records: dict[str, str]) -> dict[str, tuple[str, str, str, dict[str, Any], str]]:
    """The commands that name units beside the records' own: who asks, how, where, what, and what is pointed at."""
    ticket = {**TICKET, "unit": GONE}
    life = {"handler": GONE, "dispatched": "2026-06-15T09:00:00+08:00"}
    roles = [{"role": "handler", "unit": GONE}]
    plan = {"unit": ROOT, "title": "计划", "requirements": [{"kind": "theme_day"}], "units": [GONE]}
    plan |= {"first": "2026-06", "last": "2026-09"}
    draft = content("Session", GONE, AFTER, state="draft")
    span = {"number": "〔2026〕96号", "title": "通报", "from": "2026-06-01", "to": "2026-06-30"}
    reminder = {"unit": ROOT, "source": records["Issued"], "what": "behind", "units": [GONE]}
    corrected = {**TICKET, "life": life, "reason": "派单有误"}
    return {
        "DraftSession": ("office", "POST", "/study/sessions", draft, "/unit"),
        "DraftPlan": ("office", "POST", "/study/plans", plan, "/units/0"),
        "RevisePlan": ("office", "POST", f"{records['Plan']}/revisions", {**plan, "reason": "调整"}, "/units/0"),
        "DraftNotice": (
            *("office", "POST", "/study/notices"),
            {"unit": GONE, "plan": records["Issued"], "month": "2026-06"},
            "/unit",
        ),
        "Remind": ("office", "POST", "/study/reminders", reminder, "/units/0"),
        "RegisterTicket": ("agent", "POST", "/hotline/tickets", {**ticket, "received": life["dispatched"]}, "/unit"),
        "DispatchTicket": ("agent", "POST", f"{records['Ticket']}/dispatches", {"handler": GONE}, "/handler"),
        "CorrectTicket": ("supervisor", "POST", f"{records['Ticket']}/corrections", corrected, "/life/handler"),
        "AddMember": (
            *("office", "POST", "/members"),
            {"id": "DY-D096-0001", "name": "样例·撤并", "unit": GONE, "since": AFTER},
            "/unit",
        ),
        "TransferMember": ("office", "POST", "/members/DY-D095-0001/transfers", {"unit": GONE, "day": AFTER}, "/unit"),
        "CorrectMember": (
            *("office", "POST", "/members/DY-D095-0001/corrections"),
            {"unit": GONE, "reason": "单位有误"},
            "/unit",
        ),
        "AddUser": (
            *("lives-units", "POST", "/users"),
            {"id": "lives-late", "name": "样例", "unit": GONE, "password": PASSWORD},
            "/unit",
        ),
        "SetRoles": ("guard", "PUT", "/users/lives-heir/roles", {"roles": roles}, "/roles/0/unit"),
        "IssueReport": ("office", "POST", f"/reports/{GONE}/issues", span, "/unit"),
    }


@pytest.mark.row("O2", "O3", "O4", "H2", "S1", "S3")
@pytest.mark.parametrize("name", others(dict.fromkeys(("Issued", "Plan", "Ticket"), "")))
def test_no_other_command_reaches_a_unit_that_is_no_more(
    province: Province, as_user: AsUser, records: dict[str, str], name: str
) -> None:
    """Plans, notices, reminders, tickets, members, roles, reports; and nothing is changed by it."""
    user, method, address, body, pointer = others(records)[name]
    province.settled(datetime.now(UTC))
    before = province.counts()
    refused(as_user(user).request(method, address, json=body), pointer, GONE)
    assert province.counts() == before


def test_every_command_that_names_a_unit_is_tried_here() -> None:
    """What `tests/contract/test_units_named.py` finds to ask for a unit's life."""
    asking = {each.__name__ for each in COMMANDS if any(field.rule != "ever" for field in each.unit_fields)}
    tried = {"HoldSession", "FrameTopic"} | {f"{verb}{kind}" for kind in KINDS for verb in ("Record", "Correct")}
    tried |= set(others(dict.fromkeys(("Issued", "Plan", "Ticket"), "")))
    assert asking <= tried


SIDES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("Pair", {"unit": BANK, "provincial": GONE}, "/provincial"),
    ("Activity", {"unit": BANK}, "/provincial"),
    ("Programme", {"unit": ROOT, "units": [GONE]}, "/units/0"),
    ("Topic", {"unit": HEIR, "cooperating": [GONE]}, "/cooperating/0"),
    ("Topic", {"unit": HEIR, "group": [{"post": "处长", "unit": GONE}]}, "/group/0/unit"),
    ("Visit", {"unit": GONE, "day": OLD, "visited": YOUNG}, "/visited"),
    ("Measure", {"unit": GONE, "day": OLD, "owner": YOUNG, "cooperating": [GONE]}, ""),
    ("Measure", {"unit": HEIR, "owner": GONE, "topic": "KT-95"}, "/owner"),
)


@pytest.mark.row("O2", "R3", "S9")
@pytest.mark.parametrize(("kind", "fields", "pointer"), SIDES)
def test_what_a_record_names_beside_is_there_too(
    as_user: AsUser, records: dict[str, str], kind: str, fields: dict[str, Any], pointer: str
) -> None:
    """Partners and who is visited on its day; who has a task on some day from then on, for a task may pass on."""
    office, leader = as_user("office"), as_user("lives-leader")
    if fields.get("topic") == "KT-95":
        topic = made(office.post("/research/topics", json=content("Topic", HEIR, OLD, number="KT-95")))["id"]
        made(office.post(f"/research/topics/{topic}/outlines", json={"outline": "座谈"}))
        made(leader.post(f"/research/topics/{topic}/approvals", json={"day": OLD}))
    if kind == "Activity":
        fields = {**fields, "pair": made(office.post("/study/pairs", json=content("Pair", GONE, OLD)))["id"]}
    answer = office.post(f"/{KINDS[kind][0]}", json={**content(kind, BANK, AFTER), **fields})
    if pointer:
        refused(answer, pointer, fields.get("visited", GONE))
    else:
        made(answer)


def cells(**told: Any) -> dict[str, Any]:
    """A row of a unit that is no more."""
    return {"number": "L-1", "unit": GONE, "day": AFTER, "title": "样例", **told}


_PERSON = {"id": "DY-D096-0002", "name": "样例·撤并", "unit": GONE, "since": AFTER}
_TICKET = {"number": "L-1", "channel": "电话", "kind": "求助", "category": "供水", "title": "供水", "unit": ROOT}
ROWS: tuple[tuple[str, str, Sheet, dict[str, Any], str], ...] = (
    ("office", "study", STUDY["sessions"], cells(way="研学", form="主题党日", due=9), "unit"),
    ("office", "study", STUDY["essays"], cells(), "unit"),
    ("office", "study", STUDY["lectures"], cells(mode="集中讲", speaker_post="党组书记", audience=60), "unit"),
    ("office", "study", STUDY["pairs"], cells(central=BANK, provincial=GONE), "unit"),
    ("office", "study", STUDY["pairs"], cells(unit=BANK, central=BANK, provincial=GONE), "provincial"),
    ("office", "study", STUDY["activities"], cells(pair="JD-96"), "unit"),
    ("office", "study", STUDY["entries"], cells(contest="BS-96", author="1 号", reference="演讲-1"), "unit"),
    ("office", "study", STUDY["issues"], cells(copies=30), "unit"),
    ("office", "research", RESEARCH["topics"], cells(kind="对策性", leader="党组书记"), "unit"),
    (
        "office",
        "research",
        RESEARCH["topics"],
        cells(unit=HEIR, kind="对策性", leader="书记", cooperating=GONE),
        "cooperating",
    ),
    ("office", "research", RESEARCH["visits"], cells(topic="KT-96", leader="副厅长", visited=HEIR), "unit"),
    ("office", "research", RESEARCH["measures"], cells(topic="KT-96", owner=HEIR, due="2026-12-31"), "unit"),
    ("supervisor", "hotline", HOTLINE["tickets"], {**_TICKET, "unit": GONE, "received": f"{AFTER} 09:00"}, "unit"),
    (
        *("supervisor", "hotline", HOTLINE["tickets"]),
        {**_TICKET, "received": f"{OLD} 09:00", "handler": GONE, "dispatched": f"{AFTER} 09:00"},
        "handler",
    ),
    ("office", "members", GATEWAY["members"], _PERSON, "unit"),
    ("office", "members", GATEWAY["members"], {**_PERSON, "since": OLD}, "unit"),
    ("office", "members", GATEWAY["members"], {**_PERSON, "since": OLD, "until": AFTER}, "unit"),
)


@pytest.mark.row("O2")
@pytest.mark.parametrize(("user", "area", "sheet", "row", "column"), ROWS)
def test_no_sheet_reaches_a_unit_that_is_no_more(
    as_user: AsUser, records: dict[str, str], user: str, area: str, sheet: Sheet, row: dict[str, Any], column: str
) -> None:
    """The row and its column are named, the sheet is not taken."""
    file = {"file": ("表.xlsx", workbook(row, sheet=sheet))}
    answer = as_user(user).post(f"/{area}/imports", data={"kind": sheet.kind}, files=file)
    assert code(answer) == (422, "import.refused")
    told = answer.json()["errors"]
    assert f"/rows/2/{column}" in {error["pointer"] for error in told}, told
    assert all(GONE in error["detail"] and DAY in error["detail"] for error in told), told


def test_somebody_who_left_in_time_is_history(as_user: AsUser, records: dict[str, str]) -> None:
    """Whoever had gone before their unit went may still be put on its list, with both days."""
    row = {"id": "DY-D096-0003", "name": "样例·先离", "unit": GONE, "since": OLD, "until": BEFORE}
    file = {"file": ("表.xlsx", workbook(row, sheet=GATEWAY["members"]))}
    office = as_user("office")
    id = office.post("/members/imports", data={"kind": "members"}, files=file).json()["id"]
    eventually(lambda: office.get(f"/members/imports/{id}").json()["state"] == "applied", "the sheet")
    assert office.get("/members/DY-D096-0003").json()["stays"] == [{"unit": GONE, "first": OLD, "until": BEFORE}]


@pytest.mark.row("O3")
def test_nobody_moves_a_member_out_of_their_reach(as_user: AsUser, records: dict[str, str]) -> None:
    """Who keeps the lists of both units does; who keeps one alone does not."""
    asked = {"unit": "D001-B01", "day": "2026-07-01"}
    answer = as_user("lives-heir").post("/members/DY-D095-0001/transfers", json=asked)
    assert code(answer) == (403, "unit.out_of_scope")
    assert as_user("office").get("/members/DY-D095-0001").json()["unit"] == HEIR


def test_a_unit_stands_below_one_that_is_there(as_user: AsUser, records: dict[str, str]) -> None:
    """Nothing moves below a unit, or goes into one, on a day before that began."""
    units, asked = as_user("lives-units"), {"day": BEFORE, "basis": "示例编〔2026〕12号"}
    moved = units.post(f"/units/{BANK}/moves", json={"parent": YOUNG, **asked})
    assert (code(moved), moved.json()["errors"][0]["pointer"]) == ((422, "unit.not_active"), "/parent")
    merged = units.post(f"/units/{YOUNG}/mergers", json={"units": [BANK], **asked})
    assert (code(merged), merged.json()["errors"][0]["pointer"]) == ((422, "unit.not_active"), "/id")
