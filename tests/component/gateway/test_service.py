"""The gateway's worker in a process of its own, on a real broker and a real store."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from nameko.exceptions import RemoteError
from pymongo import AsyncMongoClient, MongoClient, monitoring
from pymongo.database import Database

from services.cli.local.process import free_port, wait_until
from services.edge.commands import Commands
from services.edge.gate import Gate
from services.edge.passwords import hash_password
from services.edge.sign_in import sign_in
from services.gateway.contract import PERMITS, SHEETS_BY
from services.gateway.domain import Action
from services.gateway.store.access import lock_key, mark
from services.kernel.bus import broker as bus
from services.kernel.journal.store import CODEC, Document, open_database
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope, Event, new_id
from services.kernel.message.import_rows import AddImportRows
from services.kernel.message.permits import Permits
from tests.component.edge import KEYS, acting, calling, give_keys
from tests.component.gateway.figures import watermark
from tests.eventually import PATIENCE
from tests.unit.gateway.owners import Owners

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
OPENED = {"id": "C1", "name": "主题教育", "opens": "2026-02-01", "closes": "2026-10-31"}


NEXT_YEAR = {"id": "C9", "name": "主题教育", "opens": "2027-02-01", "closes": "2027-10-31"}


class Reads(monitoring.CommandListener):
    """The commands that a client sent to the store."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep its name."""
        self.told.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing more."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing more."""


