"""Initiatives: a list is replaced as a whole, and what it had stays known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.message.keys import spellings
from services.kernel.rules.aggregate import Aggregate
from services.organisation.contract import LISTS, InitiativesSet, Item, SetInitiatives


class Version(BaseModel):
    """What a list said from a day on, and why."""

    model_config = ConfigDict(frozen=True)

    day: date
    items: list[Item]
    reason: str


class Initiatives(BaseModel):
    """A list as it stands, with all its versions, the last being in force."""

    model_config = ConfigDict(frozen=True)

    unit: str
    title: str
    versions: list[Version]


def standing(id: str, state: Initiatives | None) -> tuple[list[Item], list[Item]]:
    """A list's items in force, and those that it had before, as they were called last."""
    first = list(LISTS[id][1]) if id in LISTS else []
    versions = [first, *(version.items for version in (state.versions if state else ()))]
    known = {item.id: item for items in versions for item in items}
    in_force = {item.id for item in versions[-1]}
    return versions[-1], [item for id, item in known.items() if id not in in_force]


class PlaceInitiatives(Command):
    """A list to be set by a unit, and the items that the other lists have or had, by list."""

    asked: SetInitiatives
    unit: str
    others: dict[str, list[str]]


def decide(state: Initiatives | None, command: PlaceInitiatives, now: datetime) -> list[InitiativesSet]:
    """The list's next version; nothing where it says what is so already.

    Raises:
        DomainError: initiative.item_repeated, initiative.item_taken (by another list), initiative.under_unknown.
    """
    known = [item.id for items in standing(command.asked.id, state) for item in items]
    asked = _spelled(command.asked, [*known, *(id for ids in command.others.values() for id in ids)])
    _check(asked, command.others)
    title = state.title if state else LISTS.get(asked.id, ("", ()))[0]
    if (title, standing(asked.id, state)[0]) == (asked.title, asked.items):
        return []
    told = {"title": asked.title, "items": asked.items, "reason": asked.reason}
    return [InitiativesSet(unit=command.unit, day=business_day(now), **told)]


def _spelled(asked: SetInitiatives, known: Iterable[str]) -> SetInitiatives:
    """The list with each code in the spelling of the item that is known by it; a new one as keys are compared."""
    ids = set(known)
    by_key = {spellings(id)[-1]: id for id in ids}

    def spelled(id: str) -> str:
        return id if id in ids else by_key.get(spellings(id)[-1], spellings(id)[-1])

    items = [
        item.model_copy(update={"id": spelled(item.id), "under": [spelled(under) for under in item.under]})
        for item in asked.items
    ]
    return asked.model_copy(update={"items": items})


def _check(asked: SetInitiatives, others: dict[str, list[str]]) -> None:
    ids = [item.id for item in asked.items]
    owners = {id: name for name, known in others.items() for id in known}
    for place, item in enumerate(asked.items):
        if item.id in ids[:place]:
            raise _wrong("item_repeated", place, "id", f"条目编码 {item.id} 重复")
        if item.id in owners:
            raise _wrong("item_taken", place, "id", f"条目编码 {item.id} 已用于清单 {owners[item.id]}")
        for under in item.under:
            if under not in owners:
                raise _wrong("under_unknown", place, "under", f"其他清单中没有条目 {under}")


def _wrong(slug: str, place: int, field: str, detail: str) -> DomainError:
    return DomainError(f"initiative.{slug}", detail, errors=[{"pointer": f"/items/{place}/{field}", "detail": detail}])


def evolve(state: Initiatives | None, event: InitiativesSet) -> Initiatives:
    """The list after what happened."""
    version = Version(day=event.day, items=event.items, reason=event.reason)
    return Initiatives(
        unit=event.unit, title=event.title, versions=[*([] if state is None else state.versions), version]
    )


def parts(state: Initiatives) -> Iterable[str]:
    """Who set it."""
    return (state.unit,)


INITIATIVE = Aggregate("initiative", Initiatives, decide, evolve, parts)
