"""nameko entrypoints that consume events: `@batch` for many a transaction, `@subscribe` for one.

Each has its own queue under a name of ours, and one worker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eventlet.event import Event as Answer
from nameko.extensions import Entrypoint

from ..bus.consumer import Consumer
from ..bus.inbox import Inbox, Ledger, Taking, once, own_ledger
from ..journal.vault import Cipher
from ..message.event import Event
from ..settings import settings, signing_keys
from .providers import Journalled, finish

_READY_SECONDS = 10


class Batch(Entrypoint):
    """Hands the handler a list of events and the transaction: `(self, events, taking) -> int | None`.

    The handler keeps its effects idempotent itself (its own documents bear the event's id) and returns how many events
    were new. `Later` holds an event to be tried again, any other exception parks it. `ordered` hands over each record's
    events in their order, none missing: bind such a queue to all events of a subject (`keys=["session.#"]`).
    """

    def __init__(
        self,
        queue: str,
        sources: Sequence[str],
        *,
        keys: Sequence[str] = ("#",),
        size: int = 500,
        wait: float = 0.25,
        single_active: bool = False,
        ledger: Ledger = own_ledger,
        ordered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.queue = queue
        self.keys = keys
        self.bindings = [(source, key) for source in sources for key in dict.fromkeys((*keys, "tally.#"))]
        self.size = size
        self.wait = wait
        self.single_active = single_active
        self.ledger = ledger
        self.ordered = ordered
        self._consumer: Consumer | None = None
        self.inbox: Inbox | None = None

    def start(self) -> None:
        """Begin to consume in a thread of the container; go on once the queue is there to catch what is published."""
        journal = next(extension for extension in self.container.extensions if isinstance(extension, Journalled))
        self.inbox = inbox = Inbox(
            journal.database,
            self.queue,
            self.handle,
            cipher=Cipher(settings().secret("master.key")),
            clock=journal.clock,
            ledger=self.ledger,
            ordered=self.ordered,
            keys=self.keys,
        )
        self._consumer = Consumer(
            settings().amqp_uri,
            inbox,
            self.bindings,
            keys=signing_keys(),
            size=self.size,
            wait=self.wait,
            single_active=self.single_active,
        )
        self._thread = self.container.spawn_managed_thread(self._consumer.run, identifier=f"consumer {self.queue}")
        self._consumer.ready.wait(_READY_SECONDS)

    def stop(self) -> None:
        """Finish the batch in hand and consume no more."""
        if self._consumer is not None:
            self._consumer.stop()
            finish(self._thread)

    @property
    def ready(self) -> bool:
        """Whether the queue is there and is being consumed."""
        return self._consumer is not None and self._consumer.ready.is_set()

    def handle(self, events: list[Event], taking: Taking) -> int:
        """Run the service's method as a worker of the container and wait for it."""
        answer: Answer = Answer()

        def result(worker: Any, value: Any, exc_info: Any) -> tuple[Any, Any]:
            answer.send((value, exc_info))
            return value, None

        self.container.spawn_worker(self, self.arguments(events, taking), {}, handle_result=result)
        value, exc_info = answer.wait()
        if exc_info is not None:
            raise exc_info[1]
        return len(events) if value is None else int(value)

    def arguments(self, events: list[Event], taking: Taking) -> tuple[Any, ...]:
        """What the service's method is called with."""
        return events, taking


class Subscribe(Batch):
    """Hands the handler one event: `(self, event, taking)`; that it was taken is written in the same transaction."""

    def __init__(self, queue: str, sources: Sequence[str], **kwargs: Any) -> None:
        super().__init__(queue, sources, **{"size": 100, **kwargs})

    def handle(self, events: list[Event], taking: Taking) -> int:
        """Call the method for each event that this queue has not taken yet."""
        fresh = once(events, taking, self.queue)
        for happened in fresh:
            super().handle([happened], taking)
        return len(fresh)

    def arguments(self, events: list[Event], taking: Taking) -> tuple[Any, ...]:
        """One event and the transaction."""
        return events[0], taking


def batch(queue: str, sources: Sequence[str], **options: Any) -> Callable[[Any], Any]:
    """Mark a service's method as the handler of a queue's batches (see `Batch`)."""
    decorated: Callable[[Any], Any] = Batch.decorator(queue, sources, **options)
    return decorated


def subscribe(queue: str, sources: Sequence[str], **options: Any) -> Callable[[Any], Any]:
    """Mark a service's method as the handler of a queue's events, one by one (see `Subscribe`)."""
    decorated: Callable[[Any], Any] = Subscribe.decorator(queue, sources, **options)
    return decorated
