"""A process that we started."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from services.cli.local.process import (
    LaunchError,
    Process,
    Spawned,
    free_port,
    kept_ports,
    resident_bytes,
    start_ticks,
    wait_ready,
    wait_until,
)
from tests.eventually import PATIENCE

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def child(tmp_path: Path, command: list[str]) -> Process:
    """A process whose log is in the test's folder."""
    return Process("child", command, tmp_path / "child.log", dict(os.environ))


def test_a_recycled_process_id_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Ending a process written down by an earlier run does nothing when its id is now somebody else's."""
    other = child(tmp_path, SLEEP)
    other.start()
    assert other.spawned is not None
    stale = Spawned("ours", other.spawned.pid, other.spawned.ticks - 1)
    assert not stale.alive
    stale.end(grace=0.2)
    assert other.spawned.alive
    other.stop()
    assert not other.spawned.alive


def test_a_process_that_ignores_the_polite_signal_is_ended_all_the_same(tmp_path: Path) -> None:
    """After the grace period the end is not negotiable, for a parent and for a later command."""
    first, second = child(tmp_path / "a", DEAF), child(tmp_path / "b", DEAF)
    for each in (first, second):
        each.start()
        assert wait_until(lambda each=each: "deaf" in each.last_lines(), PATIENCE)  # type: ignore[misc]  # bound early
    first.stop(grace=0.2)
    assert first.spawned is not None
    assert not first.spawned.alive
    assert second.spawned is not None
    second.spawned.end(grace=0.2)
    assert not second.spawned.alive
    second.stop()


def test_a_process_ends_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    """kill -9 of the parent leaves no orphan."""
    parent = textwrap.dedent(
        f"""
        import os, time
        from pathlib import Path
        from services.cli.local.process import Process
        child = Process("child", {SLEEP!r}, Path({str(tmp_path)!r}) / "log", dict(os.environ))
        child.start()
        print(child.pid, flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        pid = int(running.stdout.readline())
        command = Path(f"/proc/{pid}/cmdline")
        assert wait_until(lambda: b"setpriv" not in command.read_bytes(), PATIENCE)  # it has put the child on its leash
        running.send_signal(signal.SIGKILL)
    assert wait_until(lambda: start_ticks(pid) is None, PATIENCE)


def test_a_process_that_dies_before_it_is_ready_says_why_at_once(tmp_path: Path) -> None:
    """Waiting ends with the log's last lines as soon as the process is dead, not after the whole time."""
    process = child(tmp_path, [sys.executable, "-c", "raise SystemExit('the cupboard is bare')"])
    process.start()
    began = time.monotonic()
    with pytest.raises(LaunchError, match="the cupboard is bare"):
        wait_ready(process, lambda: False, 30)
    assert time.monotonic() - began < 10
    process.stop()


def test_the_ports_of_the_last_start_are_kept_unless_somebody_has_taken_them(tmp_path: Path) -> None:
    """Addresses stay the same from start to start; a taken one is replaced, the other stays."""
    kept = tmp_path / "ports.json"
    first = kept_ports(kept, 2)
    assert kept_ports(kept, 2) == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first[0]))
        taken.listen()
        again = kept_ports(kept, 2)
    assert again[0] != first[0]
    assert again[1] == first[1]
    assert free_port(again[1]) == again[1]


def test_memory_is_told_of_a_process_and_not_of_a_dead_one() -> None:
    """A Python process takes megabytes; one that is gone takes nothing."""
    assert resident_bytes(os.getpid()) > 5_000_000
    assert resident_bytes(2**22 + 1) == 0
