"""The faults: each does its harm to a running platform and returns; the supervisor and the code must do the rest."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from functools import partial

from . import messages, network
from .ledger import wait_for
from .points import POINTS
from .stage import BACK_SECONDS, KINDS, OURS, Stage

Fault = Callable[[Stage], None]


def kill(kind: str, stage: Stage) -> None:
    """kill -9 of a process of this kind, at any moment; of the store one of the members."""
    time.sleep(stage.random.uniform(0, 0.5))
    stage.kill(stage.member(stage.random.randrange(len(stage.mongo))) if kind == "mongod" else kind)


def kill_primary(stage: Stage) -> None:
    """The member that takes the writes dies."""
    stage.kill(stage.member(stage.primary()))


def freeze_primary(stage: Stage) -> None:
    """The primary answers nobody for 20 s, and then believes for a moment that it still is one."""
    with stage.stopped(stage.member(stage.primary())):
        time.sleep(20)


def freeze_broker(stage: Stage) -> None:
    """The broker answers nobody for 8 s; nothing is closed."""
    with stage.stopped("rabbitmq"):
        time.sleep(8)


def step_down(stage: Stage) -> None:
    """The primary gives up its office."""
    stage.store.admin.command("replSetStepDown", 10, secondaryCatchUpPeriodSecs=5)


def rolling_restart(stage: Stage) -> None:
    """Every process of ours is asked to end, one after the other, as a deployment does."""
    for name in OURS:
        process = stage.process(name)
        before = process.restarts
        stage.signal(name, signal.SIGTERM)
        wait_for(lambda process=process, before=before: process.restarts > before, BACK_SECONDS, f"the end of {name}")  # type: ignore[misc]
        wait_for(lambda name=name: stage.platform.is_ready(name), BACK_SECONDS, f"the start of {name}")  # type: ignore[misc]


def die_at(name: str, stage: Stage) -> None:
    """A process kills itself at a named point, once what the point needs has come about.

    Raises:
        AssertionError: none came by; the point no longer lies on the way.
    """
    point = POINTS[name]
    process = stage.random.choice(point.processes)
    stage.armed.arm(process, name)
    _PROVOKED[point.needs](stage, process)
    _await_death(stage, process, name)


def die_together(where: Mapping[str, str], stage: Stage) -> None:
    """Several processes kill themselves, each at a point that it comes by in ordinary traffic; process → point.

    Raises:
        AssertionError: one did not come by.
    """
    for process, name in where.items():
        stage.armed.arm(process, name)
    for process, name in where.items():
        _await_death(stage, process, name)


def _await_death(stage: Stage, process: str, name: str) -> None:
    wait_for(lambda: stage.armed.struck(process, name), BACK_SECONDS, f"{process} coming by {name}")
    stage.kills[process] += 1


def _come_back(stage: Stage, process: str) -> None:
    """Let it die with what it took not acknowledged: it will come back."""
    die_together({process: "take.committed"}, stage)


_PROVOKED: dict[str, Callable[[Stage, str], None]] = {
    "": lambda stage, process: None,
    "restart": lambda stage, process: stage.kill(process),
    "import": lambda stage, process: messages.more_rows(stage),
    "lost queue": lambda stage, process: messages.lose_queue(stage),
    "redelivery": _come_back,
    "poison": lambda stage, process: messages.one_poison(stage),
    "parked": lambda stage, process: messages.replays(stage),
}

AT_POINTS = {f"killed at {name}: {point.where}": name for name, point in POINTS.items()}
"""The faults that are a death at a named point, each with its point."""
FAULTS: dict[str, Fault] = {
    **{f"kill -9 {kind}": partial(kill, kind) for kind in KINDS},
    **{name: partial(die_at, point) for name, point in AT_POINTS.items()},
    "primary killed -9": kill_primary,
    "primary stopped for 20 s": freeze_primary,
    "primary stepped down": step_down,
    "broker stopped for 8 s": freeze_broker,
    "rolling restart": rolling_restart,
    "connections to the broker cut": network.cut_broker,
    "connections to the store cut": network.cut_store,
    "connections of the clients cut": network.cut_clients,
    "connections to the broker refused": network.refuse_broker,
    "connections to the primary refused": network.refuse_store,
    "connections to the broker half-open": network.half_open_broker,
    "connections to the primary half-open": network.half_open_store,
    "connections to the broker slow": network.slow_broker,
    "connections to a member of the store slow": network.slow_store,
    "permission revoked": network.revoke_permission,
    "the broker's disk limit reached": network.fill_disk,
    "duplicates five times, shuffled, old ones again": messages.duplicates,
    "poison of every sort": messages.poison,
    "poison that kills its process": messages.killing_poison,
    "queue deleted with confirmed messages in it": messages.lose_queue,
    "queue missing at publish": messages.no_queue,
    "queue unbound at publish": messages.unbound_queue,
    "consumer 100 times slower": messages.slow_consumer,
    "burst of ten times the clients": messages.burst,
    "parked replayed twice": messages.replays,
    "import killed half-way": messages.import_killed,
}
"""Every fault by name."""
_SHORT = (
    "killed at relay.confirmed",
    "killed at take.committed",
    "killed at attempt.noted",
    "connections to the broker cut",
    "duplicates",
    "poison of every sort",
    "queue deleted",
    "parked replayed twice",
    "import killed half-way",
)
SELECTED = tuple(name for name in FAULTS if name.startswith(_SHORT))
"""A few that strike at different places, and bring every named point with them."""
