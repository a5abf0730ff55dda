"""What the gateway tells of units and of members, kept in study's own directory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from services.kernel.bus.inbox import Taking, once
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Envelope, Event, Period
from services.kernel.runtime.batch import batch, subscribe
from services.kernel.runtime.entrypoints import every
from services.kernel.runtime.held import Held
from services.kernel.runtime.rpc import query
from services.kernel.runtime.scopes import Scoped
from services.organisation.contract import NAME as GATEWAY
from services.organisation.contract import CampaignOpened, SubmissionAccepted, UnitAdded

from .. import contract, store
from ..domain import SESSION, learnt

_PLATFORM = Actor(user="platform", role="platform", unit="*")


class Directory(Held, Scoped):
    """Follows the tree of units and the lists of members."""

    journal: Any
    leading: ClassVar = ("units", "duties")

    @subscribe("study.units", [GATEWAY], keys=["unit.#"], ordered=True)
    def learn_unit(self, event: Event, taking: Taking) -> None:
        """A unit as it stands after the event; what was sent to those around it before comes to a new one too."""
        known = learnt(store.units.one(taking.database, event.subject, taking.session), event)
        if known is not None:
            path = self.journal.moves.current({event.subject: known.path})[event.subject]
            unit = known.model_copy(update={"path": path})
            store.units.learn(taking.database, event.subject, unit, taking.session)
            if event.short_type == UnitAdded.type:
                store.plans.send_later(taking, event.subject, unit)
            if unit.until is not None:
                store.uncounted.note(taking.database, "unit", [event.subject], taking.now, taking.session)

    @subscribe("study.tree", [GATEWAY], keys=["tree.#"], ordered=True)
    def learn_tree(self, event: Event, taking: Taking) -> None:
        """A unit has moved, with all that lies below it: what its new superiors have sent comes to it."""
        self.journal.moves.note(event.aggregateversion, event.unit, event.data["path"], taking.session)
        store.plans.send_below_later(taking, event.unit, event.data["path"])

    @batch("study.members", [GATEWAY], keys=["member.#"])
    def learn_members(self, events: list[Event], taking: Taking) -> int:
        """Members as the newest of the events leaves them; each bears all of it, so their order is no matter."""
        fresh = once(events, taking, "study.members")
        moved = store.members.learn(taking.database, fresh, taking.session)
        store.uncounted.note(taking.database, "member", moved, taking.now, taking.session)
        return len(fresh)

    @subscribe("study.campaigns", [GATEWAY], keys=[CampaignOpened.type])
    def learn_campaign(self, event: Event, taking: Taking) -> None:
        """A campaign was opened, maybe over days of which there are records already."""
        told = CampaignOpened.of(event)
        period = Period(id=event.subject, first=told.opens, last=told.closes)
        store.uncounted.open_campaign(taking.database, period, taking.session)
        store.uncounted.note(taking.database, "campaign", [event.subject], taking.now, taking.session)

    @subscribe("study.submissions", [GATEWAY], keys=[SubmissionAccepted.type])
    def learn_lock(self, event: Event, taking: Taking) -> None:
        """A month of a unit and of what lies below it is locked: its sessions are to be accepted."""
        told = SubmissionAccepted.of(event)
        store.locks.note(taking.database, told, taking.now, taking.session)

    @every(1)
    def accept_sessions(self) -> None:
        """Accept what was reported of months that are locked, some a transaction."""
        journal = self.journal
        while lock := store.locks.open_one(journal.database):
            ids = store.locks.reported(journal.database, lock)
            envelope = Envelope(
                command_id=f"lock:{lock['_id']}", actor=_PLATFORM, deadline=journal.clock() + timedelta(seconds=30)
            )
            if ids:
                journal.transact(envelope, lambda work, ids=ids: _accept(work, ids))
            else:
                store.locks.done(journal.database, lock)

    @query(contract.GetDirectory)
    def get_directory(self, query: contract.GetDirectory, envelope: Envelope) -> dict[str, int]:
        """How many changes of members have been learnt."""
        return {"changes": store.members.changes(self.journal.database)}


def _accept(work: Work, ids: list[str]) -> None:
    work.load(SESSION, ids)
    for id in ids:
        work.decide(SESSION, id, contract.AcceptSession(id=id))
