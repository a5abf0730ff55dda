"""REST as its users meet it: from an entry, or a sheet of them, to the figure and back to the record."""

from __future__ import annotations

import io
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import xlsxwriter

from services.kernel.sheets.sheet import XLSX
from services.study.contract import SHEETS
from tests.eventually import PATIENCE
from tests.journey.province import CLOSES, OPENS, PASSWORD, ROOT, Province

SESSION: dict[str, Any] = {
    "unit": "D001-B01",
    "day": "2026-03-05",
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
    "absences": [{"reason": "duty", "count": 1}, {"reason": "absent", "count": 2}, {"reason": "exempt", "count": 1}],
}
TICKET: dict[str, Any] = {
    "unit": ROOT,
    "channel": "phone",
    "kind": "help",
    "category": "供水",
    "title": "反映小区供水不稳",
    "received": "2026-03-05T09:00:00+08:00",
    "caller_name": "样例王某",
    "caller_phone": "00000001234",
    "text": "家里三天没有水，请打 00000001234",
}


def made(answer: httpx.Response) -> dict[str, Any]:
    """What a write answers."""
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def code(answer: httpx.Response) -> tuple[int, str]:
    """How a request was refused."""
    return answer.status_code, answer.json()["code"]


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, float]:
    """The figures that changed, and by how much; rates left out."""
    return {
        id: value - before["figures"][id]
        for id, value in after["figures"].items()
        if after["details"][id]["sort"] != "rate" and value != before["figures"][id]
    }


@pytest.mark.row("S2", "S4", "S7")
def test_a_sessions_life(province: Province) -> None:
    """Drafted it counts nowhere; reported it counts up to the province; corrected, differently; void, nothing."""
    secretary, office = province.as_user("secretary"), province.as_user("office")
    before = province.settled(datetime.now(UTC))
    earlier = province.report(SESSION["unit"])["figures"]  # another test's session may have covered the unit
    drafted = made(secretary.post("/study/sessions", json={**SESSION, "number": "R-1", "state": "draft"}))
    held = made(secretary.post("/study/sessions", json={**SESSION, "number": "R-1"}))
    assert (drafted["state"], held) == ("draft", {"id": drafted["id"], "version": 2, "state": "held"})
    address = f"/study/sessions/{held['id']}"
    assert made(secretary.post(f"{address}/submissions"))["state"] == "submitted"
    submitted = province.settled(datetime.now(UTC))
    counted = {"sessions.branch": 1, "attendance.due": 19, "attendance.present": 16, "attendance.excused": 1}
    counted |= {"attendance.absent": 2, "attendance.duty": 1, "attendance.exempt": 1}
    counted |= {name: 1 for name in ("units_covered", "units_covered.branch") if not earlier[f"study.{name}"]}
    assert difference(before, submitted) == {f"study.{name}": amount for name, amount in counted.items()}

    assert code(secretary.post(f"{address}/returns", json={"reason": "缺少议题"})) == (403, "role.missing")
    assert made(office.post(f"{address}/returns", json={"reason": "缺少议题"}))["state"] == "returned"
    correction = {**SESSION, "number": "R-1", "due": 25, "reason": "人数有误"}
    made(secretary.post(f"{address}/corrections", json=correction))
    made(secretary.post(f"{address}/submissions"))
    asked = {"unit": ROOT, "from": OPENS, "to": CLOSES}
    corrected = province.settled(datetime.now(UTC))
    records = office.get("/figures/study.attendance.due/records", params=asked).json()
    assert records["sum"] == corrected["figures"]["study.attendance.due"]
    assert {"record": held["id"], "amount": 24}.items() <= next(
        row for row in records["items"] if row["record"] == held["id"]
    ).items()

    assert made(secretary.post(f"{address}/voids", json={"reason": "重复登记"}))["state"] == "void"
    assert code(secretary.post(f"{address}/submissions"))[0] == 409
    assert difference(before, province.settled(datetime.now(UTC))) == {}


