"""Stock nameko: a consumer on a quorum queue; what fails goes back to the queue."""

# ruff: noqa: E402  # nothing else may be loaded before the patch
from __future__ import annotations

import os
import signal
from typing import Any

import eventlet

eventlet.monkey_patch()

import nameko
from kombu.entity import Queue
from nameko.containers import ServiceContainer
from nameko.messaging import consume

from services.kernel.message.event import Event

from .effect import AMQP, PREFETCH, QUEUE, QUORUM, WORKERS, Effect

EFFECT = Effect()


class Peer:
    """The service."""

    name = "peer"

    @consume(Queue(os.environ[QUEUE], queue_arguments=QUORUM), requeue_on_error=True)  # type: ignore[untyped-decorator]  # nameko ships no types
    def project(self, body: dict[str, Any]) -> None:
        """One event, one transaction."""
        EFFECT.take(Event.model_validate(body))


def main() -> None:
    """Run until told to stop."""
    nameko.config.setup(
        {
            "AMQP_URI": os.environ[AMQP],
            "PREFETCH_COUNT": int(os.environ[PREFETCH]),
            "max_workers": int(os.environ[WORKERS]),
            "SERIALIZERS": {
                "cloudevents": {
                    "encoder": "orjson.dumps",
                    "decoder": "orjson.loads",
                    "content_type": "application/cloudevents+json",
                    "content_encoding": "utf-8",
                }
            },
            "ACCEPT": ["cloudevents"],
        }
    )
    container = ServiceContainer(Peer)
    container.start()
    over = eventlet.event.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.send())
    over.wait()
    container.stop()


if __name__ == "__main__":
    main()
