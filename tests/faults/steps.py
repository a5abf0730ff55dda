"""The steps of a service's process and where its named points lie on them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.synchronous.pool import Connection

from services.gateway.store.facts import Projection
from services.kernel.bus.broker import Publisher
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.held_messages import HeldMessages
from services.kernel.bus.inbox import Inbox
from services.kernel.bus.relay import WATERMARK, Relay
from services.kernel.bus.replies import Replies
from services.kernel.bus.resend import Resender
from services.kernel.journal.journal import Journal
from services.kernel.journal.work import Work
from services.kernel.message.errors import Park
from services.kernel.runtime.imports import Importer

from .points import KILLS
from .wrapped import armed, around, here, in_the_middle_of

TIMES_SLOWER = 100


def wrap(service: str) -> None:
    """Wrap the steps of the service whose process this is."""
    relaying()
    if service == "gateway":
        taking()
    else:
        commands()
        imports()


def when(point: str, holds: Callable[..., Any]) -> Callable[..., None]:
    """The process is at the point where this holds for the arguments."""

    def check(*arguments: Any, **named: Any) -> None:
        if holds(*arguments, **named):
            here(point)

    return check


def at(point: str) -> Callable[..., None]:
    """The process is at the point."""
    return when(point, always)


def within(point: str, *names: str) -> Callable[..., None]:
    """The process is at the point where it is in the middle of all of these."""
    return when(point, lambda *_, **__: all(map(in_the_middle_of, names)))


def always(*_: Any, **__: Any) -> bool:
    """Whatever the arguments are."""
    return True


def commands() -> None:
    """From the request to its acknowledgement."""
    around(Journal, "execute", at("command.begun"), at("command.done"))
    around(Work, "save", after=at("command.written"))
    around(ClientSession, "commit_transaction", at("commit.asked"), at("commit.done"), always)
    around(Connection, "receive_message", within("commit.sent", "commit_transaction"))
    around(Replies, "send", after=at("reply.sent"))


def relaying() -> None:
    """From the journal to the broker."""

    def leased(has: bool, relay: Any) -> bool:
        before, relay.leased_before = getattr(relay, "leased_before", False), has
        return has and not before

    def mark(*arguments: Any) -> bool:
        return WATERMARK in arguments

    around(Relay, "_has_lease", after=when("relay.leased", leased))
    around(Relay, "_next_entries", after=when("relay.read", lambda entries, _: entries))
    around(Relay, "step", after=when("relay.marked", lambda count, _: count), inside=always)
    around(Publisher, "_await", within("relay.sent", "step"))
    around(Publisher, "publish", after=within("relay.confirmed", "step"))
    around(Relay, "_tell", when("watermark.due", mark), when("watermark.told", mark))
    around(Relay, "tell_tally", after=at("tally.told"))
    around(Resender, "_send", at("resend.asked"), at("resend.sent"))


def imports() -> None:
    """From a sheet's chunk to its last row."""

    def decided(_: Any, importer: Any, service: Any, sheet: Any, work: Work, *more: Any) -> bool:
        return work.session.in_transaction

    around(Importer, "keep", after=at("import.kept"))
    around(Importer, "accept", after=at("import.accepted"))
    around(Importer, "_apply_chunk", after=when("import.rows", decided))
    around(Importer, "_apply_rows", after=at("import.applied"))


def taking() -> None:
    """From the queue to facts and roll-ups."""

    def some(inbox: Any, deliveries: Any) -> bool:
        inbox.took_some = any(delivery.routing_key != WATERMARK for delivery in deliveries)
        inbox.took_from = time.monotonic()
        return bool(inbox.took_some)

    def happened(inbox: Any, batch: Any) -> bool:
        return any(not event.of_journal for _, event in batch)

    around(Inbox, "take", when("take.begun", some), when("take.committed", lambda _, inbox, *__: inbox.took_some))
    around(Inbox, "take", after=slowly)
    around(Consumer, "_hand_over", after=when("take.acknowledged", lambda _, consumer, *__: consumer._inbox.took_some))
    around(Inbox, "_transact", inside=happened)
    around(Projection, "apply", as_told, when("take.applied", lambda count, *_: count))
    around(ClientSession, "commit_transaction", within("take.commit.asked", "_transact"), inside=always)
    around(Connection, "receive_message", within("take.commit.sent", "_transact", "commit_transaction"))
    around(Inbox, "_again", inside=always)
    around(Inbox, "_apply", within("attempt.noted", "_again"))
    around(HeldMessages, "put", after=at("hold.written"))
    around(Consumer, "_ask_from_last_day", at("queue.made"), at("queue.asked"))
    around(Inbox, "replay", at("replay.begun"), when("replay.done", lambda done, *_: done))


def slowly(_: Any, inbox: Any, deliveries: Any) -> None:
    """As if the batch took so many times as long; what is told to be quick again is quick at once."""
    now = time.monotonic()
    until = now + (TIMES_SLOWER - 1) * (now - inbox.took_from)
    while armed.switch("slow").exists() and time.monotonic() < until:
        time.sleep(0.1)


def as_told(projection: Any, events: Any, taking: Any) -> None:
    """Die of an event that says so; refuse a quarter of the events while told to."""
    if any(event.data.get(KILLS) for event in events):
        os.kill(os.getpid(), signal.SIGKILL)
    if armed.switch("parks").exists() and any(e.short_type != WATERMARK and e.id[-1] in "048c" for e in events):
        raise Park("told to")
