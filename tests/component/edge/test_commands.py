"""The RPC client against a real broker and a real nameko service in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aio_pika
import pytest

from services.cli.local.broker import Broker
from services.cli.local.process import free_port
from services.edge.commands import Commands
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command, Envelope, HeldRole, new_id
from services.kernel.message.signing import FILE
from tests.component.edge import KEYS, give_keys
from tests.eventually import PATIENCE

from .echo import NAME, BreakDown, EchoText, RefuseText, TakeLong

T = TypeVar("T")


def envelope(seconds: float = 10) -> Envelope:
    """What a command bears, with so much patience."""
    return Envelope(
        command_id=new_id(),
        actor=Actor(user="u1", role="handler", unit="R", action="echo", roles=(HeldRole(role="handler", unit="R"),)),
        deadline=datetime.now(UTC) + timedelta(seconds=seconds),
    )


class Service:
    """The echo service's process."""

    def __init__(self, vhost: str) -> None:
        self.secrets = TemporaryDirectory()
        self.keys = Path(self.secrets.name) / FILE
        give_keys(self.keys.parent)
        self.running = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.component.edge.echo_service"],
            env={**os.environ, "SHENGZHI_AMQP_URI": vhost, "SHENGZHI_SECRETS": self.secrets.name},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.line() == "ready\n"

    def line(self) -> str:
        """The next line it prints; "" at its end."""
        assert self.running.stdout is not None
        return self.running.stdout.readline()

    def stop(self) -> str:
        """End it in good order; the rest of what it printed."""
        self.running.send_signal(signal.SIGCONT)
        self.running.terminate()
        said, _ = self.running.communicate(timeout=PATIENCE)
        self.secrets.cleanup()
        return said


@pytest.fixture
def service(vhost: str) -> Iterator[Service]:
    started = Service(vhost)
    yield started
    if started.running.poll() is None:
        started.stop()


def with_client(uri: str, act: Callable[[Commands], Awaitable[T]]) -> T:
    """Run `act` on a client of its own, in a loop of its own."""

    async def run() -> T:
        client = Commands(uri, KEYS)
        try:
            return await act(client)
        finally:
            await client.close()

    return asyncio.run(run())


async def refusal(client: Commands, command: Command, seconds: float = 10) -> DomainError:
    """How the service, or the way to it, refuses."""
    with pytest.raises(DomainError) as refused:
        await client.call(NAME, command, envelope(seconds))
    return refused.value


def waiting(vhost: str) -> int:
    """How many requests lie in the service's queue."""

    async def declared() -> int:
        async with await aio_pika.connect(vhost) as connection:
            queue = await (await connection.channel()).declare_queue(f"rpc-{NAME}", passive=True)
            return queue.declaration_result.message_count or 0

    return asyncio.run(declared())


def test_answers_find_their_callers(service: Service, vhost: str) -> None:
    """Many at once over one connection: each gets the answer to its own question."""

    async def act(client: Commands) -> list[Any]:
        asked = (client.call(NAME, EchoText(text=f"问 {n}"), envelope()) for n in range(200))
        return await asyncio.gather(*asked)

    assert [answer["text"] for answer in with_client(vhost, act)] == [f"问 {n}" for n in range(200)]


def test_a_refusal_comes_back_as_it_was_raised(service: Service, vhost: str) -> None:
    """Code, sentence, kind and fields of a rule's refusal survive the way."""
    refused = with_client(vhost, lambda client: refusal(client, RefuseText(text="x")))
    assert (refused.code, refused.detail, refused.kind) == ("text.refused", "此文本不予受理", "conflict")
    assert refused.errors == [{"pointer": "/text", "detail": "不予受理"}]


def test_a_fault_of_the_service_tells_nothing_of_its_inside(service: Service, vhost: str) -> None:
    """What nobody thought of is service.failed, without the exception's text."""
    refused = with_client(vhost, lambda client: refusal(client, BreakDown()))
    assert (refused.code, refused.kind) == ("service.failed", "failed")
    assert "secret" not in refused.detail