def test_a_repeated_request_is_one_record(province: Province) -> None:
    """The same key gives the first answer, after signing in again too; with another body it is refused."""
    secretary, headers = province.as_user("secretary"), key()
    before = province.counts()["study.sessions"]
    first = made(secretary.post("/study/sessions", json=SESSION, headers=headers))
    assert made(secretary.post("/study/sessions", json=SESSION, headers=headers)) == first
    with httpx.Client(base_url=secretary.base_url) as again:
        token = again.post("/tokens", json={"name": "secretary", "password": PASSWORD}).json()["token"]
        again.headers["Authorization"] = f"Bearer {token}"
        assert made(again.post("/study/sessions", json=SESSION, headers=headers)) == first
    other = secretary.post("/study/sessions", json={**SESSION, "due": 21}, headers=headers)
    assert code(other) == (422, "command.reused")
    assert province.counts()["study.sessions"] == before + 1


def test_what_somebody_else_changed_is_not_written_over(province: Province) -> None:
    """If-Match with an older version is 412, and the change is not made."""
    secretary = province.as_user("secretary")
    id = made(secretary.post("/study/sessions", json=SESSION))["id"]
    correction = {**SESSION, "due": 30, "reason": "人数有误"}
    address = f"/study/sessions/{id}/corrections"
    assert made(secretary.post(address, json=correction, headers={"If-Match": '"1"'}))["version"] == 2
    late = secretary.post(address, json={**correction, "due": 31}, headers={"If-Match": "1"})
    assert late.status_code == 412
    assert secretary.get(f"/study/sessions/{id}").json()["due"] == 30


