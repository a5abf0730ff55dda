"""Importing a spreadsheet's rows: all decided before any is applied, then applied to the end, whatever crashes.

A mixin for a service. The edge sends rows in chunks (`add_import_rows`), then asks `accept_import`: every row is
rehearsed against today's records and the rows before it; one wrong row refuses the whole sheet. An accepted import is
durable; its rows are then applied in the background, at most `MOST_ROWS` a transaction, which also moves the import's
own count, so that a crash repeats nothing and leaves nothing out. Stored rows are encrypted, and deleted once applied
or refused.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
import pymongo
import structlog
from nameko.extensions import DependencyProvider
from pydantic import BaseModel
from pymongo.errors import PyMongoError

from .. import metrics
from ..journal.journal import Journal, TooSlow
from ..journal.store import Document, ensure_collections
from ..journal.vault import Cipher
from ..journal.work import Work
from ..message.errors import DomainError
from ..message.event import Envelope
from ..message.import_rows import AcceptImport, AddImportRows, ExportRows, GetImport
from ..message.redaction import redact
from ..rules.aggregate import Aggregate
from ..rules.import_pace import FIRST_ROWS, next_size
from ..settings import settings
from ..sheets.sheet import RowError, Sheet, parse
from .providers import Journalled, finish
from .rpc import command

log = structlog.stdlib.get_logger(__name__)

_MOST_ERRORS = 1_000
_RECEIVING = timedelta(hours=1)
Place = tuple[str, int]
"""Where a row stood: its tab, which is empty where the sheet has one, and its number there."""


class Imports:
    """The RPC of a service that takes spreadsheets; the service says what a row means."""

    sheets: ClassVar[Mapping[str, Sheet]]
    sheets_by: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Kind of sheet → the actions by which alone it is sent, where a service's kinds are not all sent by the same."""
    journal: Any
    importer: Any

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """Decide one row through `work.decide`; a row that says what is so already decides nothing.

        Raises:
            DomainError: the row is refused.
        """
        raise AssertionError(f"{type(self).__name__} takes sheets but does not say what a row means")

    def together(self, kind: str, row: BaseModel) -> Hashable:
        """Rows for which this is the same are decided together; a row for which it is None is decided alone."""
        return None

    def apply_rows(self, work: Work, kind: str, rows: Sequence[BaseModel]) -> int:
        """Decide rows that go together; how many of them were news.

        Raises:
            DomainError: one of them is refused; each is then decided alone, so that it is that one which is named.
        """
        news = 0
        for row in rows:
            before = len(work.entries)
            self.apply_row(work, kind, row)
            news += len(work.entries) > before
        return news

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The records that a row will ask for, so that they are read many at a time."""
        return ()

    def read_ahead(self, work: Work, kind: str, rows: Sequence[BaseModel]) -> None:
        """Read in few queries what the rows will ask for."""
        wanted: dict[str, tuple[Aggregate[Any], list[str]]] = {}
        for row in rows:
            for aggregate, id in self.row_ids(kind, row):
                wanted.setdefault(aggregate.name, (aggregate, []))[1].append(id)
        for aggregate, ids in wanted.values():
            work.load(aggregate, ids)

    def rows_of(self, kind: str, asked: ExportRows, envelope: Envelope) -> tuple[list[Document], str | None]:
        """Records of a kind as rows that can be sent in again, and the id after which to go on; None at the end."""
        raise DomainError("export.kind_unknown", f"没有这种表可导出：{kind}", "not_found")

    @command(ExportRows)
    def export_rows(self, command: ExportRows, envelope: Envelope) -> Document:
        """Some of the records of a unit's subtree, as rows of a sheet."""
        rows, after = self.rows_of(command.kind, command, envelope)
        return {"rows": rows, "after": after}

    @command(AddImportRows)
    def add_import_rows(self, command: AddImportRows, envelope: Envelope) -> Document:
        """Keep a chunk, encrypted; the same chunk again changes nothing."""
        if command.kind not in self.sheets:
            raise DomainError("import.kind_unknown", f"没有这种表：{command.kind}", "not_found")
        if envelope.actor.action not in self.sheets_by.get(command.kind, (envelope.actor.action,)):
            raise DomainError("role.missing", "您的角色没有此项权限", "forbidden")
        self.importer.keep(command, envelope)
        return {"id": command.import_id, "rows": command.first + len(command.rows)}

    @command(AcceptImport)
    def accept_import(self, command: AcceptImport, envelope: Envelope) -> Document:
        """Decide every row; the answer says accepted or refused, with what is wrong row by row."""
        state: Document = self.importer.accept(self, command, envelope)
        return state

    @command(GetImport)
    def get_import(self, command: GetImport, envelope: Envelope) -> Document:
        """State, rows, applied, skipped, failures, and `recorded_until` once it is applied."""
        state: Document = self.importer.state(command.import_id, envelope)
        return state


