"""`python -m tests.faults.model [EXAMPLES] [SEED]`: the model on a real store, most runs on the twin of the broker."""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pymongo import MongoClient

from services.cli.local.broker import Broker
from services.cli.local.store import Store

from .jars import Stage
from .machine import Machine
from .queues import MemoryQueues, Queues, RabbitQueues

STEPS = 8
PORTION = 100
ON_THE_BROKER = 20
"""Of so many runs one is on RabbitMQ itself."""
MOST_MINUTES = 60.0


def hold(stage: Stage, queues: Queues, examples: int, seed: int) -> None:
    """Hold the kernel against the model in `examples` runs of at most `STEPS` steps.

    Raises:
        AssertionError: they differ; the shortest run found that shows it is printed.
    """

    def machine() -> Machine:
        return Machine(stage, queues)

    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    seeded: Any = hypothesis.seed(seed)(machine)
    run_state_machine_as_test(seeded, settings=chosen)


def main() -> int:
    """Run on servers of its own in a temporary folder."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as leaving:
        folder = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="shengzhi-model-")))
        store, broker = leaving.enter_context(Store(folder)), leaving.enter_context(Broker(folder))
        client = leaving.enter_context(MongoClient[dict[str, Any]](store.uri, tz_aware=True))
        stage, started = Stage(client, "model"), time.monotonic()

        def rabbit() -> RabbitQueues:
            """Connected when its turn comes: the broker ends a connection on which nobody speaks for minutes."""
            connected = RabbitQueues(broker.uri)
            leaving.callback(connected.close)
            return connected

        for make, count in ((MemoryQueues, examples), (rabbit, examples // ON_THE_BROKER)):
            queues: Queues = make()
            for done in range(0, count, PORTION):
                hold(stage, queues, min(PORTION, count - done), seed + done)
                minutes = (time.monotonic() - started) / 60
                print(f"model: {min(done + PORTION, count)} on {type(queues).__name__}, {minutes:.1f} min", flush=True)
                if minutes > MOST_MINUTES:
                    print(f"model: not {count} runs within {MOST_MINUTES:.0f} minutes")
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