@pytest.mark.row("S2")
def test_a_draft_without_a_number_is_reported(province: Province) -> None:
    """What was prepared need not be typed again when it has taken place."""
    secretary = province.as_user("secretary")
    drafted = made(secretary.post("/study/sessions", json={**SESSION, "state": "draft"}))
    address = f"/study/sessions/{drafted['id']}"
    assert made(secretary.post(f"{address}/submissions")) == {"id": drafted["id"], "version": 3, "state": "submitted"}
    made(secretary.post(f"{address}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("O1", "O4")
def test_a_role_reaches_its_subtree_and_nothing_else(province: Province) -> None:
    """Lists and records follow the tree; somebody with roles for two units reaches both."""
    finance, water = province.as_user("finance"), province.as_user("water")
    assert [unit["id"] for unit in finance.get("/units").json()["items"]] == ["D001", "D001-B01"]
    id = made(province.as_user("secretary").post("/study/sessions", json=SESSION))["id"]
    assert finance.get(f"/study/sessions/{id}").json()["unit"] == "D001-B01"
    assert id in {row["id"] for row in finance.get("/study/sessions?page_size=200").json()["items"]}
    assert code(water.get(f"/study/sessions/{id}")) == (404, "record.not_found")
    assert code(water.post(f"/study/sessions/{id}/submissions")) == (404, "record.not_found")
    assert water.get("/study/sessions").json()["total"] == 0
    province.enrol("both", ("unit_admin", "D002"), ("unit_admin", "D001"))
    assert province.as_user("both").get(f"/study/sessions/{id}").status_code == 200
    assert made(province.as_user("both").post(f"/study/sessions/{id}/submissions"))["state"] == "submitted"
    made(province.as_user("both").post(f"/study/sessions/{id}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("O5")
def test_a_campaign_binds_every_unit(province: Province) -> None:
    """The province's office opens campaigns, one after the other; an office further down cannot."""
    overlapping = {"id": "C2", "name": "又一次", "opens": CLOSES, "closes": "2027-01-01"}
    assert code(province.as_user("office").post("/campaigns", json=overlapping)) == (409, "campaign.overlaps")
    later = {"id": "C3", "name": "下一次", "opens": "2027-01-01", "closes": "2027-06-30"}
    assert code(province.as_user("office-of-finance").post("/campaigns", json=later)) == (403, "unit.out_of_scope")
    assert [row["id"] for row in province.as_user("member").get("/campaigns").json()["items"]] == ["C2026"]


def test_guessing_locks_the_name(province: Province) -> None:
    """Twenty guesses at once are five guesses: then even the right password waits."""
    with httpx.Client(base_url=f"{province.platform.url}/api/v1", timeout=PATIENCE) as client:
        for _ in range(5):
            wrong = client.post("/tokens", json={"name": "clumsy", "password": "guess"})
            assert code(wrong) == (401, "sign_in.refused")
        right = client.post("/tokens", json={"name": "clumsy", "password": PASSWORD})
        assert code(right) == (429, "sign_in.locked")
        nobody = client.post("/tokens", json={"name": "nobody", "password": "guess"})
        assert code(nobody) == (401, "sign_in.refused")


@pytest.mark.row("H1", "H2", "H3", "H5", "L3")
def test_a_tickets_life(province: Province) -> None:
    """Registered, dispatched, signed for, answered, called back, completed; solved is what the caller says."""
    agent, handler, water = (province.as_user(name) for name in ("agent", "water-handler", "water"))
    before = province.settled(datetime.now(UTC))
    id = made(agent.post("/hotline/tickets", json=TICKET))["id"]
    address = f"/hotline/tickets/{id}"
    assert code(water.get(address)) == (404, "record.not_found")
    made(agent.post(f"{address}/classifications", json={"kind": "help", "category": "供水"}))
    made(agent.post(f"{address}/dispatches", json={"handler": "D002"}))
    seen = water.get(address).json()
    assert seen["caller"] == {"name": "样***", "phone": "000****1234"}
    assert seen["deadline"].startswith("2026-03-19T16:00:00")  # ten working days, to the end of the day in Shanghai
    assert code(province.as_user("finance").get(address)) == (404, "record.not_found")
    assert code(water.get(f"{address}/caller", params={"reason": "看看"})) == (403, "role.missing")
    clear = agent.get(f"{address}/caller", params={"reason": "核对号码"}).json()
    assert clear["caller_phone"] == TICKET["caller_phone"]
    made(handler.post(f"{address}/signatures"))
    made(handler.post(f"{address}/answers", json={"answer": "已修复，联系电话 13900001111"}))
    outcome = {"valid": True, "responded": True, "solved": True, "satisfaction": "basically"}
    made(agent.post(f"{address}/callbacks", json=outcome))
    assert made(agent.post(f"{address}/completions"))["state"] == "completed"
    assert "13900001111" not in water.get(address).text
    names = ("tickets", "problems_solved", "callbacks.valid", "callbacks.responded", "callbacks.solved")
    expected = {f"hotline.{name}": 1 for name in (*names, "callbacks.basically")}
    assert difference(before, province.settled(datetime.now(UTC))) == expected
    made(province.as_user("supervisor").post(f"{address}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("L5")
def test_a_report_never_reaches_whom_it_is_about(province: Province) -> None:
    """A unit that is reported must be known, and neither it nor what lies below it can be given the ticket."""
    agent = province.as_user("agent")
    report = {**TICKET, "kind": "report", "title": "举报收费问题"}
    unknown = agent.post("/hotline/tickets", json={**report, "reported_unit": "D02"})
    assert (code(unknown), unknown.json()["errors"][0]["pointer"]) == ((404, "unit.unknown"), "/reported_unit")
    id = made(agent.post("/hotline/tickets", json={**report, "reported_unit": "D002"}))["id"]
    made(agent.post(f"/hotline/tickets/{id}/classifications", json={"kind": "report", "category": "收费"}))
    for handler in ("D002", "D002-B01"):
        refused = agent.post(f"/hotline/tickets/{id}/dispatches", json={"handler": handler})
        assert refused.status_code in {409, 422}, refused.text
    assert code(province.as_user("water").get(f"/hotline/tickets/{id}")) == (404, "record.not_found")
    made(province.as_user("supervisor").post(f"/hotline/tickets/{id}/voids", json={"reason": "测试结束"}))


def test_a_repeated_ticket_without_an_instant_is_one_ticket(province: Province) -> None:
    """Received now, unless it was received by an earlier attempt with the same key."""
    agent, headers = province.as_user("agent"), key()
    now = {name: value for name, value in TICKET.items() if name != "received"}
    answer = agent.post("/hotline/tickets", json=now, headers=headers)
    assert made(agent.post("/hotline/tickets", json=now, headers=headers)) == made(answer)


def sheet(*rows: dict[str, Any]) -> bytes:
    """学习活动台账 as a unit would send it."""
    out = io.BytesIO()
    described = SHEETS["sessions"]
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet(described.title)
        for place, column in enumerate(described.columns):
            page.write(0, place, column.header)
            for number, row in enumerate(rows, start=1):
                page.write(number, place, row.get(column.key, ""))
    return out.getvalue()


@pytest.mark.row("S2", "S4", "G1")
def test_a_sheet_of_sessions(province: Province) -> None:
    """Template, upload, progress, figures; the same sheet again counts nothing twice."""
    finance = province.as_user("finance")
    template = finance.get("/study/templates/sessions.xlsx")
    assert (template.headers["content-type"], template.content[:2]) == (XLSX, b"PK")
    rows = [
        {"number": f"S-{n}", "unit": "D001-B01", "day": "2026-04-08", "title": "研讨", "way": "研学", "form": "研讨"}
        | {"due": 10 + n, "absent": 1}
        for n in range(40)
    ]
    before = province.settled(datetime.now(UTC))
    for skipped in (0, 40):
        files = {"file": ("台账.xlsx", sheet(*rows), XLSX)}
        sent = finance.post("/study/imports", data={"kind": "sessions"}, files=files, headers=key())
        assert sent.status_code == 202, sent.text
        state, until = sent.json(), time.monotonic() + PATIENCE
        while state["state"] != "applied" and time.monotonic() < until:
            time.sleep(0.1)
            state = finance.get(f"/study/imports/{state['id']}").json()
        assert (state["state"], state["applied"], state["skipped"]) == ("applied", 40, skipped)
        found = province.settled(datetime.fromisoformat(state["recorded_until"]))
        assert difference(before, found)["study.sessions.branch"] == 40
        assert difference(before, found)["study.attendance.present"] == sum(range(9, 49))
    assert code(province.as_user("water").get(f"/study/imports/{state['id']}")) == (404, "import.not_found")
    same = key()
    for row, expected in ((rows[:2], 202), (rows[:2], 202), (rows[:3], 422)):
        files = {"file": ("台账.xlsx", sheet(*row), XLSX)}
        sent = finance.post("/study/imports", data={"kind": "sessions"}, files=files, headers=same)
        assert sent.status_code == expected, sent.text
    assert code(sent) == (422, "command.reused")


def test_a_report_beside_other_periods(province: Province) -> None:
    """Children side by side, the period before and the year before, and the same as a workbook."""
    office = province.as_user("office")
    asked = {"from": "2026-04-01", "to": "2026-04-30", "compare": "before,year"}
    report = office.get(f"/reports/{ROOT}", params=asked).json()
    assert {"D001", "D002"} <= {child["unit"] for child in report["children"]}
    assert report["before"]["period"] == {"from": "2026-03-01", "to": "2026-03-31"}
    assert report["year_before"]["period"] == {"from": "2025-04-01", "to": "2025-04-30"}
    for id, value in report["figures"].items():
        if id.startswith("study.sessions"):
            assert value == sum(child["figures"][id] for child in report["children"])
    workbook = office.get(f"/reports/{ROOT}/workbook", params=asked)
    assert (workbook.headers["content-type"], workbook.content[:2]) == (XLSX, b"PK")
