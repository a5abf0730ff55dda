"""`shengzhi logs`: what the processes of the platform on this machine have written, and what they go on writing."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from services.cli.load import RUN, Folder

_POLL_SECONDS = 0.3


def logs(
    names: Annotated[list[str] | None, typer.Argument(help="进程名，如 study；不填为全部")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="每个进程先列出最后多少行")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="继续输出新写入的行，按 Ctrl-C 结束")] = False,
    folder: Folder = RUN,
) -> None:
    """列出本机平台各进程的日志。"""
    known = {place.stem: place for place in sorted((folder / "logs").glob("*.log"))}
    if unknown := [name for name in names or () if name not in known]:
        there = f"可填 {'、'.join(known)}" if known else f"{folder / 'logs'} 中没有日志"
        typer.echo(f"没有 {'、'.join(unknown)} 的日志；{there}", err=True)
        raise typer.Exit(1)
    tails = [Tail(name, known[name], many=len(names or known) > 1) for name in names or known]
    for tail in tails:
        sys.stdout.writelines(tail.last(lines))
    try:
        read_on(tails, sys.stdout.write, lambda: follow)
    except KeyboardInterrupt:
        return


class Tail:
    """The end of a log, and what has been written since; each line with its process' name where there are many.

    A file that has become shorter was begun anew, by a fresh start, and is read from its beginning.
    """

    def __init__(self, name: str, place: Path, *, many: bool) -> None:
        self._head = f"{name:<10} " if many else ""
        self._place = place
        self._offset = 0
        self._rest = b""

    def last(self, count: int) -> list[str]:
        """The last lines."""
        return list(deque(self.new(), count))

    def new(self) -> list[str]:
        """The whole lines since the last look."""
        if not self._place.exists():
            return []
        with self._place.open("rb") as file:
            if file.seek(0, 2) < self._offset:
                self._offset, self._rest = 0, b""
            file.seek(self._offset)
            read = self._rest + file.read()
            self._offset = file.tell()
        *whole, self._rest = read.split(b"\n")
        return [f"{self._head}{line.decode(errors='replace')}\n" for line in whole]


def read_on(tails: list[Tail], write: Callable[[str], object], going: Callable[[], bool]) -> None:
    """Write what comes for as long as it is wanted."""
    while going():
        for line in (line for tail in tails for line in tail.new()):
            write(line)
        sys.stdout.flush()
        time.sleep(_POLL_SECONDS)
