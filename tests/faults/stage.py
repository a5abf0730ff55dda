"""The platform on which faults strike: processes can be killed at named points, a proxy stands before each store."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from pymongo import MongoClient
from pymongo.database import Database

from services.cli import WORKERS
from services.cli.local.broker import Broker
from services.cli.local.platform import Platform
from services.cli.local.process import Process, free_port
from services.cli.local.store import Store
from services.gateway.store.generation import PROJECTION
from services.kernel.bus import broker as bus
from services.kernel.journal.store import open_database
from tests.eventually import PATIENCE
from tests.journey.province import PASSWORD, administrators

from .ledger import UNITS, Agent, Client, Importing, Ledger, wait_for
from .observer import Observer
from .points import FOLDER, Armed
from .proxy import Proxy, Wires

PREFIX = "faults"
OURS = (*WORKERS, "api")
KINDS = (*OURS, "rabbitmq", "mongod")
BACK_SECONDS = 600.0
ROLES = {"office": "office", "supervisor": "duty_supervisor", "operator": "operations"}


class Stage:
    """A running platform, the clients who work on it, and what was done to it."""

    def __init__(self, folder: Path, seed: int, members: int, clients: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.armed = Armed(folder / "points")
        self.planted: list[bytes] = []
        self.kills: Counter[str] = Counter()
        self.stopping = threading.Event()
        self.importing: list[Importing] = []
        self.wires = Wires()
        self.clients = clients
        self._seed, self._members = seed, members
        self._leaving = ExitStack()
        self._working: list[threading.Thread] = []

    def __enter__(self) -> Self:
        with ExitStack() as leaving:
            leaving.enter_context(self.wires)
            self.platform = leaving.enter_context(self._platform())
            self.http = self.wires.before(self.platform.http_port)
            self.url = f"http://127.0.0.1:{self.http.port}"
            self.store = leaving.enter_context(MongoClient[dict[str, Any]](self.platform.mongo_uri, tz_aware=True))
            self.observer = Observer(self.platform.amqp_uri)
            self.observer.start()
            leaving.callback(self.observer.stop)
            leaving.callback(self.stopping.set)
            self.observer.ready.wait(30)
            self.observed_since = datetime.now(UTC)
            self.tokens = _prepare(self.platform)
            self.work(self.clients, self.stopping)
            self._leaving = leaving.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._leaving.close()

    def work(self, clients: int, stop: threading.Event) -> None:
        """Let so many more clients work, a third of them at the hotline, until `stop` is set."""
        begun = len(self._working)
        for number in range(begun, begun + clients):
            sort, role = (Agent, "supervisor") if number % 3 == 2 else (Client, "office")
            worker = sort(f"c{number}", self.url, self.tokens[role], self.ledger, self._seed + number, stop)
            worker.start()
            self._working.append(worker)

    def send_sheet(self, rows: int) -> Importing:
        """Let somebody import a sheet of sessions."""
        sheet = Importing(f"s{len(self.importing)}", self.url, self.tokens["office"], self.ledger, rows)
        self.importing.append(sheet)
        sheet.start()
        return sheet

    def finish(self) -> None:
        """Let everybody finish what they are at."""
        self.stopping.set()
        for worker in [*self._working, *self.importing]:
            worker.join(240)
            if worker.is_alive():
                raise AssertionError(f"client {worker.name} did not finish")

    def process(self, name: str) -> Process:
        """A process of the platform, by its name."""
        return next(process for process in self.platform.processes if process.name == name)

    def kill(self, name: str) -> None:
        """End it as a power cut would, and count it."""
        self.signal(name, signal.SIGKILL)
        self.kills[kind_of(name)] += 1

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process, once there is one."""
        process = self.process(name)
        wait_for(lambda: process.pid is not None, BACK_SECONDS, f"the start of {name}")
        if process.pid is not None:
            os.kill(process.pid, number)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """It answers nobody for as long as the block lasts, and then goes on as if nothing had been."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)

    def primary(self) -> int:
        """The number of the store's member that takes the writes."""
        address = None
        until = time.monotonic() + PATIENCE
        while address is None and time.monotonic() < until:
            address = self.store.admin.command("hello").get("primary")
        if address is None or self.platform.store is None:
            raise AssertionError("the store has no primary")
        return self.platform.store.known_as.index(int(address.rpartition(":")[2]))

    def member(self, number: int) -> str:
        """The process of a member."""
        return "mongod" if self._members == 1 else f"mongod-{number}"

    def database(self, service: str) -> Database[dict[str, Any]]:
        """A service's database."""
        return open_database(self.store, f"{PREFIX}_{service}")

    def broker(self) -> Broker:
        """The broker's node."""
        if self.platform.broker is None:
            raise AssertionError("the stage has a broker of its own")
        return self.platform.broker

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection to the broker that goes through no proxy."""
        connection = bus.connect(self.platform.amqp_uri, "faults")
        try:
            yield connection
        finally:
            connection.release()

    def await_work(self, seconds: float = BACK_SECONDS) -> float:
        """Wait until all who work are answered again and events are taken; give how long that took.

        Raises:
            AssertionError: they have not, within the seconds.
        """
        began = time.monotonic()
        before, batches = self.ledger.answers.copy(), self._batches()
        areas = ("study", "hotline")
        wait_for(
            lambda: all(self.ledger.answers[area] >= before[area] + 2 for area in areas),
            seconds,
            f"work at {' and '.join(areas)} going on",
        )
        wait_for(lambda: self._batches() > batches, seconds, "events being taken")
        return time.monotonic() - began

    def _batches(self) -> int:
        """How many batches of events the projection has taken; those that came again count, for they may be many."""
        projection = self.database("gateway")[PROJECTION].find_one({"_id": PROJECTION})
        return 0 if projection is None else int(projection["batches"])

    def _platform(self) -> Platform:
        """Processes of ours speak to broker and store through proxies; members of the store to each other too."""
        amqp, store = Broker(self.folder), Store(self.folder, self._members)
        self.amqp = self.wires.before(amqp.port)
        self.mongo: list[Proxy] = [self.wires.before(port) for port in store.ports]
        store.known_as = [proxy.port for proxy in self.mongo]
        environment = {
            "SHENGZHI_AMQP_URI": amqp.uri.replace(f":{amqp.port}/", f":{self.amqp.port}/"),
            "SHENGZHI_MONGO_URI": store.uri,
            "SHENGZHI_DATABASE_PREFIX": PREFIX,
            "SHENGZHI_HTTP_PORT": str(free_port()),
            "SHENGZHI_GRPC_PORT": str(free_port()),
            "SHENGZHI_TALLY_SECONDS": "45",
            "SHENGZHI_REQUEST_RATE": "10000",
            "SHENGZHI_SIGN_IN_RATE": "10000",
            "SHENGZHI_LEASE_SECONDS": "4",
            FOLDER: str(self.folder / "points"),
        }
        program = (sys.executable, "-W", "ignore", "-m", "tests.faults.served")
        platform = Platform(self.folder, members=self._members, environment=environment, program=program)
        if platform.store is not None:
            platform.store.known_as = store.known_as
            platform.mongo_uri = platform.store.uri
        return platform


def kind_of(name: str) -> str:
    """study, hotline, gateway, api, rabbitmq, mongod."""
    return name.partition("-")[0]


def _prepare(platform: Platform) -> dict[str, str]:
    """Units, a campaign, accounts; give the accounts' tokens."""
    with ExitStack() as leaving:
        http = leaving.enter_context(httpx.Client(base_url=f"{platform.url}/api/v1", timeout=PATIENCE))

        def token(name: str, password: str) -> str:
            answer = http.post("/tokens", json={"name": name, "password": password}).raise_for_status()
            return str(answer.json()["token"])

        def post(path: str, body: dict[str, Any]) -> None:
            http.post(path, json=body).raise_for_status()

        first = leaving.enter_context(administrators(platform))
        http.headers["Authorization"] = first.system.headers["Authorization"]
        active = {"active_from": "2026-01-01"}
        post("/units", {"id": "P000", "name": "工委", "kind": "committee", **active})
        for number in range(UNITS):
            unit = {"id": f"D{number:03d}", "name": f"样例单位{number}", "kind": "department", "parent": "P000"}
            post("/units", {**unit, **active})
        for name, role in ROLES.items():
            first.enrol(name, (role, "P000"))
        tokens = {name: token(name, PASSWORD) for name in ROLES}
        http.headers["Authorization"] = f"Bearer {tokens['office']}"
        post("/campaigns", {"id": "C2026", "name": "演练", "opens": "2026-02-01", "closes": "2026-10-31"})
    return tokens
