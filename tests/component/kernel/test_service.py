"""A nameko service built on the kernel, in a process of its own, on a real broker and a real store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nameko.exceptions import RemoteError
from pymongo import MongoClient
from pymongo.database import Database

from services.kernel.journal.chain import verify
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import open_database
from services.kernel.message.event import record_id
from services.kernel.message.suite import DIGESTS
from tests.component.edge import calling, give_keys
from tests.eventually import PATIENCE, eventually

from .jar import JAR, envelope


class Process:
    """The service's process; what it prints is read line by line."""

    def __init__(self, vhost: str, mongo: str, prefix: str, secrets: Path) -> None:
        self.environment = {
            **os.environ,
            "SHENGZHI_AMQP_URI": vhost,
            "SHENGZHI_MONGO_URI": mongo,
            "SHENGZHI_DATABASE_PREFIX": prefix,
            "SHENGZHI_SECRETS": str(secrets),
        }
        self.log = secrets / "log"
        self.start()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("a") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "tests.component.kernel.jar_service"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        while not (line := self.line()).startswith("ready"):
            if not line:
                self.kill()
                raise AssertionError("the service did not become ready")

    def line(self) -> str:
        """The next line it prints."""
        assert self.running.stdout is not None
        return self.running.stdout.readline()

    def kill(self) -> None:
        """End it as a crash would."""
        self.running.kill()
        self.ended()

    def ended(self) -> int:
        """Wait for its end; give its status."""
        status = self.running.wait(PATIENCE)
        assert self.running.stdout is not None
        self.running.stdout.close()
        return status


@pytest.fixture
def service(vhost: str, mongo: str, database: str, tmp_path: Path) -> Iterator[Process]:
    (tmp_path / "master.key").write_bytes(b"m" * 32)
    (tmp_path / "chain.key").write_bytes(b"c" * 32)
    give_keys(tmp_path)
    process = Process(vhost, mongo, database, tmp_path)
    yield process
    process.running.terminate()
    assert process.ended() == 0


@pytest.fixture
def store(service: Process, mongo_client: MongoClient[dict[str, Any]], database: str) -> Database[dict[str, Any]]:
    return open_database(mongo_client, f"{database}_jars")


@pytest.fixture
def jars(service: Process, vhost: str) -> Iterator[Any]:
    with calling(vhost) as client:
        yield client.jars


def ask(jars: Any, method: str, body: dict[str, Any], command_id: str | None = None) -> Any:
    return getattr(jars, method)(envelope=envelope(command_id).model_dump(mode="json"), body=body)


def refusal(jars: Any, method: str, body: dict[str, Any]) -> str:
    with pytest.raises(RemoteError) as refused:
        ask(jars, method, body)
    assert refused.value.exc_type == "DomainError"
    return str(refused.value.value).split(":")[0]


def send_sheet(jars: Any, import_id: str, rows: list[dict[str, Any]]) -> Any:
    for first in range(0, len(rows), 1000):
        chunk = {"import_id": import_id, "kind": "coins", "first": first, "rows": rows[first : first + 1000]}
        ask(jars, "add_import_rows", chunk)
    return ask(jars, "accept_import", {"import_id": import_id, "kind": "coins", "rows": len(rows)})


def rows(count: int, **last: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"_row": n + 2, "unit": "U1", "number": f"n{n}", "coins": 1.0} for n in range(count)]
    made[-1].update(last)
    return made


def test_a_command_goes_all_the_way_to_subscribers(
    service: Process, jars: Any, store: Database[dict[str, Any]]
) -> None:
    """One RPC leaves one record, one event, one effect; a stock nameko handler hears it as well."""
    answer = ask(jars, "put_coins", {"id": "j1", "coins": 3}, "c1")
    assert answer == {"id": "j1", "version": 1, "coins": 3}
    assert ask(jars, "put_coins", {"id": "j1", "coins": 3}, "c1") == answer
    eventually(lambda: store["seen"].count_documents({}) == 1)
    entry = store["journal"].find_one()
    assert entry is not None
    assert entry["published"]
    assert service.line() == f"heard {entry['_id']} 3\n"
    assert store["held"].count_documents({}) == 0


def test_a_refusal_is_one_line_of_the_log(jars: Any, service: Process) -> None:
    """What the rules refuse is no failure: no traceback of it is written, by us or by nameko."""
    assert refusal(jars, "put_coins", {"id": "j1", "coins": -3}) == "jar.empty"
    assert refusal(jars, "get_import", {"import_id": "nothing"}) == "import.not_found"
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert [line["code"] for line in lines if line["event"] == "command.refused"] == ["jar.empty", "import.not_found"]
    assert not [line for line in lines if "exception" in line or line["level"] in ("warning", "error")]


def test_refusals_come_back_with_their_code(jars: Any, store: Database[dict[str, Any]]) -> None:
    """A rule's refusal, a malformed body and an unknown field are told by stable codes and change nothing."""
    assert refusal(jars, "put_coins", {"id": "j1", "coins": -3}) == "jar.empty"
    assert refusal(jars, "put_coins", {"id": "j1", "coins": "x"}) == "request.invalid"
    assert refusal(jars, "put_coins", {"id": "j1", "coins": 1, "more": 1}) == "request.invalid"
    assert store["journal"].count_documents({}) == 0


def test_an_expired_command_never_runs(jars: Any, store: Database[dict[str, Any]]) -> None:
    """What the caller no longer waits for is refused, not done."""
    late = envelope().model_copy(update={"deadline": envelope().deadline.replace(year=2020)})
    with pytest.raises(RemoteError, match=r"command\.expired"):
        jars.put_coins(envelope=late.model_dump(mode="json"), body={"id": "j1", "coins": 1})
    assert store["journal"].count_documents({}) == 0