class Importer(DependencyProvider):
    """Keeps imports and applies accepted ones from a thread of the service's process."""

    def start(self) -> None:
        """Make the collections and begin applying what an earlier process left."""
        journalled = next(found for found in self.container.extensions if isinstance(found, Journalled))
        self.journal: Journal = journalled.journal
        self._database = journalled.database
        self._cipher = Cipher(settings().secret("master.key"))
        ensure_collections(self._database, ("imports", "import_rows"))
        self._database["imports"].create_index([("state", 1), ("accepted", 1)])
        self._database["import_rows"].create_index([("import", 1), ("first", 1)])
        self._size = FIRST_ROWS
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = self.container.spawn_managed_thread(self._run, identifier="importer")

    def stop(self) -> None:
        """Finish the transaction in hand."""
        self._stopping.set()
        self._wake.set()
        finish(self._thread)

    def get_dependency(self, worker_ctx: Any) -> Importer:
        """Itself."""
        return self

    def keep(self, chunk: AddImportRows, envelope: Envelope) -> None:
        """Store a chunk of an import that is still being received."""
        now = self.journal.clock()
        known: Any = self._database["imports"].find_one_and_update(
            {"_id": chunk.import_id},
            {
                "$setOnInsert": {
                    "kind": chunk.kind,
                    "digest": chunk.digest,
                    "state": "received",
                    "actor": envelope.actor.user,
                    "received": now,
                    "rows": 0,
                    "applied": 0,
                    "skipped": 0,
                    "failures": [],
                }
            },
            upsert=True,
            return_document=pymongo.ReturnDocument.AFTER,
        )
        said = (envelope.actor.user, chunk.kind, chunk.digest)
        if (known["actor"], known["kind"], known.get("digest", chunk.digest)) != said:
            raise DomainError("command.reused", "幂等键已用于内容不同的另一次提交，请更换", "invalid")
        if known["state"] != "received":
            return
        place = f"{chunk.import_id}/{chunk.first}"
        body = orjson.dumps({"rows": chunk.rows, "envelope": envelope.model_dump(mode="json")})
        self._database["import_rows"].replace_one(
            {"_id": place},
            {
                "_id": place,
                "import": chunk.import_id,
                "first": chunk.first,
                "count": len(chunk.rows),
                "body": self._cipher.encrypt(body, place),
            },
            upsert=True,
        )

    def accept(self, service: Imports, asked: AcceptImport, envelope: Envelope) -> Document:
        """Rehearse all rows, then take or refuse the import as a whole; once, then the first answer again."""
        known = self._known(asked.import_id, envelope)
        if known["state"] != "received":
            return _told(known)
        chunks = list(self._database["import_rows"].find({"import": asked.import_id}, sort=[("first", 1)]))
        if sum(chunk["count"] for chunk in chunks) != asked.rows:
            raise DomainError("import.incomplete", "表格尚未收全，请重新上传", "conflict")
        sheet = service.sheets[known["kind"]]
        errors: list[RowError] = []

        def rehearse(work: Work) -> None:
            for chunk in chunks:
                errors.extend(self._apply_chunk(service, sheet, work, chunk, 0, chunk["count"])[1])

        self.journal.rehearse(envelope, rehearse)
        change: Document = {"rows": asked.rows, "envelope": envelope.model_dump(mode="json")}
        change["passed_over"] = asked.passed_over
        if errors:
            change |= {"state": "refused", "errors": [_redacted(vars(error)) for error in errors[:_MOST_ERRORS]]}
            change["wrong"] = len({(error.tab, error.row) for error in errors})
        else:
            change |= {"state": "accepted", "accepted": self.journal.clock()}
        metrics.IMPORT_ROWS.labels(self.journal.service, change["state"]).inc(asked.rows)
        self._database["imports"].update_one({"_id": asked.import_id, "state": "received"}, {"$set": change})
        if errors:
            self._database["import_rows"].delete_many({"import": asked.import_id})
        self._wake.set()
        return _told(self._known(asked.import_id, envelope))

    def state(self, import_id: str, envelope: Envelope) -> Document:
        """What is known of an import."""
        return _told(self._known(import_id, envelope))

    def _known(self, import_id: str, envelope: Envelope) -> Document:
        known = self._database["imports"].find_one({"_id": import_id})
        if known is None or known["actor"] != envelope.actor.user:
            raise DomainError("import.not_found", "没有这次导入", "not_found")
        return known

    def _run(self) -> None:
        self._service: Imports = self.container.service_cls()
        for dependency in self.container.dependencies:
            setattr(self._service, dependency.attr_name, dependency.get_dependency(None))
        while not self._stopping.is_set():
            try:
                waiting = self._database["imports"].find_one({"state": "accepted"}, sort=[("accepted", 1)])
                if waiting is not None:
                    self._apply(waiting)
                    continue
                self._sweep()
            except PyMongoError as error:
                log.warning("import.waiting", error=repr(error))
                self._stopping.wait(1)
            self._wake.wait(2)
            self._wake.clear()

    def _sweep(self) -> None:
        """Forget the rows of imports that were never completed."""
        gone = self.journal.clock() - _RECEIVING
        for abandoned in self._database["imports"].find({"state": "received", "received": {"$lt": gone}}, {"_id": 1}):
            self._database["import_rows"].delete_many({"import": abandoned["_id"]})
            self._database["imports"].delete_one({"_id": abandoned["_id"], "state": "received"})

    def _apply(self, known: Document) -> None:
        """Apply an accepted import from where it stands to its end."""
        import_id, limit = known["_id"], self.journal.deciding_seconds
        done: int = known["applied"]
        while done < known["rows"] and not self._stopping.is_set():
            chunk = self._database["import_rows"].find_one(
                {"import": import_id, "first": {"$lte": done}}, sort=[("first", -1)]
            )
            if chunk is None:
                raise AssertionError(f"the rows of accepted import {import_id} are gone")
            start = done - chunk["first"]
            count = min(self._size, chunk["count"] - start)
            started = time.monotonic()
            try:
                self._apply_rows(known, chunk, start, count, done)
            except TooSlow:
                self._size = next_size(count, None, limit)
                log.info("import.smaller_transactions", id=import_id, rows=self._size)
                continue
            took = time.monotonic() - started
            log.info("import.applied", id=import_id, rows=count, seconds=round(took, 3))
            done += count
            if count == self._size:
                self._size = next_size(count, took, limit)
        if done >= known["rows"]:
            self._database["imports"].update_one(
                {"_id": import_id}, {"$set": {"state": "applied", "finished": self.journal.clock()}}
            )
            self._database["import_rows"].delete_many({"import": import_id})

    def _apply_rows(self, known: Document, chunk: Document, start: int, count: int, done: int) -> None:
        sheet = self._service.sheets[known["kind"]]
        envelope = Envelope.model_validate(known["envelope"])

        def act(work: Work) -> None:
            skipped, wrong = self._apply_chunk(self._service, sheet, work, chunk, start, count)
            errors = [_redacted(vars(error)) for error in wrong]
            moved = self._database["imports"].update_one(
                {"_id": known["_id"], "applied": done},
                {
                    "$set": {"applied": done + count, "recorded_until": work.now},
                    "$inc": {"skipped": skipped},
                    "$push": {"failures": {"$each": errors, "$slice": -_MOST_ERRORS}},
                },
                session=work.session,
            )
            if moved.matched_count != 1:
                raise PyMongoError("another process applies this import")

        self.journal.transact(envelope, act)
        metrics.IMPORT_ROWS.labels(self.journal.service, "applied").inc(count)

    def _apply_chunk(
        self, service: Imports, sheet: Sheet, work: Work, chunk: Document, start: int, count: int
    ) -> tuple[int, list[RowError]]:
        """Decide `count` rows of a chunk; give how many said nothing new, and the errors."""
        opened = orjson.loads(self._cipher.decrypt(chunk["body"], chunk["_id"]))
        received = Envelope.model_validate(opened["envelope"])
        errors: list[RowError] = []
        rows: list[tuple[Place, BaseModel]] = []
        for cells in opened["rows"][start : start + count]:
            row, wrong = parse(sheet, cells)
            errors.extend(wrong)
            if row is not None:
                rows.append(((str(cells.get("_tab", "")), int(cells["_row"])), row))
        service.read_ahead(work, sheet.kind, [row for _, row in rows])
        skipped = 0
        work.paths.update(self.journal.moves.current({**received.named, **received.paths}))
        work.lives.update(received.lives)
        groups = deque(_grouped(service, sheet.kind, rows))
        while groups:
            group = groups.popleft()
            place = group[0][0]
            work.envelope = received.model_copy(update={"command_id": f"{chunk['import']}:{_named(place)}"})
            try:
                with work.trial():
                    skipped += len(group) - service.apply_rows(work, sheet.kind, [row for _, row in group])
            except DomainError as refusal:
                if len(group) > 1:
                    groups.extendleft([row] for row in reversed(group))
                else:
                    errors.extend(_row_errors(sheet, place, refusal))
        return skipped, errors


