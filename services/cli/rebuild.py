"""`shengzhi rebuild`: the figures once more, from the first journal entry on, while the present ones are read."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pymongo import MongoClient
from pymongo.database import Database
from rich.progress import Progress, TaskID

from services.cli.audit.books import Books
from services.cli.audit.command import settings_of, told
from services.cli.audit.findings import Findings
from services.cli.load import RUN, Folder
from services.cli.terminal import console
from services.gateway.store import generation
from services.gateway.store.facts import Projection
from services.gateway.store.generation import QUEUE, Generation
from services.kernel.bus import broker as bus
from services.kernel.bus.consumer import Consumer
from services.kernel.bus.inbox import Inbox, Taking
from services.kernel.journal.reconcile import ENDED
from services.kernel.journal.store import Document, open_database
from services.kernel.journal.vault import Cipher
from services.kernel.message.clock import utc_now
from services.kernel.message.event import Event
from services.kernel.message.signing import FILE, Keys
from services.kernel.settings import Settings
from services.registry import SOURCES

_EXPIRES_MS = 3_600_000
"""The broker deletes the queue of a rebuild that died, an hour later."""
_GRACE_SECONDS = 15.0
"""So long may a report that began before the change still read the old figures."""
_STEP_SECONDS = 0.5
out = console()


class Refused(Exception):
    """The rebuilt figures do not take over; says why."""


class Rebuild:
    """One generation, filled by a consumer of its own from everything that the owners ever recorded."""

    def __init__(
        self,
        client: MongoClient[Document],
        amqp_uri: str,
        prefix: str,
        master_key: bytes,
        keys: Keys,
        *,
        batch: int = 500,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._client = client
        self._amqp_uri = amqp_uri
        self._prefix = prefix
        self._cipher = Cipher(master_key)
        self._keys = keys
        self._batch = batch
        self._grace_seconds = grace_seconds
        self._database: Database[Document] = open_database(client, f"{prefix}_gateway")
        self._ended: dict[str, int] = {}

    def run(self, *, patience: float, shown: Callable[[str, int, int], None] = lambda *_: None) -> Findings:
        """Build, compare, take over; give what was compared. `shown` is told the step, how much of it is done, and of
        how much. `patience` bounds, in seconds, the waits in which nothing moves.

        Raises:
            Refused: another rebuild is under way, something was set aside, or the books do not agree. The figures
                that are read stay as they were.
        """
        id = f"{utc_now():%Y%m%d%H%M%S}{secrets.token_hex(2)}"
        building = generation.begin(self._database, id, utc_now())
        if building is None:
            raise Refused("另一次重建正在进行")
        try:
            with self._consuming(building):
                self._fill(building, patience, shown)
                shown("建立索引", 0, 1)
                generation.ensure_indexes(self._database, building)
                found = self._compare(building, patience, shown)
                shown("切换", 0, 1)
                self._take_over(building, patience)
            generation.release(self._database, building)
            shown("清理", 0, 1)
            time.sleep(self._grace_seconds)
        finally:
            generation.ended(self._database, building)
            generation.tidy(self._database, utc_now())
        return found

    @contextmanager
    def _consuming(self, building: Generation) -> Iterator[None]:
        """Everything that the owners tell comes to the generation: as a new queue, it asks them for all of it."""
        projection = Projection(building)

        def handle(events: list[Event], taking: Taking) -> int:
            for happened in events:
                if happened.short_type == ENDED:
                    self._ended[happened.service] = happened.data["count"]
            ids = [happened.id for happened in events]
            dropped = {"queue": QUEUE, "sort": "dropped", "event": {"$in": ids}}
            given_up = {row["event"] for row in taking.database["held"].find(dropped, {"event": 1})}
            return projection.apply([happened for happened in events if happened.id not in given_up], taking)

        inbox = Inbox(
            self._database,
            building.queue,
            handle,
            cipher=self._cipher,
            ledger=lambda _: building.facts,
            reconciling=False,
        )
        consumer = Consumer(
            self._amqp_uri,
            inbox,
            [(source, "#") for source in SOURCES],
            size=self._batch,
            keys=self._keys,
            single_active=True,
            expires_ms=_EXPIRES_MS,
        )
        thread = threading.Thread(target=consumer.run, name="rebuild")
        thread.start()
        try:
            yield
        finally:
            consumer.stop()
            thread.join()
            self._delete_queue(building.queue)

    def _fill(self, building: Generation, patience: float, shown: Callable[[str, int, int], None]) -> None:
        owners = {name: open_database(self._client, f"{self._prefix}_{name}") for name in SOURCES}
        facts = self._database[building.facts]
        total = sum(owner["journal"].estimated_document_count() for owner in owners.values())

        def moved() -> int:
            done = facts.estimated_document_count()
            shown("重放流水", min(done, total), total)
            return done + len(self._ended)

        self._until(lambda: self._ended.keys() >= set(SOURCES), moved, building, patience, "有服务没有重发流水")

    def _compare(self, building: Generation, patience: float, shown: Callable[[str, int, int], None]) -> Findings:
        """The books of the new generation, up to an instant after it was filled.

        Raises:
            Refused: they do not agree.
        """
        shown("核对", 0, 1)
        asked, books = utc_now(), Books(self._client, self._prefix, building)

        def arrived() -> bool:
            mark = books.until()
            return mark is not None and mark >= asked

        self._until(arrived, lambda: 0, building, patience, "服务的进度没有到达")
        until = books.until() or asked
        found = books.compare(until)
        if found.wrong:
            raise Refused("重建的数据与流水不一致：\n" + "\n".join(told(found, until)))
        return found

    def _take_over(self, building: Generation, patience: float) -> None:
        def done() -> bool:
            return generation.take_over(self._database, building) == 0

        self._until(done, lambda: 0, building, patience, "重建的数据一直落后于现有数据")

    def _until(
        self,
        condition: Callable[[], bool],
        moved: Callable[[], int],
        building: Generation,
        patience: float,
        otherwise: str,
    ) -> None:
        """Wait for it, for as long as something moves and for `patience` seconds after that.

        Raises:
            Refused: nothing has moved for too long, or an event could not be handled.
        """
        last, since = -1, time.monotonic()
        while not condition():
            generation.still_building(self._database, building, utc_now())
            if (now := moved()) != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > patience:
                raise Refused(otherwise)
            time.sleep(_STEP_SECONDS)

    def _delete_queue(self, queue: str) -> None:
        with bus.connected(self._amqp_uri, "shengzhi-rebuild") as connection:
            connection.default_channel.queue_delete(queue)


def rebuild(
    folder: Folder = RUN,
    patience: Annotated[float, typer.Option("--patience", help="多少秒没有进展即放弃")] = 120.0,
) -> None:
    """由全部流水重新计算统计数据；期间照常查询，核对一致后一次切换。不一致时不切换，以状态 1 结束。"""
    given = settings_of(folder)
    started = time.monotonic()
    try:
        found = _shown(given, patience)
    except Refused as problem:
        out.print(f"未切换，现有统计数据不变：{problem}", markup=False)
        raise typer.Exit(1) from problem
    out.print(
        f"重建完成并已切换：事实 {found.compared['facts']} 条，汇总 {found.compared['rollups']} 份，"
        f"与流水 {found.compared['journal']} 条核对一致，用时 {time.monotonic() - started:.0f} 秒"
    )


def _shown(given: Settings, patience: float) -> Findings:
    """Run with a bar for each step."""
    with (
        MongoClient[Document](given.mongo_uri, tz_aware=True, appname="shengzhi-rebuild") as client,
        Progress(console=out, transient=True) as progress,
    ):
        bars: dict[str, TaskID] = {}

        def shown(step: str, done: int, total: int) -> None:
            if step not in bars:
                bars[step] = progress.add_task(step, total=total)
            progress.update(bars[step], completed=done, total=total)

        keys = Keys(given.secrets / FILE, given.suite.digest)
        made = Rebuild(client, given.amqp_uri, given.database_prefix, given.secret("master.key"), keys)
        return made.run(patience=patience, shown=shown)
