"""The broker is no border: whoever can write to a service's queue, and has no key, is told nothing and does nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import aio_pika
import orjson
import pytest

from services.edge.commands import Commands
from services.kernel.message.signing import HEADER, Keys, new_key, sign_answer, sign_request, written
from tests.component.edge import KEYS, Wire

from .echo import NAME, EchoText
from .test_commands import Service, envelope, with_client

SAID = {"text": "said"}


@pytest.fixture(scope="module")
def service(module_vhost: str) -> Iterator[Service]:
    started = Service(module_vhost)
    yield started
    started.stop()


@pytest.fixture
def wire(service: Service, module_vhost: str) -> Iterator[Wire]:
    made = Wire(module_vhost)
    yield made
    made.close()


def asked(seconds: float = 30) -> dict[str, Any]:
    """An envelope as the edge makes it."""
    return envelope(seconds).model_dump(mode="json")


def code(wire: Wire, id: str) -> str:
    """With which code a question is refused; that answer bears no signature, for nobody vouches for who asked."""
    message = wire.answer(id)
    told = orjson.loads(message.body)
    assert told["result"] is None
    assert HEADER not in (message.headers or {})
    found: str = told["error"]["exc_args"][0]
    return found


def tampered(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A signed message whose content is changed afterwards."""

    def made(given: dict[str, Any]) -> dict[str, Any]:
        content = orjson.loads(orjson.dumps({"args": [], "kwargs": {"envelope": given, "body": SAID}}))
        change(content["kwargs"])
        return {"body": orjson.dumps(content)}

    return made


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "unsigned": (lambda _: {"application_headers": {}}, "unsigned"),
    "no headers": (lambda _: {"application_headers": None}, "unsigned"),
    "another method": (lambda _: {"routing_key": f"{NAME}.refuse_text"}, "wrong_signature"),
    "no such method": (lambda _: {"routing_key": f"{NAME}.nothing"}, "wrong_signature"),
    "another caller": (lambda _: {"correlation_id": "mine"}, "wrong_signature"),
    "unknown key": (lambda _: {"application_headers": {HEADER: f"sha256:gone:{'0' * 64}"}}, "unknown_key"),
    "another digest": (lambda _: {"application_headers": {HEADER: f"sm3:{KEYS._known()[0].id}:00"}}, "wrong_signature"),
    "compressed": (
        lambda _: {"application_headers": {"compression": "gzip"}, "body": b"\x1f\x8b\x08 no such thing"},
        "unsigned",
    ),
    "another encoding": (lambda _: {"content_encoding": "no-such-code", "application_headers": {}}, "unsigned"),
    "another content type": (lambda _: {"content_type": "application/x-python-serialize"}, ""),
    "another body": (tampered(lambda kwargs: kwargs["body"].update(text="else")), "wrong_signature"),
    "another user": (tampered(lambda kwargs: kwargs["envelope"]["actor"].update(user="x")), "wrong_signature"),
    "another role": (tampered(lambda kwargs: kwargs["envelope"]["actor"].update(role="agent")), "wrong_signature"),
    "another unit": (tampered(lambda kwargs: kwargs["envelope"]["actor"].update(unit="*")), "wrong_signature"),
    "another id": (tampered(lambda kwargs: kwargs["envelope"].update(command_id="x")), "wrong_signature"),
    "another deadline": (
        tampered(lambda kwargs: kwargs["envelope"].update(deadline="2099-01-01T00:00:00Z")),
        "wrong_signature",
    ),
    "another tree": (tampered(lambda kwargs: kwargs["envelope"].update(tree=9)), "wrong_signature"),
    "other paths": (tampered(lambda kwargs: kwargs["envelope"].update(paths={"U": ["R", "U"]})), "wrong_signature"),
    "rubbish": (lambda _: {"body": b"\xff\x00"}, "wrong_signature"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_request_is_refused(wire: Wire, forgery: str) -> None:
    """Whatever of a signed message is replaced, it is refused by a stable code; the content type alone says nothing."""
    change, reason = FORGERIES[forgery]
    given = asked()
    other = change(given)
    id = wire.send(NAME, "echo_text", given, SAID, **other)
    id = other.get("correlation_id", id)
    if reason:
        assert code(wire, id) == f"envelope.{reason}"
    else:
        assert orjson.loads(wire.answer(id).body)["result"]["text"] == "said"
    assert wire.ask(NAME, "echo_text", asked(), SAID)["text"] == "said"  # and the service lives


def test_a_captured_read_is_not_answered_to_somebody_else(wire: Wire, module_vhost: str) -> None:
    """The address of the answer is signed: the same bytes with another one are refused, and that is all one is told."""
    other = Wire(module_vhost)
    try:
        wire.send(NAME, "echo_text", asked(), SAID, reply_to=other.reply_to, correlation_id="mine")
        assert code(other, "mine") == "envelope.wrong_signature"
    finally:
        other.close()


def test_a_message_without_an_address_ends_nothing(wire: Wire) -> None:
    """Who gives no address for the answer, or a strange one, gets none, and the service lives on."""
    for address in (None, "", "no-such-address", "é" * 60):
        properties = {} if address is None else {"reply_to": address}
        wire.publish(f"{NAME}.echo_text", b"{}", **properties)
    wire.publish(f"{NAME}.echo_text", b"{}", reply_to=wire.reply_to, expiration="60000", priority=9, type="é")
    assert wire.ask(NAME, "echo_text", asked(), SAID)["text"] == "said"


def test_a_captured_message_sent_again_is_not_done_again(wire: Wire) -> None:
    """The same message a second time has no effect and no answer, which could only be in the way of the first."""
    given = asked()
    id = wire.send(NAME, "take_long", given, {"seconds": 0.2})
    body = orjson.dumps({"args": [], "kwargs": {"envelope": given, "body": {"seconds": 0.2}}})
    signature = sign_request(wire.keys, NAME, "take_long", wire.reply_to, id, body)
    properties = {"reply_to": wire.reply_to, "correlation_id": id, "application_headers": {HEADER: signature}}
    wire.publish(f"{NAME}.take_long", body, **properties)
    assert orjson.loads(wire.answer(id).body)["error"] is None
    with pytest.raises(TimeoutError):
        wire.answer(id, seconds=1)


def test_a_signed_message_that_is_too_old_is_refused(wire: Wire) -> None:
    """After its deadline the edge's own message is worth nothing."""
    told = orjson.loads(wire.answer(wire.send(NAME, "echo_text", asked(-1), SAID)).body)
    assert told["error"]["exc_args"][0] == "command.expired"


def test_keys_are_replaced_while_it_runs(service: Service, wire: Wire, module_vhost: str) -> None:
    """A new key is taken as soon as it is there, the old one until it has gone."""
    file = service.keys
    before, (old,) = file.read_text(), wire.keys._known()
    new = new_key()
    changed = file.with_name("another")
    changed.write_text(written([new]))
    other = Wire(module_vhost, keys=Keys(changed))
    try:
        assert code(other, other.send(NAME, "echo_text", asked(), SAID)) == "envelope.unknown_key"
        _put(file, written([old, new]))
        assert other.keys.sign("p", (), b"").startswith(f"sha256:{new.id}:")
        assert orjson.loads(other.answer(other.send(NAME, "echo_text", asked(), SAID)).body)["error"] is None
        assert wire.ask(NAME, "echo_text", asked(), SAID)["text"] == "said"
        _put(file, written([new]))
        assert code(wire, wire.send(NAME, "echo_text", asked(), SAID)) == "envelope.unknown_key"
    finally:
        other.close()
        _put(file, before)


def _put(file: Any, text: str) -> None:
    """Replace the keys, and wait until a process has looked."""
    made = file.with_name("new")
    made.write_text(text)
    made.replace(file)
    time.sleep(1.1)


def test_the_edge_takes_no_answer_that_no_service_signed(vhost: str) -> None:
    """False answers with the right id, unsigned or signed for another question, are left; the true one is taken."""

    async def act(client: Commands) -> Any:
        async with await aio_pika.connect(vhost) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(f"rpc-{NAME}", durable=True)
            exchange = await channel.declare_exchange("nameko-rpc", aio_pika.ExchangeType.TOPIC, durable=True)
            await queue.bind(exchange, f"{NAME}.*")
            listening = await queue.consume(heard.put, no_ack=True)
            call = asyncio.create_task(client.call(NAME, EchoText(text="x"), envelope()))
            request = await heard.get()
            to, id = request.reply_to, request.correlation_id
            true, false = (orjson.dumps({"result": text, "error": None}) for text in ("true", "false"))
            for body, signature in (
                (false, None),
                (false, sign_answer(KEYS, to, id, true)),
                (false, sign_answer(KEYS, to, "another", false)),
                (false, request.headers[HEADER]),
                (true, sign_answer(KEYS, to, id, true)),
            ):
                headers = {HEADER: signature} if signature else {}
                await exchange.publish(aio_pika.Message(body, headers=headers, correlation_id=id), to)
            answer = await call
            await queue.cancel(listening)
            return answer

    heard: asyncio.Queue[Any] = asyncio.Queue()
    assert with_client(vhost, act) == "true"
