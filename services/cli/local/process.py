"""One operating-system process that we started and therefore may end."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 15.0
PORTS = range(20000, 32000)  # below the range from which the kernel takes ports for outgoing connections


class LaunchError(Exception):
    """Something could not be started; the text is for the person at the terminal."""


def start_ticks(pid: int) -> int | None:
    """When the process began, in clock ticks since boot: with the id it names one process for ever."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


@dataclass(frozen=True)
class Spawned:
    """A process we started, written down so that a later command can recognise it."""

    name: str
    pid: int
    ticks: int

    @property
    def alive(self) -> bool:
        """False as soon as the id is gone, is a zombie or belongs to somebody else."""
        return start_ticks(self.pid) == self.ticks

    def end(self, grace: float = GRACE_SECONDS) -> None:
        """Ask politely, wait, then insist. Does nothing when the process is not ours any more."""
        self.signal(signal.SIGTERM)
        if not wait_until(lambda: not self.alive, grace):
            self.signal(signal.SIGKILL)
            wait_until(lambda: not self.alive, grace)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if the process still is the one we started."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


@dataclass
class Process:
    """A child process: started again with the same command after it died."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    restarts: int = 0
    restarts_in_a_row: int = 0
    popen: subprocess.Popen[bytes] | None = None
    spawned: Spawned | None = None
    started: float = 0.0

    def start(self) -> None:
        """Start it. It ends when the thread that started it is gone: even kill -9 leaves nothing behind."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        leash = [setpriv, "--pdeathsig", "TERM", "--"] if (setpriv := shutil.which("setpriv")) else []
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*leash, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )
        self.started = time.time()
        self.spawned = Spawned(self.name, self.popen.pid, start_ticks(self.popen.pid) or 0)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.popen.pid if self.popen is not None and self.popen.poll() is None else None

    @property
    def died(self) -> bool:
        """True when it was started and ended without being asked to."""
        return self.popen is not None and self.popen.poll() is not None

    def restart(self) -> None:
        """Start it again after it died; counted, for the status."""
        self.restarts += 1
        self.restarts_in_a_row += 1
        self.start()

    def ask_to_end(self) -> None:
        """Send the polite signal without waiting, so that several end at the same time."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.terminate()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """End it and collect its status; harmless when it is not running."""
        self.ask_to_end()
        if self.popen is None:
            return
        try:
            self.popen.wait(grace)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(grace)
        self.popen = None

    def last_lines(self, count: int = 12) -> str:
        """The end of its log, for the message about a start that failed."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Poll until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def wait_ready(process: Process, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a process answers; LaunchError with the end of its log when it died or took too long."""
    wait_until(lambda: process.died or ready(), seconds)
    if process.died or not ready():
        raise LaunchError(f"{process.name} 未能启动。日志 {process.log}：\n{process.last_lines()}")


def says_ready(probe: str) -> bool:
    """True when what answers at this address can do its work."""
    try:
        with urllib.request.urlopen(probe, timeout=2) as answer:  # noqa: S310  # an address of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def port_is_free(port: int) -> bool:
    """True when we could listen there on the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on: the preferred one if possible."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    while not port_is_free(port := random.choice(PORTS)):  # noqa: S311  # not a secret
        continue
    return port


def kept_ports(kept: Path, count: int) -> list[int]:
    """The ports of the last start, another one where somebody has taken it meanwhile; written down again."""
    last: list[int | None] = list(json.loads(kept.read_text())) if kept.exists() else []
    ports = [free_port(port) for port in (last + [None] * count)[:count]]
    kept.write_text(json.dumps(ports))
    return ports


def resident_bytes(pid: int) -> int:
    """Memory with its share of shared pages (PSS); the whole resident size where that is not told."""
    for source, key in ((f"/proc/{pid}/smaps_rollup", "Pss:"), (f"/proc/{pid}/status", "VmRSS:")):
        try:
            lines = Path(source).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0