class Worker:
    """The running worker: its RPC, its store, and the bus on which it hears others."""

    def __init__(self, rpc: Any, database: Database[Document], uri: str) -> None:
        self._rpc, self.database, self._uri = rpc, database, uri

    def ask(
        self,
        method: str,
        body: dict[str, Any],
        *,
        user: str = "u1",
        role: str | None = None,
        unit: str = "*",
        units: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        """A command or query by somebody with a role for a unit; `units` are those that it names."""
        known = {row["_id"]: row["path"] for row in self.database["units"].find({"_id": {"$in": units}})}
        given: dict[str, Any] = {
            "command_id": new_id(),
            "actor": acting(PERMITS, method, unit, role, "system_admin", user),
            "paths": {"*": ["*"], **known} if unit == "*" else known,
            "deadline": datetime.now(UTC) + timedelta(seconds=PATIENCE),
        }
        envelope = Envelope.model_validate(given | more)
        return getattr(self._rpc, method)(envelope=envelope.model_dump(mode="json"), body=body)

    def refusal(self, method: str, body: dict[str, Any], **more: Any) -> str:
        """The code with which it is refused."""
        with pytest.raises(RemoteError) as refused:
            self.ask(method, body, **more)
        assert refused.value.exc_type == "DomainError"
        return str(refused.value.value).split(":")[0]

    def sheet(self, kind: str, rows: list[dict[str, Any]], **more: Any) -> Any:
        """Send a sheet's rows; what became of them."""
        id = new_id()
        role = more.get("role", "system_admin")
        ways = PERMITS[AddImportRows]
        action = next((each for each in SHEETS_BY[kind] if role in ways[each]), SHEETS_BY[kind][0])
        allowed: Permits = {AddImportRows: {action: ways[action]}}
        more["actor"] = acting(allowed, "add_import_rows", more.get("unit", "*"), role)
        numbered = [{"_row": place, **row} for place, row in enumerate(rows, start=2)]
        self.ask("add_import_rows", {"import_id": id, "kind": kind, "first": 0, "rows": numbered}, **more)
        state = self.ask("accept_import", {"import_id": id, "kind": kind, "rows": len(rows)}, **more)
        if state["state"] == "accepted":
            assert wait_until(lambda: self.ask("get_import", {"import_id": id})["state"] == "applied", PATIENCE)
        return state

    def tell(self, events: list[Event]) -> None:
        """Publish what owners would."""
        for event in events:
            publisher = bus.Publisher(self._uri, event.service, keys=KEYS, name="test")
            assert publisher.publish([bus.Outgoing(event.id, event.short_type, event.to_json())]).confirmed
            publisher.close()

    def published(self) -> bool:
        """Whether all that it told has been taken by somebody."""
        return self.database["journal"].count_documents({"published": False}) == 0


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    for name in ("master.key", "chain.key"):
        (folder / name).write_bytes(name[:1].encode() * 32)
    give_keys(folder)
    for name in ("admin", "security", "audit"):
        (folder / f"{name}.password").write_text(f"first-password-{name}")
    return folder


@pytest.fixture(scope="module")
def worker(
    module_vhost: str, mongo: str, mongo_client: MongoClient[Document], secrets: Path, tmp_path_factory: Any
) -> Iterator[Worker]:
    """One worker for the module; each test uses units and accounts of its own."""
    prefix, port = f"t{new_id().replace('-', '')[-12:]}", free_port()
    given = {
        "SHENGZHI_AMQP_URI": module_vhost,
        "SHENGZHI_MONGO_URI": mongo,
        "SHENGZHI_DATABASE_PREFIX": prefix,
        "SHENGZHI_SECRETS": str(secrets),
        "SHENGZHI_METRICS_PORT": str(port),
        "SHENGZHI_WATERMARK_SECONDS": "0.2",
    }
    log = tmp_path_factory.mktemp("worker") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", "gateway"],
            env={**os.environ, **given},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_until(lambda: _ready(port), PATIENCE), log.read_text()[-3000:]
        with calling(module_vhost) as client:
            running = Worker(client.gateway, open_database(mongo_client, f"{prefix}_gateway"), module_vhost)
            root = {"id": "P", "name": "示例省直工委", "kind": "committee", "active_from": "2026-01-01"}
            assert running.ask("add_unit", root) == {"id": "P", "version": 1}
            yield running
    finally:
        process.terminate()
        process.wait(PATIENCE)
        mongo_client.drop_database(f"{prefix}_gateway")


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:  # asked again
            return bool(answer.status == 200)
    except OSError:
        return False


def unit(id: str, parent: str = "P", **more: Any) -> dict[str, Any]:
    return {"id": id, "name": f"单位{id}", "kind": "省直单位", "parent": parent, "active_from": "2026-01-01", **more}


@pytest.mark.parametrize(
    ("name", "role"), [("admin", "system_admin"), ("security", "security_admin"), ("audit", "audit_admin")]
)
def test_the_first_administrators_can_sign_in(worker: Worker, name: str, role: str) -> None:
    """Where nobody holds its role, the installation's password opens an account, and none of it is in the journal."""
    known = worker.database["credentials"].find_one({"_id": name})
    assert known is not None
    assert PasswordHasher().verify(known["password"], f"first-password-{name}")
    user = worker.database["users"].find_one({"_id": name})
    assert user is not None
    assert user["roles"] == [{"role": role, "unit": "*"}]
    assert "首任" not in str(list(worker.database["journal"].find({"aggregate": name})))


def test_a_tree_comes_from_a_sheet(worker: Worker) -> None:
    """Parents before children, paths from the root; the same sheet again changes nothing; all is published."""
    rows = [unit("A"), unit("A-W", "A", kind="机关党委"), unit("A-B1", "A-W", kind="党支部", members=12.0)]
    tree = worker.database["projection"].find_one({}, {"tree": 1})
    assert worker.sheet("units", rows)["state"] == "accepted"
    branch = worker.database["units"].find_one({"_id": "A-B1"})
    assert branch is not None
    assert (branch["path"], branch["depth"], branch["members"]) == (["P", "A", "A-W", "A-B1"], 4, 12)
    assert branch["scope"] == sorted(branch["path"])
    after = worker.database["projection"].find_one({}, {"tree": 1})
    assert tree is not None
    assert after is not None
    assert after["tree"] == tree["tree"] + 3
    journal = worker.database["journal"].count_documents({})
    assert worker.sheet("units", rows)["state"] == "accepted"
    assert worker.database["journal"].count_documents({}) == journal
    assert wait_until(worker.published, PATIENCE)


@pytest.mark.parametrize(
    ("rows", "column", "code"),
    [
        ([unit("X1", "X9")], "parent", "unit.parent_unknown"),
        ([unit("X2", "X1"), unit("X1")], "parent", "unit.parent_unknown"),
        ([{key: value for key, value in unit("X1").items() if key != "parent"}], "parent", "unit.root_exists"),
        ([unit("X1"), unit("X1", members=3)], "id", "unit.id_taken"),
    ],
)
def test_a_sheet_with_a_wrong_unit_is_refused_whole(
    worker: Worker, rows: list[dict[str, Any]], column: str, code: str
) -> None:
    """The row and the column are named, and no unit of it is made."""
    refused = worker.sheet("units", rows)
    assert refused["state"] == "refused"
    assert [(error["column"], error["code"]) for error in refused["errors"]] == [(column, code)]
    assert worker.database["units"].count_documents({"_id": {"$regex": "^X"}}) == 0


def test_units_are_added_below_the_role_alone(worker: Worker) -> None:
    """Whose role is held for one department adds nothing to another, nor at the top."""
    for id in ("E", "F"):
        worker.ask("add_unit", unit(id, kind="department"))
    assert worker.ask("add_unit", unit("E1", "E", kind="branch"), unit="E", units=("E",))["version"] == 1
    assert worker.refusal("add_unit", unit("F1", "F", kind="branch"), unit="E") == "unit.out_of_scope"
    assert worker.refusal("add_unit", unit("G", kind="department"), unit="E") == "unit.out_of_scope"
    refused = worker.sheet("units", [unit("F2", "F")], unit="E")
    assert [error["code"] for error in refused["errors"]] == ["unit.out_of_scope"]


def test_campaigns_follow_one_another(worker: Worker) -> None:
    """One that overlaps is refused; the next one is taken."""
    worker.ask("open_campaign", OPENED, unit="P", units=("P",))
    overlapping = {**OPENED, "id": "C2", "opens": "2026-10-31", "closes": "2026-12-31"}
    assert worker.refusal("open_campaign", overlapping, unit="P") == "campaign.overlaps"
    worker.ask("open_campaign", {**overlapping, "opens": "2026-11-01"}, unit="P", units=("P",))
    assert worker.database["campaigns"].count_documents({}) == 2


def test_users_and_what_is_kept_of_them(worker: Worker) -> None:
    """Names are sealed, hashes lie beside the journal, a new password ends every session, roles are said anew."""
    held = {"role": "handler", "unit": "P"}
    asked = {"id": "zhang", "name": "张三", "unit": "P", "password": HASH}
    command_id = new_id()
    first = worker.ask("add_user", asked, units=("P",), command_id=command_id)
    again = worker.ask("add_user", {**asked, "password": HASH[:-1] + "w"}, units=("P",), command_id=command_id)
    assert first == again == {"id": "zhang", "version": 1, "mark": mark(HASH)}
    everything = str(list(worker.database["journal"].find())) + str(list(worker.database["users"].find()))
    everything += str(list(worker.database["private"].find())) + str(list(worker.database["commands"].find()))
    assert "张三" not in everything
    assert "argon2" not in everything
    worker.database["sessions"].insert_one({"_id": "s1", "user": "zhang"})
    changed = {"id": "zhang", "password": HASH[:-1] + "x"}
    assert worker.refusal("change_password", changed) == "password.not_own"
    worker.ask("change_password", changed, user="zhang", role="account", unit="-")
    assert worker.database["sessions"].count_documents({"user": "zhang"}) == 0
    known = worker.database["credentials"].find_one({"_id": "zhang"})
    assert known is not None
    assert (known["password"], "once" in known) == (changed["password"], False)
    roles = {"id": "zhang", "roles": [held, {"role": "agent", "unit": "P"}]}
    worker.ask("set_roles", roles, role="security_admin")
    listed = worker.ask("list_users", {"unit": "P"}, unit="P")
    assert [(user["id"], user["name"], len(user["roles"])) for user in listed["items"]] == [("zhang", "张三", 2)]


def test_users_come_from_a_sheet(worker: Worker) -> None:
    """Roles by their Chinese names; a unit outside the role's reach is refused; stored rows are gone afterwards."""
    row = {"id": "li", "name": "李四", "unit": "P", "password": HASH}
    held = {"id": "li", "name": "李四", "unit": "P", "role": "支部书记"}
    assert worker.sheet("users", [{**row, "unit": "Q9"}], units=("P",))["errors"][0]["code"] == "unit.unknown"
    assert worker.sheet("users", [row], units=("P",))["state"] == "accepted"
    assert worker.sheet("users", [held], role="security_admin")["state"] == "accepted"
    user = worker.database["users"].find_one({"_id": "li"})
    assert user is not None
    assert user["roles"] == [{"role": "secretary", "unit": "P"}]
    assert worker.database["credentials"].count_documents({"_id": "li", "password": HASH}) == 1
    assert worker.database["import_rows"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("row", "role", "column", "code"),
    [
        ({"role": "主题教育办"}, "system_admin", "role", "role.not_with_account"),
        ({"action": "授予"}, "system_admin", "action", "role.not_with_account"),
        ({"password": ""}, "system_admin", "password", "password.missing"),
        ({"name": "孙八", "password": "", "role": "坐席"}, "security_admin", "name", "user.id_taken"),
        ({"id": "nobody", "password": "", "role": "坐席"}, "security_admin", "id", "user.not_found"),
        ({"password": ""}, "security_admin", "role", "role.required"),
        ({"role": "坐席"}, "security_admin", "password", "password.not_with_role"),
        ({"password": "", "role": "安全管理员"}, "security_admin", "role", "role.separated"),
    ],
)
def test_a_sheet_of_users_says_what_its_sender_may_say(
    worker: Worker, row: dict[str, Any], role: str, column: str, code: str
) -> None:
    """Accounts by the system administrator, roles by the security administrator, each wrong cell by its column."""
    zhou = {"id": "zhou", "name": "周七", "unit": "P", "password": HASH}
    worker.ask("add_user", zhou)
    held = {"id": "zhou", "roles": [{"role": "handler", "unit": "P"}]}
    worker.ask("set_roles", held, role="security_admin")
    refused = worker.sheet("users", [{**zhou, **row}], role=role, units=("P",))
    assert [(error["column"], error["code"]) for error in refused["errors"]] == [(column, code)]


def test_a_sheet_of_users_is_taken_from_those_two_alone(worker: Worker) -> None:
    """Whoever else sends one is refused before a row of it is kept; so is another sheet under their action."""
    chunk = {"import_id": new_id(), "kind": "users", "first": 0, "rows": []}
    for action, role in (
        ("grant_roles", "audit_admin"),
        ("manage_members", "office"),
        ("manage_units", "system_admin"),
    ):
        roles = [{"role": role, "unit": "P"}]
        actor = {"user": "u1", "role": role, "unit": "P", "action": action, "roles": roles}
        assert worker.refusal("add_import_rows", chunk, actor=actor) == "role.missing"


def test_roles_are_given_and_taken_by_a_sheet(worker: Worker) -> None:
    """What a row says already changes nothing; a role that is taken is gone, the others stay."""
    worker.ask("add_user", {"id": "wu", "name": "吴九", "unit": "P", "password": HASH})
    rows = [{"id": "wu", "name": "吴九", "unit": "P", "role": role} for role in ("坐席", "经办人")]
    for expected in (2, 0):
        before = worker.database["journal"].count_documents({"aggregate": "wu"})
        assert worker.sheet("users", rows, role="security_admin")["state"] == "accepted"
        assert worker.database["journal"].count_documents({"aggregate": "wu"}) == before + expected
    worker.sheet("users", [{**rows[0], "action": "收回"}], role="security_admin")
    user = worker.database["users"].find_one({"_id": "wu"})
    assert user is not None
    assert user["roles"] == [{"role": "handler", "unit": "P"}]


def test_accounts_and_roles_lie_within_the_reach_of_who_changes_them(worker: Worker) -> None:
    """By the tree of the transaction, whatever paths the command brings: of the account, of each role, old and new."""
    for id in ("R", "S"):
        worker.ask("add_unit", unit(id, kind="department"))
    within = {"id": "reach", "name": "样例", "unit": "R", "password": HASH}
    forged = {"paths": {"S": ["P", "R", "S"], "R": ["P", "R"]}}
    assert worker.refusal("add_user", {**within, "unit": "S"}, unit="R", **forged) == "unit.out_of_scope"
    worker.ask("add_user", within, unit="R")

    def roles(*units: str) -> dict[str, Any]:
        return {"id": "reach", "roles": [{"role": "handler", "unit": unit} for unit in units]}

    guard: dict[str, Any] = {"role": "security_admin", "unit": "R"}
    worker.ask("set_roles", roles("R"), **guard)
    assert worker.refusal("set_roles", roles("R", "S"), **guard, **forged) == "unit.out_of_scope"
    assert worker.refusal("set_roles", roles("R"), role="system_admin", unit="R") == "role.missing"
    worker.ask("set_roles", roles("R", "S"), role="security_admin")
    assert worker.refusal("set_roles", roles("R"), **guard, **forged) == "unit.out_of_scope"


def test_who_is_disabled_is_not_let_in_by_a_session_that_comes_late(worker: Worker, mongo: str) -> None:
    """A sign-in that was on its way while the account was disabled opens a session that nobody is known by."""
    worker.ask("add_user", {"id": "feng", "name": "冯五", "unit": "P", "password": HASH})
    worker.ask("disable_user", {"id": "feng", "reason": "调离"})
    assert worker.refusal("disable_user", {"id": "u1", "reason": "误操作"}) == "user.not_found"

    async def act() -> None:
        async with AsyncMongoClient[Document](mongo) as client:
            database = client.get_database(worker.database.name, codec_options=CODEC)
            gate = Gate(database, Commands("amqp://nobody", KEYS))
            token = await gate.open_session("feng", datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1))
            with pytest.raises(DomainError, match=r"token\.invalid"):
                await gate.identify(token)
            worker.ask("enable_user", {"id": "feng"})
            assert (await gate.identify(token)).user == "feng"

    asyncio.run(act())


