"""The research service: all its wiring on this screen; a module beside it for each kind of record's entrypoints."""

from __future__ import annotations

from typing import ClassVar

from services.kernel.bus.inbox import Taking
from services.kernel.message.event import Event
from services.kernel.resource import may_take
from services.kernel.runtime.batch import subscribe
from services.kernel.runtime.held import Held, Holding
from services.kernel.runtime.history import Histories
from services.kernel.runtime.imports import Importer
from services.kernel.runtime.providers import Journalled, Relaying, Vaulted
from services.kernel.runtime.scopes import Scoped
from services.organisation.contract import NAME as GATEWAY

from .. import contract, store
from ..domain import AGGREGATES
from .campaigns import Campaigns
from .ledgers import Ledgers
from .measures import Measures
from .topics import Topics
from .visits import Visits


class Research(Campaigns, Topics, Visits, Measures, Ledgers, Held, Scoped, Histories):
    """Investigation and research 调查研究."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    permits: ClassVar = contract.PERMITS
    resources: ClassVar = contract.RESOURCES
    journal = Journalled(AGGREGATES, indexes=store.ensure_indexes, by=may_take(contract.RESOURCES))
    vault = Vaulted()
    importer = Importer()
    relay = Relaying()
    holding = Holding()

    @subscribe("research.tree", [GATEWAY], keys=["tree.#"], ordered=True)
    def learn_tree(self, event: Event, taking: Taking) -> None:
        """A unit has moved, with all that lies below it: records follow."""
        self.journal.moves.note(event.aggregateversion, event.unit, event.data["path"], taking.session)
