"""Sessions, tokens of programs, and the access log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bson.errors import InvalidDocument
from pydantic import ValidationError
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from services.edge import access_log
from services.edge.gate import Gate
from services.edge.http_api.app import make_app
from services.gateway.store.access import Log
from services.kernel.journal.store import Document
from services.kernel.settings import Settings
from services.organisation.contract import GetMember, Role
from services.organisation.contract.permissions import PERMISSIONS, Action
from tests.component.access.world import PLACES, RECORD, UNIT, World, user_of, world

WRITER = user_of(Role.unit_admin, "inside")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def run(mongo: str, database: str, act: Callable[[World], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with world(mongo, database) as made:
            await act(made)

    asyncio.run(whole())


async def logged(made: World, **asked: Any) -> list[dict[str, Any]]:
    """What the audit administrator reads."""
    answer = await made.ask("auditor", "GET", "/api/v1/audit/entries", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_refusal_is_written_down_with_all_that_is_asked_of_it(mongo: str, database: str) -> None:
    """Who, as what, what, on which unit, when, from where and under which trace; a reading that is allowed is not."""

    async def act(made: World) -> None:
        beside = user_of(Role.unit_admin, "beside")
        trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "Authorization": f"Bearer {beside}"}
        assert (await made.http.get(f"/api/v1/reports/{UNIT}", headers=trace)).status_code == 403
        assert (await made.ask(WRITER, "GET", f"/api/v1/reports/{UNIT}")).status_code == 200
        (entry,) = await logged(made)
        assert entry.pop("at")
        assert entry == {
            "user": beside,
            "role": None,
            "action": "read_figures",
            "operation": "GET /api/v1/reports/{unit}",
            "unit": UNIT,
            "record": None,
            "target": None,
            "allowed": False,
            "refused": "unit.out_of_scope",
            "reason": None,
            "peer": "127.0.0.1",
            "trace": TRACE,
        }

    run(mongo, database, act)


def test_what_somebody_typed_is_not_written_down(mongo: str, database: str) -> None:
    """A wrong password, a name that is nobody's and a unit that does not exist leave no trace of themselves."""

    async def act(made: World) -> None:
        typed = {"name": "hunter2-typed-as-name", "password": "secret-typed"}
        assert (await made.http.post("/api/v1/tokens", json=typed)).status_code == 401
        assert (await made.ask(WRITER, "GET", "/api/v1/reports/zhang-san")).status_code == 404
        assert (await made.ask(WRITER, "GET", "/api/v1/units/zhang-san")).status_code == 404
        rows = await made.gate.database["audit"].find().to_list()
        assert [row["refused"] for row in rows] == ["sign_in.refused"]
        assert not [row for row in rows if "typed" in repr(row) or "zhang" in repr(row)]

    run(mongo, database, act)


def test_a_change_is_written_down_and_one_that_rules_refuse_is_not(mongo: str, database: str) -> None:
    """A token that was made and one that was revoked are changes; a body that is not well-formed changed nothing."""

    async def act(made: World) -> None:
        body = {"name": "月报", "role": "unit_admin", "unit": UNIT}
        assert (await made.ask(WRITER, "POST", "/api/v1/me/tokens", json=body)).status_code == 201
        assert (await made.ask(WRITER, "POST", "/api/v1/me/tokens", json={**body, "days": 0})).status_code == 422
        id = (await made.ask(WRITER, "GET", "/api/v1/me/tokens")).json()["items"][0]["id"]
        assert (await made.ask(WRITER, "DELETE", f"/api/v1/me/tokens/{id}")).status_code == 204
        found = await logged(made, user=WRITER)
        assert [(entry["operation"], entry["allowed"]) for entry in found] == [
            ("DELETE /api/v1/me/tokens/{id}", True),
            ("POST /api/v1/me/tokens", True),
        ]

    run(mongo, database, act)