def test_accounts_are_listed_by_whether_they_sign_in(worker: Worker) -> None:
    """By state, role and last sign-in, with names; one alone is shown as it is in the list."""
    worker.ask("add_unit", unit("L", kind="department"))
    now, users = datetime.now(UTC), ("l-off", "l-locked", "l-new", "l-old", "l-on")
    for id in users:
        worker.ask("add_user", {"id": id, "name": f"样例{id}", "unit": "L", "password": HASH})
    for id in users[3:]:
        worker.ask("change_password", {"id": id, "password": HASH}, user=id, role="account", unit="-")
    worker.ask("disable_user", {"id": "l-off", "reason": "调离"})
    worker.ask("set_roles", {"id": "l-on", "roles": [{"role": "judge", "unit": "L"}]}, role="security_admin")
    lock = {"_id": lock_key("l-locked"), "user": "l-locked", "failures": 5, "expires": now + timedelta(minutes=5)}
    worker.database["lockouts"].insert_many([lock, {**lock, "_id": "another", "user": "l-new", "failures": 4}])
    worker.database["sign_ins"].insert_many(
        [{"_id": "l-on", "at": now}, {"_id": "l-old", "at": datetime(2026, 1, 5, tzinfo=UTC)}]
    )

    def listed(**asked: str) -> list[tuple[str, str]]:
        found = worker.ask("list_users", {"unit": "L", **asked})
        assert found["total"] == len(found["items"])
        return [(user["id"], user["state"]) for user in found["items"]]

    states = ["disabled", "locked", "pending", "active", "active"]
    assert sorted(listed()) == sorted(zip(users, states, strict=True))
    assert listed(state="locked") == [("l-locked", "locked")]
    assert listed(role="judge") == [("l-on", "active")]
    assert ("l-on", "active") not in listed(signed_in_before="2026-01-06")
    assert listed(signed_in_before="2026-01-06", state="active") == [("l-old", "active")]
    assert ("l-old", "active") not in listed(signed_in_before="2026-01-05")
    (on,) = worker.ask("list_users", {"unit": "L", "role": "judge"})["items"]
    assert worker.ask("get_user", {"id": "l-on"}) == on
    assert on["name"] == "样例l-on"
    worker.ask("reset_password", {"id": "l-locked", "password": HASH})
    assert listed(state="locked") == []