def _grouped(
    service: Imports, kind: str, rows: Iterable[tuple[Place, BaseModel]]
) -> Iterable[list[tuple[Place, BaseModel]]]:
    """Rows with their places, those that are decided together in one list, where the first of them stood."""
    groups: dict[Hashable, list[tuple[Place, BaseModel]]] = {}
    for place, row in rows:
        key = service.together(kind, row)
        groups.setdefault(("alone", place) if key is None else ("together", key), []).append((place, row))
    return groups.values()


def _named(place: Place) -> str:
    """A row's name within its import: its number, and a digest of its tab, whose title may say anything."""
    tab, number = place
    return f"{number}@{hashlib.sha256(tab.encode()).hexdigest()[:16]}" if tab else str(number)


def _row_errors(sheet: Sheet, place: Place, refusal: DomainError) -> list[RowError]:
    tab, number = place
    keys = {column.key for column in sheet.columns}
    if not refusal.errors:
        return [RowError(number, "", refusal.code, refusal.detail, tab)]
    told = [(error["pointer"].removeprefix("/").split("/"), error["detail"]) for error in refusal.errors]
    return [
        RowError(number, next((step for step in steps if step in keys), steps[0]), refusal.code, detail, tab)
        for steps, detail in told
    ]


def _redacted(error: Mapping[str, Any]) -> Document:
    """A row's error as it is stored and told: the cell may have been filled with a number that belongs to somebody."""
    return {**error, "detail": redact(error["detail"])}


def _told(known: Mapping[str, Any]) -> Document:
    recorded: datetime | None = known.get("recorded_until")
    return {
        "id": known["_id"],
        "kind": known["kind"],
        "state": known["state"],
        "rows": known["rows"],
        "applied": known["applied"],
        "skipped": known["skipped"],
        "wrong": known.get("wrong", 0),
        "errors": [_redacted(error) for error in known.get("errors", ())],
        "failures": [_redacted(error) for error in known["failures"]],
        "passed_over": known.get("passed_over", []),
        "recorded_until": None if recorded is None else recorded.isoformat(),
    }
