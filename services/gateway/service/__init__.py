"""The gateway's worker: its own records, and the projection of everybody's events into figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from pydantic import BaseModel

from services.kernel.bus.inbox import Taking
from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope, Event
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.batch import batch
from services.kernel.runtime.held import Held, Holding
from services.kernel.runtime.imports import Importer
from services.kernel.runtime.providers import Journalled, Relaying, Vaulted
from services.kernel.runtime.rpc import command
from services.kernel.runtime.scopes import Scoped
from services.organisation import contract
from services.registry import SOURCES

from ..contract import PERMITS, SHEETS_BY
from ..domain import AGGREGATES, CAMPAIGN, UNIT
from ..domain.campaign import PlaceCampaign
from ..store import facts
from ..store.generation import QUEUE, ledger
from ..store.indexes import ensure_indexes
from ..store.submissions import unmarked
from .calendars import Calendars
from .initiatives import Lists
from .installation import Installation
from .members import Members
from .reports import Reports
from .submissions import Periods, Submissions
from .units import Units, place_unit, touch_tree
from .users import Users

Answer = dict[str, Any]


class Gateway(Units, Calendars, Users, Members, Lists, Submissions, Reports, Held, Scoped):
    """Organisation, users, campaigns, submissions, issued reports; figures."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    permits: ClassVar = PERMITS
    sheets_by: ClassVar = SHEETS_BY
    journal = Journalled(AGGREGATES, indexes=ensure_indexes)
    vault = Vaulted()
    importer = Importer()
    relay = Relaying(unmarked)
    holding = Holding()
    installation = Installation()
    projection = facts.Projection()
    periods = Periods()

    @batch(QUEUE, SOURCES, single_active=True, ledger=ledger, wait=0.1)
    def project(self, events: list[Event], taking: Taking) -> int:
        """Facts and roll-ups; of what counts nothing, the gateway's own events too, the fact that it arrived."""
        return self.projection.apply(events, taking)

    @command(contract.OpenCampaign)
    def open_campaign(self, command: contract.OpenCampaign, envelope: Envelope) -> Answer:
        """Open a campaign."""

        def act(work: Work) -> Answer:
            known = {
                row["_id"]: (date.fromisoformat(row["opens"]), date.fromisoformat(row["closes"]))
                for row in self.journal.database["campaigns"].find({"_id": {"$ne": command.id}}, session=work.session)
            }
            touch_tree(work)
            unit = envelope.actor.unit
            work.decide(CAMPAIGN, command.id, PlaceCampaign(campaign=command, unit=unit, known=known))
            return {"id": command.id, "version": work.version(CAMPAIGN, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A unit below one that is there already, an account or its role, or a member."""
        if isinstance(row, contract.UnitRow):
            place_unit(work, contract.AddUnit(**row.model_dump()))
        else:
            super().apply_row(work, kind, row)

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """A unit and its parent, an account, or a member."""
        if isinstance(row, contract.UnitRow):
            yield UNIT, row.id
            if row.parent:
                yield UNIT, row.parent
        else:
            yield from super().row_ids(kind, row)
