"""Accounts for listeners: the README's example hears events with one, and one may do nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
import pytest
import yaml
from amqp.exceptions import AccessRefused
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.broker_accounts import Listener
from services.cli.local.broker import Broker
from services.cli.local.record import READY, Record, Running, myself
from services.kernel.bus import broker as bus
from services.kernel.bus.broker import Outgoing, Publisher
from tests.component.edge import KEYS
from tests.eventually import PATIENCE, eventually
from tests.unit.study.domain.test_unit import unit_event

README = (Path(__file__).parents[3] / "README.md").read_text()
LISTENER = Listener("statistics", ("study", "gateway"))
SUBMITTED = "session.submitted.v1"
OWN = "listener-statistics.own"


def example(language: str, word: str) -> str:
    """The README's block in a language that bears a word."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return str(found)


@pytest.fixture(scope="module")
def places(module_vhost: str, broker_node: Broker) -> Iterator[tuple[str, str]]:
    """The platform's address of a vhost with exchanges and queues, and the listener's."""
    vhost = unquote(urlsplit(module_vhost).path[1:])
    with bus.connected(module_vhost, "test") as connection:
        bus.declare_queue(connection, "gateway.projection", [("study", "#"), ("gateway", "#"), ("hotline", "#")])
        channel = connection.channel()
        channel.queue_declare("rpc-hotline", durable=True, auto_delete=False)
        channel.exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
        channel.queue_bind("rpc-hotline", "nameko-rpc", "hotline.*")
    for command in LISTENER.adding(vhost):
        broker_node.control(*command, given="secret" if command[0] == "add_user" else None)
    yield module_vhost, broker_node.uri_as(LISTENER.account, "secret", vhost)
    for command in LISTENER.removing(vhost, []):
        broker_node.control(*command)


@pytest.fixture
def channel(places: tuple[str, str]) -> Iterator[Any]:
    """A channel of the listener's account."""
    with bus.connected(places[1], "test-listener") as connection:
        yield connection.channel()


def tell(uri: str) -> str:
    """An event of study's; its id."""
    told = unit_event("D1", ["R", "D1"])
    publisher = Publisher(uri, "study", keys=KEYS, name="test")
    assert publisher.publish([Outgoing(told.id, SUBMITTED, told.to_json())]).confirmed == [told.id]
    publisher.close()
    return told.id


