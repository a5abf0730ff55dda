"""The kernel's bus, held against a model: a short run here, two thousand in `make faults-long`."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient

from tests.faults.jars import Stage
from tests.faults.model import hold
from tests.faults.queues import MemoryQueues, RabbitQueues

SEED = 20260302


def test_the_kernel_does_what_the_model_says(mongo_client: MongoClient[dict[str, Any]], database: str) -> None:
    """Whatever processes die, lines break and messages come twice, late or backwards: the store is the real one."""
    hold(Stage(mongo_client, database), MemoryQueues(), 20, SEED)


def test_the_kernel_does_what_the_model_says_on_the_broker(
    mongo_client: MongoClient[dict[str, Any]], database: str, vhost: str
) -> None:
    """The same on RabbitMQ itself."""
    queues = RabbitQueues(vhost)
    hold(Stage(mongo_client, database), queues, 3, SEED + 1)
    queues.close()
