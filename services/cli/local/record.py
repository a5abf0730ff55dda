"""What a running platform writes down about itself, so that a later command finds it and can end it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from services.cli.local.platform import Platform
from services.cli.local.process import Spawned, resident_bytes, start_ticks

STARTING, READY, FAILED = "starting", "ready", "failed"


@dataclass(frozen=True)
class Running:
    """One process of the platform as the record knows it."""

    spawned: Spawned
    since: float
    restarts: int
    probe: str = ""
    """Where it says whether it is ready; only processes of ours do."""

    @property
    def resident(self) -> int:
        """Bytes of memory, shared pages counted in part; nothing when it is gone."""
        return resident_bytes(self.spawned.pid) if self.spawned.alive else 0


@dataclass(frozen=True)
class Record:
    """The platform's state; written whole, atomically, by the supervisor alone."""

    phase: str
    supervisor: Spawned
    url: str = ""
    grpc: str = ""
    message: str = ""
    ready_seconds: float = 0.0
    caches: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    processes: tuple[Running, ...] = ()

    @property
    def up(self) -> bool:
        """True while its supervisor lives and has not given up."""
        return self.supervisor.alive and self.phase != FAILED

    def write(self, folder: Path) -> None:
        """Replace what was written before."""
        made = _place(folder).with_suffix(".new")
        made.touch(mode=0o600)  # the broker's password is in the settings
        made.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1))
        made.rename(_place(folder))

    @classmethod
    def read(cls, folder: Path) -> "Record | None":
        """The last record under the folder, None when there is none that can be read."""
        try:
            raw = json.loads(_place(folder).read_text())
            running = [{**each, "spawned": Spawned(**each["spawned"])} for each in raw["processes"]]
            processes = tuple(Running(**each) for each in running)
            return cls(**{**raw, "supervisor": Spawned(**raw["supervisor"]), "processes": processes})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def of(cls, platform: Platform, supervisor: Spawned, phase: str, ready_seconds: float = 0.0) -> "Record":
        """The record of a platform as it is now."""
        return cls(
            phase=phase,
            supervisor=supervisor,
            url=platform.url,
            grpc=f"127.0.0.1:{platform.grpc_port}",
            ready_seconds=ready_seconds,
            caches=platform.caches,
            settings=platform.settings,
            processes=tuple(
                Running(each.spawned, each.started, each.restarts, platform.probe(each.name))
                for each in platform.processes
                if each.spawned is not None
            ),
        )


def myself(pid: int) -> Spawned:
    """The supervisor as it names itself in the record."""
    return Spawned("supervisor", pid, start_ticks(pid) or 0)


def forget(folder: Path) -> None:
    """Remove the record: nothing of it runs any more."""
    _place(folder).unlink(missing_ok=True)


def _place(folder: Path) -> Path:
    return folder / "platform.json"