def test_every_look_at_what_is_masked_is_written_down_with_its_reason(mongo: str, database: str) -> None:
    """The caller, the findings, a list's names: with the reason, in which numbers are hidden."""

    async def act(made: World) -> None:
        asked = {"reason": "回访核实 13800000000"}
        agent, office = user_of(Role.agent, "inside"), user_of(Role.office, "inside")
        await made.ask(agent, "GET", f"/api/v1/hotline/tickets/{RECORD}/caller", params=asked)
        await made.ask(office, "GET", f"/api/v1/research/visits/{RECORD}/findings", params=asked)
        await made.ask(office, "GET", "/api/v1/members/workbook", params=asked)
        found = await logged(made, looks=True)
        ended = {entry["operation"].rpartition("/")[2]: entry["record"] for entry in found}
        assert ended == {"caller": RECORD, "findings": RECORD, "workbook": None}
        assert all(entry["reason"].startswith("回访核实") and "138" not in entry["reason"] for entry in found)

    run(mongo, database, act)


def test_a_change_of_an_account_names_whose(mongo: str, database: str) -> None:
    """Roles that are given, and sessions that are ended, by the account concerned."""

    async def act(made: World) -> None:
        guard = user_of(Role.security_admin, "inside")
        asked = ("PUT", f"/api/v1/users/{WRITER}/roles"), ("POST", f"/api/v1/users/{WRITER}/revocations")
        for method, address in asked:
            await made.ask(guard, method, address, json={"roles": []} if method == "PUT" else None)
        assert {entry["target"] for entry in await logged(made, user=guard)} == {WRITER}

    run(mongo, database, act)


def test_what_is_no_id_is_not_written_down_as_one() -> None:
    """Neither a name nor a number that somebody typed in its place."""
    for typed, kept in {"王小明": "", "13800000000": "", "DY-13800000000": "", "DY-D001-0001": "DY-D001-0001"}.items():
        asking = access_log.begin("", "", changes=False)
        access_log.concerning(GetMember(id=typed))
        assert asking.record == kept


def test_entries_that_meet_are_written_together_and_each_is_told_of_a_failure(mongo: str, database: str) -> None:
    """Two hundred changes at once need a few writes; a refusal among them waits no longer than they do."""
    written = Inserts()

    async def act() -> None:
        async with AsyncMongoClient[Document](mongo, event_listeners=[written]) as client:
            log = Log(client[database])
            await asyncio.gather(*(log.add({"_id": n}, gather=n != 100) for n in range(200)))
            assert await client[database]["audit"].count_documents({}) == 200
            assert 1 <= written.count <= 5
            outcomes = await asyncio.gather(
                *(log.add({"_id": "one", "a": object()}), log.add({"_id": "two"})), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes] == [InvalidDocument, InvalidDocument]
            await log.add({"_id": "three"})
            assert await client[database]["audit"].count_documents({}) == 201

    asyncio.run(act())


class Inserts(CommandListener):
    """Counts what a client inserts."""

    count = 0

    def started(self, event: CommandStartedEvent) -> None:
        """A command was sent."""
        self.count += event.command_name == "insert"

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing more."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing more."""


def test_the_log_is_read_by_audit_administrators_for_their_units_alone(mongo: str, database: str) -> None:
    """One of a neighbouring unit sees nothing of it, one of the unit its own, and nobody else anything."""

    async def act(made: World) -> None:
        await made.ask(user_of(Role.unit_admin, "beside"), "GET", f"/api/v1/reports/{UNIT}")
        seen = {}
        for place in PLACES:
            answer = await made.ask(user_of(Role.audit_admin, place), "GET", "/api/v1/audit/entries")
            seen[place] = answer.json()["total"]
        assert seen == {"root": 1, "above": 1, "inside": 1, "beside": 0, "below": 0}
        assert PERMISSIONS[Action.read_access_log] == {Role.audit_admin}
        assert (await made.ask("auditor", "GET", "/access/log?allowed=false&user=&unit=")).status_code == 200

    run(mongo, database, act)


