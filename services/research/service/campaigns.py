"""A campaign that is opened over days with visits counts them, in the background, some at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.kernel.bus.inbox import Taking
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.event import Actor, Envelope, Event, Period
from services.kernel.rules.distinct import outside
from services.kernel.runtime.batch import subscribe
from services.kernel.runtime.entrypoints import every
from services.organisation.contract import NAME as GATEWAY
from services.organisation.contract import CampaignOpened

from ..contract import CountPlace
from ..domain import PLACE
from ..store import campaigns

log = structlog.stdlib.get_logger(__name__)

_PLATFORM = Actor(user="platform", role="platform", unit="*")
_AT_ONCE = 50


class Campaigns:
    """What was visited counts once in each campaign, whenever that was opened."""

    journal: Any

    @subscribe("research.campaigns", [GATEWAY], keys=[CampaignOpened.type])
    def learn_campaign(self, event: Event, taking: Taking) -> None:
        """A campaign was opened, maybe over days of which there are visits already."""
        told = CampaignOpened.of(event)
        period = Period(id=event.subject, first=told.opens, last=told.closes)
        campaigns.note(taking.database, period, taking.session)

    @every(5, eager=True)
    def count_campaigns(self) -> None:
        """Count the visits on the days of campaigns that were opened since; a crash repeats nothing."""
        try:
            while count_some(self.journal):
                pass
        except PyMongoError as error:
            log.warning("campaigns.later", error=repr(error))


def count_some(journal: Journal) -> bool:
    """Count some places in a campaign that was opened since; False where nothing is left to be counted.

    Raises:
        PyMongoError: the store is away, or another process counts these; it is tried again.
    """
    campaign = campaigns.open_one(journal.database)
    if campaign is None:
        return False
    period = Period(id=campaign["_id"], first=campaign["first"], last=campaign["last"])
    found = campaigns.places(journal.database, campaign, _AT_ONCE)

    def act(work: Work) -> None:
        work.load(PLACE, [record["_id"] for record in found])
        for record in found:
            _count(work, record, period)
        if not campaigns.counted(work, campaign, found[-1]["_id"] if found else None):
            raise PyMongoError("another process counts this campaign")

    deadline = journal.clock() + timedelta(seconds=60)
    journal.transact(Envelope(command_id=f"campaign:{period.id}", actor=_PLATFORM, deadline=deadline), act)
    return True


def _count(work: Work, record: Document, period: Period) -> None:
    state = work.get(PLACE, record["_id"])
    if state is not None:
        for day in outside(state.counts, period.first, period.last):
            place = {"unit": state.unit, "place": state.place, "kind": state.kind}
            work.decide(PLACE, record["_id"], CountPlace(**place, day=day, campaign=period.id, by=0))
