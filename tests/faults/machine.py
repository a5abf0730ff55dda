"""The model: journal, relay, publisher and inbox of the kernel, held against plain dictionaries.

Hypothesis chooses what clients ask, which process dies where, what the line does, in which order and how often messages
come, what subscribers fail with and what operations do; after each step and when all is drained the real parts must
have what the dictionaries have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from pymongo.errors import AutoReconnect, PyMongoError

from services.kernel.bus import inbox
from services.kernel.bus.broker import BUS_ERRORS, Outgoing
from services.kernel.bus.relay import Relay
from services.kernel.bus.resend import Resender
from services.kernel.journal import journal
from services.kernel.journal.reconcile import Resend, last_day, requests_queue
from services.kernel.journal.store import Document
from services.kernel.message.delivery import Delivery
from services.kernel.message.errors import DomainError, Later, Park
from services.kernel.message.event import new_id

from . import judge
from .jars import Facts, Ordered, Stage, Subscriber, judged, move
from .queues import Fate, Fetched, Killed, Queues, Unruly

START = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
"""A minute before a day's end: runs pass midnight."""
AHEAD = timedelta(milliseconds=900)
"""The second replica's clock; the watermark allows for a second."""
BATCH = 3
ROUNDS = 12
"""After so many rounds of everything there is to do, nothing may be left to do."""

JARS = ("j1", "j2", "j3")
KINDS: dict[str, type[Subscriber]] = {"once": Subscriber, "facts": Facts, "ordered": Ordered}
QUEUES = tuple(KINDS)
RUBBISH = (b"{", b"\x80\x04\x95", b'{"specversion":"1.0"}')

changes_asked = st.dictionaries(st.sampled_from(JARS), st.integers(-2, 5), min_size=1, max_size=2)
executions = st.sampled_from(["answered", "answered", "killed before commit", "killed after commit", "reply lost"])
sendings = st.sampled_from(
    [
        "whole",
        "whole",
        "killed before marking",
        "line breaks",
        "refused",
        "another relay before",
        "another relay after",
        "command before",
    ]
)
arrangements: dict[str, Callable[[list[Delivery]], list[Delivery]]] = {
    "as sent": lambda deliveries: deliveries,
    "backwards": lambda deliveries: deliveries[::-1],
    "twice": lambda deliveries: deliveries * 2,
    "mixed": lambda deliveries: deliveries[1::2] + deliveries[::2],
}
endings = st.sampled_from(["acknowledged", "acknowledged", "killed before acknowledging", "reply lost"])
moods = st.sampled_from([Later, Park, ValueError, AutoReconnect, Killed])
places = st.integers(0, BATCH)
replicas = st.sampled_from([0, 0, 0, 1])
queues_named = st.sampled_from(QUEUES)


@dataclass(frozen=True)
class Turn:
    """A while of everybody's work: clients ask, a relay publishes, a subscriber may begin to fail, each takes."""

    asked: tuple[tuple[dict[str, int], str, int], ...]
    sent: tuple[int, str, int]
    spoilt: tuple[str, str, type[BaseException]] | None
    taken: tuple[tuple[int, str, str], ...]


deliveries = st.tuples(st.integers(0, 6), st.sampled_from(sorted(arrangements)), endings)
turns = st.builds(
    Turn,
    st.lists(st.tuples(changes_asked, executions, replicas), min_size=1, max_size=3).map(tuple),
    st.tuples(replicas, sendings, places),
    st.none() | st.tuples(queues_named, st.sampled_from(JARS), moods),
    st.tuples(*(deliveries for _ in QUEUES)),
)
"""What goes on after each of the rarer things, so that they meet something."""


