"""Accounts from their making to their end, as administrators and users meet them."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.app import app
from tests.journey.province import PASSWORD, ROOT, Province
from tests.journey.test_rest import code, made

UNIT = "D001"


@pytest.fixture(scope="module")
def account(administrator: httpx.Client, province: Province) -> Callable[[str], str]:
    """A new account of a unit's own; gives the password that it signs in with once."""

    def added(id: str) -> str:
        return str(made(administrator.post("/users", json={"id": id, "name": "样例", "unit": UNIT}))["password"])

    return added


def signing_in(http: httpx.Client, name: str, password: str, new: str | None = None) -> httpx.Response:
    return http.post("/tokens", json={"name": name, "password": password, **({"new_password": new} if new else {})})


@pytest.mark.row("O4", "L7")
def test_the_first_sign_in_asks_for_a_password_of_ones_own(
    administrator: httpx.Client, account: Callable[[str], str]
) -> None:
    """What was given opens nothing else; weak ones are refused by name of the rule, and change nothing."""
    once = account("first-time")
    assert code(signing_in(administrator, "first-time", once)) == (403, "password.change_required")
    for weak, why in (
        ("short", "password.too_short"),
        ("1qaz2wsx3edc", "password.common"),
        ("my-First-Time-2026", "password.contains_name"),
        (once, "password.same"),
    ):
        refused = signing_in(administrator, "first-time", once, weak)
        assert code(refused) == (422, why)
        assert refused.json()["errors"][0]["pointer"] == "/new_password"
    token = made(signing_in(administrator, "first-time", once, PASSWORD))["token"]
    mine = {"Authorization": f"Bearer {token}"}
    me = administrator.get("/me", headers=mine).json()
    assert (me["user"], me["roles"]) == ("first-time", [])
    assert code(signing_in(administrator, "first-time", once)) == (401, "sign_in.refused")
    changed = {"password": PASSWORD, "new_password": "三月里的小雨淅沥沥下"}
    wrong = administrator.put("/me/password", json={**changed, "password": "another-word"}, headers=mine)
    assert code(wrong) == (422, "password.wrong")
    answer = administrator.put("/me/password", json=changed, headers=mine)
    assert answer.status_code == 200, answer.text
    assert administrator.get("/me", headers=mine).status_code == 401
    assert administrator.get("/me", headers={"Authorization": f"Bearer {answer.json()['token']}"}).status_code == 200


@pytest.mark.row("L7")
def test_an_account_with_a_typed_password_must_change_it_too(administrator: httpx.Client, province: Province) -> None:
    """It is held to the same rules, and the answer does not repeat it; a repeated request tells no password again."""
    body = {"id": "typed", "name": "样例", "unit": UNIT, "password": "1234567890"}
    assert code(administrator.post("/users", json=body)) == (422, "password.common")
    told = made(administrator.post("/users", json={**body, "password": "a-given-word-2026"}))
    assert told == {"id": "typed", "version": 1, "password": None}
    assert code(signing_in(administrator, "typed", "a-given-word-2026")) == (403, "password.change_required")
    key = {"Idempotency-Key": "typed-reset"}
    first, again = (made(administrator.post("/users/typed/password-resets", headers=key)) for _ in range(2))
    assert again == {**first, "password": None}
    assert signing_in(administrator, "typed", first["password"], PASSWORD).status_code == 201


@pytest.mark.row("O4", "L7")
def test_one_makes_the_account_another_gives_the_role(
    administrator: httpx.Client, security_administrator: httpx.Client, account: Callable[[str], str]
) -> None:
    """Neither can do the other's work, nobody gives to themselves, and what separates is not combined."""
    account("worker")
    handler, guard = {"role": "handler", "unit": UNIT}, {"role": "security_admin", "unit": UNIT}
    with_role = {"id": "worker2", "name": "样例", "unit": UNIT, "roles": [handler]}
    assert code(administrator.post("/users", json=with_role)) == (403, "role.not_with_account")
    assert code(administrator.put("/users/worker/roles", json={"roles": [handler]})) == (403, "role.missing")
    assert code(security_administrator.post("/users", json=with_role)) == (403, "role.missing")
    own = security_administrator.put("/users/security/roles", json={"roles": [handler]})
    assert code(own) == (403, "role.own")
    both = security_administrator.put("/users/worker/roles", json={"roles": [handler, guard]})
    assert code(both) == (409, "role.separated")
    assert both.json()["errors"][0]["pointer"] == "/roles"
    given = security_administrator.put("/users/worker/roles", json={"roles": [handler]})
    assert given.status_code == 200, given.text
    shown = security_administrator.get("/users/worker").json()
    assert (shown["roles"], shown["state"]) == ([handler], "pending")
    refused = security_administrator.put("/users/admin/roles", json={"roles": [{"role": "office", "unit": "*"}]})
    assert code(refused) == (422, "role.needs_unit")
    assert code(administrator.post("/users/security/password-resets")) == (403, "user.administrator")


@pytest.mark.row("O4")
def test_a_change_of_roles_ends_what_was_open(
    security_administrator: httpx.Client, administrator: httpx.Client, account: Callable[[str], str]
) -> None:
    """What is open was opened under other roles."""
    token = made(signing_in(administrator, "changed", account("changed"), PASSWORD))["token"]
    assert administrator.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    roles = {"roles": [{"role": "member", "unit": UNIT}]}
    assert security_administrator.put("/users/changed/roles", json=roles).status_code == 200
    assert code(administrator.get("/me", headers={"Authorization": f"Bearer {token}"})) == (401, "token.invalid")


