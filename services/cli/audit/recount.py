"""What every service's records count as they stand, collected; and which members are covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import import_module

from services.kernel.message.event import Period
from services.kernel.rules.distinct import GRAINS
from services.kernel.rules.recount import Counted, Distinct, Place, named_window
from services.organisation.contract import Stay
from services.registry import SERVICES

MEMBERS_COVERED = "study.members_covered"

Presence = tuple[str, str, str, str]
"""Somebody, on a day, at a unit, by a way of study."""

_BY_SOURCE = {service.source: import_module(f"services.{service.package}.domain.counted") for service in SERVICES}
COUNTED: list[tuple[str, Counted]] = [(source, each) for source, said in _BY_SOURCE.items() for each in said.COUNTED]
"""Every kind of record that counts something, with its source."""
DISTINCT: list[tuple[str, Distinct]] = [(source, each) for source, said in _BY_SOURCE.items() for each in said.DISTINCT]
"""Every distinct count, with its source."""


def members_covered(
    presences: Iterable[Presence], campaigns: Sequence[Period], belonged: Mapping[str, Iterable[Stay]]
) -> Counter[Place]:
    """Each member counts once in a window, where they belong on its last day: recounted from who was at which session,
    and from the lists of members.
    """
    held: set[tuple[str, str, str]] = set()
    for who, day, _, way in presences:
        for grain in GRAINS:
            name, last = named_window(grain, day, campaigns)
            if name:
                held |= {(who, f"{id}@{grain}", last) for id in (MEMBERS_COVERED, f"{MEMBERS_COVERED}.{way}")}
    found: Counter[Place] = Counter()
    for who, figure, last in held:
        at = date.fromisoformat(last)
        for stay in belonged.get(who, ()):
            if stay.first <= at and (stay.until is None or at < stay.until):
                found[figure, stay.unit, last] += 1
    return found
