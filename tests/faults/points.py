"""The named points at which a process can be made to kill itself: one closed table, and how a point is armed.

A point is armed by a file in a folder that campaign and processes share; the process that reaches it renames the file
and is gone at once, as with kill -9. What was reached at all leaves a file too, so that a point that no longer lies on
the way is found out.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

FOLDER = "SHENGZHI_FAULTS"
"""The environment variable that tells the processes where the folder is."""
KILLS = "kills"
"""The field of an event's data that kills the process which takes it."""
WRITERS = ("study", "hotline")
PROJECTION = ("gateway",)
EDGE = ("api",)


@dataclass(frozen=True)
class Point:
    """Where, in which processes, and what must happen for a process to come by; ordinary traffic where empty."""

    where: str
    processes: tuple[str, ...]
    needs: str = ""


POINTS: dict[str, Point] = {
    "api.asking": Point("before the edge asks a service", EDGE),
    "api.answered": Point("the service has answered, the client has not been told", EDGE),
    "command.begun": Point("a command has come, nothing was done", WRITERS),
    "command.written": Point("records, entries and answer are in the open transaction", WRITERS),
    "commit.asked": Point("before the commit is sent", WRITERS),
    "commit.sent": Point("the commit was sent, its answer has not come", WRITERS),
    "commit.done": Point("right after the commit", WRITERS),
    "command.done": Point("committed, and nobody has been answered", WRITERS),
    "reply.sent": Point("answered, the request is not acknowledged", WRITERS),
    "relay.leased": Point("the relay has just got its lease", WRITERS, "restart"),
    "relay.read": Point("entries were read, nothing was published", WRITERS),
    "relay.sent": Point("published, not confirmed", WRITERS),
    "relay.confirmed": Point("confirmed, not marked", WRITERS),
    "relay.marked": Point("marked published", WRITERS),
    "watermark.due": Point("a watermark is worked out, not told", WRITERS),
    "watermark.told": Point("a watermark was told", WRITERS),
    "tally.told": Point("a tally was told", WRITERS),
    "resend.asked": Point("a request to send again was read, nothing was sent", WRITERS, "lost queue"),
    "resend.sent": Point("sent again, the request is not acknowledged", WRITERS, "lost queue"),
    "import.kept": Point("a chunk of a sheet is kept, nobody has been answered", ("study",), "import"),
    "import.accepted": Point("a sheet is accepted, nobody has been answered", ("study",), "import"),
    "import.rows": Point("rows of a sheet are decided in the open transaction", ("study",), "import"),
    "import.applied": Point("rows of a sheet are committed, others still wait", ("study",), "import"),
    "take.begun": Point("events have come, nothing was done", PROJECTION),
    "take.applied": Point("facts and roll-ups are in the open transaction", PROJECTION),
    "take.commit.asked": Point("before the projection's commit is sent", PROJECTION),
    "take.commit.sent": Point("the projection's commit was sent, its answer has not come", PROJECTION),
    "take.committed": Point("committed, not acknowledged", PROJECTION),
    "take.acknowledged": Point("acknowledged", PROJECTION),
    "attempt.noted": Point("a message came back: its attempt is noted, nothing was done", PROJECTION, "redelivery"),
    "hold.written": Point("a message is set aside, not acknowledged", PROJECTION, "poison"),
    "queue.made": Point("a lost queue was made again, nobody was asked to send again", PROJECTION, "lost queue"),
    "queue.asked": Point("the owners were asked to send again", PROJECTION, "lost queue"),
    "replay.begun": Point("somebody replays a parked message, nothing was done", PROJECTION, "parked"),
    "replay.done": Point("a parked message took effect, nobody has been answered", PROJECTION, "parked"),
}


class Armed:
    """The folder of armed points, as the campaign and as a process sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        for name in ("armed", "struck", "reached"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def arm(self, process: str, point: str) -> None:
        """The next time the process comes by, it is dead."""
        self._file("struck", process, point).unlink(missing_ok=True)
        self._file("armed", process, point).touch()

    def disarm(self, process: str, point: str) -> bool:
        """Take it back; true where it was still armed."""
        try:
            self._file("armed", process, point).unlink()
        except FileNotFoundError:
            return False
        return True

    def struck(self, process: str, point: str) -> bool:
        """Whether the process has come by since it was armed."""
        return self._file("struck", process, point).exists()

    def reached(self) -> set[str]:
        """Every point that any process has come by so far."""
        return {path.name.partition("@")[0] for path in (self._folder / "reached").iterdir()}

    def pass_by(self, process: str, point: str) -> None:
        """Called by the process at the point."""
        if point not in self._seen:
            self._seen.add(point)
            self._file("reached", process, point).touch()
        try:
            self._file("armed", process, point).rename(self._file("struck", process, point))
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def switch(self, name: str) -> Path:
        """A file whose being there changes how the projection behaves: `slow`, `parks`."""
        return self._folder / name

    def _file(self, state: str, process: str, point: str) -> Path:
        return self._folder / state / f"{point}@{process}"
