"""What an event adds to and takes from the figures. An event that changes something counted bears `was` and `now`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

from services.kernel.event import Event

from .catalogue import METRICS, key


class Contribution(NamedTuple):
    """So much of a metric's key, for a unit, on a day."""

    key: str
    unit: str
    day: str
    amount: int


Part = dict[str, Any]


def _session(part: Part) -> Iterable[Contribution]:
    unit, day = part["unit"], part["day"]
    yield Contribution(f"study.sessions.{part['way']}", unit, day, 1)
    for name in ("due", "present", "excused", "absent", "duty", "transferred", "exempt"):
        yield Contribution(f"study.attendance.{name}", unit, day, part.get(name, 0))


def _one(metric: str) -> Callable[[Part], Iterable[Contribution]]:
    return lambda part: [Contribution(metric, part["unit"], part["day"], 1)]


def _figure(service: str) -> Callable[[Part], Iterable[Contribution]]:
    """Parts that name their figure, and say how much where it is not one."""
    return lambda part: [Contribution(f"{service}.{part['figure']}", part["unit"], part["day"], part.get("amount", 1))]


def _stay(part: Part) -> Iterable[Contribution]:
    yield Contribution("study.members_due", part["unit"], part["first"], 1)
    if part.get("until"):
        yield Contribution("study.members_due", part["unit"], part["until"], -1)


def _receipt(part: Part) -> Iterable[Contribution]:
    for name in ("due", "done"):
        yield Contribution(f"study.notice_items.{name}", part["unit"], part["day"], part[name])


def _submission(part: Part) -> Iterable[Contribution]:
    for name in ("expected", "submitted", "on_time"):
        yield Contribution(f"report.{name}", part["unit"], part["day"], part[name])


_VERSION = ".v1"
"""Of the kinds of events that are read here; what another version means is not known here."""
_READERS: dict[str, Callable[[Part], Iterable[Contribution]]] = {
    "study.session": _session,
    "study.essay": _one("study.essays"),
    "study.lecture": _one("study.lectures"),
    **{f"study.{noun}": _figure("study") for noun in ("pair", "activity", "contest", "entry", "issue")},
    "study.notice": _one("study.notices"),
    "study.receipt": _receipt,
    "research.topic": _figure("research"),
    "research.measure": _figure("research"),
    "research.visit": _one("research.visits"),
    "hotline.ticket": _figure("hotline"),
    "gateway.member": _stay,
    "gateway.submission": _submission,
}


def _by_way(metric: str, flip: Part) -> str:
    return key(f"{metric}.{flip['way']}" if flip.get("way") else metric, flip["grain"])


def _coverage(event: Event) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        yield Contribution(_by_way("study.units_covered", flip), event.unit, flip["day"], flip["now"] - flip["was"])


def _visited(event: Event) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        metric = key(f"research.units_visited.{event.data['kind']}", flip["grain"])
        yield Contribution(metric, event.unit, flip["day"], flip["now"] - flip["was"])


def _attendance(event: Event) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        yield Contribution(_by_way("study.members_covered", flip), flip["unit"], flip["day"], flip["change"])


def _unit(event: Event) -> Iterable[Contribution]:
    if event.short_type == "unit.added.v1":
        yield Contribution("study.units_due", event.unit, event.day.isoformat(), 1)


def _joining(event: Event) -> Iterable[Contribution]:
    for flip in event.data["flips"]:
        metric = key(f"study.{event.data['side']}_units_joined", flip["grain"])
        yield Contribution(metric, event.unit, flip["day"], flip["now"] - flip["was"])


_WHOLE: dict[str, Callable[[Event], Iterable[Contribution]]] = {
    "study.coverage": _coverage,
    "study.attendance": _attendance,
    "study.joining": _joining,
    "research.place": _visited,
    "gateway.unit": _unit,
}
"""Kinds of events that say themselves what they change."""


def _parts(data: dict[str, Any], name: str) -> list[Part]:
    told = data.get(name)
    return told if isinstance(told, list) else [told] if isinstance(told, dict) else []


def _moved(event: Event, subject: str) -> Iterable[Contribution]:
    """What was leaves the figures, and what is enters them."""
    reader = _READERS.get(subject)
    for name, sign in (("was", -1), ("now", 1)) if reader else ():
        for part in _parts(event.data, name):
            for metric, unit, day, amount in reader(part) if reader else ():
                yield Contribution(metric, unit, day, sign * amount)


def facts(event: Event) -> list[Contribution]:
    """What the event contributes; nothing where it changes no figure. Unknown kinds of events contribute nothing.

    Raises:
        ValueError: the event names a figure that the catalogue does not have, or tells in another version than v1.
    """
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    subject = f"{event.service}.{event.short_type.split('.', 1)[0]}"
    if subject in (_READERS.keys() | _WHOLE.keys()) and not event.short_type.endswith(_VERSION):
        raise ValueError(f"{event.type} is not understood: only v1 is")
    for metric, unit, day, amount in _WHOLE[subject](event) if subject in _WHOLE else _moved(event, subject):
        sums[metric, unit, day] += amount
    contributed = [Contribution(*place, amount) for place, amount in sums.items() if amount]
    for contribution in contributed:
        if contribution.key.split("@")[0] not in METRICS:
            raise ValueError(f"{event.type} names {contribution.key}, which is in no catalogue")
        date.fromisoformat(contribution.day)
    return contributed
