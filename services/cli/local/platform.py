"""The whole platform on one machine: broker, store, services, the gateway's worker and its API."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from services.cli import WORKERS
from services.cli.local import keys
from services.cli.local.broker import MEMORY_WATERMARK, Broker
from services.cli.local.process import Process, free_port, says_ready, wait_ready
from services.cli.local.store import Store

READY_SECONDS = 180.0
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
SETTLED_SECONDS = 30.0


class Platform:
    """Starts everything under one folder, starts again what died, and ends everything by process id.

    Addresses given are used instead of a private broker or store.
    """

    def __init__(
        self,
        folder: Path,
        *,
        amqp_uri: str | None = None,
        mongo_uri: str | None = None,
        members: int = 1,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "-m", "services.cli"),
    ) -> None:
        self.folder = folder.resolve()
        self.secrets = self.folder / "secrets"
        self.broker = None if amqp_uri else Broker(self.folder)
        self.store = None if mongo_uri else Store(self.folder, members)
        self.amqp_uri = amqp_uri or (self.broker.uri if self.broker else "")
        self.mongo_uri = mongo_uri or (self.store.uri if self.store else "")
        self.environment = dict(environment or {})
        self._program = program
        self.http_port = self._port("SHENGZHI_HTTP_PORT", 8080)
        self.grpc_port = self._port("SHENGZHI_GRPC_PORT", 8081)
        self.workers = {name: self._worker(name) for name in WORKERS}
        self.api = self._ours("api", ["api"], {"SHENGZHI_METRICS_PORT": str(free_port())})
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the API and the pages are."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def settings(self) -> dict[str, str]:
        """What every process of ours is told, as environment variables."""
        return {
            "SHENGZHI_AMQP_URI": self.amqp_uri,
            "SHENGZHI_MONGO_URI": self.mongo_uri,
            "SHENGZHI_SECRETS": str(self.secrets),
            "SHENGZHI_HTTP_PORT": str(self.http_port),
            "SHENGZHI_GRPC_PORT": str(self.grpc_port),
            **self.environment,
        }

    @property
    def processes(self) -> list[Process]:
        """Every process of the platform, in the order in which they start."""
        broker = self.broker.processes if self.broker else []
        store = self.store.processes if self.store else []
        return [*broker, *store, *self.workers.values(), self.api]

    @property
    def caches(self) -> dict[str, str]:
        """The memory given to the stores' caches, for the status."""
        caches = {}
        if self.store:
            caches["mongod"] = f"WiredTiger cache {self.store.cache_gb} GB × {len(self.store.ports)}"
        if self.broker:
            caches["rabbitmq"] = f"memory watermark {MEMORY_WATERMARK}"
        return caches

    def start(self, launched: Callable[[], None] = lambda: None) -> "Platform":
        """Start everything, return when all is ready; `launched` is called when there are new processes."""
        self._stopping.clear()
        keys.generate(self.secrets)
        if self.store:
            self.store.launch()
        if self.broker:
            self.broker.launch()
        launched()
        if self.store:
            self.store.wait()
        if self.broker:
            self.broker.wait()
        ours = [*self.workers.values(), self.api]
        for process in ours:
            process.start()
        launched()
        for process in ours:
            wait_ready(process, partial(self.is_ready, process.name), READY_SECONDS)
        return self

    def stop(self) -> None:
        """End everything: those that write first, then the stores. Harmless when nothing runs."""
        self._stopping.set()
        if self._watcher:
            self._watcher.join()
            self._watcher = None
        ours = [self.api, *self.workers.values()]
        for process in ours:
            process.ask_to_end()
        for process in ours:
            process.stop()
        stores = [process for process in self.processes if process not in ours and process.name != "epmd"]
        for process in stores:  # the node's name server ends after the node, which takes leave of it
            process.ask_to_end()
        if self.broker:
            self.broker.stop()
        if self.store:
            self.store.stop()

    def watch(self) -> None:
        """Start again whatever died, sooner the longer it had lived, until `stop`."""
        due: dict[str, float] = {}
        while not self._stopping.wait(0.25):
            for process in self.processes:
                if not process.died:
                    continue
                now = time.time()
                if now - process.started > SETTLED_SECONDS:
                    process.restarts_in_a_row = 0
                if now >= due.setdefault(process.name, now + _backoff(process)):
                    del due[process.name]
                    process.restart()

    def watch_beside(self) -> None:
        """Watch in a thread, for a test session that has other things to do."""
        self._watcher = threading.Thread(target=self.watch, name="watch", daemon=True)
        self._watcher.start()

    def probe(self, name: str) -> str:
        """Where the named process says whether it is ready; nothing for what is not ours."""
        if name in self.workers:
            return f"http://127.0.0.1:{self.workers[name].environment['SHENGZHI_METRICS_PORT']}/readyz"
        return f"{self.url}/readyz" if name == self.api.name else ""

    def is_ready(self, name: str) -> bool:
        """True when the named process of ours says that it can do its work."""
        return says_ready(self.probe(name))

    def __enter__(self) -> "Platform":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        self.watch_beside()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _port(self, variable: str, preferred: int) -> int:
        """The port asked for, else the usual one if free, else any."""
        asked = self.environment.get(variable)
        return int(asked) if asked else free_port(preferred)

    def _worker(self, name: str) -> Process:
        return self._ours(name, ["serve", name], {"SHENGZHI_METRICS_PORT": str(free_port())})

    def _ours(self, name: str, arguments: list[str], own: dict[str, str]) -> Process:
        command = [*self._program, *arguments]
        log = self.folder / "logs" / f"{name}.log"
        return Process(name, command, log, {**os.environ, "MALLOC_ARENA_MAX": "2", **self.settings, **own})


def _backoff(process: Process) -> float:
    return BACKOFF_SECONDS[min(process.restarts_in_a_row, len(BACKOFF_SECONDS) - 1)]
