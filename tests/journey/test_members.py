"""Members, attendance by exception and coverage, as a branch, its superior and a member meet them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.cli.workbook import workbook
from services.kernel.sheets.reading import read
from services.organisation.contract import SHEETS as GATEWAY
from tests.eventually import PATIENCE, eventually
from tests.journey.province import ROOT, AsUser, Province, founded

DEPARTMENT, FIRST, SECOND = "D009", "D009-B01", "D009-B02"
OTHER, THIRD, FOURTH = "D008", "D008-B01", "D008-B02"
UNITS = (
    (DEPARTMENT, "示例省体育局", "department", ROOT),
    (FIRST, "示例省体育局第一党支部", "branch", DEPARTMENT),
    (SECOND, "示例省体育局第二党支部", "branch", DEPARTMENT),
    (OTHER, "示例省档案馆", "institution", ROOT),
    (THIRD, "示例省档案馆第一党支部", "branch", OTHER),
    (FOURTH, "示例省档案馆第二党支部", "branch", OTHER),
)
USERS = {
    "sport": ("unit_admin", DEPARTMENT),
    "archive": ("unit_admin", OTHER),
    "sport-leader": ("leader", DEPARTMENT),
    "sport-first": ("secretary", FIRST),
    "sport-second": ("secretary", SECOND),
    "sport-member": ("member", FIRST),
}
NAMES = {f"DY-D009-{number:03d}": f"样例·{name}" for number, name in enumerate("甲乙丙丁戊", start=1)}
ONE, TWO, THREE, FOUR, FIVE = NAMES


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """A department of its own with two branches, four members in the first and one in the second."""
    clients = founded(province, administrator, sign_in, UNITS, USERS)
    for id, name in NAMES.items():
        unit = SECOND if id == FIVE else FIRST
        member = {"id": id, "name": name, "unit": unit, "since": "2026-01-10"}
        if id == ONE:
            member["user"] = "sport-member"
        made(clients("sport-second" if id == FIVE else "sport-first").post("/members", json=member))
    return clients


_CELLS = {"title": "党日", "way": "研学", "form": "主题党日"}


def made(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def session(client: httpx.Client, day: str, *, unit: str = FIRST, **fields: Any) -> str:
    """A reported session of everybody on the unit's list."""
    content = {"unit": unit, "day": day, "way": "branch", "form": "theme_day", "title": "主题党日", **fields}
    id = str(made(client.post("/study/sessions", json=content))["id"])
    made(client.post(f"/study/sessions/{id}/submissions"))
    return id


def figures(province: Province, month: str, last: int, unit: str = DEPARTMENT) -> dict[str, Any]:
    told: dict[str, Any] = province.settled(
        datetime.now(UTC), unit, **{"from": f"{month}-01", "to": f"{month}-{last}"}
    )["figures"]
    return told


@pytest.mark.row("O3", "L2")
def test_a_branch_keeps_its_list(as_user: AsUser, province: Province) -> None:
    """It sees its names; above it they are masked; who does not keep the list sees none; no journal holds a name."""
    own = as_user("sport-first").get("/members").json()["items"]
    assert [(item["id"], item["name"]) for item in own] == [(id, NAMES[id]) for id in (ONE, TWO, THREE, FOUR)]
    above = as_user("sport").get("/members", params={"q": "DY-D009-00", "page_size": 2}).json()
    assert (above["total"], [item["name"] for item in above["items"]]) == (5, ["样***", "样***"])
    found = as_user("sport").get("/members", params={"q": NAMES[FOUR]}).json()["items"]
    assert [item["id"] for item in found] == [FOUR]
    for name in ("sport-leader", "sport-member"):
        assert as_user(name).get("/members").status_code == 403
    assert as_user("sport-second").get(f"/members/{ONE}").status_code == 404
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    for service in ("gateway", "study"):
        for collection in ("journal", "members", "member_names", "facts"):
            assert all(
                name not in repr(row)
                for row in province.databases[f"{prefix}_{service}"][collection].find()
                for name in NAMES.values()
            )


