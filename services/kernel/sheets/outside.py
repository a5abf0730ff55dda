"""What comes from outside is read in a process of its own, with memory and time that end.

A small process is kept that has loaded the readers and does nothing but fork
(`python -m services.kernel.sheets.outside`). Each task gets a fork of its own: it limits itself, does its work and
ends. A fork costs milliseconds, where starting Python costs a quarter of a second; and nothing that a file does to its
reader outlives it. Whatever the file asks for, it is the fork that ends: the caller is refused, and goes on.

A task is a function of this package's `TASKS`, which takes bytes and told JSON and gives bytes.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from ..message.errors import DomainError
from .archive import refusal

MEMORY = 768 * 1024 * 1024
"""Bytes of address space that a task may take beyond those it starts with; the largest sheet there may be takes 512."""
CPU_SECONDS = 40
SECONDS = 90.0
"""By the clock, on a machine that has other work too."""
AT_ONCE = 2
"""So many tasks at a time: the others wait for a place."""
MOST_ANSWER = 256 * 1024 * 1024
TASKS = {
    "sheet": "services.kernel.sheets.sheet_tasks:rows",
    "marked": "services.kernel.sheets.sheet_tasks:marked",
    "titles": "services.kernel.sheets.sheet_tasks:titles",
}
"""What can be asked for: a name → the function that does it."""
_SIZE = struct.Struct("!Q")
_HERE, _DONE, _REFUSED, _FAILED = b"h", b"d", b"r", b"f"
log = structlog.stdlib.get_logger(__name__)


class Outside:
    """The process that forks, started when it is first needed and again should it be gone."""

    def __init__(self, memory: int = MEMORY, cpu_seconds: int = CPU_SECONDS, seconds: float = SECONDS) -> None:
        self._limits = {"memory": memory, "cpu_seconds": cpu_seconds, "seconds": seconds}
        self._seconds = seconds
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._owner = 0

    def run(self, task: str, data: bytes, told: Mapping[str, Any]) -> bytes:
        """Do a task with what came from outside, and give what it gives; waits for a place, and for the end.

        Raises:
            DomainError: what the task refuses; file.too_heavy where it took more memory or time than there is;
                file.unreadable where the reader fails; file.reader_unavailable where none can be started.
        """
        with self._places, self._taken() as line:
            try:
                _put(line, orjson.dumps({"task": task, "told": told, "limits": self._limits}))
                _put(line, data)
                sort, answer = _take(line, 1), _take(line, *_size(line))
            except (EOFError, OSError) as error:
                detail = "文件内容过大，读取所需的内存或时间超过限度"
                raise refusal("file.too_heavy", detail, "too_large") from error
        if sort == _DONE:
            return answer
        if sort == _REFUSED:
            raise DomainError(*orjson.loads(answer))
        log.warning("outside.failed", task=task, where=answer.decode())
        raise refusal("file.unreadable", "文件不能读取，请另存为 .xlsx 后重新上传")

    @property
    def process(self) -> int | None:
        """The id of the process that forks, where there is one."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process; tasks in hand end by their own limits."""
        with self._lock:
            if self._line is not None:
                self._line.close()
            if self._process is not None and self._owner == os.getpid():
                self._process.kill()  # it holds nothing
                self._process.wait()
            self._line = self._process = None

    def _taken(self) -> socket.socket:
        """A line to a process that is there for a task; the one that forks is started again where it is gone."""
        for _ in range(2):
            ours, theirs = socket.socketpair()
            ours.settimeout(self._seconds + 5)
            try:
                with theirs, self._lock:
                    socket.send_fds(self._started(), [b"t"], [theirs.fileno()])
                _take(ours, 1)
            except (EOFError, OSError):
                ours.close()
                self.close()
            else:
                return ours
        raise DomainError("file.reader_unavailable", "暂时不能读取文件，请稍后重试", "unavailable")

    def _started(self) -> socket.socket:
        if self._line is None or self._owner != os.getpid():
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-W", "ignore", "-m", __name__, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])},
                    start_new_session=True,  # what is typed at a terminal is not for it
                )
            self._line, self._owner = ours, os.getpid()
        return self._line


OUTSIDE = Outside()
"""This process's own."""
atexit.register(OUTSIDE.close)


def main(line: socket.socket) -> int:
    """Fork for each task until whoever asks is gone."""
    for place in TASKS.values():
        _function(place)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes away what has ended
    gc.collect()
    gc.freeze()
    while True:
        told, given, _, _ = socket.recv_fds(line, 1, 1)
        if not told:
            return 0
        try:
            child = os.fork()
        except OSError:
            child = -1  # no memory for it: the line closes, and the task is refused
        if child == 0:
            line.close()
            _do(socket.socket(fileno=given[0]))
        os.close(given[0])


def _do(line: socket.socket) -> None:
    """One task, in its own process, to its end."""
    try:
        line.sendall(_HERE)
        asked = orjson.loads(_take(line, *_size(line)))
        _limit(**asked["limits"])
        data = _take(line, *_size(line))
        sort, answer = _answer(_function(TASKS[asked["task"]]), data, asked["told"])
        line.sendall(sort)
        _put(line, answer)
    finally:
        os._exit(0)


def _answer(task: Callable[[bytes, Any], bytes], data: bytes, told: Any) -> tuple[bytes, bytes]:
    try:
        return _DONE, task(data, told)
    except DomainError as refused:
        return _REFUSED, orjson.dumps(refused.args)
    except (MemoryError, RecursionError):
        os._exit(1)
    except Exception as error:  # noqa: BLE001  # whatever a file does to its reader is told, and is no answer of ours
        at = traceback.extract_tb(error.__traceback__)[-1]  # where, and never what: the file is somebody's
        return _FAILED, f"{type(error).__name__} {Path(at.filename).name}:{at.lineno}".encode()


def _limit(memory: int, cpu_seconds: int, seconds: float) -> None:
    """Bounds that hold for whatever runs here: memory, time, and no files, processes or dumps."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(forbidden, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _function(place: str) -> Callable[[bytes, Any], bytes]:
    module, _, name = place.partition(":")
    found: Callable[[bytes, Any], bytes] = getattr(importlib.import_module(module), name)
    return found


def _put(line: socket.socket, data: bytes) -> None:
    line.sendall(_SIZE.pack(len(data)))
    line.sendall(data)


def _size(line: socket.socket) -> tuple[int]:
    size: tuple[int] = _SIZE.unpack(_take(line, _SIZE.size))
    return size


def _take(line: socket.socket, size: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: the other side has ended, or says that it sends more than there is.
    """
    if size > MOST_ANSWER:
        raise EOFError(size)
    taken = bytearray()
    while len(taken) < size:
        more = line.recv(min(size - len(taken), 1 << 20))
        if not more:
            raise EOFError(size)
        taken += more
    return bytes(taken)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), socket.socket(fileno=int(sys.argv[1])) as given_line:
        sys.exit(main(given_line))
