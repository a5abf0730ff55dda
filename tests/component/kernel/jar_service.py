"""A whole nameko service for the kernel's tests: `python -m tests.component.kernel.jar_service`."""

# ruff: noqa: E402  the monkey patch must come before every other import
import eventlet

eventlet.monkey_patch()

import os
import signal
from collections.abc import Iterable
from typing import Any, ClassVar

import nameko
from nameko.containers import ServiceContainer
from nameko.events import event_handler
from pydantic import BaseModel, Field

from services.kernel import logs
from services.kernel.bus.inbox import Taking
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope, Event, record_id
from services.kernel.message.import_rows import AcceptImport, AddImportRows, GetImport
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.batch import subscribe
from services.kernel.runtime.imports import Importer, Imports
from services.kernel.runtime.providers import Journalled, Relaying
from services.kernel.runtime.rpc import command
from services.kernel.settings import settings
from services.kernel.sheets.sheet import Column, Sheet

from .jar import JAR, Change


class PutCoins(Change):
    """Put coins into the jar of that id."""

    id: str


class CoinRow(BaseModel):
    """A row of the sheet: a jar's number and coins."""

    unit: str
    number: str
    coins: int = Field(ge=-100)


COINS = Sheet(
    "coins",
    "硬币",
    (
        Column("unit", "单位编码", required=True),
        Column("number", "编号", required=True),
        Column("coins", "枚数", required=True),
    ),
    CoinRow,
)


def make_seen(database: Any) -> None:
    """Where the subscriber writes down what it saw."""
    database["seen"].create_index("event")


class Jars(Imports):
    """Keeps jars, takes sheets of coins, and counts its own events as a subscriber would."""

    name = "jars"
    sheets: ClassVar = {"coins": COINS}
    permits: ClassVar = {key: {"keep_jars": {"handler"}} for key in (PutCoins, AddImportRows, AcceptImport, GetImport)}
    journal = Journalled([JAR], indexes=make_seen)
    importer = Importer()
    relay = Relaying()

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """Coins into the jar of that number."""
        assert isinstance(row, CoinRow)
        if row.unit not in work.envelope.paths:
            raise DomainError("unit.unknown", f"没有单位 {row.unit}", errors=[{"pointer": "/unit", "detail": "没有"}])
        work.decide(JAR, record_id("jars", "coins", row.unit, row.number), Change(coins=row.coins))

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The row's jar."""
        assert isinstance(row, CoinRow)
        return [(JAR, record_id("jars", "coins", row.unit, row.number))]

    @command(PutCoins)
    def put_coins(self, command: PutCoins, envelope: Envelope) -> dict[str, Any]:
        """Put coins into one jar."""

        def act(work: Work) -> dict[str, Any]:
            jar = work.decide(JAR, command.id, Change(coins=command.coins), envelope.expected)
            return {"id": command.id, "version": work.version(JAR, command.id), "coins": jar.coins}

        answer: dict[str, Any] = self.journal.execute(envelope, command, act)
        return answer

    @subscribe("jars.seen", ["jars"], keys=["jar.#"], ordered=True)
    def see(self, event: Event, taking: Taking) -> None:
        """Write down each event once."""
        taking.database["seen"].insert_one({"event": event.id, "coins": event.data["coins"]}, session=taking.session)


class Listener:
    """A stock nameko subscriber with nothing of ours but two lines of configuration."""

    name = "listener"
    heard_before: ClassVar[list[str]] = []

    @event_handler("jars", "jar.changed.v1")  # type: ignore[untyped-decorator]  # nameko ships no types
    def heard(self, body: dict[str, Any]) -> None:
        """Print what was heard, once."""
        if not self.heard_before:
            print(f"heard {body['id']} {body['data']['coins']}", flush=True)
        self.heard_before.append(body["id"])


def main() -> None:
    """Run both containers until told to stop."""
    logs.configure("jars")
    nameko.config.setup(
        {
            "AMQP_URI": os.environ["SHENGZHI_AMQP_URI"],
            "SERIALIZERS": {
                "cloudevents": {
                    "encoder": "orjson.dumps",
                    "decoder": "orjson.loads",
                    "content_type": "application/cloudevents+json",
                    "content_encoding": "utf-8",
                }
            },
            "ACCEPT": ["json", "cloudevents"],
        }
    )
    containers = [ServiceContainer(Jars), ServiceContainer(Listener)]
    for container in containers:
        container.start()
    stopping = eventlet.event.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.send())
    print(f"ready {settings().database('jars')}", flush=True)
    stopping.wait()
    for container in containers:
        container.stop()


if __name__ == "__main__":
    main()