@pytest.mark.row("O3", "L2")
def test_members_see_and_correct_themselves(as_user: AsUser) -> None:
    """With an account of their own: their name and units; another's they can neither see nor change."""
    member = as_user("sport-member")
    mine = made(member.get("/members/mine"), 200)
    assert (mine["id"], mine["name"], mine["unit"]) == (ONE, NAMES[ONE], FIRST)
    wrong = made(member.post(f"/members/{ONE}/corrections", json={"name": "样例·假", "reason": "姓名有误"}))
    assert wrong["version"] == mine["version"] + 1
    made(member.post(f"/members/{ONE}/corrections", json={"name": NAMES[ONE], "reason": "改回"}))
    assert as_user("sport-first").get(f"/members/{ONE}").json()["name"] == NAMES[ONE]
    assert member.get(f"/members/{TWO}").status_code == 403
    refused = member.post(f"/members/{ONE}/corrections", json={"unit": SECOND, "reason": "想去"})
    assert refused.status_code == 403


@pytest.mark.row("O3")
def test_no_number_is_an_identity_or_telephone_number(as_user: AsUser) -> None:
    """A number begins with a letter, and one number is one member."""
    body = {"name": "样例·己", "unit": FIRST, "since": "2026-02-01"}
    for id in ("110101199001011234", "13800000000", "dy"):
        assert as_user("sport-first").post("/members", json={**body, "id": id}).status_code == 422
    taken = as_user("sport-first").post("/members", json={**body, "id": TWO})
    assert (taken.status_code, taken.json()["code"]) == (409, "member.number_taken")


@pytest.mark.row("O3")
def test_a_list_comes_and_goes_as_a_sheet(as_user: AsUser, province: Province) -> None:
    """Sent in, moved by a row, exported with a reason that is written down; the export sent in changes nothing."""
    archive = as_user("archive")
    rows: list[dict[str, Any]] = [
        {"id": f"DY-D008-9{number:02d}", "name": f"样例·表{number}", "unit": THIRD, "since": "2026-03-02"}
        for number in range(12)
    ]
    rows.append({**rows[0], "unit": FOURTH, "since": "2026-12-01", "action": "调动"})
    rows.append({**rows[1], "until": "2026-04-01", "action": "离开"})
    assert _import(archive, "members", rows)["skipped"] == 0
    moved = archive.get("/members/DY-D008-900").json()
    assert [(stay["unit"], stay["first"], stay["until"]) for stay in moved["stays"]] == [
        (THIRD, "2026-03-02", "2026-12-01"),
        (FOURTH, "2026-12-01", None),
    ]
    assert archive.get("/members/workbook").status_code == 422
    data = archive.get("/members/workbook", params={"reason": "核对名册"}).content
    exported = read(GATEWAY["members"], data).rows
    assert {row["id"]: row["name"] for row in exported} == {row["id"]: row["name"] for row in rows}
    again = _upload(archive, "members", data)
    assert (again["rows"], again["skipped"]) == (len(exported), len(exported))
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    looks = province.databases[f"{prefix}_gateway"]["access_log"]
    assert looks.count_documents({"actor": "archive", "reason": "核对名册"}) == len(exported)
    refused = archive.post(
        "/members/imports",
        data={"kind": "members"},
        files={"file": ("m.xlsx", workbook({"members": [{**rows[2], "name": "样例·另"}]}))},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "import.refused")


@pytest.mark.row("S7")
def test_everybody_on_the_list_is_present_unless_named(as_user: AsUser, province: Province) -> None:
    """Nobody types how many were due; illness is the branch's to see, above it "excused"; events name no one."""
    first = as_user("sport-first")
    named = [{"member": TWO, "reason": "illness"}, {"member": THREE, "reason": "absent"}]
    id = session(first, "2026-03-05", named=named)
    told = made(first.get(f"/study/sessions/{id}"), 200)
    assert (told["due"], told["present"], told["listed"]) == (4, 2, True)
    own = first.get(f"/study/sessions/{id}/attendance").json()["items"]
    above = as_user("sport").get(f"/study/sessions/{id}/attendance").json()["items"]
    assert {row["member"]: row["reason"] for row in own} == {TWO: "illness", THREE: "absent"}
    assert {row["member"]: row["reason"] for row in above} == {TWO: "excused", THREE: "absent"}
    assert as_user("sport-leader").get(f"/study/sessions/{id}/attendance").status_code == 403
    journal = province.databases[f"{province.platform.environment['SHENGZHI_DATABASE_PREFIX']}_study"]["journal"]
    entries = list(journal.find({"unit": FIRST}))
    assert entries
    assert all(member not in repr(entry) and "illness" not in repr(entry) for entry in entries for member in NAMES)
    march = figures(province, "2026-03", 31)
    assert {part: march[f"study.attendance.{part}"] for part in ("due", "present", "excused", "absent")} == {
        "due": 4,
        "present": 2,
        "excused": 1,
        "absent": 1,
    }
    stranger = first.post(
        "/study/sessions",
        json={
            "unit": FIRST,
            "day": "2026-03-06",
            "way": "branch",
            "form": "theme_day",
            "title": "党日",
            "named": [{"member": FIVE, "reason": "duty"}],
        },
    )
    assert (stranger.status_code, stranger.json()["code"]) == (422, "session.member_not_due")


