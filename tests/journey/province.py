"""A small province: two departments with a branch each, a campaign, one user of each kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import grpc
import httpx
from pymongo import MongoClient

from services.cli.local.platform import Platform
from services.edge.pb.shengzhi.report.v1 import reports_pb2 as pb
from services.edge.pb.shengzhi.report.v1 import reports_pb2_grpc
from tests.eventually import PATIENCE

PASSWORD = "Sample-2026-word"
ROOT = "P000"
OPENS, CLOSES = "2026-02-01", "2026-12-31"
UNITS = [
    {"id": ROOT, "name": "示例省直机关工委", "kind": "committee"},
    {"id": "D001", "name": "示例省财政厅", "kind": "department", "parent": ROOT},
    {"id": "D002", "name": "示例省水利厅", "kind": "department", "parent": ROOT},
    {"id": "D001-B01", "name": "示例省财政厅第一党支部", "kind": "branch", "parent": "D001"},
    {"id": "D002-B01", "name": "示例省水利厅第一党支部", "kind": "branch", "parent": "D002"},
]
USERS = {
    "office": ("office", ROOT),
    "supervisor": ("duty_supervisor", ROOT),
    "agent": ("agent", ROOT),
    "finance": ("unit_admin", "D001"),
    "finance-leader": ("leader", "D001"),
    "water": ("unit_admin", "D002"),
    "water-handler": ("handler", "D002"),
    "secretary": ("secretary", "D001-B01"),
    "member": ("member", "D001-B01"),
    "clumsy": ("member", "D001-B01"),
    "leaving": ("member", "D001-B01"),
    "units-of-finance": ("system_admin", "D001"),
    "office-of-finance": ("office", "D001"),
    "auditor": ("audit_admin", ROOT),
    "guard": ("security_admin", ROOT),
    "keeper": ("operations", ROOT),
}
# Every collection in which a change of ours would show.
OWED = ("plans", "notices", "receipts", "duties", "accounts", "distributions")
RECORDS = {
    "study": ("journal", "commands", "sessions", "essays", "lectures", "coverages", "import_rows", *OWED),
    "research": ("journal", "commands", "topics", "visits", "places", "measures", "private", "import_rows"),
    "hotline": ("journal", "commands", "tickets", "private", "private_keys", "access_log", "import_rows"),
    "gateway": (
        *("journal", "commands", "units", "campaigns", "users", "credentials", "facts", "import_rows", "initiatives"),
        *("reports", "issued"),
    ),
}


AsUser = Callable[[str], httpx.Client]
"""Somebody's client, by their name."""


def first_sign_in(http: httpx.Client, name: str, once: str) -> str:
    """The token of somebody who sets `PASSWORD` in the place of the one that they were given."""
    answer = http.post("/tokens", json={"name": name, "password": once, "new_password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


@dataclass(frozen=True)
class Administrators:
    """Those who make accounts and those who give them roles, each by a client that bears their token."""

    system: httpx.Client
    security: httpx.Client
    enrolled: set[str] = field(default_factory=set)

    def enrol(self, name: str, *roles: tuple[str, str]) -> None:
        """An account of the first role's unit that signs in with `PASSWORD`, and its roles, each for a unit.

        Once: several modules of one worker may ask for the same people.
        """
        if name in self.enrolled:
            return
        made = self.system.post("/users", json={"id": name, "name": "样例", "unit": roles[0][1]})
        assert made.status_code == 201, made.text
        held = [{"role": role, "unit": unit} for role, unit in roles]
        given = self.security.put(f"/users/{name}/roles", json={"roles": held})
        assert given.status_code == 200, given.text
        first_sign_in(self.system, name, made.json()["password"])
        self.enrolled.add(name)


@contextmanager
def administrators(platform: Platform) -> Iterator[Administrators]:
    """The first ones of a platform that nobody has signed in to yet."""
    with ExitStack() as leaving:

        def first(name: str) -> httpx.Client:
            http = leaving.enter_context(httpx.Client(base_url=f"{platform.url}/api/v1", timeout=PATIENCE))
            token = first_sign_in(http, name, (platform.secrets / f"{name}.password").read_text())
            http.headers["Authorization"] = f"Bearer {token}"
            return http

        yield Administrators(first("admin"), first("security"))


@dataclass(frozen=True)
class Province:
    """The province's users, each with a client that bears their token."""

    platform: Platform
    as_user: Callable[[str], httpx.Client]
    databases: MongoClient[dict[str, Any]]
    administrators: Administrators

    def enrol(self, name: str, *roles: tuple[str, str]) -> None:
        """Somebody who signs in with `PASSWORD` and holds these roles, each for a unit."""
        self.administrators.enrol(name, *roles)

    def counts(self) -> dict[str, int]:
        """How many documents there are of everything that a change would add to."""
        prefix = self.platform.environment["SHENGZHI_DATABASE_PREFIX"]
        return {
            f"{service}.{name}": self.databases[f"{prefix}_{service}"][name].count_documents({})
            for service, names in RECORDS.items()
            for name in names
        }

    def report(self, unit: str = ROOT, **query: str) -> dict[str, Any]:
        """A unit's report over the campaign, as the office reads it."""
        asked = {"from": OPENS, "to": CLOSES, **query}
        answer = self.as_user("office").get(f"/reports/{unit}", params=asked)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    def over_grpc(self, unit: str, **asked: Any) -> pb.GetReportResponse:
        """The same over gRPC.

        Raises:
            grpc.RpcError: it is refused.
        """
        bearer = (("authorization", self.as_user("office").headers["Authorization"]),)
        with grpc.insecure_channel(f"127.0.0.1:{self.platform.grpc_port}") as channel:
            reports: Any = reports_pb2_grpc.ReportsStub(channel)  # type: ignore[no-untyped-call]
            answer: pb.GetReportResponse = reports.GetReport(
                pb.GetReportRequest(unit=unit, children=True, **asked), metadata=bearer, timeout=PATIENCE
            )
        return answer

    def settled(self, since: datetime, unit: str = ROOT, **query: str) -> dict[str, Any]:
        """A report that has everything recorded before an instant, by its watermark and not by a sleep."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            report = self.report(unit, **query)
            if report["as_of"] is not None and datetime.fromisoformat(report["as_of"]) >= since:
                return report
            time.sleep(0.2)
        raise AssertionError(f"the figures did not reach {since}")


def founded(
    province: Province,
    administrator: httpx.Client,
    sign_in: Callable[[str, str], httpx.Client],
    units: Iterable[tuple[str, str, str, str]],
    users: Mapping[str, tuple[str, str]],
) -> AsUser:
    """Units of a test's own (id, name, kind, parent) with users of theirs; who else is asked for is the province's."""
    for id, name, kind, parent in units:
        body = {"id": id, "name": name, "kind": kind, "parent": parent, "active_from": "2026-01-01"}
        assert administrator.post("/units", json=body).status_code == 201, body
    for name, (role, unit) in users.items():
        province.enrol(name, (role, unit))
    clients = {name: sign_in(name, PASSWORD) for name in users}
    return lambda name: clients[name] if name in clients else province.as_user(name)
