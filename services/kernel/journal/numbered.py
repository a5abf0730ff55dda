"""The record that a unit's own number stands for, in a store that may hold the number as it was once typed."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from ..message.event import record_id
from ..message.keys import same_key, spellings
from ..rules.aggregate import Aggregate
from .work import Work

B = TypeVar("B", bound=BaseModel)


def numbered_ids(service: str, kind: str, unit: str, number: str) -> list[str]:
    """The ids that the record may have: by the number as it was typed, then by the number as a key is compared."""
    return [record_id(service, kind, unit, each) for each in spellings(number)]


def numbered(work: Work, aggregate: Aggregate[Any], service: str, unit: str, number: str) -> str:
    """The id of the record: the one that is there, else the one that it will have."""
    ids = numbered_ids(service, aggregate.collection, unit, number)
    return next((id for id in ids[:-1] if work.get(aggregate, id) is not None), ids[-1])


def identified(work: Work, aggregate: Aggregate[Any], service: str, command: B) -> B:
    """A command that makes a record, with the id of the record that it makes.

    A new record that bears the unit's own number is the record of that number, by form or by sheet.
    """
    told: Any = command
    id = told.id
    if told.number is not None and work.get(aggregate, id) is None:
        id = numbered(work, aggregate, service, told.unit, told.number)
    return spelled(command if id == told.id else command.model_copy(update={"id": id}), work.get(aggregate, id))


def spelled(told: B, known: Any) -> B:
    """A row or a command that bears the number of a record that is there, in the spelling of that record."""
    number, said = getattr(known, "number", None), getattr(told, "number", None)
    if number is None or number == said or not same_key(number, said):
        return told
    return told.model_copy(update={"number": number})