@pytest.mark.row("S7")
def test_an_excuse_counts_before_the_session_and_after(as_user: AsUser, province: Province) -> None:
    """Before: the member is excused when the session is reported. After: the session is corrected, and the
    correction keeps what was. Taken back: it stands as before. An exempt member is not due at all.
    """
    first, member = as_user("sport-first"), as_user("sport-member")
    before = made(
        member.post(
            "/study/excuses", json={"member": ONE, "first": "2026-04-07", "last": "2026-04-09", "reason": "personal"}
        )
    )
    assert before["corrected"] == 0
    id = session(first, "2026-04-08")
    assert made(first.get(f"/study/sessions/{id}"), 200)["present"] == 3
    after = made(
        first.post(
            "/study/excuses", json={"member": TWO, "first": "2026-04-08", "last": "2026-04-08", "reason": "duty"}
        )
    )
    assert after["corrected"] == 1
    made(
        first.post(
            "/study/excuses", json={"member": FOUR, "first": "2026-04-01", "last": "2026-04-30", "reason": "exempt"}
        )
    )
    april = figures(province, "2026-04", 30)
    assert {part: april[f"study.attendance.{part}"] for part in ("due", "present", "excused", "duty", "exempt")} == {
        "due": 3,
        "present": 1,
        "excused": 2,
        "duty": 1,
        "exempt": 1,
    }
    assert april["study.members_covered"] == 1
    mine = made(member.get("/study/absences/mine"), 200)["items"]
    assert [(row["session"], row["reason"]) for row in mine] == [(id, "personal")]
    hidden = made(as_user("sport").get(f"/study/excuses/{before['id']}"), 200)
    assert hidden["reason_of_absence"] == "excused"
    overlapping = member.post(
        "/study/excuses", json={"member": ONE, "first": "2026-04-09", "last": "2026-04-10", "reason": "duty"}
    )
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "excuse.overlaps")
    assert (
        member.post(
            "/study/excuses", json={"member": TWO, "first": "2026-04-09", "last": "2026-04-10", "reason": "duty"}
        ).status_code
        == 403
    )
    back = made(first.post(f"/study/excuses/{after['id']}/withdrawals", json={"reason": "登记有误"}))
    assert back["corrected"] == 1
    assert figures(province, "2026-04", 30)["study.members_covered"] == 2
    journal = province.databases[f"{province.platform.environment['SHENGZHI_DATABASE_PREFIX']}_study"]["journal"]
    history = [entry["type"] for entry in journal.find({"aggregate": id}).sort("n")]
    assert history == ["session.held.v1", "session.submitted.v1", *["session.corrected.v1"] * 3]