def test_a_token_may_what_its_role_may_until_it_is_revoked_everywhere(mongo: str, database: str) -> None:
    """It has one role of its user's, is stored as a hash, makes no other, and ends at once in every process."""

    async def act(made: World) -> None:
        users = made.gate.database["users"]
        both = [{"role": "unit_admin", "unit": UNIT}, {"role": "system_admin", "unit": "P"}]
        await users.update_one({"_id": WRITER}, {"$set": {"roles": both}})
        body = {"name": "接口", "role": "unit_admin", "unit": UNIT}
        token = (await made.ask(WRITER, "POST", "/api/v1/me/tokens", json=body)).json()["token"]
        assert not await made.gate.database["sessions"].find_one({"_id": token})
        assert token not in (await made.ask(WRITER, "GET", "/access/tokens")).text
        assert (await made.ask(token, "GET", f"/api/v1/reports/{UNIT}")).status_code == 200
        assert (await made.ask(token, "GET", "/api/v1/users?unit=P")).status_code == 403
        assert (await made.ask(token, "POST", "/api/v1/me/tokens", json=body)).status_code == 403
        assert (await made.ask(WRITER, "POST", "/api/v1/me/tokens", json={**body, "unit": "P"})).status_code == 403
        other = World(make_app(Gate(made.gate.database, made.owner)), made.gate, made.owner)  # type: ignore[arg-type]
        assert (await other.ask(token, "GET", "/api/v1/me")).status_code == 200
        id = (await made.ask(WRITER, "GET", "/api/v1/me/tokens")).json()["items"][0]["id"]
        assert (await made.ask(user_of(Role.office, "inside"), "DELETE", f"/api/v1/me/tokens/{id}")).status_code == 404
        assert (await made.ask(WRITER, "DELETE", f"/api/v1/me/tokens/{id}")).status_code == 204
        assert (await other.ask(token, "GET", "/api/v1/me")).status_code == 401
        await other.http.aclose()

    run(mongo, database, act)


def test_a_token_loses_what_its_user_loses(mongo: str, database: str) -> None:
    """A role that is taken from its user is taken from the token."""

    async def act(made: World) -> None:
        body = {"name": "接口", "role": "unit_admin", "unit": UNIT}
        token = (await made.ask(WRITER, "POST", "/api/v1/me/tokens", json=body)).json()["token"]
        await made.gate.database["users"].update_one({"_id": WRITER}, {"$set": {"roles": []}})
        await made.gate.database["access"].update_one({"_id": "access"}, {"$inc": {"version": 1}}, upsert=True)
        assert (await made.ask(token, "GET", f"/api/v1/reports/{UNIT}")).status_code == 403

    run(mongo, database, act)


def test_the_security_administrator_ends_all_of_somebodys_sessions(mongo: str, database: str) -> None:
    """At once; of users within the unit alone."""

    async def act(made: World) -> None:
        at = f"/api/v1/users/{WRITER}/revocations"
        assert (await made.ask(user_of(Role.security_admin, "below"), "POST", at)).status_code == 403
        assert (await made.ask(WRITER, "GET", "/api/v1/me")).status_code == 200
        assert (await made.ask(user_of(Role.security_admin, "above"), "POST", at)).json() == {"ended": 1}
        assert (await made.ask(WRITER, "GET", "/api/v1/me")).status_code == 401

    run(mongo, database, act)


def test_no_setting_keeps_the_log_for_less_than_six_months() -> None:
    """L7: at least six months; the settings refuse less."""
    with pytest.raises(ValidationError):
        Settings(audit_days=183)


def test_the_form_for_a_token_says_beside_each_field_what_is_wrong(mongo: str, database: str) -> None:
    """What was typed stays; once it is right the token is shown."""

    async def act(made: World) -> None:
        typed = {"name": "月报导出", "role": f"unit_admin@{UNIT}", "days": "999"}
        back = await made.ask(WRITER, "POST", "/access/tokens", data=typed)
        assert back.status_code == 422
        assert [f'id="e-{name}"' in back.text for name in typed] == [False, False, True]
        assert 'value="月报导出"' in back.text
        shown = await made.ask(WRITER, "POST", "/access/tokens", data={**typed, "days": "30"})
        assert shown.status_code == 201
        assert await made.gate.database["sessions"].count_documents({"name": "月报导出"}) == 1

    run(mongo, database, act)
