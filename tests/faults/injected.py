"""The faults: each does its harm to a running platform and returns; the supervisor and the code must do the rest."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import amqp
from pymongo import MongoClient

from services.cli.local.platform import Platform
from services.kernel import bus
from services.kernel.event import CONTENT_TYPE
from services.kernel.journal import Journal, open_database

from .check import QUEUE

Fault = Callable[[], None]


class Faults:
    """Named faults on one platform; `planted` is the poison that must end up parked."""

    def __init__(self, platform: Platform, prefix: str, seed: int) -> None:
        self._platform = platform
        self._prefix = prefix
        self._random = random.Random(seed)
        self.planted: list[bytes] = []

    def all(self) -> dict[str, Fault]:
        """Every fault by name, in the order in which a short campaign strikes."""
        kills = {f"kill -9 {name}": self._killing(name) for name in ("study", "gateway", "hotline", "api")}
        return {
            **kills,
            "duplicates of old events, five times, shuffled": self.duplicates,
            "poison of every sort": self.poison,
            "kill -9 broker": self._killing("rabbitmq"),
            "primary killed -9": self.kill_primary,
            "queue deleted with confirmed messages in it": self.delete_queue,
            "primary stopped for 12 s": self.freeze_primary,
            "broker stopped for 8 s": self.freeze_broker,
            "rolling restart": self.rolling_restart,
            "primary stepped down": self.step_down,
        }

    def _killing(self, name: str) -> Fault:
        def kill() -> None:
            for process in self._platform.processes:
                if process.name == name and process.pid is not None:
                    os.kill(process.pid, signal.SIGKILL)

        return kill

    def duplicates(self) -> None:
        """Events that were handled come five times more, in any order."""
        with MongoClient[dict[str, Any]](self._platform.mongo_uri) as client:
            database = open_database(client, f"{self._prefix}_study")
            journal = Journal(database, service="study", site="province", chain_key=b"")
            bodies = [
                journal.event(entry).to_json() for entry in database["journal"].find({"published": True}).limit(200)
            ]
        bodies *= 5
        self._random.shuffle(bodies)
        self._publish([(body, CONTENT_TYPE) for body in bodies])

    def poison(self) -> None:
        """What no subscriber can handle: each must be parked with its bytes."""
        self.planted = [
            b"{",
            b"\x80\x04\x95pickle",
            b"[" * 50_000,
            b"\x00\xf0\x9f\x92\xa3",
            b'{"specversion":"1.0","type":"shengzhi.study.session.submitted.v9"}',
            b'{"a":"' + b"x" * 12_000_000 + b'"}',
        ]
        forged = b'{"text":"wrong type"}'
        self._publish([*((body, CONTENT_TYPE) for body in self.planted), (forged, "application/x-python-serialize")])
        self.planted.append(forged)

    def kill_primary(self) -> None:
        """The member that takes the writes dies."""
        os.kill(self._primary(), signal.SIGKILL)

    def freeze_primary(self) -> None:
        """The primary answers nobody for 12 s, and then believes for a moment that it still is one."""
        self._freeze(self._primary(), 12)

    def freeze_broker(self) -> None:
        """The broker answers nobody for 8 s; nothing is closed."""
        node = next(process for process in self._platform.processes if process.name == "rabbitmq")
        if node.pid is not None:
            self._freeze(node.pid, 8)

    def delete_queue(self) -> None:
        """The projection stands still, its queue fills, and is deleted; the projection comes back."""
        worker = next(process for process in self._platform.processes if process.name == "gateway")
        if worker.pid is None:
            return
        pid = worker.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(2)
            connection = bus.connect(self._platform.amqp_uri, "faults")
            connection.default_channel.queue_delete(QUEUE)
            connection.release()
        finally:
            os.kill(pid, signal.SIGKILL)

    def rolling_restart(self) -> None:
        """Every process of ours is asked to end, one after the other, as a deployment does."""
        for name in ("study", "hotline", "gateway", "api"):
            for process in self._platform.processes:
                if process.name == name and process.pid is not None:
                    os.kill(process.pid, signal.SIGTERM)
            time.sleep(3)

    def step_down(self) -> None:
        """The primary gives up its office."""
        with MongoClient[dict[str, Any]](self._platform.mongo_uri) as client:
            client.admin.command("replSetStepDown", 10, secondaryCatchUpPeriodSecs=5)

    def _primary(self) -> int:
        with MongoClient[dict[str, Any]](self._platform.mongo_uri) as client:
            address = client.admin.command("hello")["primary"]
        port = address.rpartition(":")[2]
        for process in self._platform.processes:
            if process.name.startswith("mongod") and port in process.command and process.pid is not None:
                return process.pid
        raise AssertionError(f"no member on port {port}")

    def _freeze(self, pid: int, seconds: float) -> None:
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    def _publish(self, messages: list[tuple[bytes, str]]) -> None:
        connection = bus.connect(self._platform.amqp_uri, "faults")
        channel = connection.channel()
        channel.confirm_select()
        sent, confirmed = 0, [0]
        channel.events["basic_ack"].add(lambda tag, multiple: confirmed.__setitem__(0, max(confirmed[0], tag)))
        for body, content_type in messages:
            message = amqp.Message(body, content_type=content_type, content_encoding="binary", delivery_mode=2)
            channel.basic_publish(message, exchange="", routing_key=QUEUE)
            sent += 1
        while confirmed[0] < sent:
            connection.drain_events(timeout=20)
        connection.release()
