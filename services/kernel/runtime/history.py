"""The RPC by which a record's history is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..journal.history import history
from ..journal.store import Document
from ..message.errors import DomainError
from ..message.event import Envelope
from ..message.history import GetHistory
from ..resource import Resource
from .rpc import query


class Histories:
    """A service that tells the history of the records which its contract describes."""

    journal: Any
    resources: ClassVar[Sequence[Resource]] = ()

    @query(GetHistory)
    def get_history(self, query: GetHistory, envelope: Envelope) -> Document:
        """The steps of a record's life, to who may read such records."""
        resource = next((each for each in self.resources if each.kind == query.kind and each.history), None)
        aggregate = next((each for each in self.journal.aggregates if each.name == query.kind), None)
        if resource is None or aggregate is None or envelope.actor.action != resource.read:
            raise DomainError("record.not_found", "没有这种记录", "not_found")
        unit = envelope.actor.unit
        return history(self.journal.database, aggregate, query.id, unit, query.page, query.page_size)
