"""Bringing up to date what an earlier version of the platform has saved, while everything else goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog

from ..message.event import EVERYWHERE, Actor, Envelope
from ..rules.aggregate import Aggregate
from .journal import Journal, TooSlow
from .work import Work

log = structlog.stdlib.get_logger(__name__)

_AT_ONCE = 100
_PLATFORM = Actor(user="platform", role="platform", unit=EVERYWHERE)


def upgrade(journal: Journal, aggregates: Iterable[Aggregate[Any]]) -> int:
    """Make the states anew that lack what is kept now, and set right what was told wrongly of them; give how many.

    What is set right are new entries of the journal: those that there are stay as they are. It may be stopped at any
    time and begun again, and by several processes at once.

    Raises:
        PyMongoError: the store did not take it; what was done until then stays.
    """
    done = 0
    for aggregate in aggregates:
        if aggregate.upgrade is None:
            continue
        old, most = {aggregate.upgrade.lacks: {"$exists": False}}, _AT_ONCE
        while rows := list(journal.database[aggregate.collection].find(old, {"_id": 1}).limit(most)):
            ids = [row["_id"] for row in rows]
            try:
                told = _transact(journal, aggregate, ids)
            except TooSlow:
                if most == 1:
                    raise
                most = max(1, most // 4)
                continue
            done += len(ids)
            log.info("upgrade.done", kind=aggregate.name, records=len(ids), told=told)
    return done


def _transact(journal: Journal, aggregate: Aggregate[Any], ids: list[str]) -> int:
    deadline = journal.clock() + timedelta(seconds=30)
    envelope = Envelope(command_id=f"upgrade:{aggregate.name}", actor=_PLATFORM, deadline=deadline)

    def act(work: Work) -> int:
        work.upgrade(aggregate, ids)
        return len(work.entries)

    told: int = journal.transact(envelope, act)
    return told
