"""Celery: a task an event, acknowledged after it, on a quorum queue."""

from __future__ import annotations

import os

from celery import Celery
from kombu.entity import Queue

from services.kernel.message.event import Event

from .effect import AMQP, PREFETCH, QUEUE, QUORUM, Effect

app = Celery("peer", broker=os.environ[AMQP])
app.conf.update(
    task_queues=[Queue(os.environ[QUEUE], queue_arguments=QUORUM)],
    task_default_queue=os.environ[QUEUE],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=int(os.environ[PREFETCH]),
)
EFFECT = Effect()


@app.task(name="project")  # type: ignore[untyped-decorator]  # celery ships no types
def project(body: str) -> None:
    """One event, one transaction."""
    EFFECT.take(Event.from_json(body.encode()))