@pytest.mark.row("S7")
def test_a_sheet_names_who_was_not_there(as_user: AsUser, province: Province) -> None:
    """A session's rows correct it once; sent again they change nothing; a wrong row is named and refuses the sheet."""
    sport = as_user("sport")
    sessions = [
        {
            "number": f"KQ-{day}",
            "unit": FIRST,
            "day": f"2026-05-{day}",
            "title": "党日",
            "way": "研学",
            "form": "主题党日",
        }
        for day in ("11", "12")
    ]
    _import(sport, "study", sessions, "sessions")
    rows: list[dict[str, Any]] = [
        {"session": "KQ-11", "unit": FIRST, "member": ONE, "outcome": "病假"},
        {"session": "KQ-11", "unit": FIRST, "member": TWO, "outcome": "缺席"},
        {"session": "KQ-12", "unit": FIRST, "member": ONE, "outcome": "免学"},
    ]
    assert _import(sport, "study", rows, "attendance")["skipped"] == 0
    may = figures(province, "2026-05", 31)
    told = {part: may[f"study.attendance.{part}"] for part in ("due", "present", "excused", "absent", "exempt")}
    assert told == {"due": 7, "present": 5, "excused": 1, "absent": 1, "exempt": 1}
    assert _import(sport, "study", rows, "attendance")["skipped"] == 3
    wrong: list[dict[str, Any]] = [
        *rows,
        {"session": "KQ-11", "unit": FIRST, "member": "DY-NOBODY-1", "outcome": "病假"},
        {"session": "KQ-99", "unit": FIRST, "member": ONE, "outcome": "病假"},
    ]
    refused = sport.post(
        "/study/imports", data={"kind": "attendance"}, files={"file": ("a.xlsx", workbook({"attendance": wrong}))}
    )
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/rows/5/member", "/rows/6/session"]


@pytest.mark.row("S8")
def test_who_moves_counts_once_where_they_belong_at_the_end(as_user: AsUser, province: Province) -> None:
    """With the new unit in the month of the move, wherever they studied in it, and never more than are due; when all
    that they were at is taken back, nowhere.
    """
    first, second = as_user("sport-first"), as_user("sport-second")
    early = session(first, "2026-06-03")
    made(as_user("sport").post(f"/members/{FOUR}/transfers", json={"unit": SECOND, "day": "2026-06-15"}))

    def june() -> dict[str, Any]:
        return {unit: figures(province, "2026-06", 30, unit) for unit in (FIRST, SECOND, DEPARTMENT)}

    def covered() -> dict[str, Any]:
        return {unit: told["study.members_covered"] for unit, told in june().items()}

    assert eventually(lambda: covered() == {FIRST: 3, SECOND: 1, DEPARTMENT: 4})
    late = session(second, "2026-06-20", unit=SECOND)
    assert eventually(lambda: covered() == {FIRST: 3, SECOND: 2, DEPARTMENT: 5})
    told = june()
    assert {unit: each["study.members_due"] for unit, each in told.items()} == {FIRST: 3, SECOND: 2, DEPARTMENT: 5}
    assert {unit: each["study.coverage"] for unit, each in told.items()} == {FIRST: 1, SECOND: 1, DEPARTMENT: 1}
    assert {unit: each["study.members_departed"] for unit, each in told.items()} == {FIRST: 1, SECOND: 0, DEPARTMENT: 1}
    made(first.post(f"/study/sessions/{early}/voids", json={"reason": "误报"}))
    assert eventually(lambda: covered() == {FIRST: 0, SECOND: 2, DEPARTMENT: 2})
    made(second.post(f"/study/sessions/{late}/voids", json={"reason": "误报"}))
    assert eventually(lambda: covered() == {FIRST: 0, SECOND: 0, DEPARTMENT: 0})


