"""An ordered inbox: each record's events in their order, with none missing, on a real store."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from services.kernel.bus.inbox import Inbox, Taking, once
from services.kernel.message.errors import Later, Park
from services.kernel.message.event import Event

from .test_inbox import CIPHER, NOW, delivery, happened, now, store

__all__ = ["now", "store"]


class Followed:
    """A subscriber that writes down the order in which it sees events, and fails where it is told to."""

    def __init__(self) -> None:
        self.fails: dict[tuple[str, int], Exception] = {}

    def __call__(self, events: list[Event], taking: Taking) -> int:
        """Append each new event's number to its record's row."""
        fresh = once(events, taking, "q")
        for event in fresh:
            seen = {"$push": {"seen": event.aggregateversion}}
            taking.database["effects"].update_one({"_id": event.subject}, seen, upsert=True, session=taking.session)
            if error := self.fails.get((event.subject, event.aggregateversion)):
                raise error
        return len(fresh)


@pytest.fixture
def followed() -> Followed:
    return Followed()


@pytest.fixture
def inbox(store: Database[dict[str, Any]], followed: Followed, now: list[datetime]) -> Inbox:
    made = Inbox(store, "q", followed, cipher=CIPHER, clock=lambda: now[0], ordered=True)
    made.ensure_indexes()
    return made


def numbered(*numbers: int, subject: str = "j1") -> list[Event]:
    return [happened(subject=subject, aggregateversion=n) for n in numbers]


def seen(store: Database[dict[str, Any]], subject: str = "j1") -> list[int]:
    row = store["effects"].find_one({"_id": subject})
    return [] if row is None else list(row["seen"])


def sorts(store: Database[dict[str, Any]]) -> dict[int, str]:
    return {row["n"]: row["sort"] for row in store["held"].find()}


def held(store: Database[dict[str, Any]], n: int) -> dict[str, Any]:
    row = store["held"].find_one({"n": n})
    assert row is not None
    return row


def test_what_comes_too_early_waits_for_its_predecessor(store: Database[dict[str, Any]], inbox: Inbox) -> None:
    """Events that come in any order, one by one or in batches and again, take effect in theirs."""
    events = numbered(1, 2, 3, 4, 5)
    inbox.take([delivery(events[2])])
    inbox.take([delivery(events[4]), delivery(events[1])])
    assert seen(store) == []
    assert sorts(store) == {2: "waiting", 3: "waiting", 5: "waiting"}
    inbox.take([delivery(events[0])])
    assert seen(store) == [1, 2, 3]
    inbox.take([delivery(events[3]), delivery(events[1])])
    assert seen(store) == [1, 2, 3, 4, 5]
    assert sorts(store) == {}


def test_one_that_fails_holds_its_successors_and_no_other_record(
    store: Database[dict[str, Any]], inbox: Inbox, followed: Followed
) -> None:
    """The failing event is parked, what follows it in the same batch and later waits; other records flow on."""
    followed.fails["j1", 2] = Park("no such thing")
    events = [*numbered(1, 2, 3), *numbered(1, 2, subject="j2")]
    inbox.take([delivery(event) for event in events])
    inbox.take([delivery(event) for event in numbered(4)])
    assert (seen(store), seen(store, "j2")) == ([1], [1, 2])
    assert sorts(store) == {2: "parked", 3: "waiting", 4: "waiting"}
    del followed.fails["j1", 2]
    assert inbox.replay(held(store, 2)) is True
    assert seen(store) == [1, 2, 3, 4]
    assert sorts(store) == {}


def test_dropping_one_counts_as_applied(store: Database[dict[str, Any]], inbox: Inbox, followed: Followed) -> None:
    """What was given up never takes effect, not even when it comes again, and its successors go on."""
    followed.fails["j1", 2] = Park("never")
    events = numbered(1, 2, 3)
    inbox.take([delivery(event) for event in events])
    inbox.drop(held(store, 2), "ops", "wrong for good")
    assert seen(store) == [1, 3]
    del followed.fails["j1", 2]
    inbox.take([delivery(event) for event in events])
    assert seen(store) == [1, 3]
    assert sorts(store) == {2: "dropped"}


def test_what_was_dropped_before_its_turn_is_passed_over_when_it_comes(
    store: Database[dict[str, Any]], inbox: Inbox
) -> None:
    """A waiting event may be given up too: its successors go on once its predecessors are there."""
    one, two, three = numbered(1, 2, 3)
    inbox.take([delivery(three), delivery(two)])
    inbox.drop(held(store, 2), "ops", "not wanted")
    assert seen(store) == []
    inbox.take([delivery(one)])
    assert seen(store) == [1, 3]


def test_one_to_be_tried_later_takes_its_successors_with_it(
    store: Database[dict[str, Any]], inbox: Inbox, followed: Followed, now: list[datetime]
) -> None:
    """What could not be handled yet is tried again, and what waited for it follows at once."""
    followed.fails["j1", 1] = Later("not yet")
    inbox.take([delivery(event) for event in numbered(1, 2)])
    assert sorts(store) == {1: "retry", 2: "waiting"}
    del followed.fails["j1", 1]
    now[0] += timedelta(seconds=2)
    inbox.retry_due()
    assert seen(store) == [1, 2]
    assert sorts(store) == {}


def test_a_waiting_event_whose_predecessor_was_applied_by_another_process_is_found(
    store: Database[dict[str, Any]], inbox: Inbox, now: list[datetime]
) -> None:
    """The process that applied the predecessor may die before it looks for what waited: a look each moment finds it."""
    one, two = numbered(1, 2)
    inbox.take([delivery(two)])
    store["positions"].insert_one({"_id": "q\x1fjars\x1fj1", "n": 1})
    assert inbox.retry_due() == 0
    now[0] = NOW + timedelta(seconds=2)
    assert inbox.retry_due() == 1
    inbox.take([delivery(one)])
    assert seen(store) == [2]


def test_a_process_that_dies_after_dropping_leaves_nobody_waiting(
    store: Database[dict[str, Any]], inbox: Inbox, followed: Followed, now: list[datetime]
) -> None:
    """What is given up counts as applied also where nobody was left to let its successors go: they see it."""
    followed.fails["j1", 1] = Park("never")
    inbox.take([delivery(event) for event in numbered(1, 2)])
    inbox.shelf.drop(held(store, 1)["_id"], "ops", "wrong for good", now[0])
    now[0] += timedelta(seconds=2)
    inbox.retry_due()
    assert seen(store) == [2]
    assert sorts(store) == {1: "dropped"}


def test_however_many_wait_for_one_they_all_go_on(store: Database[dict[str, Any]], inbox: Inbox) -> None:
    """Hundreds of waiting events follow their predecessor at once."""
    one, *others = numbered(*range(1, 341))
    inbox.take([delivery(event) for event in others])
    inbox.take([delivery(one)])
    assert seen(store) == list(range(1, 341))
    assert sorts(store) == {}


def test_any_order_of_arrival_is_the_same(store: Database[dict[str, Any]], inbox: Inbox) -> None:
    """Sixty events of four records, shuffled, repeated and cut into batches: each record in its order, once."""
    chosen = random.Random(7)
    events = [event for subject in "abcd" for event in numbered(*range(1, 16), subject=subject)]
    arriving = events * 2
    chosen.shuffle(arriving)
    while arriving:
        size = chosen.randint(1, 12)
        batch, arriving = arriving[:size], arriving[size:]
        inbox.take([delivery(event, redelivered=chosen.random() < 0.1) for event in batch])
    assert [seen(store, subject) for subject in "abcd"] == [list(range(1, 16))] * 4
    assert sorts(store) == {}