def test_nobody_listening_is_told_at_once(vhost: str) -> None:
    """Neither a queue that never was nor one whose service has gone keeps a caller waiting or a command for later."""

    async def act(client: Commands) -> None:
        for _ in range(2):
            before = time.monotonic()
            refused = await refusal(client, EchoText(text="x"))
            assert (refused.code, refused.kind) == ("service.unavailable", "unavailable")
            assert time.monotonic() - before < 2
            if not started:
                started.append(await asyncio.to_thread(Service, vhost))
                await asyncio.sleep(1.1)
                assert (await client.call(NAME, EchoText(text="there"), envelope()))["text"] == "there"
                await asyncio.to_thread(started[0].stop)
                await asyncio.sleep(1.1)

    started: list[Service] = []
    with_client(vhost, act)
    assert waiting(vhost) == 0


def test_patience_has_an_end(service: Service, vhost: str) -> None:
    """An answer that comes too late is 504 service.timed_out, within the deadline, and disturbs no later call."""

    async def act(client: Commands) -> None:
        before = time.monotonic()
        refused = await refusal(client, TakeLong(seconds=1.5), seconds=0.5)
        assert (refused.code, refused.kind) == ("service.timed_out", "timed_out")
        assert time.monotonic() - before < 1.2
        await asyncio.sleep(1.5)
        assert (await client.call(NAME, EchoText(text="next"), envelope()))["text"] == "next"

    with_client(vhost, act)


def test_what_nobody_waits_for_is_not_done(service: Service, vhost: str) -> None:
    """A command that a frozen service gets to after its caller gave up is never run."""

    async def act(client: Commands) -> None:
        await client.call(NAME, EchoText(text="warm"), envelope())
        service.running.send_signal(signal.SIGSTOP)
        try:
            assert (await refusal(client, TakeLong(seconds=0.01), seconds=0.5)).code == "service.timed_out"
        finally:
            service.running.send_signal(signal.SIGCONT)
        assert (await client.call(NAME, EchoText(text="awake"), envelope()))["text"] == "awake"

    with_client(vhost, act)
    assert "done" not in service.stop()


def test_without_a_broker_commands_are_unavailable() -> None:
    """A broker that is away is 503 within seconds, not a wait for it."""
    before = time.monotonic()
    nowhere = f"amqp://guest:guest@127.0.0.1:{free_port()}//"
    refused = with_client(nowhere, lambda client: refusal(client, EchoText(text="x")))
    assert (refused.code, refused.kind) == ("service.unavailable", "unavailable")
    assert time.monotonic() - before < 6


def test_an_answer_is_not_sent_on_a_connection_that_has_died(service: Service, vhost: str, broker_node: Broker) -> None:
    """The broker cuts the one connection on which answers go: the next caller has the answer all the same."""

    def cut() -> None:
        told = broker_node.control("list_connections", "pid", "client_properties")
        (pid,) = [line.split("\t")[0] for line in told.splitlines() if f"shengzhi-replies-{NAME}" in line]
        broker_node.control("close_connection", pid, "test")

    async def act(client: Commands) -> None:
        await client.call(NAME, EchoText(text="before"), envelope())
        await asyncio.to_thread(cut)
        await asyncio.sleep(5.5)
        assert (await client.call(NAME, EchoText(text="after"), envelope(5)))["text"] == "after"

    with_client(vhost, act)


def test_a_lost_connection_is_made_again(service: Service, vhost: str, broker_node: Broker) -> None:
    """The broker cuts every connection; callers in between are refused or answered, and soon answered again."""
    name = urlsplit(vhost).path.lstrip("/")

    async def act(client: Commands) -> None:
        await client.call(NAME, EchoText(text="before"), envelope())
        await asyncio.to_thread(broker_node.control, "close_all_connections", "--vhost", name, "test")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = await client.call(NAME, EchoText(text="after"), envelope(3))
            except DomainError as refused:
                assert refused.kind in {"unavailable", "timed_out"}  # noqa: PT017  # several may come before the answer
                await asyncio.sleep(0.2)
            else:
                assert answer["text"] == "after"
                return
        raise AssertionError("the client did not recover")

    with_client(vhost, act)
