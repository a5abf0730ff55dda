"""Monthly submission and its lock, as a unit and its superior meet them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from tests.eventually import PATIENCE, eventually
from tests.journey.province import ROOT, AsUser, Province, founded
from tests.journey.test_rest import SESSION, code, key, made

COUNCIL, FIRST, SECOND = "D050", "D050-T01", "D050-T02"
UNITS = (
    (COUNCIL, "示例省总工会", "department", ROOT),
    (FIRST, "示例省总工会第一工会", "union", COUNCIL),
    (SECOND, "示例省总工会第二工会", "union", COUNCIL),
)
USERS = {"council": ("unit_admin", COUNCIL), "union-one": ("unit_admin", FIRST)}
MONTH, DAYS = "2026-08", {"from": "2026-08-01", "to": "2026-08-31"}
RULE = {
    "rule": {"months": [MONTH], "kinds": ["union"], "limits_from": "2026-09"},
    "reason": "样例：只由工会逐级上报",
}


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """A department of its own with two unions, which alone are to submit a month."""
    return founded(province, administrator, sign_in, UNITS, USERS)


def submissions(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The council's month by unit."""
    answer = client.get("/submissions", params={"unit": COUNCIL, "month": MONTH})
    assert answer.status_code == 200, answer.text
    return {row["unit"]: row for row in answer.json()["items"]}


def remarks(client: httpx.Client, id: str) -> dict[str, Any]:
    """A word on everything that the prepared submission says is missing."""
    prepared = client.get(f"/submissions/{id}").json()["prepared"]
    return {"remarks": [{"key": lack["key"], "text": "已核对"} for lack in prepared["lacks"]]}


@pytest.mark.row("G1", "G3")
def test_a_month_is_confirmed_accepted_locked_and_corrected(province: Province, as_user: AsUser) -> None:
    """Children first; nobody types a figure; what is missing is explained; what changes later is a correction."""
    office, council, union = as_user("office"), as_user("council"), as_user("union-one")
    session = made(union.post("/study/sessions", json={**SESSION, "unit": FIRST, "day": "2026-08-10"}, headers=key()))
    made(union.post(f"/study/sessions/{session['id']}/submissions", headers=key()))
    assert code(council.post("/campaigns/C2026/submissions", json=RULE)) == (403, "role.missing")
    made(office.post("/campaigns/C2026/submissions", json=RULE))
    made(office.post("/submissions/openings"))
    province.settled(datetime.now(UTC), COUNCIL)
    opened = submissions(council)
    stand = {unit: (row["state"], row["due"]) for unit, row in opened.items()}
    assert stand == dict.fromkeys((COUNCIL, FIRST, SECOND), ("open", None))
    ids = {unit: row["id"] for unit, row in opened.items()}
    settle(office, council, union, ids)
    correct(province, office, union, session["id"])
    listed(province, council, f"/submissions/{ids[COUNCIL]}", session["id"])


def settle(office: httpx.Client, council: httpx.Client, union: httpx.Client, ids: dict[str, str]) -> None:
    """One union confirms, is given back and confirms again, the other is excused; then their superior's turn comes."""
    own, top, second = (f"/submissions/{ids[unit]}" for unit in (FIRST, COUNCIL, SECOND))
    early = council.post(f"{top}/confirmations", json=remarks(council, ids[COUNCIL]))
    assert code(early) == (409, "submission.children_first")
    assert code(council.post(f"{own}/acceptances")) == (409, "submission.not_submitted")
    typed = union.post(f"{own}/confirmations", json={"figures": {"study.essays": 99}})
    assert code(typed) == (422, "request.invalid")
    unsaid = council.post(f"{second}/confirmations", json={})
    assert code(unsaid) == (422, "submission.remark_missing")
    made(union.post(f"{own}/confirmations", json=remarks(union, ids[FIRST]), headers=key()))
    assert code(union.post(f"{own}/acceptances")) == (403, "unit.out_of_scope")
    made(council.post(f"{own}/returns", json={"reason": "缺少说明"}))
    assert submissions(council)[FIRST]["reason"] == "缺少说明"
    made(union.post(f"{own}/confirmations", json=remarks(union, ids[FIRST]), headers=key()))
    accepted = key()
    assert made(council.post(f"{own}/acceptances", headers=accepted))["state"] == "accepted"
    assert made(council.post(f"{own}/acceptances", headers=accepted))["state"] == "accepted"
    assert code(council.post(f"{own}/returns", json={"reason": "再看"})) == (409, "submission.not_submitted")
    made(council.post(f"{second}/excuses", json={"reason": "正在组建"}))
    made(council.post(f"{top}/confirmations", json=remarks(council, ids[COUNCIL])))
    made(office.post(f"{top}/acceptances"))
    late = council.post(f"{second}/reinstatements", json={"reason": "已组建"})
    assert code(late) == (409, "submission.settled_above")


