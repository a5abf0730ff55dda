"""Initiatives 举措、载体: the lists, and how far what is tagged by their items has come (asyncio: the API's side)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from services.kernel.message.errors import DomainError, FieldError
from services.kernel.message.free_text import masked
from services.kernel.message.keys import spellings
from services.organisation.contract import LISTS, Item

from ..domain import Initiatives
from ..domain.initiative import standing
from ..projection import METRICS, key, stored
from .period import Span
from .place import place
from .report import sums
from .snapshot import Database, known, one_instant

TAGGED = [metric for metric in METRICS.values() if metric.tagged]


async def lists(database: Database) -> list[dict[str, Any]]:
    """Every list with its items in force, those that it had before, and its versions; the known ones first."""
    rows = {row["_id"]: row async for row in database["initiatives"].find().sort("_id")}
    return [_list(id, rows.get(id)) for id in dict.fromkeys((*LISTS, *rows))]


def _list(id: str, row: dict[str, Any] | None) -> dict[str, Any]:
    state = None if row is None else Initiatives.model_validate({n: row[n] for n in ("unit", "title", "versions")})
    items, retired = standing(id, state)
    told: dict[str, Any] = {
        "id": id,
        "title": state.title if state else LISTS[id][0],
        "version": 0 if row is None else row["version"],
        "items": [item.model_dump() for item in items],
        "retired": [item.model_dump() for item in retired],
        "versions": [] if state is None else [version.model_dump() for version in state.versions],
    }
    shown: dict[str, Any] = masked(told)
    return shown


async def check_tags(database: Database, tags: Sequence[str], *, new: bool = True) -> list[str]:
    """A record's tags as the lists spell them; those that no list has are refused, a new record bears only those in
    force.

    Raises:
        DomainError: tag.unknown, with a pointer to each.
    """
    known = await tags_known(database, new=new) if tags else set()
    found = [known_as(tag, known) for tag in tags]
    wrong: list[FieldError] = [
        {"pointer": f"/tags/{place}", "detail": not_known(tags[place])}
        for place, tag in enumerate(found)
        if tag is None
    ]
    if wrong:
        raise DomainError("tag.unknown", wrong[0]["detail"], "invalid", wrong)
    return [tag for tag in found if tag is not None]


def known_as(tag: str, known: Collection[str]) -> str | None:
    """The item of the lists that is meant by a tag: as it was typed, else as keys are compared."""
    if tag in known:
        return tag
    by_key = {spellings(item)[-1]: item for item in known}
    return by_key.get(spellings(tag)[-1])


async def tags_known(database: Database, *, new: bool) -> set[str]:
    """The tags that a record may bear: for one that is there already also those that are in force no more."""
    found = await lists(database)
    return {item["id"] for each in found for name in ("items", *(() if new else ("retired",))) for item in each[name]}


def not_known(tag: str) -> str:
    """The refusal of a tag."""
    return f"举措、载体清单中没有标签“{tag[:40]}”，或已停用"


async def progress(database: Database, list_id: str, unit_id: str, span: Span) -> dict[str, Any]:
    """What a unit and those below it have done under each item of a list: every figure whose records bear tags.

    Raises:
        DomainError: initiative.unknown, unit.unknown, period.invalid.
    """
    span.check()
    found = next((each for each in await lists(database) if each["id"] == list_id), None)
    if found is None:
        raise DomainError("initiative.unknown", f"没有清单 {list_id}", "not_found")
    items = [*found["items"], *found["retired"]]
    levels = [stored(key(each.id, tag=item["id"])) for each in TAGGED if each.sort == "level" for item in items]
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session, children=False)
        generation, known_until = await known(database, session)
        amounts = (await sums(database[generation.rollups], [unit_id], span, levels, session))[unit_id]
    in_force = {item["id"] for item in found["items"]}
    return {
        "id": list_id,
        "title": found["title"],
        "version": found["version"],
        "unit": unit_id,
        "unit_name": at.name,
        "path": at.path,
        "period": span.told(),
        "as_of": known_until,
        "columns": [{"id": each.id, "name": each.name, "unit_of_measure": each.measure} for each in TAGGED],
        "items": [
            {
                **Item.model_validate(item).model_dump(),
                "in_force": item["id"] in in_force,
                "figures": {each.id: amounts.get(stored(key(each.id, tag=item["id"])), 0) for each in TAGGED},
            }
            for item in items
        ],
    }
