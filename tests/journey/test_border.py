"""With access to the broker and without a key: against every command and query of every service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

import amqp
import orjson
import pytest

from services.kernel.bus import broker as bus
from services.kernel.message.event import CONTENT_TYPE, method_name, new_id
from services.kernel.message.signing import FILE, HEADER, Keys
from services.registry import SERVICES, SOURCES
from tests.component.edge import Wire
from tests.eventually import eventually
from tests.journey.province import Province

FORGER = "forger"
METHODS = [
    (service.source, method_name(command), sorted(ways))
    for service in SERVICES
    for command, ways in import_module(f"services.{service.package}.contract").PERMITS.items()
]
EVERYWHERE = {"unit": "*"}


@pytest.fixture
def wire(province: Province) -> Iterator[Wire]:
    """A connection of somebody who has the platform's own broker account, but no key of its."""
    made = Wire(province.platform.amqp_uri)
    yield made
    made.close()


def forged(action: str, role: str, user: str = FORGER) -> dict[str, Any]:
    """An envelope as the edge would make it for somebody with this role everywhere."""
    return {
        "command_id": new_id(),
        "actor": {"user": user, "role": role, "unit": "*", "action": action, "roles": [{"role": role, "unit": "*"}]},
        "paths": {"P000": ["P000"], "*": ["*"]},
        "deadline": (datetime.now(UTC) + timedelta(minutes=5)).isoformat(),
    }


def refused(wire: Wire, id: str) -> str:
    """The code by which a question is refused; nothing else is told."""
    told = orjson.loads(wire.answer(id).body)
    assert told["result"] is None
    code, _, kind, errors = told["error"]["exc_args"]
    assert (kind, errors) == ("forbidden", [])
    return str(code)


def traces(province: Province) -> list[str]:
    """Where in the stores something says that the forger did it."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    found = []
    for service in SOURCES:
        database = province.databases[f"{prefix}_{service}"]
        for name, asked in (
            ("journal", {"actor": FORGER}),
            ("commands", {"_id": {"$regex": f"^{FORGER}"}}),
            ("access_log", {"actor": FORGER}),
            ("imports", {"actor": FORGER}),
        ):
            found += [f"{service}.{name}"] * database[name].count_documents(asked)
    return found


def test_no_unsigned_request_is_taken(province: Province, wire: Wire) -> None:
    """Every method, as a role that may and as the platform itself: refused by one code, and nothing has happened."""
    for service, method, actions in METHODS:
        for role in ("agent", "platform"):
            body = {"id": "x", "roles": [], "reason": "x"}
            id = wire.send(service, method, forged(actions[0], role), body, application_headers={})
            assert refused(wire, id) == "envelope.unsigned", (service, method)
    assert traces(province) == []


def test_no_request_with_another_key_is_taken(province: Province, wire: Wire) -> None:
    """A key of one's own is none of the platform's: callers are not shown, roles not set, members not named."""
    asked: list[tuple[str, str, str, str, dict[str, Any]]] = [
        ("hotline", "get_caller", "read_callers", "agent", {"id": "x", "reason": "x"}),
        ("hotline", "list_tickets", "read_tickets", "office", EVERYWHERE),
        ("gateway", "set_roles", "grant_roles", "security_admin", {"id": "clumsy", "roles": []}),
        ("gateway", "set_password", "manage_users", "system_admin", {"id": "clumsy", "password": "x" * 20}),
        ("gateway", "export_members", "manage_members", "office", {"unit": "P000", "reason": "x"}),
        ("research", "get_findings", "read_research", "office", {"id": "x", "reason": "x"}),
        ("study", "list_held", "operate", "operations", {}),
    ]
    for service, method, action, role, body in asked:
        id = wire.send(service, method, forged(action, role), body)
        assert refused(wire, id) == "envelope.unknown_key", (service, method)
    assert traces(province) == []


@contextmanager
def spying(uri: str, key: str) -> Iterator[Callable[[], Any]]:
    """Gives the next request that goes to a method, as it goes by."""
    with bus.connected(uri, "test-spy") as connection:
        channel: Any = connection.channel()
        channel.auto_decode = False
        queue = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(queue, "nameko-rpc", key)
        yield lambda: eventually(lambda: channel.basic_get(queue, no_ack=True), "a request")


def test_a_captured_look_at_a_caller_is_worth_nothing(province: Province, wire: Wire) -> None:
    """Sent again: to another address, as another method, with another id, or just as it was. Nobody is told, once only
    does it count as a look.
    """
    agent = province.as_user("agent")
    ticket = {
        "unit": "P000",
        "channel": "phone",
        "kind": "help",
        "category": "住房",
        "title": "供暖",
        "text": "原话",
        "caller_name": "样例",
        "caller_phone": "0000",
        "received": "2026-04-08T09:00:00+08:00",
    }
    made = agent.post("/hotline/tickets", json=ticket)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    log = province.databases[f"{province.platform.environment['SHENGZHI_DATABASE_PREFIX']}_hotline"]["access_log"]
    with spying(province.platform.amqp_uri, "hotline.get_caller") as captured:
        assert agent.get(f"/hotline/tickets/{id}/caller", params={"reason": "核对"}).status_code == 200
        seen = captured()
    body, signed = seen.body, {"application_headers": {HEADER: seen.headers[HEADER]}}
    to, question = seen.properties["reply_to"], seen.properties["correlation_id"]
    for method, reply_to, correlation_id, changed in (
        ("get_caller", wire.reply_to, question, body),
        ("get_caller", wire.reply_to, "mine", body),
        ("complete_ticket", wire.reply_to, question, body),
        ("get_caller", wire.reply_to, question, body.replace(b'"agent"', b'"guard"')),
    ):
        wire.publish(f"hotline.{method}", changed, reply_to=reply_to, correlation_id=correlation_id, **signed)
        assert refused(wire, correlation_id) == "envelope.wrong_signature"
    wire.publish("hotline.complete_ticket", body, reply_to=to, correlation_id=question, **signed)
    wire.publish("hotline.get_caller", body, reply_to=to, correlation_id="another", **signed)
    wire.publish("hotline.get_caller", body, reply_to=to, correlation_id=question, **signed)
    refused(wire, wire.send("hotline", "get_caller", forged("read_callers", "agent"), {"id": id}))  # all are through
    assert log.count_documents({"person": id}) == 1
    assert agent.get(f"/hotline/tickets/{id}").json()["state"] == "registered"


def test_a_signed_envelope_without_the_role_is_refused(province: Province) -> None:
    """What the edge itself would sign by mistake: a role that is not held, or may not; never the platform's."""
    keys = Keys(province.platform.secrets / FILE)
    wire = Wire(province.platform.amqp_uri, keys=keys)
    try:
        for service, method, actions in METHODS:
            for envelope in (
                forged(actions[0], "platform"),
                forged("no_such_action", "office"),
                {**forged(actions[0], "agent"), "actor": {"user": FORGER, "role": "agent", "unit": "*"}},
            ):
                told = orjson.loads(wire.answer(wire.send(service, method, envelope, {})).body)
                assert told["error"]["exc_args"][0] == "role.missing", (service, method)
    finally:
        wire.close()
    assert traces(province) == []


