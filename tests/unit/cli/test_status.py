"""The status as it is printed."""

import io
import os
import time

from rich.console import Console

from services.cli.local.process import Spawned
from services.cli.local.record import READY, Record, Running, myself
from services.cli.status import table


def printed(record: Record) -> str:
    """What the terminal shows."""
    out = io.StringIO()
    Console(file=out, width=120).print(table(record))
    return out.getvalue()


def test_every_process_has_its_memory_and_the_sum_is_below() -> None:
    """A living process has a state and memory, a dead one none, and the caches given are told."""
    me = myself(os.getpid())
    living = Running(Spawned("study", me.pid, me.ticks), time.time() - 3725, 2)
    dead = Running(Spawned("hotline", me.pid, me.ticks - 1), time.time(), 0)
    record = Record(READY, me, url="http://x", caches={"mongod": "cache 0.25 GB"}, processes=(living, dead))
    lines = {line.split()[0]: line for line in printed(record).splitlines() if line.split()}
    assert "运行" in lines["study"]
    assert "1:02:05" in lines["study"]
    assert "停止" in lines["hotline"]
    assert lines["hotline"].split()[-1] == "0"
    own = int(lines["supervisor"].split()[-1])
    assert int(lines["合计"].split()[-1]) >= 2 * own - 4
    assert "cache 0.25 GB" in printed(record)
