"""What a running platform writes down about itself."""

import os
from pathlib import Path

import pytest

from services.cli.local.process import Spawned
from services.cli.local.record import FAILED, READY, Record, Running, forget, myself


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Everything comes back, and nobody else on the machine may read it: it holds the broker's password."""
    record = Record(
        READY,
        myself(os.getpid()),
        url="http://127.0.0.1:8080",
        caches={"mongod": "0.25 GB"},
        settings={"SHENGZHI_SITE": "province"},
        processes=(Running(Spawned("study", 1, 2), 3.0, 4),),
    )
    record.write(tmp_path)
    assert Record.read(tmp_path) == record
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
    forget(tmp_path)
    assert Record.read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"phase": "ready", "supervisor": {"pid": 1}}', "[]"])
def test_a_record_that_was_cut_short_is_no_record(tmp_path: Path, text: str) -> None:
    """A file from a crash or from another version does not hinder the next start."""
    (tmp_path / "platform.json").write_text(text)
    assert Record.read(tmp_path) is None


def test_a_platform_is_up_only_while_its_supervisor_lives() -> None:
    """A record left by a killed supervisor, or of a start that failed, says that nothing is up."""
    me = myself(os.getpid())
    assert Record(READY, me).up
    assert not Record(FAILED, me).up
    assert not Record(READY, Spawned("supervisor", me.pid, me.ticks - 1)).up
