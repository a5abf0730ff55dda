"""What one record says of another: looked up in the transaction that relies on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymongo

from services.kernel.journal.numbered import numbered_ids
from services.kernel.journal.work import Work
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate

from .. import contract, store
from ..domain import PROGRAMME
from ..domain.programme import check_programme


def path_of(work: Work, unit: str) -> Sequence[str]:
    """The way from the root to a unit, as the command says it or as study knows it; kept for the record's scope, and
    from when until when the unit is there for its day.
    """
    if unit not in work.paths:
        work.paths.update(store.units.paths(work.database, [unit], work.session))
    if unit not in work.lives:
        work.lives.update(store.units.lives(work.database, [unit], work.session))
    return work.paths.get(unit, [unit])


def linked(work: Work, aggregate: Aggregate[Any], told: str, path: Sequence[str]) -> tuple[str, Any]:
    """The record that a unit means by an id, by its own number, or by that of a unit above it, the nearest first."""
    numbers = (numbered_ids(contract.NAME, aggregate.collection, unit, told) for unit in reversed(path))
    ids = [told, *(id for each in numbers for id in each)]
    work.load(aggregate, ids)
    return next(((id, state) for id in ids if (state := work.get(aggregate, id)) is not None), (told, None))


def serialize_on(work: Work, record: str) -> None:
    """Let this work and any other that speaks of the same record not both be committed unseen by one another."""
    work.write("gates", pymongo.UpdateOne({"_id": record}, {"$inc": {"n": 1}}, upsert=True))


def in_programme(work: Work, command: contract.SessionContent) -> Command:
    """A session with the programme that it names, by its id."""
    path = path_of(work, command.unit)
    id, known = linked(work, PROGRAMME, command.programme or "", path)
    check_programme(known, command.day, path)
    return command.model_copy(update={"programme": id})
