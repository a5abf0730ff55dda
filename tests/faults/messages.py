"""Faults of what is in the queues: duplicates, poison, lost queues, more than can be handled at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import amqp
import httpx
import orjson

from services.cli import WORKERS
from services.gateway.store.generation import QUEUE
from services.kernel.bus import broker as bus
from services.kernel.bus.inbox import MOST_ATTEMPTS
from services.kernel.journal.journal import Journal
from services.kernel.message.event import CONTENT_TYPE, new_id
from services.kernel.message.signing import FILE, HEADER, Keys, sign_event
from tests.eventually import PATIENCE

from .ledger import wait_for
from .points import KILLS
from .stage import Stage

_ROWS = 700
_PATIENCE = 600.0
"""Seconds: a limit against hanging, on a machine that is slow and kept busy by the clients beside."""
"""Of a sheet: two chunks, two transactions or more."""
_OWNERS = ("study", "hotline")


@dataclass(frozen=True)
class Message:
    """What is put into the projection's queue, or on an exchange."""

    body: bytes
    content_type: str = CONTENT_TYPE
    encoding: str = "utf-8"
    headers: dict[str, Any] = field(default_factory=dict)
    exchange: str = ""
    key: str = QUEUE


def duplicates(stage: Stage) -> None:
    """Events that were handled come five times more, old ones and new ones, in any order."""
    messages = []
    for owner in _OWNERS:
        journal = Journal(stage.database(owner), service=owner, site="province", chain_key=b"")
        found = journal.database["journal"].aggregate([{"$match": {"published": True}}, {"$sample": {"size": 150}}])
        for event in map(journal.event, found):
            exchange = bus.exchange_of(owner)
            messages += [Message(event.to_json(), exchange=exchange, key=event.short_type)] * 5
    stage.random.shuffle(messages)
    publish(stage, messages)


