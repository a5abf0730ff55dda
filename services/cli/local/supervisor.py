"""Bring the platform up in the background, tell how it is, take it down; each of them any number of times."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from services.cli.local.platform import Platform
from services.cli.local.process import LaunchError, Spawned, says_ready, wait_until
from services.cli.local.record import FAILED, READY, STARTING, Record, Running, forget, myself
from services.cli.local.store import forget_databases

UP_SECONDS = 180.0
DOWN_SECONDS = 90.0
NOTE_SECONDS = 0.5
SUPERVISOR = (sys.executable, "-m", "services.cli", "supervise")
KEPT = ("SHENGZHI_DATABASE_PREFIX", "SHENGZHI_SITE", "SHENGZHI_HTTP_PORT", "SHENGZHI_GRPC_PORT")


_children: list[subprocess.Popen[bytes]] = []  # held, or Python would complain that they live on


def up(folder: Path, *, fresh: bool = False) -> Record:
    """Bring the platform up and return its record once it is ready; what runs already is left as it is.

    `fresh` forgets the data of earlier runs first, and for that takes a running platform down.

    Raises:
        LaunchError: it could not be started; nothing of it is left running.
    """
    if fresh:
        down(folder)
        _forget_data(folder)
    known = Record.read(folder)
    ours = known is None or not known.up
    if ours:
        _start_over(folder)
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        record = Record.read(folder)
        if record is None or not record.supervisor.alive:
            if ours:
                raise LaunchError(_why(folder, record))
            _start_over(folder)  # the one that was found has died since
            ours = True
        elif record.phase == READY:
            return record
        time.sleep(0.1)
    down(folder)
    raise LaunchError(f"平台在 {UP_SECONDS:.0f} 秒内未就绪，已全部停止。日志目录 {folder / 'logs'}")


def down(folder: Path) -> bool:
    """End the platform and everything it started. True if something was running."""
    record = Record.read(folder)
    if record is None:
        return False
    running = [each for each in (record.supervisor, *_spawned(record)) if each.alive]
    record.supervisor.signal(signal.SIGTERM)
    wait_until(lambda: not record.supervisor.alive, DOWN_SECONDS)
    for process in (record.supervisor, *reversed(_spawned(Record.read(folder) or record))):
        process.end()
    forget(folder)
    _children[:] = [child for child in _children if child.poll() is None]
    return bool(running)


def restart(folder: Path, name: str) -> Running:
    """Let one process of ours end in its own order; its supervisor starts it again. Gives it once it is ready.

    Raises:
        LaunchError: nothing runs, there is no such process of ours, or it did not become ready again.
    """
    record = Record.read(folder)
    if record is None or not record.up or record.phase != READY:
        raise LaunchError("平台没有在运行，或尚未就绪")
    ours = {each.spawned.name: each for each in record.processes if each.probe}
    if name not in ours:
        raise LaunchError(f"没有进程 {name}；可填 {'、'.join(ours)}")
    before = ours[name].spawned
    before.end()

    def again() -> Running | None:
        known = Record.read(folder)
        found = [each for each in (known.processes if known else ()) if each.spawned.name == name]
        return next((each for each in found if each.spawned != before and says_ready(each.probe)), None)

    wait_until(lambda: again() is not None, UP_SECONDS, 0.2)
    if (back := again()) is None:
        raise LaunchError(f"{name} 未能重新就绪。日志 {folder / 'logs' / f'{name}.log'}")
    return back


def supervise(folder: Path) -> None:
    """Be the supervisor: start, keep alive, and end everything when told to. Runs until then."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    me, began = myself(os.getpid()), time.monotonic()
    with ExitStack() as leaving, (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two supervisors would fight over ports and files
        Record(STARTING, me).write(folder)
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        try:
            platform = Platform(
                folder,
                amqp_uri=os.environ.get("SHENGZHI_AMQP_URI"),
                mongo_uri=os.environ.get("SHENGZHI_MONGO_URI"),
                environment={name: value for name in KEPT if (value := os.environ.get(name))},
            )
            leaving.callback(platform.stop)
            platform.start(lambda: Record.of(platform, me, STARTING).write(folder))
        except LaunchError as error:
            leaving.close()
            Record(FAILED, me, message=str(error)).write(folder)
            return
        seconds = round(time.monotonic() - began, 1)
        notes = threading.Thread(target=_note, args=(folder, platform, me, seconds), daemon=True)
        notes.start()
        platform.watch()


def _note(folder: Path, platform: Platform, me: Spawned, seconds: float) -> None:
    """Write the record again whenever a process was started again."""
    last: Record | None = None
    while True:
        record = Record.of(platform, me, READY, seconds)
        if record != last:
            record.write(folder)
            last = record
        time.sleep(NOTE_SECONDS)


def _forget_data(folder: Path) -> None:
    """Start from nothing: our own folder, and the demonstration's databases in a store that was given."""
    if uri := os.environ.get("SHENGZHI_MONGO_URI"):
        forget_databases(uri, os.environ.get("SHENGZHI_DATABASE_PREFIX", ""))
    if folder.exists():
        shutil.rmtree(folder)


def _spawn(folder: Path) -> None:
    """Start the supervisor as a process of its own that outlives this terminal."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "logs" / "supervisor.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*SUPERVISOR, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(child)
    wait_until(lambda: _written_by(folder, child.pid) or child.poll() is not None, UP_SECONDS)
    if not _written_by(folder, child.pid):
        raise LaunchError(_why(folder, None))


def _start_over(folder: Path) -> None:
    """End what an earlier run has left, then start."""
    down(folder)
    _spawn(folder)


def _why(folder: Path, record: Record | None) -> str:
    """What a supervisor that has ended said last."""
    if record is not None and record.phase == FAILED:
        return record.message
    log = folder / "logs" / "supervisor.log"
    return f"平台的看护进程已退出。日志 {log}：\n{log.read_text(errors='replace')[-2000:]}"


def _written_by(folder: Path, pid: int) -> bool:
    record = Record.read(folder)
    return record is not None and record.supervisor.pid == pid


def _spawned(record: Record) -> list[Spawned]:
    return [each.spawned for each in record.processes]


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Leave through every `finally`; a second signal must not interrupt the first one's work."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(0)
