"""How the platform is, as a table: every process with its memory, the sum, and the caches that were given."""

import time

from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.cli.local.record import Record, Running

MIB = 1024 * 1024


def table(record: Record) -> Group:
    """The status of a running (or half-running) platform."""
    supervisor = Running(record.supervisor, 0.0, 0)
    rows = Table("进程", "进程号", "状态", "运行时间", "重启", "内存 MiB", box=None, pad_edge=False)
    total = 0
    for each in (supervisor, *record.processes):
        resident = each.resident
        total += resident
        rows.add_row(
            each.spawned.name,
            str(each.spawned.pid),
            "运行" if each.spawned.alive else "停止",
            _span(time.time() - each.since) if each.since and each.spawned.alive else "",
            str(each.restarts) if each.restarts else "",
            f"{resident / MIB:.0f}",
        )
    rows.add_row("合计", "", record.phase, "", "", f"{total / MIB:.0f}")
    caches = "；".join(f"{name}: {cache}" for name, cache in record.caches.items())
    place = f"{record.url}    gRPC {record.grpc}    就绪用时 {record.ready_seconds} s"
    return Group(rows, Text(place + (f"\n缓存设置：{caches}" if caches else "")))


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
