"""What operations may do with messages that were set aside: look, try again, drop. For services that consume."""

from __future__ import annotations

from typing import Any

from nameko.extensions import DependencyProvider

from ..bus.held_messages import describe
from ..bus.inbox import Inbox
from ..journal.lists import page
from ..journal.store import Document
from ..message.errors import DomainError
from ..message.event import Envelope
from ..message.held_rows import DropHeld, GetHeld, ListHeld, ReplayHeld
from ..message.redaction import redact
from .batch import Batch
from .providers import Journalled
from .rpc import command, query


class Held:
    """The RPC by which held messages are listed, shown, replayed and dropped."""

    holding: Any

    @query(ListHeld)
    def list_held(self, query: ListHeld, envelope: Envelope) -> Document:
        """A page of held messages, the newest first."""
        found: Document = self.holding.listed(query)
        return found

    @query(GetHeld)
    def get_held(self, query: GetHeld, envelope: Envelope) -> Document:
        """One held message with its traceback and its text, redacted."""
        found: Document = self.holding.shown(query.id)
        return found

    @command(ReplayHeld)
    def replay_held(self, command: ReplayHeld, envelope: Envelope) -> Document:
        """Try it again now: gone when it took effect, held with its new reason when it did not."""
        return {"id": command.id, "applied": self.holding.replay(command.id)}

    @command(DropHeld)
    def drop_held(self, command: DropHeld, envelope: Envelope) -> Document:
        """Give it up, with the reason; its content is deleted and that it was dropped is kept."""
        self.holding.drop(command.id, envelope.actor.user, command.reason)
        return {"id": command.id, "dropped": True}


class Holding(DependencyProvider):
    """The inboxes of this process's consumers."""

    def start(self) -> None:
        """Find the journal's database; the inboxes come into being when the entrypoints start."""
        self._journal = next(found for found in self.container.extensions if isinstance(found, Journalled)).journal

    def get_dependency(self, worker_ctx: Any) -> Holding:
        """Itself."""
        return self

    def listed(self, asked: ListHeld) -> Document:
        """A page of held messages."""
        filters: Document = {} if asked.sort is None else {"sort": asked.sort}
        if asked.queue is not None:
            filters["queue"] = asked.queue
        found = page(self._held(), filters, sort="-last", page=asked.page, page_size=asked.page_size)
        return {**found, "items": [describe(row) for row in found["items"]]}

    def shown(self, id: str) -> Document:
        """One held message, its text redacted."""
        row = self._one(id)
        body = (
            ""
            if row.get("body") is None
            else redact(self._inbox(row["queue"]).shelf.delivery(row).body.decode("utf-8", "replace"))
        )
        return {**describe(row), "traceback": row.get("traceback"), "body": body[:20_000]}

    def replay(self, id: str) -> bool:
        """Try a held message again."""
        row = self._one(id)
        if row["sort"] == "dropped":
            raise DomainError("held.dropped", "该消息已放弃，不能重放", "conflict")
        return self._inbox(row["queue"]).replay(row)

    def drop(self, id: str, user: str, reason: str) -> None:
        """Give a held message up."""
        row = self._one(id)
        self._inbox(row["queue"]).drop(row, user, reason)

    def _held(self) -> Any:
        return self._journal.database["held"]

    def _one(self, id: str) -> Document:
        row: Document | None = self._held().find_one({"_id": id})
        if row is None:
            raise DomainError("held.not_found", "没有这条搁置的消息（可能已处理）", "not_found")
        return row

    def _inbox(self, queue: str) -> Inbox:
        for extension in self.container.extensions:
            if isinstance(extension, Batch) and extension.queue == queue and extension.inbox is not None:
                return extension.inbox
        raise DomainError("held.queue_unknown", f"队列 {queue} 不由本服务消费", "conflict")
