"""What the owners' records count as they stand now, by their own rules and without a look at any event: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from services.hotline.domain import TICKET
from services.hotline.domain.ticket import Ticket, counted
from services.kernel.aggregate import Aggregate
from services.kernel.event import Period
from services.study.domain import ESSAY, LECTURE, SESSION, Essay, Lecture, Session, counted_by, covering
from services.study.domain.coverage import GRAINS, window

Place = tuple[str, str, str]
"""A metric's key, a unit, a day."""
Window = tuple[str, str, str]
"""A distinct count's key, a unit, the name of the window in which it is counted once."""

COVERED = "study.units_covered"


def session(state: Session) -> Counter[Place]:
    """A submitted session counts once for its way, and so do the people who were due."""
    sums: Counter[Place] = Counter()
    if state.state == "submitted":
        part, place = counted_by(state), (state.unit, state.day.isoformat())
        sums[f"study.sessions.{part.way}", *place] = 1
        for name in ("due", "present", "excused", "absent"):
            sums[f"study.attendance.{name}", *place] = getattr(part, name)
    return sums


def entry(metric: str) -> Callable[[Essay | Lecture], Counter[Place]]:
    """An essay or a lecture counts one while it stands."""

    def count(state: Essay | Lecture) -> Counter[Place]:
        return Counter({(metric, state.unit, state.day.isoformat()): 1} if state.state == "recorded" else {})

    return count


def ticket(state: Ticket) -> Counter[Place]:
    """A ticket counts what its life has come to."""
    sums: Counter[Place] = Counter()
    for part in counted(state):
        sums[f"hotline.{part.figure}", part.unit, part.day.isoformat()] += part.amount
    return sums


@dataclass(frozen=True)
class Kind:
    """A kind of record: whose it is, and what one counts as it stands."""

    service: str
    aggregate: Aggregate[Any]
    count: Callable[[Any], Counter[Place]]


KINDS = (
    Kind("study", SESSION, session),
    Kind("study", ESSAY, entry("study.essays")),
    Kind("study", LECTURE, entry("study.lectures")),
    Kind("hotline", TICKET, ticket),
)


def covered(state: Session, campaigns: Iterable[Period]) -> set[Window]:
    """The windows in which a session covers its unit."""
    place = covering(state)
    if place is None:
        return set()
    unit, day = place
    campaign = next((campaign.id for campaign in campaigns if campaign.first <= day <= campaign.last), "")
    return {(f"{COVERED}@{grain}", unit, window(grain, day.isoformat()[:7], campaign)) for grain in GRAINS}


def window_of(key: str, unit: str, day: str, campaigns: Iterable[Period]) -> Window:
    """The window to which a fact's day of a distinct count belongs."""
    campaign = next((each.id for each in campaigns if each.first.isoformat() <= day <= each.last.isoformat()), "")
    grain = next(grain for grain in GRAINS if key == f"{COVERED}@{grain}")
    return key, unit, window(grain, day[:7], campaign)
