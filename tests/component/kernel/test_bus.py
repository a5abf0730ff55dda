"""Connections to a real broker that does not answer any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from kombu.connection import Connection

from services.kernel.bus.broker import WAIT_SECONDS, Outgoing, Publisher, connect, connected, declare_queue
from tests.component.edge import KEYS
from tests.faults.proxy import Proxy, Wires

MESSAGES = [Outgoing("1", "jar.changed.v1", b"{}")]


@pytest.fixture
def proxy(vhost: str) -> Iterator[Proxy]:
    with Wires() as wires:
        yield wires.before(urlsplit(vhost).port or 0)


@pytest.fixture
def through(vhost: str, proxy: Proxy) -> str:
    return vhost.replace(f":{urlsplit(vhost).port}/", f":{proxy.port}/")


def test_a_broker_that_fell_silent_is_left_without_a_farewell(vhost: str, through: str, proxy: Proxy) -> None:
    """A publisher whose confirm does not come gives up in its time, and publishes when there is a broker again."""
    with connected(vhost, "test") as connection:
        declare_queue(connection, "q", [("jars", "#")])
    publisher = Publisher(through, "jars", keys=KEYS, name="test", confirm_seconds=0.5)
    assert publisher.publish(MESSAGES).confirmed == ["1"]
    proxy.half_open()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        publisher.publish(MESSAGES)
    assert time.monotonic() - began < WAIT_SECONDS / 2
    proxy.open()
    assert publisher.publish(MESSAGES).confirmed == ["1"]
    publisher.close()


def test_a_block_that_fails_leaves_a_silent_broker_at_once(through: str, proxy: Proxy) -> None:
    """What went wrong is told when it went wrong, not when the broker has had its time to take leave."""

    def fail() -> None:
        with connected(through, "test"):
            proxy.half_open()
            raise ZeroDivisionError

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert time.monotonic() - began < WAIT_SECONDS / 2


def test_no_wait_on_any_connection_is_without_end(vhost: str) -> None:
    """Ours and those that nameko opens: eventlet's sockets heed their own time-out alone, not the socket's options."""
    for connection in (connect(vhost, "test"), Connection(vhost)):
        connection.connect()
        assert connection.connection.transport.sock.gettimeout() == WAIT_SECONDS
        connection.release()
