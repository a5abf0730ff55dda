"""Up, down and again: the platform in the background, with stand-ins for its processes."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli import WORKERS
from services.cli.local import supervisor
from services.cli.local.process import LaunchError, free_port, start_ticks, wait_until
from services.cli.local.record import FAILED, STARTING, Record, myself
from tests.component.cli.local.standin import PROGRAM
from tests.eventually import PATIENCE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run folder for stand-ins on stores that are elsewhere; whatever runs there at the end is ended."""
    monkeypatch.setattr(supervisor, "SUPERVISOR", [*PROGRAM, "supervise"])
    monkeypatch.setenv("SHENGZHI_AMQP_URI", "amqp://elsewhere")
    monkeypatch.setenv("SHENGZHI_MONGO_URI", "mongodb://elsewhere")
    monkeypatch.setenv("SHENGZHI_HTTP_PORT", str(free_port()))
    monkeypatch.setenv("SHENGZHI_GRPC_PORT", str(free_port()))
    yield tmp_path / "run"
    supervisor.down(tmp_path / "run")


def pids(record: Record) -> list[int]:
    """Every process of a record, the supervisor too."""
    return [record.supervisor.pid, *(each.spawned.pid for each in record.processes)]


def gone(processes: list[int]) -> bool:
    """None of them is left."""
    return all(start_ticks(pid) is None for pid in processes)


def test_up_twice_is_one_platform_and_down_twice_leaves_none(folder: Path) -> None:
    """A second `up` finds the first; `down` ends every process, and a second `down` has nothing to do."""
    first = supervisor.up(folder)
    assert len(first.processes) == len(WORKERS) + 1
    assert supervisor.up(folder).supervisor == first.supervisor
    assert supervisor.down(folder)
    assert gone(pids(first))
    assert not supervisor.down(folder)


def test_a_platform_whose_supervisor_was_killed_does_not_hinder_the_next(folder: Path) -> None:
    """After kill -9 of the supervisor its processes end, and `up` starts anew."""
    first = supervisor.up(folder)
    os.kill(first.supervisor.pid, signal.SIGKILL)
    assert wait_until(lambda: not first.supervisor.alive, PATIENCE)
    second = supervisor.up(folder)
    assert second.supervisor != first.supervisor
    assert wait_until(lambda: gone([pid for pid in pids(first) if pid not in pids(second)]), PATIENCE)


def test_a_supervisor_that_dies_while_somebody_waits_for_it_is_replaced(folder: Path) -> None:
    """`up` found a start under way; when that one dies, it starts its own instead of waiting for ever."""
    folder.mkdir()
    with subprocess.Popen(["sleep", "0.5"]) as dying:
        Record(STARTING, myself(dying.pid)).write(folder)
        assert supervisor.up(folder).supervisor.pid != dying.pid


def test_a_service_that_was_killed_is_back_and_the_record_says_so(folder: Path) -> None:
    """The supervisor starts a dead service again; `status` can tell how often."""
    first = supervisor.up(folder)
    study = next(each.spawned for each in first.processes if each.spawned.name == "study")
    os.kill(study.pid, signal.SIGKILL)

    def back() -> bool:
        record = Record.read(folder)
        assert record is not None
        now = next(each for each in record.processes if each.spawned.name == "study")
        return now.restarts == 1 and now.spawned.alive and now.spawned != study

    assert wait_until(back, PATIENCE)


def test_one_process_is_restarted_in_order_and_the_others_go_on(folder: Path) -> None:
    """It is another process and ready again when `restart` returns; what is not ours to restart is refused by name."""
    first = supervisor.up(folder)
    back = supervisor.restart(folder, "hotline")
    assert back.spawned.alive
    assert back.restarts == 1
    now = {each.spawned.name: each.spawned for each in (Record.read(folder) or pytest.fail("no record")).processes}
    changed = [each.spawned.name for each in first.processes if each.spawned != now[each.spawned.name]]
    assert changed == ["hotline"]
    with pytest.raises(LaunchError, match=r"没有进程 nobody；可填 .*study"):
        supervisor.restart(folder, "nobody")
    supervisor.down(folder)
    with pytest.raises(LaunchError, match="没有在运行"):
        supervisor.restart(folder, "hotline")


def test_a_start_that_fails_says_why_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` raises with the service's last words; afterwards nothing runs, and the next `up` works."""
    monkeypatch.setenv("BROKEN", "hotline")
    with pytest.raises(LaunchError, match="no table, no chair"):
        supervisor.up(folder)
    record = Record.read(folder)
    assert record is not None
    assert record.phase == FAILED
    assert wait_until(lambda: gone(pids(record)), PATIENCE)
    monkeypatch.delenv("BROKEN")
    assert supervisor.up(folder).up


def test_fresh_makes_new_keys_and_ends_what_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`up --fresh` takes a running platform down and forgets its data."""
    monkeypatch.setattr(supervisor, "forget_databases", lambda uri, prefix: None)
    first = supervisor.up(folder)
    key = (folder / "secrets" / "master.key").read_bytes()
    supervisor.up(folder, fresh=True)
    assert gone(pids(first))
    assert (folder / "secrets" / "master.key").read_bytes() != key


def test_down_during_the_start_ends_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses patience with a start that hangs can take it down."""
    monkeypatch.delenv("SHENGZHI_AMQP_URI")
    monkeypatch.delenv("SHENGZHI_MONGO_URI")
    supervisor._spawn(folder)  # `up` would wait for the end
    assert wait_until(lambda: len(pids(Record.read(folder) or pytest.fail("no record"))) > 2, PATIENCE)
    record = Record.read(folder)
    assert record is not None
    assert supervisor.down(folder)
    assert gone(pids(record))
