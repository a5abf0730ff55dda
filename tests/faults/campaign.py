"""`make faults`: clients work while fault after fault strikes; afterwards everything is drained and checked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.cli import WORKERS

from .check import Checker
from .injected import AT_POINTS, FAULTS, SELECTED, Fault, die_together, kill
from .ledger import wait_for
from .observer import QUEUE as OBSERVED
from .points import POINTS
from .stage import KINDS, PREFIX, Stage

_PATIENCE = 600.0
_IN_TRAFFIC = {name for name, point in AT_POINTS.items() if not POINTS[point].needs}
_MOST_SHOWN = 30


@dataclass(frozen=True)
class Plan:
    """What strikes: each of `faults`, in an order that the seed gives, `rounds` times, then kills until each kind of
    process has died `kills` times. After `minutes` nothing more strikes, which guards against hanging alone: what was
    done by then is checked.
    """

    faults: Collection[str]
    minutes: float
    rounds: int = 1
    kills: int = 0
    members: int = 3
    clients: int = 6
    everywhere: bool = True
    """Whether every named point must have been come by."""


ONCE = Plan(FAULTS, minutes=60, kills=3)
LONG = Plan(FAULTS, minutes=180, rounds=2, kills=40)
SHORT = Plan(SELECTED, minutes=60, members=1, clients=4)
"""What `make test` has time for."""


def campaign(folder: Path, seed: int, plan: Plan) -> str:
    """Strike as planned; the last line of the answer says what was survived.

    Raises:
        AssertionError: something was lost, doubled or left over, or did not come back; says what.
    """
    print(f"seed {seed}", flush=True)
    over = time.monotonic() + 60 * plan.minutes
    with Stage(folder, seed, plan.members, plan.clients) as stage:
        survived, left = 0, False
        for names, strike in _strikes(stage, plan):
            if left := time.monotonic() > over:
                break
            print(f"{time.strftime('%H:%M:%S')} {' + '.join(names)} ({_asked(stage)} asked)", flush=True)
            strike(stage)
            print(f"         back after {stage.await_work():.1f} s", flush=True)
            survived += len(names)
        stage.finish()
        last = _judge(stage, plan, survived, whole=not left)
    if left:
        raise AssertionError(f"{last}, and then the {plan.minutes} minutes were over: not all that was planned struck")
    return last


def _strikes(stage: Stage, plan: Plan) -> Iterator[tuple[list[str], Fault]]:
    """The names of what strikes together, and the strike."""
    for _ in range(plan.rounds):
        strikes = [([name], FAULTS[name]) for name in plan.faults if name not in _IN_TRAFFIC]
        strikes += _together(stage, [name for name in plan.faults if name in _IN_TRAFFIC])
        stage.random.shuffle(strikes)
        yield from strikes
    while rare := [kind for kind in KINDS if stage.kills[kind] < plan.kills]:
        several = stage.random.sample(rare, k=stage.random.randint(1, len(rare)))
        yield [f"kill -9 {kind}" for kind in several], partial(_kill_all, several)


def _together(stage: Stage, names: list[str]) -> list[tuple[list[str], Fault]]:
    """Deaths at points of ordinary traffic: as many at a time as there are processes that come by."""
    stage.random.shuffle(names)
    lanes: dict[str, list[str]] = defaultdict(list)
    for name in names:
        lanes[stage.random.choice(POINTS[AT_POINTS[name]].processes)].append(name)
    together: list[tuple[list[str], Fault]] = []
    while several := {process: lane.pop() for process, lane in lanes.items() if lane}:
        where = {process: AT_POINTS[name] for process, name in several.items()}
        together.append((list(several.values()), partial(die_together, where)))
    return together


def _kill_all(kinds: Collection[str], stage: Stage) -> None:
    for kind in kinds:
        kill(kind, stage)


def _asked(stage: Stage) -> int:
    return len(stage.ledger.asked) + len(stage.ledger.tickets)


def _judge(stage: Stage, plan: Plan, survived: int, *, whole: bool) -> str:
    keys = [(stage.platform.secrets / name).read_bytes() for name in ("chain.key", "master.key")]
    checker = Checker(stage.store, PREFIX, *keys)
    wait_for(checker.drained, _PATIENCE, "draining the journals and queues")
    for _ in range(20):
        if not (waiting := _waiting(stage)):
            break
    reached = stage.armed.reached()
    findings = [
        *(f"not acknowledged: {line}" for line in waiting),
        *checker.findings(stage.ledger, stage.planted),
        *_order(stage),
        *_audit(stage),
        *(f"{point} was never reached" for point in POINTS if whole and plan.everywhere and point not in reached),
        *(f"only {stage.kills[kind]} kills of {kind}" for kind in KINDS if whole and stage.kills[kind] < plan.kills),
    ]
    acknowledged = sum(entry.submitted for entry in stage.ledger.asked)
    print(
        f"{_asked(stage)} asked, {acknowledged} sessions acknowledged, "
        f"longest wait {stage.ledger.longest_seconds:.1f} s, {len(stage.planted)} poisons parked, "
        f"killed: {', '.join(f'{kind} {stage.kills[kind]}' for kind in KINDS)}",
        flush=True,
    )
    lost = sum(finding.startswith("lost") for finding in findings)
    doubled = sum(finding.startswith("doubled") for finding in findings)
    if findings:
        raise AssertionError("\n".join([*findings[:_MOST_SHOWN], f"faults: {lost} lost, {doubled} doubled"]))
    return f"faults: {survived} survived, 0 lost, 0 doubled"


def _waiting(stage: Stage) -> list[str]:
    """Queues in which something lies or is not acknowledged; replies to those who died expire by themselves."""
    time.sleep(1)
    told = stage.broker().control("list_queues", "--no-table-headers", "name", "messages")
    return [line for line in told.splitlines() if not line.endswith("\t0") and not line.startswith("rpc.reply")]


def _order(stage: Stage) -> list[str]:
    """No event came before its record's one before, and every event came."""

    def unseen() -> set[str]:
        since = {"recorded": {"$gte": stage.observed_since}}
        entries = {row["_id"] for owner in WORKERS for row in stage.database(owner)["journal"].find(since, {"_id": 1})}
        return entries - stage.observer.seen

    wait_for(lambda: not unseen(), _PATIENCE, f"every event arriving at {OBSERVED}")
    return stage.observer.inversions


def _audit(stage: Stage) -> list[str]:
    """What `shengzhi audit` says, where it is not that all agrees."""
    command = [sys.executable, "-m", "services.cli", "audit", "--folder", str(stage.folder)]
    environment = {**os.environ, **stage.platform.settings}
    audit = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(audit.stdout, flush=True)
    return [f"audit: {audit.stdout[-500:]} {audit.stderr[-500:]}"] if audit.returncode != 0 else []
