"""A service's process: its probes, its orderly end, its death."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.local.process import free_port, wait_until
from tests.eventually import PATIENCE

PROGRAM = """
import services.cli.serve as serve
import eventlet
from nameko.rpc import rpc
from nameko.extensions import DependencyProvider, Entrypoint
from eventlet.event import Event

class Warming(DependencyProvider):
    ready = False
    def start(self):
        eventlet.spawn_after(1, self.warm)
    def warm(self):
        self.ready = True

class Falls(Entrypoint):
    def start(self):
        if {falls}:
            self.container.spawn_managed_thread(lambda: 1 / 0)

class Kettle:
    name = "study"
    warming = Warming()
    @Falls.decorator
    def boil(self): ...
    @rpc
    def pour(self): return "tea"

serve.service_class = lambda name: Kettle
raise SystemExit(serve.main(["study"]))
"""


class Served:
    """A service process and the port of its probes."""

    def __init__(self, uri: str, log: Path, falls: bool) -> None:
        self.port = free_port()
        environment = {"SHENGZHI_AMQP_URI": uri, "SHENGZHI_METRICS_PORT": str(self.port)}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(falls=falls)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def probe(self, path: str) -> tuple[int, str]:
        """Status and text of a probe; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:  # asked again
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""


@pytest.fixture
def served(module_vhost: str, tmp_path: Path) -> Iterator[Served]:
    """A service that becomes ready after a second."""
    service = Served(module_vhost, tmp_path / "log", falls=False)
    yield service
    service.process.kill()
    service.process.wait()


def test_it_is_alive_before_it_is_ready_and_ends_in_order(served: Served) -> None:
    """Probes tell alive from ready, metrics are there, SIGTERM ends the process with status 0."""
    assert wait_until(lambda: served.probe("/healthz") == (200, "ok"), PATIENCE)
    assert served.probe("/readyz")[0] == 503
    assert wait_until(lambda: served.probe("/readyz") == (200, "ok"), PATIENCE)
    assert "process_resident_memory_bytes" in served.probe("/metrics")[1]
    assert served.probe("/nothing")[0] == 404
    began = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(15) == 0
    assert time.monotonic() - began < 5


def test_it_ends_with_status_one_when_its_container_dies(module_vhost: str, tmp_path: Path) -> None:
    """A thread of the container that fails takes the process down, so that the supervisor starts it again."""
    service = Served(module_vhost, tmp_path / "log", falls=True)
    assert service.process.wait(20) == 1
    assert "ZeroDivisionError" in (tmp_path / "log").read_text()
