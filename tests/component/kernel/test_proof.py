"""The proof of the proof: a schedule that the bus survives; with one guarantee switched off, the judge must find it.

Nothing of the product can be switched off: what is switched off here is a subclass that does without.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from services.cli.local.process import Process, wait_until
from services.cli.local.store import Store
from services.kernel.bus import broker as bus
from services.kernel.bus.broker import BUS_ERRORS, Outgoing, Publisher, Sent
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import Taking
from services.kernel.bus.relay import Relay
from services.kernel.bus.resend import Resender
from services.kernel.journal import journal
from services.kernel.journal.reconcile import Resend
from services.kernel.journal.store import Document
from services.kernel.message.clock import utc_now
from services.kernel.message.event import Event
from tests.component.edge import KEYS
from tests.eventually import PATIENCE, eventually
from tests.faults import judge
from tests.faults.jars import Stage, Subscriber, judged, move
from tests.faults.judge import Finding
from tests.faults.line import Line
from tests.faults.queues import Fate, Killed, Unruly

GRACE_SECONDS = 3.0
"""So long may a rig that lacks something try to mend what it did."""
ON_THE_LINE = 3.0
"""After so long a line that loses everything breaks."""
AHEAD = timedelta(milliseconds=900)
SERVICES = (f"jars{number}" for number in itertools.count())


class Forgetful(Subscriber):
    """No inbox: does not ask whether it has taken an event."""

    def fresh(self, events: list[Event], taking: Taking) -> list[Event]:
        """All of them."""
        return [event for event in events if not event.of_journal]


class Hopeful(Publisher):
    """No confirms: what was written to the connection counts as arrived."""

    def _await(self) -> None:
        for tag in list(self._tags):
            self._acked(tag, False)


class Careless(Publisher):
    """No mandatory flag: what no queue takes counts as published."""

    def publish(self, messages: Sequence[Outgoing], *, mandatory: bool = True) -> Sent:
        """Publish, and never hear of a return."""
        return super().publish(messages, mandatory=False)


class Impatient(Relay):
    """No n-1 rule: sends what it finds first."""

    def _next_entries(self) -> list[Document]:
        return list(self._database["journal"].find({"published": False}).sort("recorded", 1).limit(self._batch))


class Silent(Consumer):
    """No reconciliation: never asks for anything again."""

    def _ask(self, wanted: dict[str, Resend]) -> None:
        wanted.clear()


@dataclass(frozen=True)
class Parts:
    """What a rig is made of."""

    subscriber: type[Subscriber] = Subscriber
    publisher: type[Publisher] = Publisher
    relay: type[Relay] = Relay
    consumer: type[Consumer] = Consumer


WHOLE = Parts()


class Rig:
    """A service with its relay and a subscriber, on a real broker and a real store."""

    def __init__(self, stage: Stage, uri: str, parts: Parts) -> None:
        self.stage, self.uri, self.parts = stage, uri, parts
        self.late = timedelta()
        self.journal = stage.journal(self.now)
        self.subscriber = parts.subscriber(stage.subscriber, stage.service, f"{stage.service}.seen", self.now)
        self.acknowledged: set[tuple[str, str]] = set()
        self.resender = Resender(self.journal, Publisher(uri, stage.service, keys=KEYS, name="proof-again"))
        with self.consuming():  # what its new queue asks for is served before anything happens
            self.resender.step()

    def now(self) -> datetime:
        """The time, as far as the schedule has let it pass."""
        return utc_now() + self.late

    def ask(self, jar: str, by: journal.Journal | None = None) -> None:
        """A client asks for a coin into a jar, and is answered."""
        command = f"c{len(self.acknowledged)}"
        move(by or self.journal, command, {jar: 1})
        self.acknowledged.add((command, jar))

    @contextmanager
    def relaying(self, uri: str | None = None, fate: Fate | None = None) -> Iterator[Relay]:
        """A process with a relay."""
        publisher = self.parts.publisher(uri or self.uri, self.stage.service, keys=KEYS, name="proof")
        unruly = Unruly(publisher, [])
        unruly.fate = fate or Fate()
        made = self.parts.relay(
            self.journal,
            unruly,
            clock=self.now,
            batch=1 if fate is None else 500,
            transaction_seconds=0,
            lease_seconds=0,
        )
        try:
            yield made
        finally:
            made.close()

    def publish(self) -> None:
        """A process with a relay comes and publishes all there is."""
        with self.relaying() as relay:
            eventually(lambda: not relay.step() and not self.unpublished())

    def unpublished(self) -> int:
        """Entries that are not marked published."""
        return self.journal.database["journal"].count_documents({"published": False})

    @contextmanager
    def consuming(self) -> Iterator[None]:
        """A process with the subscriber."""
        consumer = self.parts.consumer(self.uri, self.subscriber.inbox, self.subscriber.bindings, keys=KEYS, wait=0.02)
        thread = threading.Thread(target=consumer.run)
        thread.start()
        try:
            assert consumer.ready.wait(PATIENCE)
            yield
        finally:
            consumer.stop()
            thread.join(PATIENCE)
        assert not thread.is_alive()

    def operate(self, act: Callable[[Any], Any]) -> Any:
        """Somebody does something to the broker by hand."""
        connection = bus.connect(self.uri, "proof")
        try:
            return act(connection.default_channel)
        finally:
            connection.release()

    def findings(self) -> list[Finding]:
        """What the judge finds, once the subscriber has what happened last and everybody had time to mend things."""
        with self.consuming():
            self.late += timedelta(seconds=10)
            self.ask("last")
            self.publish()
            eventually(lambda: any(effect["jar"] == "last" for effect in self.subscriber.effects()))
            wait_until(self.mended, PATIENCE if self.parts == WHOLE else GRACE_SECONDS)
        self.resender.close()
        return self.judged()

    def mended(self) -> bool:
        """Whether the judge finds nothing, after what was asked for was sent again."""
        self.resender.step()
        return not self.judged()

    def judged(self) -> list[Finding]:
        """What the judge finds now."""
        seen = [effect["event"] for effect in self.subscriber.effects()]
        return judged(self.journal, [self.subscriber], self.acknowledged, self.acknowledged, seen)


def a_relay_dies_before_marking(rig: Rig) -> None:
    """What it had sent is sent again."""
    with rig.consuming():
        rig.ask("j1")
        with rig.relaying(fate=Fate(killed=True)) as relay, pytest.raises(Killed):
            relay.step()
        rig.publish()


def a_line_loses_what_is_on_it(rig: Rig) -> None:
    """The messages never reach the broker; the connection breaks a moment later."""
    with rig.consuming(), Line(rig.uri) as line:
        with rig.relaying(line.uri) as relay:
            rig.ask("j1")
            relay.step()
            rig.ask("j2")
            line.lose()
            breaking = threading.Timer(ON_THE_LINE, line.cut)
            breaking.start()
            try:
                relay.step()
            except BUS_ERRORS:
                assert rig.unpublished()
            breaking.join()
        rig.publish()


def two_clocks_differ(rig: Rig) -> None:
    """Version 2 bears an earlier time than version 1, and the relay sends one at a time."""
    ahead = rig.stage.journal(lambda: rig.now() + AHEAD)
    with rig.consuming():
        rig.ask("j1", ahead)
        rig.ask("j1")
        rig.publish()


def a_binding_is_taken_away(rig: Rig) -> None:
    """The queue is there, but for a while gets nothing; its consumer binds it again when it starts anew."""
    with rig.consuming():
        rig.ask("j1")
        rig.publish()
    queue, exchange = rig.subscriber.queue, bus.exchange_of(rig.stage.service)
    rig.operate(lambda channel: channel.queue_unbind(queue, exchange, "#"))
    rig.ask("j2")
    with rig.relaying() as relay:
        relay.step()


def a_queue_is_deleted(rig: Rig) -> None:
    """With messages in it that were confirmed."""
    with rig.consuming():
        rig.ask("j1")
        rig.publish()
    rig.ask("j2")
    rig.publish()
    assert rig.operate(lambda channel: channel.queue_delete(rig.subscriber.queue))


def messages_are_purged(rig: Rig) -> None:
    """The queue stays, so nobody sees that it lost something, until the owner tells what there was."""
    with rig.consuming():
        rig.ask("j1")
        rig.publish()
    rig.ask("j2")
    rig.publish()
    assert rig.operate(lambda channel: channel.queue_purge(rig.subscriber.queue))
    with rig.relaying() as relay:
        relay.tell_tally(relay.tell_watermark())


@pytest.mark.parametrize(
    ("schedule", "without", "found"),
    [
        (a_relay_dies_before_marking, replace(WHOLE, subscriber=Forgetful), "doubled"),
        (a_line_loses_what_is_on_it, replace(WHOLE, publisher=Hopeful), "lost"),
        (two_clocks_differ, replace(WHOLE, relay=Impatient), "inverted"),
        (a_binding_is_taken_away, replace(WHOLE, publisher=Careless), "lost"),
        (a_queue_is_deleted, replace(WHOLE, consumer=Silent), "lost"),
        (messages_are_purged, replace(WHOLE, consumer=Silent), "lost"),
    ],
    ids=["inbox", "confirms", "predecessors", "mandatory", "asking", "tallies"],
)
def test_the_judge_finds_what_a_guarantee_prevents(
    mongo_client: MongoClient[Document],
    database: str,
    module_vhost: str,
    schedule: Callable[[Rig], None],
    without: Parts,
    found: str,
) -> None:
    """Whole, the schedule does no harm; without the one guarantee it does just the harm that this one prevents."""
    for parts, kinds in ((WHOLE, set()), (without, {found})):
        rig = Rig(Stage(mongo_client, database, next(SERVICES)), module_vhost, parts)
        schedule(rig)
        findings = rig.findings()
        assert {finding.kind for finding in findings} == kinds, findings


class Members:
    """A replica set of three, and what is done to it."""

    def __init__(self, store: Store, client: MongoClient[Document]) -> None:
        self._store = store
        self._client = client

    def lose_primary_after(self, act: Callable[[], None]) -> None:
        """Both secondaries stand still while `act` happens; then the primary dies, and they go on without it."""
        primary, others = self._roles()
        for member in others:
            os.kill(pid(member), signal.SIGSTOP)
        try:
            act()
            os.kill(pid(primary), signal.SIGKILL)
        finally:
            for member in others:
                os.kill(pid(member), signal.SIGCONT)
        eventually(lambda: primary.died)
        eventually(self._stepped_up)
        primary.restart()
        eventually(self._store.answers)

    def _roles(self) -> tuple[Process, list[Process]]:
        eventually(lambda: self._client.primary is not None)
        _, port = self._client.primary or ("", 0)
        place = self._store.ports.index(port)
        return self._store.members[place], [
            member for number, member in enumerate(self._store.members) if number != place
        ]

    def _stepped_up(self) -> bool:
        for port, member in zip(self._store.ports, self._store.members, strict=True):
            if member.died:
                continue
            with MongoClient[Document]("127.0.0.1", port, directConnection=True, timeoutMS=2000) as direct:
                try:
                    direct.admin.command("replSetStepUp")
                except PyMongoError:
                    continue
                return True
        return False


def pid(member: Process) -> int:
    assert member.pid is not None
    return member.pid


def lose_primary(members: Members, stage: Stage, command: str, seconds: float) -> list[Finding]:
    """A command is asked for so long while no secondary hears of it, and asked again until it is answered."""
    made, acknowledged = stage.journal(utc_now), set[tuple[str, str]]()
    ballast = stage.owner.get_collection("ballast", write_concern=WriteConcern(1))

    def ask() -> None:
        try:
            move(made, command, {command: 1}, seconds=seconds)
        except PyMongoError:
            return
        acknowledged.add((command, command))

    def fill_the_line_and_ask() -> None:
        # what the primary had already sent would be read by the secondaries when they go on: more than a line holds,
        # and nothing that members would send each other in less (they compress)
        ballast.insert_many([{"much": os.urandom(1 << 20)} for _ in range(24)])
        patience = time.monotonic() + seconds
        ask()
        while not acknowledged and time.monotonic() < patience:  # a busy disk may cut an attempt short
            ask()

    members.lose_primary_after(fill_the_line_and_ask)
    until = time.monotonic() + PATIENCE
    while not acknowledged and time.monotonic() < until:
        ask()
    effects = [(entry["command"], entry["aggregate"]) for entry in stage.owner["journal"].find({"command": command})]
    return judge.commands({(command, command)}, acknowledged, effects)


def test_the_judge_finds_what_the_majority_prevents(tmp_path: Path) -> None:
    """An answer that only the primary stood for is lost with it; one that a majority stood for is not."""
    with Store(tmp_path, members=3) as store, MongoClient[Document](store.uri, tz_aware=True) as client:
        stage, members = Stage(client, "proof"), Members(store, client)
        configuration = client.admin.command("replSetGetConfig")["config"]
        configuration["version"] += 1
        configuration["settings"]["electionTimeoutMillis"] = 60_000  # a primary does not step down by itself meanwhile
        configuration["settings"]["catchUpTimeoutMillis"] = 0  # nor does the next one ask the last for what it lacks
        client.admin.command("replSetReconfig", configuration)
        assert lose_primary(members, stage, "c1", 1) == []
        with mock.patch("services.kernel.journal.store.MAJORITY", WriteConcern(1)):
            # on a busy machine the answer may not come before the primary dies: then nothing was promised
            tried = ([finding.kind for finding in lose_primary(members, stage, f"c{n}", 20)] for n in range(2, 12))
            assert next((kinds for kinds in tried if kinds), []) == ["lost"]