def test_a_sheet_is_applied_whole(jars: Any, store: Database[dict[str, Any]]) -> None:
    """A clean sheet of several chunks is accepted and every row takes effect once; asked again, nothing changes."""
    accepted = send_sheet(jars, "i1", rows(2300))
    assert (accepted["state"], accepted["rows"]) == ("accepted", 2300)
    eventually(lambda: ask(jars, "get_import", {"import_id": "i1"})["state"] == "applied")
    assert store["jars"].count_documents({"coins": 1}) == 2300
    assert store["journal"].count_documents({}) == 2300
    assert store["import_rows"].count_documents({}) == 0
    assert send_sheet(jars, "i1", rows(2300))["state"] == "applied"
    assert store["journal"].count_documents({}) == 2300
    eventually(lambda: store["seen"].count_documents({}) == 2300)


@pytest.mark.parametrize(
    ("last", "column", "code"),
    [
        ({"coins": -2.0}, "coins", "jar.empty"),
        ({"coins": "many"}, "coins", "cell.invalid"),
        ({"unit": "U9"}, "unit", "unit.unknown"),
        ({"number": ""}, "number", "cell.missing"),
    ],
)
def test_one_wrong_row_refuses_the_sheet(
    jars: Any, store: Database[dict[str, Any]], last: dict[str, Any], column: str, code: str
) -> None:
    """Nothing is half-imported: the answer names the row and the column, and no record was made."""
    refused = send_sheet(jars, "i1", rows(30, **last))
    assert refused["state"] == "refused"
    assert [(error["row"], error["column"], error["code"]) for error in refused["errors"]] == [(31, column, code)]
    assert store["journal"].count_documents({}) == 0
    assert store["import_rows"].count_documents({}) == 0


def test_later_rows_see_earlier_ones_when_they_are_decided(jars: Any) -> None:
    """A row that takes out what an earlier row put in is accepted; in the other order it is not."""
    put, take = ({"_row": n, "unit": "U1", "number": "a", "coins": coins} for n, coins in ((2, 2), (3, -2)))
    assert send_sheet(jars, "i1", [put, take])["state"] == "accepted"
    put["number"] = take["number"] = "b"
    assert send_sheet(jars, "i2", [take, put])["state"] == "refused"


def test_an_accepted_sheet_survives_a_kill(service: Process, jars: Any, store: Database[dict[str, Any]]) -> None:
    """Killed while applying, the service goes on where it stood: each row once, with other algorithms too."""
    assert send_sheet(jars, "i1", rows(4000))["state"] == "accepted"
    eventually(lambda: store["journal"].count_documents({}, limit=1) > 0)
    service.kill()
    done = store["journal"].count_documents({})
    service.environment["SHENGZHI_CIPHERS"] = "sm"
    service.start()
    eventually(lambda: store["imports"].count_documents({"_id": "i1", "state": "applied"}) == 1)
    assert done < 4000
    assert store["jars"].count_documents({"coins": 1, "version": 1}) == 4000
    eventually(lambda: store["seen"].count_documents({}) == 4000)
    assert record_id("jars", "coins", "U1", "n7") in {row["_id"] for row in store["jars"].find({}, {"_id": 1})}
    journal = Journal(store, service="jars", site="province", chain_key=b"c" * 32)
    assert verify(journal, [JAR]) == (4000, [])
    ends = [store["journal"].find_one(sort=[("_id", order)]) or {} for order in (1, -1)]
    assert [journal.link(b"", entry, digest) for entry, digest in zip(ends, DIGESTS, strict=True)] == [
        entry["hash"] for entry in ends
    ]


def test_rows_of_several_tabs_are_told_apart(jars: Any, store: Database[dict[str, Any]]) -> None:
    """Row 2 of one tab is not row 2 of the other: each is a command of its own; a wrong one is named with its tab."""
    cells = {"unit": "U1", "number": "n", "coins": 2}
    rows = [{**cells, "_row": 2, "_tab": tab} for tab in ("一月", "二月")]
    assert send_sheet(jars, "two", rows)["state"] == "accepted"
    eventually(lambda: ask(jars, "get_import", {"import_id": "two"})["state"] == "applied")
    applied = ask(jars, "get_import", {"import_id": "two"})
    assert (applied["applied"], applied["failures"]) == (2, [])
    commands = [entry["command"] for entry in store["journal"].find()]
    assert len(set(commands)) == 2
    assert all(command.startswith("two:2@") and "月" not in command for command in commands)
    wrong = send_sheet(jars, "wrong", [{**rows[0], "unit": "U9"}, {**rows[1], "coins": {"date": "2026-03-05"}}])
    assert {(error["tab"], error["row"], error["column"]) for error in wrong["errors"]} == {
        ("一月", 2, "unit"),
        ("二月", 2, "coins"),
    }
    assert wrong["wrong"] == 2


def test_what_was_passed_over_is_told_with_the_import(jars: Any) -> None:
    """Tabs of other kinds and columns of notes, for as long as the import is known."""
    chunk = {
        "import_id": "notes",
        "kind": "coins",
        "first": 0,
        "rows": [{"unit": "U1", "number": "n", "coins": 1, "_row": 2}],
    }
    ask(jars, "add_import_rows", chunk)
    told = {"import_id": "notes", "kind": "coins", "rows": 1, "passed_over": ["“备注”列"]}
    assert ask(jars, "accept_import", told)["passed_over"] == ["“备注”列"]
    assert ask(jars, "get_import", {"import_id": "notes"})["passed_over"] == ["“备注”列"]