@pytest.mark.row("L7")
def test_a_lock_says_how_long_it_holds_and_is_taken_off(
    administrator: httpx.Client, account: Callable[[str], str]
) -> None:
    """A quarter of an hour, less what has passed; the right password waits too, until an administrator unlocks."""
    made(signing_in(administrator, "guessed", account("guessed"), PASSWORD))
    for _ in range(5):
        assert code(signing_in(administrator, "guessed", "guess")) == (401, "sign_in.refused")
    locked = signing_in(administrator, "guessed", PASSWORD)
    assert code(locked) == (429, "sign_in.locked")
    assert 600 < int(locked.headers["Retry-After"]) <= 900
    assert administrator.get("/users/guessed").json()["state"] == "locked"
    assert made(administrator.post("/users/guessed/unlocks")) == {"unlocked": True}
    assert made(administrator.post("/users/guessed/unlocks")) == {"unlocked": False}
    assert signing_in(administrator, "guessed", PASSWORD).status_code == 201


@pytest.mark.row("O4")
def test_a_disabled_account_is_signed_in_nowhere(administrator: httpx.Client, account: Callable[[str], str]) -> None:
    """At once, and whatever its password; enabled, it is as it was. Nobody disables themselves."""
    token = made(signing_in(administrator, "left", account("left"), PASSWORD))["token"]
    assert code(administrator.post("/users/left/disablements", json={})) == (422, "request.invalid")
    made(administrator.post("/users/left/disablements", json={"reason": "调离"}))
    assert administrator.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert code(signing_in(administrator, "left", PASSWORD)) == (403, "sign_in.disabled")
    assert code(signing_in(administrator, "left", "another")) == (401, "sign_in.refused")
    listed = administrator.get("/users", params={"unit": UNIT, "state": "disabled"}).json()["items"]
    assert [(row["id"], row["name"]) for row in listed] == [("left", "样例")]
    made(administrator.post("/users/left/enablements"))
    assert signing_in(administrator, "left", PASSWORD).status_code == 201
    assert code(administrator.post("/users/admin/disablements", json={"reason": "误操作"})) == (403, "user.own")
    assert code(administrator.get("/users", params={"unit": UNIT, "state": "gone"})) == (422, "request.invalid")


@pytest.mark.row("O4", "L7")
def test_who_combines_what_separates_keeps_working_and_is_reported(
    province: Province, administrator: httpx.Client, account: Callable[[str], str]
) -> None:
    """An account as an earlier version left it; a role is taken from it, none is added until it is in order."""
    once, prefix = account("combined"), province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    three = [{"role": role, "unit": UNIT} for role in ("office", "security_admin", "audit_admin")]
    users = province.databases[f"{prefix}_gateway"]["users"]
    users.update_one({"_id": "combined"}, {"$set": {"roles": three}})
    token = made(signing_in(administrator, "combined", once, PASSWORD))["token"]
    assert len(administrator.get("/me", headers={"Authorization": f"Bearer {token}"}).json()["roles"]) == 3
    guard = province.as_user("guard")
    (found,) = guard.get("/role-conflicts", params={"unit": UNIT}).json()["items"]
    assert (found["id"], len(found["pairs"])) == ("combined", 3)
    assert code(administrator.get("/role-conflicts", params={"unit": UNIT})) == (403, "role.missing")
    more = {"roles": [*three, {"role": "judge", "unit": UNIT}]}
    assert code(guard.put("/users/combined/roles", json=more)) == (409, "role.separated")
    for fewer in (three[:2], three[:1]):
        assert guard.put("/users/combined/roles", json={"roles": fewer}).status_code == 200
    assert guard.get("/role-conflicts", params={"unit": UNIT}).json()["items"] == []


@pytest.mark.row("O4", "L7")
def test_accounts_by_the_command_line(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    """What REST does, by `shengzhi user`; each as the administrator whose work it is."""
    monkeypatch.setenv("SHENGZHI_PASSWORD", PASSWORD)

    def run(*arguments: str, by: str = "admin", status: int = 0) -> str:
        monkeypatch.setenv("SHENGZHI_USER", by)
        place = ["--url", province.platform.url, "--secrets", str(province.platform.secrets)]
        done = CliRunner().invoke(app, ["user", *arguments, *place])
        assert done.exit_code == status, done.output
        return str(done.output)

    told = run("add", "by-line", "--name", "样例", "--unit", UNIT)
    (once,) = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", told)
    run("grant", "by-line", "audit_admin", UNIT, by="guard")
    assert "role.separated" in run("grant", "by-line", "judge", UNIT, by="guard", status=1)
    run("take", "by-line", "audit_admin", UNIT, by="guard")
    assert "password.too_short" in run("password", "by-line", "--old", once, "--new", "short", status=1)
    run("password", "by-line", "--old", once, "--new", PASSWORD)
    assert "by-line" in run("list", "--state", "active", "--unit", UNIT)
    assert "没有这样的账号" in run("list", "--role", "partner", "--unit", UNIT)
    assert "没有这样的账号" in run("list", "--conflicts", by="guard")
    assert "没有锁定" in run("unlock", "by-line")
    run("disable", "by-line", "--reason", "调离")
    assert "by-line" in run("list", "--state", "disabled")
    assert "by-line" not in run("list", "--state", "disabled", "--not-since", "2026-01-01")
    run("enable", "by-line")
    assert "一次性密码" in run("reset-password", "by-line")
    assert "role.missing" in run("add", "x2", "--name", "样例", "--unit", ROOT, by="guard", status=1)
