"""A report is issued, its figures stay as they stood, and what is corrected later is told: REST, gRPC and the audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import httpx
import pytest

from tests.journey.province import ROOT, AsUser, Province, founded
from tests.journey.test_rest import SESSION, code, key, made

UNIT, BRANCH = "D080", "D080-B01"
UNITS = (
    (UNIT, "示例省科学技术协会", "department", ROOT),
    (BRANCH, "示例省科学技术协会第一党支部", "branch", UNIT),
)
USERS = {"science": ("unit_admin", UNIT), "science-branch": ("secretary", BRANCH)}
DAYS = {"from": "2026-05-01", "to": "2026-05-31"}
NUMBER = "示例省科协〔2026〕7号"
DOCUMENT = {"number": NUMBER, "title": "五月主题教育情况通报", **DAYS}
DUE = "study.attendance.due"


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """A department of its own with a branch."""
    return founded(province, administrator, sign_in, UNITS, USERS)


def pointers(answer: httpx.Response) -> list[str]:
    """Which fields a refusal points at."""
    return [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.row("G1")
def test_figures_as_they_stood_when_a_report_was_issued(province: Province, as_user: AsUser) -> None:
    """Nobody types a figure; a number is one document's; a later change is a correction with its reason."""
    admin, secretary, office = as_user("science"), as_user("science-branch"), as_user("office")
    body = {**SESSION, "unit": BRANCH, "day": "2026-05-11"}
    session = made(secretary.post("/study/sessions", json=body, headers=key()))["id"]
    made(secretary.post(f"/study/sessions/{session}/submissions", headers=key()))
    before = province.settled(datetime.now(UTC), UNIT, **DAYS)
    address = f"/reports/{UNIT}/issues"
    refused(province, admin, secretary, address)
    once = key()
    issued = made(admin.post(address, json=DOCUMENT, headers=once))
    assert made(admin.post(address, json=DOCUMENT, headers=once)) == issued
    assert made(admin.post(address, json=DOCUMENT, headers=key())) == issued
    again = admin.post(address, json={**DOCUMENT, "title": "另一份"}, headers=key())
    assert (code(again), pointers(again)) == ((409, "report.number_taken"), ["/number"])
    said_anew = {**body, "due": 25, "reason": "签到表少计五人"}
    made(secretary.post(f"/study/sessions/{session}/corrections", json=said_anew, headers=key()))
    now = province.settled(datetime.now(UTC), UNIT, **DAYS)
    for asked in ({**DAYS, "as": "issued"}, {"as": "issued", "number": NUMBER}):
        told = office.get(f"/reports/{UNIT}", params=asked).json()
        assert told["figures"] == before["figures"]
        assert told["now"] == now["figures"]
        assert told["children"] == before["children"]
        assert (told["figures"][DUE] + 5, told["issued"]["number"], told["issued"]["intact"]) == (
            told["now"][DUE],
            NUMBER,
            True,
        )
        assert DUE in told["differing"]
    below(secretary, session, issued["id"])
    over_grpc(province, before, now)


def refused(province: Province, admin: httpx.Client, secretary: httpx.Client, address: str) -> None:
    """What cannot be issued, and by whom not; nothing is kept of it."""
    counts = province.counts()
    assert code(secretary.post(address, json=DOCUMENT, headers=key())) == (403, "role.missing")
    assert code(admin.post(f"/reports/{ROOT}/issues", json=DOCUMENT, headers=key())) == (403, "unit.out_of_scope")
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"to": tomorrow}, "report.not_over", "/to"),
        ({"to": "2026-04-30"}, "period.invalid", "/to"),
        ({"number": "有 空格"}, "request.invalid", "/number"),
        ({"title": ""}, "request.invalid", "/title"),
        ({"figures": {DUE: 99}}, "request.invalid", "/figures"),
    ]
    for change, slug, pointer in wrong:
        answer = admin.post(address, json={**DOCUMENT, **change}, headers=key())
        assert (code(answer), pointers(answer)) == ((422, slug), [pointer]), answer.text
    never = admin.get(f"/reports/{UNIT}", params={**DAYS, "as": "issued"})
    assert code(never) == (404, "report.not_issued")
    assert province.counts() == counts


def below(secretary: httpx.Client, session: str, id: str) -> None:
    """The branch finds itself in its superior's report, and why its own figures differ by now."""
    (listed,) = secretary.get(f"/reports/{BRANCH}/issues").json()["items"]
    assert (listed["id"], listed["number"], listed["unit"], listed["from"]) == (id, NUMBER, UNIT, DAYS["from"])
    told = secretary.get(f"/reports/{BRANCH}", params={"as": "issued", "number": NUMBER}).json()
    assert (told["figures"][DUE] + 5, told["children"]) == (told["now"][DUE], [])
    found = secretary.get(f"/reports/{BRANCH}/issues/{id}/corrections").json()
    (item,) = found["items"]
    assert (item["record"], item["change"], item["why"]) == (session, "corrected", "签到表少计五人")
    assert found["sums"][DUE] == 5
    above = secretary.get(f"/reports/{UNIT}/issues/{id}/corrections")
    assert code(above) == (403, "unit.out_of_scope")
    unknown = secretary.get(f"/reports/{BRANCH}/issues/none/corrections")
    assert code(unknown) == (404, "report.not_issued")


def over_grpc(province: Province, before: dict[str, Any], now: dict[str, Any]) -> None:
    """The same over gRPC."""
    told = province.over_grpc(UNIT, stood="issued", number=NUMBER)
    with pytest.raises(grpc.RpcError) as unknown:
        province.over_grpc(UNIT, period="2026-05", stood="then")
    assert {figure.id: figure.value for figure in told.figures if figure.HasField("value")} == {
        id: value for id, value in before["figures"].items() if value is not None
    }
    assert {figure.id: figure.value for figure in told.now}[DUE] == now["figures"][DUE]
    assert (told.issued.number, told.issued.intact, [child.unit for child in told.children]) == (NUMBER, True, [BRANCH])
    error: Any = unknown.value
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