class Machine(RuleBasedStateMachine):
    """One service with two replicas, its subscribers, and what must be true of them."""

    asked_ids: Bundle[str] = Bundle("asked_ids")

    def __init__(self, stage: Stage, queues: Queues) -> None:
        super().__init__()
        stage.clear()
        self.stage, self.queues, self.now = stage, queues, START
        self.journals = [stage.journal(lambda: self.now), stage.journal(lambda: self.now + AHEAD)]
        for each in self.journals:
            each.committed = self._committed
        self.attempted: list[str] = []
        self.relays = [self._new_relay(replica) for replica in (0, 1)]
        self.resender = Resender(self.journals[0], queues.publisher(stage.service), clock=lambda: self.now, batch=BATCH)
        self.subscribers = {
            queue: kind(stage.subscriber, stage.service, queue, lambda: self.now) for queue, kind in KINDS.items()
        }
        for queue in (*QUEUES, requests_queue(stage.service)):
            queues.delete(queue)
        self.open: set[str] = set()
        self.fate = "answered"
        self.requests = 0
        self._patches = [
            mock.patch.object(module, "in_transaction", self._fated(module)) for module in (journal, inbox)
        ]
        for patch in self._patches:
            patch.start()

        self.jars: dict[str, tuple[int, int]] = {}
        """Jar → version and coins."""
        self.events: dict[tuple[str, int], int] = {}
        """(jar, version) → coins."""
        self.answers: dict[str, tuple[dict[str, int], Document]] = {}
        """Command done → what it asked and what it must be answered."""
        self.asked: dict[str, set[str]] = {}
        """Command → every jar that it named in any of its askings."""
        self.acknowledged: set[tuple[str, str]] = set()
        self.given_up: dict[str, set[tuple[str, int]]] = {queue: set() for queue in QUEUES}
        """Queue → (jar, version) of the events that were dropped."""
        self.met: dict[str, list[Delivery]] = {queue: [] for queue in QUEUES}
        """Queue → what was dealt with."""

    def _work(self, turn: Turn) -> None:
        for asked in turn.asked:
            self.ask(*asked)
        self.relay(*turn.sent)
        if turn.spoilt is not None:
            queue, jar, mood = turn.spoilt
            self.subscribers[queue].failing[jar] = mood
        for queue, taken in zip(QUEUES, turn.taken, strict=True):
            self.deliver(queue, *taken)

    # clients

    @rule(target=asked_ids, changes=changes_asked, how=executions, replica=replicas)
    def ask(self, changes: dict[str, int], how: str, replica: int) -> str:
        """A client asks for something new."""
        id = f"c{len(self.asked) + 1}"
        self._ask(id, changes, how, replica)
        return id

    @rule(id=asked_ids, changes=changes_asked, same=st.booleans(), how=executions, replica=replicas)
    def ask_again(self, id: str, changes: dict[str, int], same: bool, how: str, replica: int) -> None:
        """A client uses an id again: for the same, or wrongly for something else."""
        if same and id in self.answers:
            changes = self.answers[id][0]
        self._ask(id, changes, how, replica)

    def _ask(self, id: str, changes: dict[str, int], how: str, replica: int) -> None:
        expected = self._expected(id, changes)
        self.asked.setdefault(id, set()).update(changes)
        answer: Document | str | None = None
        self.fate = how
        try:
            answer = done = move(self.journals[replica], id, changes, self._decided)
        except Killed:
            if how == "killed after commit":
                assert isinstance(expected, dict)
                self._done(id, changes, expected)
        except DomainError as refusal:
            answer = refusal.code
        else:
            self._done(id, changes, done)
            self.acknowledged.update((id, jar) for jar, coins in changes.items() if coins)
        finally:
            self.fate = "answered"
        if answer is not None:
            assert answer == expected
        entries = {(entry["aggregate"], entry["n"]): entry["data"]["coins"] for entry in self._entries()}
        assert entries == self.events

    def _expected(self, id: str, changes: dict[str, int]) -> Document | str:
        """The answer, or the refusal's code."""
        if id in self.answers:
            asked, answer = self.answers[id]
            return answer if asked == changes else "command.reused"
        answer = {}
        for jar, coins in changes.items():
            version, had = self.jars.get(jar, (0, 0))
            if had + coins < 0:
                return "jar.empty"
            if not version and not coins:
                return "jar.not_found"
            answer[jar] = [version + bool(coins), had + coins]
        return answer

    def _done(self, id: str, changes: dict[str, int], answer: Document) -> None:
        if id in self.answers:
            return
        self.answers[id] = changes, answer
        for jar, (version, coins) in answer.items():
            self.jars[jar] = version, coins
            if changes[jar]:
                self.events[jar, version] = changes[jar]

    def _decided(self) -> None:
        if self.fate == "killed before commit":
            raise Killed

    def _committed(self) -> None:
        if self.fate == "killed after commit":
            raise Killed

    def _fated(self, module: Any) -> Callable[..., Any]:
        """The transaction itself, before which the process dies, or whose reply is lost once, where fate says so."""
        transact = module.in_transaction

        def transact_as_fated(*arguments: Any) -> Any:
            if self.fate == "killed":
                raise Killed
            result = transact(*arguments)
            if self.fate == "reply lost":
                self.fate = "answered"
                raise AutoReconnect("the reply was lost")
            return result

        return transact_as_fated

    # owners

    @rule(which=replicas, what=sendings, place=places)
    def relay(self, which: int, what: str, place: int) -> None:
        """A relay publishes a batch."""
        relay, unruly = self.relays[which]
        other = self.relays[1 - which][0]
        fates: dict[str, Callable[[], Fate]] = {
            "whole": Fate,
            "killed before marking": lambda: Fate(killed=True),
            "line breaks": lambda: Fate(line_breaks=place),
            "refused": lambda: Fate(refused=place),
            "another relay before": lambda: Fate(before=lambda: self._at_once(other)),
            "another relay after": lambda: Fate(after=lambda: self._at_once(other)),
            "command before": lambda: Fate(before=lambda: self.ask({"j1": 1, "j2": 1}, "answered", 1 - which)),
        }
        unruly.fate = fates[what]()
        try:
            relay.step()
        except Killed:
            relay.close()
            self.relays[which] = self._new_relay(which)
        except BUS_ERRORS:
            assert what == "line breaks"
        unruly.fate = Fate()
        self._in_order()

    def _new_relay(self, replica: int) -> tuple[Relay, Unruly]:
        unruly = Unruly(self.queues.publisher(self.stage.service), self.attempted)
        return Relay(self.journals[replica], unruly, clock=lambda: self.now, batch=BATCH), unruly

    def _at_once(self, relay: Relay) -> None:
        """The other relay works at the same time: the lease is efficiency, not safety."""
        self.stage.owner["leases"].delete_many({})
        relay.step()

    def _in_order(self) -> None:
        entries = self._entries()
        sent = {entry["_id"]: (entry["aggregate"], entry["n"]) for entry in entries}
        found = judge.order(sent[id] for id in self.attempted if id in sent)
        found += judge.marks((entry["aggregate"], entry["n"], entry["published"]) for entry in entries)
        assert not found, "; ".join(map(str, found))

    @rule(which=replicas, tally=st.booleans(), then=turns)
    def tell(self, which: int, tally: bool, then: Turn) -> None:
        """A relay tells up to when it has published everything, and what that was."""
        self._work(then)
        self._tell(which, tally)

    def _tell(self, which: int, tally: bool) -> None:
        until = self.relays[which][0].tell_watermark()
        assert all(entry["published"] or entry["recorded"] > until for entry in self._entries())
        if tally:
            self.relays[which][0].tell_tally(until)

    @rule(then=turns)
    def send_again(self, then: Turn) -> None:
        """The owner sends what subscribers asked for."""
        self.resender.step()
        self._work(then)

    @rule(seconds=st.sampled_from([0.5, 2, 6, 20, 90, 86_400]), then=turns)
    def time_passes(self, seconds: float, then: Turn) -> None:
        """Leases end, pauses end, days end."""
        self.now += timedelta(seconds=seconds)
        self._work(then)

    # the broker

    @initialize(absent=st.sets(queues_named, max_size=2))
    def begin(self, absent: set[str]) -> None:
        """Most subscribers are there from the beginning."""
        for queue in QUEUES:
            if queue not in absent:
                self._start(queue, False)

    @rule(queue=queues_named, killed=st.booleans(), then=turns)
    def start(self, queue: str, killed: bool, then: Turn) -> None:
        """A subscriber starts; it may die before it could ask for what a new queue has missed."""
        self._start(queue, killed)
        self._work(then)

    def _start(self, queue: str, killed: bool) -> None:
        subscriber = self.subscribers[queue]
        made = self.queues.declare(queue, subscriber.bindings)
        self.open.add(queue)
        if made and not killed:
            since = last_day(self.stage.subscriber, subscriber.ledger, queue, self.stage.service)
            self._request(Resend(queue=queue, since=since))

    @rule(queue=queues_named, then=turns)
    def lose(self, queue: str, then: Turn) -> None:
        """A queue is deleted with whatever is in it."""
        self.queues.delete(queue)
        self.open.discard(queue)
        self._work(then)

    @rule(queue=queues_named, body=st.sampled_from(RUBBISH), then=turns)
    def plant(self, queue: str, body: bytes, then: Turn) -> None:
        """Somebody puts rubbish into a queue."""
        self.relays[0][1].inner.publish([Outgoing(new_id(), "", body, queue=queue)])
        self._work(then)

    def _request(self, resend: Resend) -> None:
        self.requests += 1
        queue = requests_queue(self.stage.service)
        self.queues.declare(queue, ())
        body = resend.model_dump_json().encode()
        assert self.relays[0][1].inner.publish([Outgoing(new_id(), "", body, queue=queue, asks=True)]).confirmed

    # subscribers

    @rule(queue=queues_named, most=st.integers(1, 6), how=st.sampled_from(sorted(arrangements)), ending=endings)
    def deliver(self, queue: str, most: int, how: str, ending: str) -> None:
        """A subscriber takes a batch of what is in its queue."""
        if queue in self.open:
            fetched = self.queues.fetch(queue, most)
            self._take(queue, fetched, arrangements[how]([each.delivery for each in fetched]), ending)

    @rule(queue=queues_named, first=st.integers(0, 20), count=st.integers(1, 4), then=turns)
    def deliver_old(self, queue: str, first: int, count: int, then: Turn) -> None:
        """What was dealt with long ago comes once more."""
        self._take(queue, [], self.met[queue][first : first + count], "acknowledged")
        self._work(then)

    def _take(self, queue: str, fetched: list[Fetched], deliveries: list[Delivery], ending: str) -> None:
        subscriber = self.subscribers[queue]
        self.fate = ending
        try:
            subscriber.inbox.take(deliveries)
        except (Killed, PyMongoError):
            self.queues.give_back()
            return
        finally:
            self.fate = "answered"
        self.met[queue] += deliveries
        if ending == "killed before acknowledging":
            self.queues.give_back()
        else:
            self.queues.acknowledge(fetched)
            for wanted in subscriber.inbox.to_ask.values():
                self._request(wanted)
        subscriber.inbox.to_ask.clear()

    @rule(queue=queues_named, then=turns)
    def mend(self, queue: str, then: Turn) -> None:
        """The subscriber is mended."""
        self.subscribers[queue].failing.clear()
        self._work(then)

    @rule(queue=queues_named, then=turns)
    def retry(self, queue: str, then: Turn) -> None:
        """The subscriber tries again what is due."""
        with self._perhaps_away(queue):
            self.subscribers[queue].inbox.retry_due()
        self._work(then)

    @rule(queue=queues_named, place=st.integers(0, 2), times=st.integers(1, 2), then=turns)
    def replay(self, queue: str, place: int, times: int, then: Turn) -> None:
        """Operations try a held message again, perhaps twice at once."""
        for row in self._held(queue)[place:][:1] * times:
            with self._perhaps_away(queue):
                self.subscribers[queue].inbox.replay(row)
        self._work(then)

    @rule(queue=queues_named, place=st.integers(0, 2), killed=st.booleans(), then=turns)
    def drop(self, queue: str, place: int, killed: bool, then: Turn) -> None:
        """Operations give a held message up; the process may die before what waited for it could go on."""
        for row in self._held(queue)[place:][:1]:
            if row["event"] is not None:
                self.given_up[queue].add((row["aggregate"], row["n"]))
            self.fate = "killed" if killed else "answered"
            with self._perhaps_away(queue):
                self.subscribers[queue].inbox.drop(row, "u1", "of no use")
        self._work(then)

    def _held(self, queue: str) -> list[Document]:
        """What operations may try again or give up, in an order that is the same in each run."""
        rows = self.stage.subscriber["held"].find({"queue": queue, "sort": {"$ne": "dropped"}})
        return sorted(rows, key=lambda row: (str(row["aggregate"]), row["n"], row["_id"]))

    @contextmanager
    def _perhaps_away(self, queue: str) -> Iterator[None]:
        killed = self.fate == "killed"
        try:
            yield
        except (Killed, PyMongoError):
            assert killed or {Killed, AutoReconnect} & set(self.subscribers[queue].failing.values())
        finally:
            self.fate = "answered"

    # what must be true

    @invariant()
    def each_event_takes_effect_at_most_once(self) -> None:
        """In each subscriber, as it happened, not once it was given up, and in the ordered one not before its turn."""
        effects = list(self.stage.subscriber["effects"].find())
        sums = {row["_id"]: row["coins"] for row in self.stage.subscriber["sums"].find()}
        for queue, given_up in self.given_up.items():
            had = [(effect["jar"], effect["n"]) for effect in effects if effect["queue"] == queue]
            coins = {(effect["jar"], effect["n"]): effect["coins"] for effect in effects if effect["queue"] == queue}
            assert len(had) == len(coins), f"{queue} had an event twice"
            assert coins.items() <= self.events.items()
            assert sums.get(queue, 0) == sum(coins.values())
            assert not given_up & coins.keys()
            for jar in JARS if KINDS[queue].ordered else ():
                seen = [n for of, n in had if of == jar]
                due = [n for n in range(1, max(seen, default=0) + 1) if (jar, n) not in given_up]
                assert seen == due, f"{queue} saw {seen} of {jar}"

    def teardown(self) -> None:
        """Let everything be done that there is to do; then look whether anything was lost."""
        try:
            if sys.exc_info()[0] is None:
                self._drain()
        finally:
            for patch in self._patches:
                patch.stop()
            self.resender.close()
            for relay, _ in self.relays:
                relay.close()

    def _drain(self) -> None:
        for subscriber in self.subscribers.values():
            for jar, mood in list(subscriber.failing.items()):
                if mood in (Killed, AutoReconnect):
                    del subscriber.failing[jar]
        self._settle()
        self._judge()
        for subscriber in self.subscribers.values():
            subscriber.failing.clear()
        self._settle()
        for queue, subscriber in self.subscribers.items():
            for row in self._held(queue) * 2:
                assert subscriber.inbox.replay(row) == (row["event"] is not None)
            assert {row["event"] for row in self._held(queue)} <= {None}
            rubbish = {f"{queue}:{met.id}" for met in self.met[queue] if met.body in RUBBISH}
            left = {row["_id"] for row in self.stage.subscriber["held"].find({"queue": queue, "event": None})}
            assert left == rubbish
        self._judge()
        for queue, subscriber in self.subscribers.items():
            had = {(effect["jar"], effect["n"]) for effect in subscriber.effects()}
            assert had == self.events.keys() - self.given_up[queue]

    def _settle(self) -> None:
        """Rounds of everything that processes do by themselves, until there is nothing left to do."""
        for queue in QUEUES:
            self._start(queue, False)
        for _ in range(ROUNDS):
            self.now += timedelta(minutes=6)
            while self.relays[0][0].step():
                pass
            self._tell(0, True)
            self.requests = 0
            worked = self.resender.step()
            for queue, subscriber in self.subscribers.items():
                while fetched := self.queues.fetch(queue, 50):
                    self._take(queue, fetched, [each.delivery for each in fetched], "acknowledged")
                worked += subscriber.inbox.retry_due()
            if not worked and not self.requests:
                return
        raise AssertionError(f"not settled after {ROUNDS} rounds")

    def _judge(self) -> None:
        asked = {(id, jar) for id, jars in self.asked.items() for jar in jars}
        found = judged(self.journals[0], self.subscribers.values(), asked, self.acknowledged, self.attempted)
        assert not found, "; ".join(map(str, found))
        self.each_event_takes_effect_at_most_once()

    def _entries(self) -> list[Document]:
        return list(self.stage.owner["journal"].find())
