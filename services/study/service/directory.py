"""What the gateway tells of units, kept in study's own directory."""

from __future__ import annotations

from services.gateway.contract import NAME as GATEWAY
from services.kernel.batch import subscribe
from services.kernel.event import Event
from services.kernel.held import Held
from services.kernel.inbox import Taking

from .. import store
from ..domain import learnt


class Directory(Held):
    """Follows the tree of units."""

    @subscribe("study.units", [GATEWAY], keys=["unit.#"], ordered=True)
    def learn_unit(self, event: Event, taking: Taking) -> None:
        """A unit as it stands after the event."""
        unit = learnt(event)
        if unit is not None:
            store.units.learn(taking.database, event.subject, unit, taking.session)
