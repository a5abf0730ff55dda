"""The platform as a set of processes: started, started again after a death, ended without a trace.

A small program stands in for the processes, addresses for the stores: what is tested is the keeping.
"""

import os
import signal
from pathlib import Path

import pytest

from services.cli import WORKERS
from services.cli.local.platform import Platform
from services.cli.local.process import LaunchError, free_port, start_ticks, wait_until
from tests.component.cli.local.standin import PROGRAM
from tests.eventually import PATIENCE

OURS = (*WORKERS, "api")


def platform(folder: Path, **environment: str) -> Platform:
    """A platform whose processes answer that they are ready and do nothing else."""
    return Platform(
        folder,
        amqp_uri="amqp://elsewhere",
        mongo_uri="mongodb://elsewhere",
        environment={"SHENGZHI_HTTP_PORT": str(free_port()), **environment},
        program=PROGRAM,
    )


def test_a_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """The platform brings back a service that died, and counts it."""
    with platform(tmp_path) as running:
        study = running.workers["study"]
        first = study.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: study.restarts == 1 and running.is_ready("study"), PATIENCE)
        assert study.pid != first


def test_nothing_is_left_running_after_the_end(tmp_path: Path) -> None:
    """Stopping ends every process that was started; stopping again does nothing."""
    with platform(tmp_path) as running:
        pids = [process.pid for process in running.processes]
        assert len(pids) == len(OURS)
    running.stop()
    assert [start_ticks(pid) for pid in pids if pid is not None] == [None] * len(OURS)


def test_a_start_that_fails_says_why_and_leaves_nothing_running(tmp_path: Path) -> None:
    """A process that cannot start brings its last words into the message, and the others are ended."""
    broken = platform(tmp_path, BROKEN="hotline")
    with pytest.raises(LaunchError, match="no table, no chair"), broken:
        pass
    assert [process.pid for process in broken.processes] == [None] * len(OURS)


def test_keys_are_made_once_and_only_for_the_owner(tmp_path: Path) -> None:
    """A second start finds the keys of the first; nobody else on the machine may read them."""
    with platform(tmp_path) as running:
        first = {path.name: path.read_bytes() for path in running.secrets.iterdir()}
    with platform(tmp_path) as running:
        again = {path.name: path.read_bytes() for path in running.secrets.iterdir()}
        modes = {path.stat().st_mode & 0o777 for path in running.secrets.iterdir()}
    assert first == again
    assert modes == {0o600}
    assert len(first["master.key"]) == len(first["chain.key"]) == 32
