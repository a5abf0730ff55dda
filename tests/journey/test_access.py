"""Access as its administrators meet it: tokens that end, refusals and looks found again, reports kept apart."""

from __future__ import annotations

import httpx
import pytest

from tests.eventually import PATIENCE
from tests.journey.province import PASSWORD, ROOT, Province
from tests.journey.test_rest import TICKET, code, made


def entries(province: Province, **asked: str) -> list[dict[str, object]]:
    """What the audit administrator reads."""
    answer = province.as_user("auditor").get("/audit/entries", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


@pytest.mark.row("O4", "L7")
def test_a_programs_token_ends_when_it_is_revoked_and_all_of_it_is_found_again(province: Province) -> None:
    """It reads its unit's report and no other, until it is revoked; the refusal and both changes are in the log."""
    finance = province.as_user("finance")
    body = {"name": "财务厅月报", "role": "unit_admin", "unit": "D001", "days": 30}
    token = made(finance.post("/me/tokens", json=body))["token"]
    with httpx.Client(
        base_url=finance.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
    ) as program:
        assert program.get("/reports/D001").status_code == 200
        refused = program.get("/reports/D002")
        assert code(refused) == (403, "unit.out_of_scope")
        listed = finance.get("/me/tokens").json()["items"]
        id = next(row["id"] for row in listed if row["name"] == body["name"])
        assert finance.delete(f"/me/tokens/{id}").status_code == 204
        assert code(program.get("/reports/D001")) == (401, "token.invalid")
    refusal = next(entry for entry in entries(province, unit="D002") if entry["trace"] == refused.json()["trace_id"])
    assert (refusal["user"], refusal["action"], refusal["allowed"]) == ("finance", "read_figures", False)
    changes = [entry["operation"] for entry in entries(province, user="finance", allowed="true")]
    assert changes[:2] == ["DELETE /api/v1/me/tokens/{id}", "POST /api/v1/me/tokens"]
    assert code(finance.get("/audit/entries")) == (403, "role.missing")


@pytest.mark.row("O4")
def test_the_security_administrator_signs_somebody_out_everywhere(province: Province) -> None:
    """At once, and can do nothing of the system's or the audit's administrator."""
    guard, signed_in = province.as_user("guard"), {"name": "leaving", "password": PASSWORD}
    token = made(guard.post("/tokens", json=signed_in))["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert guard.get("/me", headers=bearer).json()["user"] == "leaving"
    assert made(guard.post("/users/leaving/revocations"))["ended"] >= 1
    assert guard.get("/me", headers=bearer).status_code == 401
    assert guard.get("/users", params={"unit": ROOT}).status_code == 200
    assert code(guard.post("/users", json={"id": "x1", "name": "样例", "unit": ROOT})) == (403, "role.missing")
    assert code(guard.post("/users/leaving/password-resets")) == (403, "role.missing")
    assert code(guard.get("/audit/entries")) == (403, "role.missing")


@pytest.mark.row("L7")
def test_a_look_at_a_caller_is_found_in_the_log_with_its_reason(province: Province) -> None:
    """Who looked, at which record and why; nothing of whom they looked at."""
    agent = province.as_user("agent")
    id = made(agent.post("/hotline/tickets", json={**TICKET, "title": "查看来电人留痕"}))["id"]
    assert agent.get(f"/hotline/tickets/{id}/caller", params={"reason": "回访核实身份"}).status_code == 200
    look = entries(province, user="agent", looks="true")[0]
    assert (look["reason"], look["action"], look["allowed"]) == ("回访核实身份", "read_callers", True)
    assert look["record"] == id
    assert "样例王某" not in str(look)
    made(province.as_user("supervisor").post(f"/hotline/tickets/{id}/voids", json={"reason": "测试结束"}))


@pytest.mark.row("L5")
def test_a_report_about_whom_the_desk_belongs_to_is_taken_down_further_up(province: Province) -> None:
    """Nor is a caller who asks for confidentiality shown to the unit that handles the ticket."""
    agent = province.as_user("agent")
    about = agent.post("/hotline/tickets", json={**TICKET, "kind": "report", "reported_unit": ROOT})
    assert code(about) == (422, "ticket.reported_desk")
    id = made(agent.post("/hotline/tickets", json={**TICKET, "confidential": True}))["id"]
    kind = {"kind": "help", "category": "供水"}
    made(agent.post(f"/hotline/tickets/{id}/classifications", json=kind))
    made(agent.post(f"/hotline/tickets/{id}/dispatches", json={"handler": "D002"}))
    assert province.as_user("water").get(f"/hotline/tickets/{id}").json()["caller"] is None
    assert agent.get(f"/hotline/tickets/{id}").json()["caller"] is not None
    made(province.as_user("supervisor").post(f"/hotline/tickets/{id}/voids", json={"reason": "测试结束"}))