def poison(stage: Stage) -> None:
    """What no subscriber can handle, of every sort: each must be parked with its bytes."""
    mark = new_id().encode()
    whole = event_of(stage)
    figure = {"figure": "\0💣", "unit": "P000", "day": "2026-03-05", "amount": 1}
    plant(
        stage,
        Message(b"{" + mark),
        Message(b"\x80\x04\x95pickle" + mark, "application/x-python-serialize", "binary"),
        Message(b"\x80\x04\x95other pickle" + mark, CONTENT_TYPE, "binary"),
        Message(b"[" * 50_000 + mark),
        Message(orjson.dumps({**whole, "id": new_id()})[:-1] + b',"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        Message(b"\x00\xf0\x9f\x92\xa3" + mark),
        Message(b'{"a":"' + mark + b"x" * 12_000_000 + b'"}'),
        Message(orjson.dumps({"text": new_id()}), "text/plain"),
        Message(orjson.dumps({**whole, "id": new_id()}), "application/json"),
        Message(b'{"caf\xe9":"' + mark + b'"}', encoding="latin-1"),
        Message(b"{}" + mark, headers={"x-death": [{"count": 1 << 40}], "x-delivery-count": 1 << 40, "💣": "\0"}),
        Message(orjson.dumps({**whole, "id": new_id(), "type": "shengzhi.study.session.submitted.v9"})),
        Message(
            orjson.dumps(
                {
                    **whole,
                    "id": new_id(),
                    "type": "shengzhi.hotline.ticket.registered.v1",
                    "data": {"now": [figure], "title": "\0💣"},
                }
            )
        ),
    )


def one_poison(stage: Stage) -> None:
    """A single one."""
    plant(stage, Message(b"{" + new_id().encode()))


def killing_poison(stage: Stage) -> None:
    """An event that kills every process which takes it is parked after so many deaths; the rest flows on."""
    before = stage.process("gateway").restarts
    body = orjson.dumps({**event_of(stage), "id": new_id(), "data": {KILLS: True}})
    held, killed = stage.database("gateway")["held"], {"reason": {"$regex": "came back"}}
    known = held.count_documents(killed)
    plant(stage, Message(body))
    wait_for(lambda: held.count_documents(killed) > known, 180, "parking what kills")
    deaths = stage.process("gateway").restarts - before
    if deaths < MOST_ATTEMPTS:
        raise AssertionError(f"parked after {deaths} deaths")
    stage.kills["gateway"] += deaths


def lose_queue(stage: Stage) -> None:
    """The projection stands still, its queue fills, and is deleted; the projection comes back."""
    with _standing_still(stage), stage.connection() as connection:
        time.sleep(2)
        connection.default_channel.queue_delete(QUEUE)


def no_queue(stage: Stage) -> None:
    """For some seconds nobody wants what is published: it stays unpublished, and goes out when somebody does again."""
    journal = stage.database("study")["journal"]
    with _standing_still(stage), stage.connection() as connection:
        stage.observer.unbind(connection)
        connection.default_channel.queue_delete(QUEUE)
        try:
            wait_for(lambda: journal.count_documents({"published": False}) >= 5, 30, "staying unpublished")
            time.sleep(3)
        finally:
            stage.observer.bind(connection)


def unbound_queue(stage: Stage) -> None:
    """For some seconds the projection's queue is not bound, and the broker confirms what others want: tallies tell."""
    keys = ("#", "tally.#")
    with stage.connection() as connection, connection.channel() as channel:
        for owner in WORKERS:
            for key in keys:
                channel.queue_unbind(QUEUE, bus.exchange_of(owner), key)
        time.sleep(4)
        for owner in WORKERS:
            for key in keys:
                channel.queue_bind(QUEUE, bus.exchange_of(owner), key)


def slow_consumer(stage: Stage) -> None:
    """The projection takes a hundred times as long for a while."""
    with switched(stage, "slow"):
        time.sleep(15)


def burst(stage: Stage) -> None:
    """Ten times as many clients for a while."""
    over = threading.Event()
    stage.work(9 * stage.clients, over)
    time.sleep(10)
    over.set()


def import_killed(stage: Stage) -> None:
    """The service dies with half a sheet applied; every row counts once."""
    known = set(stage.database("study")["imports"].distinct("_id"))
    sheet = stage.send_sheet(_ROWS)
    half = {"_id": {"$nin": list(known)}, "applied": {"$gt": 0}}
    wait_for(lambda: stage.database("study")["imports"].count_documents(half) > 0, _PATIENCE, "applying a sheet")
    stage.kill("study")
    sheet.join(600)
    if not sheet.applied:
        raise AssertionError("the sheet was not applied to its end")


def more_rows(stage: Stage) -> None:
    """Somebody imports a sheet of several chunks."""
    stage.send_sheet(_ROWS)


def replays(stage: Stage) -> None:
    """Events that were parked by a fault since mended are replayed, each twice at once.

    One that its owner sends again meanwhile takes effect by itself: where that happens to all, others are parked.
    """
    while not replay_all(stage):
        park_some(stage)


def park_some(stage: Stage) -> None:
    """Let the projection refuse some events for as long as it takes to have three of them."""
    with switched(stage, "parks"):
        wait_for(lambda: len(parked_events(stage)) >= 3, _PATIENCE, "parking events")


def parked_events(stage: Stage) -> list[str]:
    """The held rows of events that are in a journal: what is not poison."""
    held = stage.database("gateway")["held"].find({"owner": {"$in": _OWNERS}}, {"event": 1, "owner": 1})
    return [
        str(row["_id"])
        for row in held
        if stage.database(row["owner"])["journal"].count_documents({"_id": row["event"]})
    ]


def replay_all(stage: Stage) -> int:
    """Replay each of them twice at once, until none is left; give how many replays were answered."""
    answers: list[int] = []

    def replay(id: str) -> None:
        with httpx.Client(base_url=f"{stage.url}/api/v1", timeout=PATIENCE) as http:
            http.headers["Authorization"] = f"Bearer {stage.tokens['operator']}"
            try:
                answers.append(http.post(f"/operations/held/{id}/replays").status_code)
            except httpx.TransportError:
                time.sleep(0.2)

    def none_left() -> bool:
        replaying = [threading.Thread(target=replay, args=(id,)) for id in parked_events(stage)[:10] for _ in (1, 2)]
        for thread in replaying:
            thread.start()
        for thread in replaying:
            thread.join()
        return not replaying

    wait_for(none_left, _PATIENCE, "replaying what was parked")
    return answers.count(201)


def plant(stage: Stage, *messages: Message) -> None:
    """Publish poison and remember that it must end up parked."""
    publish(stage, messages)
    stage.planted += [message.body for message in messages]


def event_of(stage: Stage) -> dict[str, Any]:
    """A session's report as it is published, under no known session's name."""
    journal = Journal(stage.database("study"), service="study", site="province", chain_key=b"")
    entry = journal.database["journal"].find_one({"type": "session.submitted.v1"})
    if entry is None:
        raise AssertionError("no session was reported yet")
    now = datetime.now(UTC).isoformat()
    told: dict[str, Any] = orjson.loads(journal.event(entry).to_json())
    return {**told, "subject": new_id(), "aggregateversion": 1, "recorded": now}


@contextmanager
def switched(stage: Stage, name: str) -> Iterator[None]:
    """The projection behaves so for as long as the block lasts."""
    stage.armed.switch(name).touch()
    try:
        yield
    finally:
        stage.armed.switch(name).unlink()


def publish(stage: Stage, messages: Iterable[Message]) -> None:
    """Publish, signed as a process of the platform would, and wait until the broker has confirmed all."""
    keys = Keys(stage.platform.secrets / FILE)
    with stage.connection() as connection:
        channel = connection.channel()
        channel.confirm_select()
        sent, confirmed = 0, [0]
        channel.events["basic_ack"].add(lambda tag, multiple: confirmed.__setitem__(0, max(confirmed[0], tag)))
        for message in messages:
            channel.basic_publish(
                amqp.Message(
                    message.body,
                    content_type=message.content_type,
                    content_encoding=message.encoding,
                    delivery_mode=2,
                    application_headers={**message.headers, HEADER: sign_event(keys, message.body)},
                ),
                exchange=message.exchange,
                routing_key=message.key,
            )
            sent += 1
        while confirmed[0] < sent:
            connection.drain_events(timeout=PATIENCE)


@contextmanager
def _standing_still(stage: Stage) -> Iterator[None]:
    """The projection's process does nothing while the block lasts, and is then killed."""
    try:
        with stage.stopped("gateway"):
            yield
    finally:
        stage.kill("gateway")