def test_the_example_of_the_readme_hears_events(places: tuple[str, str], tmp_path: Path) -> None:
    """A stock nameko service with the account and the README's configuration, as they stand there."""
    ours, theirs = places
    settings = yaml.safe_load(example("yaml", "DECLARE_EVENT_EXCHANGES"))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**settings, "AMQP_URI": theirs}))
    (tmp_path / "heard.py").write_text(example("python", "event_handler"))
    command = [str(Path(sys.executable).parent / "nameko"), "run", "--config", "config.yaml", "heard:Listener"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        with bus.connected(ours, "test") as connection:
            queue = f"evt-study-{SUBMITTED}--{LISTENER.account}.submitted"

            def listening() -> bool:
                try:
                    told = connection.channel().queue_declare(queue, passive=True)
                except amqp.NotFound:
                    return False
                return bool(told.consumer_count)

            eventually(listening, f"a listener: {(tmp_path / 'log').read_text()[-2000:]}")
        id = tell(ours)
        eventually(lambda: id in (tmp_path / "log").read_text())
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_a_queue_of_its_own_is_its_own_to_read(places: tuple[str, str], channel: Any) -> None:
    """Declared, bound to the exchanges that it may read, read, deleted."""
    channel.queue_declare(OWN, durable=True, auto_delete=False)
    channel.queue_bind(OWN, "study.events", "#")
    channel.queue_bind(OWN, "gateway.events", "#")
    id = tell(places[0])
    message = eventually(lambda: channel.basic_get(OWN, no_ack=True))
    assert id in str(message.body)
    channel.queue_delete(OWN)


FORBIDDEN: dict[str, Any] = {
    "a command": lambda channel: publish(channel, "nameko-rpc", "hotline.get_caller"),
    "a message to a service's queue": lambda channel: publish(channel, "", "rpc-hotline"),
    "a message to a queue of ours": lambda channel: publish(channel, "", "gateway.projection"),
    "an event": lambda channel: publish(channel, "study.events", "session.submitted.v1"),
    "a unit's move": lambda channel: publish(channel, "gateway.events", "tree.changed.v1"),
    "to read a service's queue": lambda channel: channel.basic_get("rpc-hotline"),
    "to read a queue of ours": lambda channel: channel.basic_consume("gateway.projection"),
    "to empty a queue of ours": lambda channel: channel.queue_purge("gateway.projection"),
    "to delete a queue of ours": lambda channel: channel.queue_delete("gateway.projection"),
    "to delete an exchange": lambda channel: channel.exchange_delete("study.events"),
    "to declare an exchange": lambda channel: channel.exchange_declare("study.events", "topic", durable=True),
    "to declare a queue of ours": lambda channel: channel.queue_declare("study.resend", durable=True),
    "to declare another listener's": lambda channel: channel.queue_declare("evt-study-x--listener-other.heard"),
    "to bind a queue of ours": lambda channel: channel.queue_bind("gateway.projection", "study.events", "#"),
    "to unbind a queue of ours": lambda channel: channel.queue_unbind("gateway.projection", "study.events", "#"),
    "to hear answers": lambda channel: bound(channel, "nameko-rpc"),
    "to hear another service": lambda channel: bound(channel, "hotline.events"),
    "to hear all there is": lambda channel: bound(channel, "amq.rabbitmq.trace"),
    "dead letters to a service": lambda channel: dead(channel, {"x-dead-letter-exchange": "nameko-rpc"}),
    "dead letters to a queue": lambda channel: dead(
        channel, {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "gateway.projection"}
    ),
    "an exchange's alternate": lambda channel: channel.exchange_declare(
        "listener-statistics.x", "topic", durable=True, arguments={"alternate-exchange": "study.events"}
    ),
    "an exchange bound to an exchange": lambda channel: channel.exchange_bind("gateway.events", "study.events", "#"),
}


def publish(channel: Any, exchange: str, key: str) -> None:
    """A message, and the broker's word on it."""
    channel.confirm_select()
    channel.basic_publish(amqp.Message(b"{}"), exchange, key)
    channel.connection.drain_events(timeout=PATIENCE)


def bound(channel: Any, exchange: str) -> None:
    """A queue of its own bound to an exchange."""
    channel.queue_declare(OWN, durable=True, auto_delete=False)
    channel.queue_bind(OWN, exchange, "#")


def dead(channel: Any, arguments: dict[str, str]) -> None:
    """A queue of its own whose messages die into another place."""
    channel.queue_declare("listener-statistics.dead", durable=True, auto_delete=False, arguments=arguments)


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_everything_else_is_refused(places: tuple[str, str], channel: Any, attempt: str) -> None:
    """By the broker itself: whatever belongs to somebody else, and every way around."""
    with pytest.raises(AccessRefused):
        FORBIDDEN[attempt](channel)
    with bus.connected(places[0], "test") as connection:
        assert connection.channel().queue_declare("rpc-hotline", passive=True).message_count == 0


def test_the_command_makes_lists_and_removes(tmp_path: Path) -> None:
    """On the private broker: the address works at once, and after its removal neither it nor its queues are there."""

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["listener", *arguments, "--folder", str(tmp_path)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    with Broker(tmp_path) as broker:
        assert broker.node.spawned is not None
        running = Running(broker.node.spawned, time.time(), 0)
        Record(READY, myself(os.getpid()), processes=(running,)).write(tmp_path)
        status, said = run("add", "figures", "--from", "study")
        assert status == 0, said
        (uri,) = [line for line in said.splitlines() if line.startswith("amqp://")]
        port = broker.port
        with bus.connected(uri, "test") as connection:
            connection.channel().queue_declare("listener-figures.own", durable=True, auto_delete=False)
        assert run("add", "figures")[0] == 1
        assert "listener-figures" in run("list")[1]
        assert run("remove", "figures")[0] == 0
        assert "没有监听账号" in run("list")[1]
        assert "listener-figures" not in broker.control("list_queues", "name")
        assert Broker(tmp_path, running=True).port == port
        with pytest.raises(AccessRefused):
            bus.connect(uri, "test")


def test_for_a_broker_of_somebody_else_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands with their arguments quoted; a wrong name or service is refused before."""
    monkeypatch.setenv("SHENGZHI_AMQP_URI", "amqp://x:y@broker:5672/our%2Fplace")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["listener", *arguments, "--folder", str(tmp_path)])

    said = run("add", "figures", "--from", "hotline").output
    assert "rabbitmqctl add_user listener-figures" in said
    assert (
        r"rabbitmqctl set_permissions -p our/place listener-figures '^(evt-.+--)?listener-figures\..+$' "
        r"'^(evt-.+--)?listener-figures\..+$' '^(evt-.+--)?listener-figures\..+$|^(hotline)\.events$'"
    ) in said
    assert "rabbitmqctl delete_user listener-figures" in run("remove", "figures").output
    for wrong in (("add", "Figures"), ("add", "a.b"), ("add", "x|.*"), ("add", "figures", "--from", "nobody")):
        assert run(*wrong).exit_code == 2