def test_what_the_worker_changes_acts_on_the_next_request(worker: Worker, mongo: str) -> None:
    """A unit, a campaign, a role taken away, a session ended: the gate that has just read knows it at once."""
    wang = {"id": "wang", "name": "王五", "unit": "P", "password": hash_password("w")}
    worker.ask("add_user", wang)
    own = {name: wang[name] for name in ("id", "password")}
    worker.ask("change_password", own, user="wang", role="account", unit="-")
    worker.ask("set_roles", {"id": "wang", "roles": [{"role": "secretary", "unit": "P"}]}, role="security_admin")

    async def act() -> None:
        async with AsyncMongoClient[Document](mongo, event_listeners=[reads]) as client:
            database = client.get_database(worker.database.name, codec_options=CODEC)
            gate, other = (Gate(database, Commands("amqp://nobody", KEYS)) for _ in range(2))
            token, _ = await sign_in(gate, "wang", "w")
            second, _ = await sign_in(gate, "wang", "w")
            await other.sign_out(second)
            with pytest.raises(DomainError, match=r"token\.invalid"):
                await gate.identify(second)

            async def writing(unit: str) -> Envelope:
                known = await gate.identify(token)
                return await gate.envelope({}, await gate.allow(known, Action.write_study, unit), [unit])

            for _ in range(2):
                reads.told.clear()
                before = await writing("P")
            assert reads.told == ["find"]
            with pytest.raises(DomainError, match=r"unit\.unknown"):
                await writing("K")
            worker.ask("add_unit", unit("K", kind="department"))
            worker.ask("open_campaign", NEXT_YEAR, unit="P", units=("P",))
            after = await writing("K")
            assert after.paths == {"K": ["P", "K"]}
            assert len(after.periods) == len(before.periods) + 1
            member = {"id": "wang", "roles": [{"role": "member", "unit": "P"}]}
            for ends, body, role in (
                ("set_roles", member, "security_admin"),
                ("disable_user", {"id": "wang", "reason": "调离"}, "system_admin"),
                ("reset_password", own, "system_admin"),
            ):
                await gate.identify(token)
                worker.ask(ends, body, role=role)
                with pytest.raises(DomainError, match=r"token\.invalid"):
                    await gate.identify(token)
                worker.ask("enable_user", {"id": "wang"})
                later = datetime.now(UTC) + timedelta(hours=1)
                token = await gate.open_session("wang", datetime.now(UTC), later)

    reads = Reads()
    asyncio.run(act())