def correct(province: Province, office: httpx.Client, union: httpx.Client, session: str) -> None:
    """A session is accepted with its month and cannot be given back; said anew, the locked figures stay."""
    address = f"/study/sessions/{session}"
    eventually(lambda: bool(union.get(address).json()["state"] == "accepted"))
    assert code(office.post(f"{address}/returns", json={"reason": "重报"})) == (409, "session.accepted")
    before = province.settled(datetime.now(UTC), COUNCIL, **DAYS)
    correction = {**SESSION, "unit": FIRST, "day": "2026-08-10", "due": 24, "reason": "签到表少计四人"}
    made(union.post(f"{address}/corrections", json=correction, headers=key()))
    now = province.settled(datetime.now(UTC), COUNCIL, **DAYS)
    locked = province.report(COUNCIL, **DAYS, **{"as": "locked"})
    assert locked["figures"] == before["figures"]
    assert locked["now"] == now["figures"]
    assert (locked["figures"]["study.attendance.due"], now["figures"]["study.attendance.due"]) == (19, 23)
    assert {"study.attendance.due", "study.attendance.present"} <= set(locked["differing"])
    assert {child["unit"] for child in locked["children"]} == {FIRST, SECOND}
    same = province.over_grpc(COUNCIL, stood="locked", **DAYS)
    due = [{figure.id: figure.value for figure in some}["study.attendance.due"] for some in (same.figures, same.now)]
    assert due == [19, 23]
    assert [(lock.month, lock.unit) for lock in same.locked] == [
        (row["month"], row["unit"]) for row in locked["locked"]
    ]
    unlocked = office.get(f"/reports/{COUNCIL}", params={"from": "2026-09-01", "to": "2026-09-30", "as": "locked"})
    assert code(unlocked) == (409, "period.not_locked")
    told = {id.removeprefix("report."): value for id, value in now["figures"].items() if id.startswith("report.")}
    assert told == {"expected": 2, "submitted": 2, "on_time": 2, "submission_rate": 1.0, "on_time_rate": 1.0}


def listed(province: Province, council: httpx.Client, top: str, session: str) -> None:
    """Corrections say which record, which figure, by how much and why; states stand side by side."""
    found = council.get(f"{top}/corrections").json()
    (item,) = found["items"]
    assert (item["record"], item["why"], item["change"]) == (session, "签到表少计四人", "corrected")
    four = {"study.attendance.due": 4, "study.attendance.present": 4}
    assert {change["figure"]: change["amount"] for change in item["changes"]} == four
    assert found["sums"] == four
    with httpx.Client(base_url=province.platform.url, headers=council.headers, timeout=PATIENCE) as pages:
        listing, page = pages.get("/submissions"), pages.get(top)
        home, report = pages.get("/"), pages.get(f"/reports/{COUNCIL}", params=DAYS)
    assert [shown.status_code for shown in (listing, page, home, report)] == [200] * 4
    assert "示例省总工会第二工会" in listing.text
    assert "签到表少计四人" in page.text
    assert f"已采纳锁定的月份：{MONTH}" in report.text
    sheet = council.get("/submissions.xlsx", params={"unit": COUNCIL, "month": MONTH})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet.content)).get_sheet_by_index(0).to_python()
    assert {row[1]: row[3] for row in rows[1:]} == {COUNCIL: "已采纳", FIRST: "已采纳", SECOND: "免报"}