def emptied(wire: Wire, queue: str) -> bool:
    """Whether all that came into a queue has been taken."""
    return bool(wire.channel.queue_declare(queue, passive=True).message_count == 0)


def test_a_forged_move_of_a_unit_opens_nothing(province: Province) -> None:
    """An event that a branch lies below another department, on the exchange and in each queue: nobody believes it."""
    event = {
        "specversion": "1.0",
        "id": new_id(),
        "source": "/province/gateway",
        "type": "shengzhi.gateway.tree.changed.v1",
        "subject": "tree",
        "time": "2026-04-01T00:00:00Z",
        "aggregateversion": 1_000,
        "recorded": "2026-04-01T00:00:00Z",
        "unit": "D001-B01",
        "actor": FORGER,
        "day": "2026-04-01",
        "data": {"path": ["P000", "D002", "D001-B01"]},
    }
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    queues = ("study.units", "research.tree", "hotline.tree", "gateway.projection")
    wire = Wire(province.platform.amqp_uri)
    try:
        told = {"content_type": CONTENT_TYPE, "content_encoding": "utf-8"}
        message = amqp.Message(orjson.dumps(event), **told)
        wire.channel.basic_publish(message, "gateway.events", "tree.changed.v1")
        for queue in queues:
            wire.channel.basic_publish(amqp.Message(orjson.dumps(event), **told), "", queue)
        for queue in queues:
            eventually(partial(emptied, wire, queue))
    finally:
        wire.close()
    time.sleep(1)
    for service in {*SOURCES} - {"gateway"}:
        database = province.databases[f"{prefix}_{service}"]
        assert database["moves"].count_documents({"_id": 1_000}) == 0
        assert database["held"].count_documents({"event": event["id"]}) == 0
    facts = province.databases[f"{prefix}_gateway"]
    assert all(facts[name].find_one({"_id": event["id"]}) is None for name in facts.list_collection_names())
