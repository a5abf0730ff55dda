"""What the gateway tells of units and of members, kept in study's own directory."""

from __future__ import annotations

from typing import Any

from services.gateway.contract import NAME as GATEWAY
from services.kernel.batch import batch, subscribe
from services.kernel.event import Envelope, Event
from services.kernel.held import Held
from services.kernel.inbox import Taking, once
from services.kernel.rpc import query

from .. import contract, store
from ..domain import learnt


class Directory(Held):
    """Follows the tree of units and the lists of members."""

    journal: Any

    @subscribe("study.units", [GATEWAY], keys=["unit.#"], ordered=True)
    def learn_unit(self, event: Event, taking: Taking) -> None:
        """A unit as it stands after the event; what was sent to those around it before comes to it too."""
        unit = learnt(event)
        if unit is not None:
            store.units.learn(taking.database, event.subject, unit, taking.session)
            store.plans.send_later(taking, event.subject, unit)

    @batch("study.members", [GATEWAY], keys=["member.#"])
    def learn_members(self, events: list[Event], taking: Taking) -> int:
        """Members as the newest of the events leaves them; each bears all of it, so their order is no matter."""
        fresh = once(events, taking, "study.members")
        store.members.learn(taking.database, fresh, taking.session)
        return len(fresh)

    @query(contract.GetDirectory)
    def get_directory(self, query: contract.GetDirectory, envelope: Envelope) -> dict[str, int]:
        """How many changes of members have been learnt."""
        return {"changes": store.members.changes(self.journal.database)}