def test_events_become_figures_once_their_unit_is_there(worker: Worker) -> None:
    """An event of a unit that is not in the tree yet is held and keeps `as_of` back; then it counts, exactly once."""
    owners = Owners()
    owners.ask("hold", 0, "B1", datetime(2026, 3, 5, tzinfo=UTC).date(), 1)
    owners.ask("submit", 0, "B1", datetime(2026, 3, 5, tzinfo=UTC).date(), 1)
    told = [event.model_copy(update={"id": new_id()}) for event in owners.events]
    worker.tell([*told, *told, watermark("study", datetime.now(UTC))])
    held, facts = worker.database["held"], worker.database["facts"]
    assert wait_until(lambda: held.count_documents({"sort": "retry"}) == 2, PATIENCE)  # the session and its coverage
    assert facts.count_documents({"service": "study"}) == 1  # that it was held counts nothing and needs no unit
    worker.ask("add_unit", unit("D1", kind="department"))
    worker.ask("add_unit", unit("B1", "D1", kind="branch"), units=("D1",))
    assert wait_until(lambda: held.count_documents({}) == 0, PATIENCE)
    assert facts.count_documents({"service": "study"}) == 3
    for place in ("P", "D1", "B1"):
        row = worker.database["rollups"].find_one({"_id": f"{place}|2026-03"})
        assert row is not None
        assert row["sum"]["study:sessions:branch"] == 1


def test_its_own_events_are_taken_and_told_of_by_a_watermark(worker: Worker) -> None:
    """Everything in its journal has a fact, and its watermark passes."""
    asked = datetime.now(UTC)
    assert wait_until(worker.published, PATIENCE)

    def passed() -> bool:
        row = worker.database["projection"].find_one({"_id": "projection"}) or {}
        return bool(row.get("watermarks", {}).get("gateway", asked) > asked)

    assert wait_until(passed, PATIENCE)
    entries = {row["_id"] for row in worker.database["journal"].find({}, {"_id": 1})}
    assert entries == {row["_id"] for row in worker.database["facts"].find({"service": "gateway"}, {"_id": 1})}
