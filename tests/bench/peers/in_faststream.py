"""FastStream: a subscriber on a quorum queue, acknowledged when the handler has returned."""

from __future__ import annotations

import asyncio
import os

from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

from services.kernel.message.event import Event

from .effect import AMQP, PREFETCH, QUEUE, Effect

EFFECT = Effect()
channel = Channel(prefetch_count=int(os.environ[PREFETCH]))
broker = RabbitBroker(os.environ[AMQP], default_channel=channel, logger=None)
app = FastStream(broker, logger=None)


@broker.subscriber(RabbitQueue(os.environ[QUEUE], declare=False), ack_policy=AckPolicy.NACK_ON_ERROR, no_reply=True)
def project(body: bytes) -> None:
    """One event, one transaction; in a thread, for it waits for the store."""
    EFFECT.take(Event.from_json(body))


if __name__ == "__main__":
    asyncio.run(app.run())