@pytest.mark.row("S8")
def test_coverage_opens_to_units_ways_and_reasons(as_user: AsUser, province: Province) -> None:
    """By way, by month, by unit below; null with its reason where nobody was due, or the days are no window."""
    session(as_user("sport-second"), "2026-08-04", unit=SECOND, named=[{"member": FIVE, "reason": "personal"}])
    province.settled(datetime.now(UTC), DEPARTMENT)

    def asked(first: str, last: str, unit: str = DEPARTMENT) -> dict[str, Any]:
        query = {"unit": unit, "from": first, "to": last}
        return made(as_user("sport").get("/study/coverage", params=query), 200)

    august = asked("2026-08-01", "2026-08-31")
    shown = {id: detail["value"] for id, detail in august["figures"].items()}
    assert (shown["study.members_due"], shown["study.members_covered"], shown["study.coverage"]) == (5, 1, 0.2)
    assert shown["study.units_covered"] == 1
    assert {way["way"]: way["members_covered"] for way in august["ways"]} == {
        "leadership": 0,
        "branch": 1,
        "youth": 0,
        "self": 0,
    }
    assert [month["figures"]["study.members_covered"] for month in august["months"]] == [1]
    assert {child["unit"]: child["figures"]["study.members_covered"] for child in august["children"]} == {
        FIRST: 0,
        SECOND: 1,
    }
    excused = next(part for part in august["attendance"] if part["figure"] == "study.attendance.excused")
    assert [(reason["name"], reason["value"]) for reason in excused["reasons"]] == [
        ("公务", 0),
        ("病假、事假（由支部掌握）", 1),
    ]
    nobody = asked("2025-01-01", "2025-01-31")["figures"]["study.coverage"]
    assert (nobody["value"], nobody["reason"]) == (None, "no_denominator")
    part = asked("2026-08-02", "2026-08-20")["figures"]["study.coverage"]
    assert (part["value"], part["reason"]) == (None, "not_additive")
    covered = as_user("sport").get(
        "/figures/study.members_covered/records",
        params={"unit": DEPARTMENT, "from": "2026-08-01", "to": "2026-08-31"},
    )
    assert [(row["record"], row["amount"]) for row in covered.json()["items"]] == [(SECOND, 1)]
    due = as_user("sport-leader").get(
        "/figures/study.members_due/records", params={"unit": DEPARTMENT, "from": "2026-08-01", "to": "2026-08-31"}
    )
    assert {row["record"]: row["amount"] for row in due.json()["items"]} == {FIRST: 3, SECOND: 2}


@pytest.mark.row("O3", "S7", "S8", "G7")
def test_pages_lead_from_the_list_to_the_member_and_from_coverage_to_units(as_user: AsUser, province: Province) -> None:
    """A list of members, a form for one, steps on their page; excuses; coverage that opens to units and records."""
    first, root = as_user("sport-first"), province.platform.url
    session(first, "2026-09-03")

    def page(path: str, status: int = 200, client: httpx.Client = first) -> str:
        answer = client.get(root + path)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    assert NAMES[TWO] in page("/records/member")
    assert NAMES[TWO] not in page("/records/member", client=as_user("sport"))
    shown = page(f"/records/member/{TWO}")
    assert all(word in shown for word in ("调动", "离开", "更正", FIRST))
    assert "党员编号" in page("/records/member/new")
    typed = {"id": "DY-D009-077", "name": "样例·己", "unit": FIRST, "since": "2026-09-20", "key": "page-1"}
    assert first.post(f"{root}/records/member/new", data=typed).status_code == 303
    left = first.post(f"{root}/records/member/DY-D009-077/departures", data={"day": "2026-09-21", "key": "page-2"})
    assert left.status_code == 303
    assert "已离开" in page("/records/member/DY-D009-077")
    typed = {"member": TWO, "first": "2026-09-03", "last": "2026-09-04", "reason": "illness", "key": "page-3"}
    sent = first.post(f"{root}/records/excuse/new", data=typed)
    assert sent.status_code == 303
    assert "病假" in page(sent.headers["location"])
    assert "病假" not in page(sent.headers["location"], client=as_user("sport"))
    assert TWO in page(f"/records/excuse?q={TWO}")
    province.settled(datetime.now(UTC), DEPARTMENT)
    covered = page(f"/coverage/{DEPARTMENT}?from=2026-09-01&to=2026-09-30", client=as_user("sport"))
    assert "示例省体育局第一党支部" in covered
    assert "/figures/study.members_covered/records" in covered
    page(f"/coverage/{DEPARTMENT}", 403, as_user("sport-member"))


def _import(client: httpx.Client, area: str, rows: list[dict[str, Any]], kind: str = "members") -> dict[str, Any]:
    return _upload(client, area, workbook({kind: rows}), kind)


def _upload(client: httpx.Client, area: str, data: bytes, kind: str = "members") -> dict[str, Any]:
    """Send a sheet and wait until it is applied."""
    sent = client.post(f"/{area}/imports", data={"kind": kind}, files={"file": ("sheet.xlsx", io.BytesIO(data))})
    state = made(sent, 202)
    until = time.monotonic() + PATIENCE
    while state["state"] != "applied":
        assert time.monotonic() < until
        time.sleep(0.2)
        state = client.get(f"/{area}/imports/{state['id']}").json()
    assert state["failures"] == []
    return state
