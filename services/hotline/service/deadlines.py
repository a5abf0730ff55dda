"""Deadlines: counted by the working calendar as it is known, set when a year is entered, marked when they pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.kernel.bus.inbox import Taking
from services.kernel.journal import calendars
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Envelope, Event
from services.kernel.runtime.batch import subscribe
from services.kernel.runtime.entrypoints import every
from services.organisation.contract import NAME as GATEWAY
from services.organisation.contract import CalendarSet, exceptions

from .. import contract, store
from ..domain import TICKET, end_of, limit_of

log = structlog.stdlib.get_logger(__name__)

PLATFORM = Actor(user="platform", role="platform", unit="")
_KEPT = timedelta(seconds=1)
_AT_ONCE = 100


class Deadlines:
    """Until when tickets are to be answered, and which were not."""

    journal: Any

    @subscribe("hotline.calendar", [GATEWAY], keys=["calendar.#"], ordered=True)
    def learn_calendar(self, event: Event, taking: Taking) -> None:
        """A year's working calendar was entered or replaced: deadlines follow."""
        told = CalendarSet.of(event)
        calendars.note(taking.database, told.year, exceptions(told), taking.now, taking.session)

    @every(5, eager=True)
    def set_deadlines(self) -> None:
        """Set the deadlines that waited for a year which is known now, and count running ones again by a new table.

        What it does follows from the tickets and the tables alone, so that it may be done again, or by several.
        """
        database = self.journal.database
        try:
            self._count_again(store.waiting(database, store.calendar(database).years))
            for row in calendars.to_sweep(database, self.journal.clock()):
                self._count_again(store.running_in(database, row["_id"]))
                calendars.swept(database, row)
            for kind in store.limited_before(database):
                self._count_again(store.with_deadline(database, kind))
                store.forget_rules(database, kind)
        except PyMongoError as error:
            log.warning("deadlines.later", error=repr(error))

    @every(5, eager=True)
    def mark_overdue(self) -> None:
        """Find tickets whose deadline has passed unanswered and let each say so, once."""
        while late := store.past_deadline(self.journal.database, self.journal.clock()):
            for id in late:
                asked = contract.MarkOverdue(id=id)
                self._transact(f"overdue:{id}", lambda work, asked=asked: work.decide(TICKET, asked.id, asked))

    def limits(self, received: datetime, kind: contract.Kind) -> dict[str, Any]:
        """The deadline of a ticket, or the year it waits for, by tables that were read within the last second."""
        database, now = self.journal.database, self.journal.clock()
        known = _TABLES.get(database.name)
        if known is None or not now - _KEPT < known[0] <= now:
            known = _TABLES[database.name] = (now, store.rules(database), store.calendar(database))
        limit = limit_of(received, kind, known[1], known[2])
        deadline = None if limit.answer_by is None else end_of(limit.answer_by)
        return {"deadline": deadline, "waits_for": limit.waits_for}

    def _count_again(self, tickets: Sequence[str]) -> None:
        for first in range(0, len(tickets), _AT_ONCE):
            ids = tickets[first : first + _AT_ONCE]
            self._transact(f"deadlines:{ids[0]}", lambda work, ids=ids: self._set(work, ids))

    def _set(self, work: Work, ids: Sequence[str]) -> None:
        work.load(TICKET, ids)
        for id in ids:
            ticket = work.get(TICKET, id)
            if ticket is not None and ticket.state != contract.TicketState.void:
                limits = self.limits(ticket.received, ticket.kind)
                work.decide(TICKET, id, contract.SetDeadline(id=id, **limits))

    def _transact(self, name: str, act: Any) -> None:
        deadline = self.journal.clock() + timedelta(seconds=30)
        self.journal.transact(Envelope(command_id=name, actor=PLATFORM, deadline=deadline), act)


_TABLES: dict[str, tuple[datetime, Any, Any]] = {}
