"""Which units there are, as study knows them: learnt from what the gateway tells of the tree, never commanded."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from services.kernel.message.event import Event
from services.organisation.contract import UnitAbolished, UnitAdded, UnitKind, UnitMerged, UnitRenamed


class KnownUnit(BaseModel):
    """A unit of the tree: `path` leads from the root to it, `members` is how many party members belong to it."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: UnitKind
    path: list[str]
    members: int
    active_from: date
    until: date | None = None


def learnt(known: KnownUnit | None, event: Event) -> KnownUnit | None:
    """The unit after what was told of it; None where an event says nothing that study needs to know.

    Where a unit stands is told by what is told of the whole tree.
    """
    if event.short_type == UnitAdded.type:
        told = UnitAdded.of(event)
        return KnownUnit(name=told.name, kind=told.kind, path=told.path, members=told.members, active_from=told.day)
    if known is None:
        return None
    if event.short_type == UnitRenamed.type:
        return known.model_copy(update={"name": UnitRenamed.of(event).now.name})
    if event.short_type in (UnitMerged.type, UnitAbolished.type):
        return known.model_copy(update={"until": event.day})
    return None
