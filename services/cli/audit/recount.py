"""What the owners' records count as they stand now, by their own rules and without a look at any event: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.gateway.domain import MEMBER, SUBMISSION, UNIT, Member, Submission, Unit
from services.gateway.domain.submission import counted as counted_of_submission
from services.gateway.projection import METRICS, key
from services.hotline.domain import TICKET
from services.hotline.domain.ticket import counted as counted_of_ticket
from services.kernel.message.event import Period
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.distinct import GRAINS, Grain, last_day, window
from services.kernel.rules.rules import campaign_of
from services.organisation.contract import Stay
from services.research.domain import MEASURE, PLACE, TOPIC, VISIT, Visit, place_id_of, visiting
from services.research.domain.loop import counted as counted_of_topic
from services.research.domain.measure import counted as counted_of_measure
from services.study.contract import IN_FIGURES, SIDES
from services.study.domain import (
    ACTIVITY,
    CONTEST,
    COVERAGE,
    ENTRY,
    ESSAY,
    ISSUE,
    JOINING,
    LECTURE,
    NOTICE,
    PAIR,
    RECEIPT,
    SESSION,
    Activity,
    Essay,
    Lecture,
    Notice,
    Receipt,
    Session,
    activity,
    contest,
    counted_by,
    covering,
    material,
    pair,
)
from services.study.domain import entry as contest_entry
from services.study.domain.activity import joined, joining_id
from services.study.domain.coverage import coverage_id

Place = tuple[str, str, str]
"""A metric's key, a unit, a day."""
Reached = tuple[Place, str, str]
"""Where something is reached (a distinct count's key, a unit, a day), in which window it counts once, what it is."""

COVERED, VISITED = "study.units_covered", "research.units_visited"
MEMBERS_COVERED = "study.members_covered"

Presence = tuple[str, str, str, str]
"""Somebody, on a day, at a unit, by a way of study."""


def session(state: Session) -> Counter[Place]:
    """A session that was reported counts once for its way, and so do the people who were due."""
    sums: Counter[Place] = Counter()
    if state.state in IN_FIGURES:
        part, place = counted_by(state), (state.unit, state.day.isoformat())
        sums[f"study.sessions.{part.way}", *place] = 1
        for name in ("due", "present", "excused", "absent", "duty", "transferred", "exempt"):
            sums[f"study.attendance.{name}", *place] = getattr(part, name)
    return sums


def entry(metric: str) -> Callable[[Essay | Lecture | Visit], Counter[Place]]:
    """An essay, a lecture or a visit counts one while it stands."""

    def count(state: Essay | Lecture | Visit) -> Counter[Place]:
        return Counter({(metric, state.unit, state.day.isoformat()): 1} if state.state == "recorded" else {})

    return count


def parts(service: str, counted: Callable[[Any], Iterable[Any]]) -> Callable[[Any], Counter[Place]]:
    """A record that says part by part what its life has come to."""

    def count(state: Any) -> Counter[Place]:
        sums: Counter[Place] = Counter()
        for part in counted(state):
            figure, place = f"{service}.{part.figure}", (part.unit, part.day.isoformat())
            amount = getattr(part, "amount", 1)
            sums[figure, *place] += amount
            for tag in getattr(part, "tags", ()) if METRICS[figure].tagged else ():
                sums[key(figure, tag=tag), *place] += amount
        return sums

    return count


def notice(state: Notice) -> Counter[Place]:
    """A notice counts one while it is in force."""
    return Counter({("study.notices", state.unit, state.day.isoformat()): 1} if state.state == "issued" else {})


def receipt(state: Receipt) -> Counter[Place]:
    """A receipt counts the items due from its unit, and those that are done."""
    counted = state.due()
    place = (state.unit, state.day.isoformat())
    return Counter({(f"study.notice_items.{name}", *place): getattr(counted, name) for name in ("due", "done")})


@dataclass(frozen=True)
class Kind:
    """A kind of record: whose it is, and what one counts as it stands."""

    service: str
    aggregate: Aggregate[Any]
    count: Callable[[Any], Counter[Place]]


def member(state: Member) -> Counter[Place]:
    """Somebody is due where and while they belong."""
    sums: Counter[Place] = Counter()
    for stay in state.stays:
        sums["study.members_due", stay.unit, stay.first.isoformat()] += 1
        if stay.until is not None:
            sums["study.members_due", stay.unit, stay.until.isoformat()] -= 1
            sums["study.members_departed", stay.unit, stay.until.isoformat()] += 1
    return sums


def unit(state: Unit) -> Counter[Place]:
    """A unit is due from its first day on, until it is no more."""
    sums = Counter({("study.units_due", state.path[-1], state.active_from.isoformat()): 1})
    if state.until is not None:
        sums["study.units_due", state.path[-1], state.until.isoformat()] -= 1
    return sums


def submission(state: Submission) -> Counter[Place]:
    """A month that is owed, that was submitted, that was submitted on time."""
    part, sums = counted_of_submission(state), Counter[Place]()
    if part is not None:
        for name in ("expected", "submitted", "on_time"):
            sums[f"report.{name}", part.unit, part.day.isoformat()] = getattr(part, name)
    return sums


KINDS = (
    Kind("gateway", SUBMISSION, submission),
    Kind("study", SESSION, session),
    Kind("study", ESSAY, entry("study.essays")),
    Kind("study", LECTURE, entry("study.lectures")),
    Kind("study", PAIR, parts("study", pair.counted)),
    Kind("study", ACTIVITY, parts("study", activity.counted)),
    Kind("study", CONTEST, parts("study", contest.counted)),
    Kind("study", ENTRY, parts("study", contest_entry.counted)),
    Kind("study", ISSUE, parts("study", material.issued)),
    Kind("study", NOTICE, notice),
    Kind("study", RECEIPT, receipt),
    Kind("research", TOPIC, parts("research", counted_of_topic)),
    Kind("research", VISIT, entry("research.visits")),
    Kind("research", MEASURE, parts("research", counted_of_measure)),
    Kind("hotline", TICKET, parts("hotline", counted_of_ticket)),
    Kind("gateway", MEMBER, member),
    Kind("gateway", UNIT, unit),
)


def covered(state: Session, campaigns: Iterable[Period]) -> set[Reached]:
    """The windows in which a session covers its unit, each on its last day."""
    place = covering(state)
    if place is None:
        return set()
    unit, day, way = place
    found: set[Reached] = set()
    for grain in GRAINS:
        name, last = _window_of(grain, day.isoformat(), campaigns)
        for id in (COVERED, f"{COVERED}.{way}") if name else ():
            found.add(((f"{id}@{grain}", unit, last), name, coverage_id(unit)))
    return found


def joining(side: str) -> Callable[[Activity, Iterable[Period]], set[Reached]]:
    """The campaign in which an activity lets its unit on a side join."""

    def reached(state: Activity, campaigns: Iterable[Period]) -> set[Reached]:
        key = f"study.{side}_units_joined@campaign"
        found: set[Reached] = set()
        for on, unit, day in joined(state):
            if on == side:
                found |= _reached([key], unit, day, campaigns, joining_id(on, unit))
        return found

    return reached


def visited(state: Visit, campaigns: Iterable[Period]) -> set[Reached]:
    """The campaign in which a visit reaches what was visited."""
    if visiting(state) is None or state.kind == "other":
        return set()
    key = f"{VISITED}.{state.kind}@campaign"
    return _reached([key], state.counts_as, state.day, campaigns, place_id_of(state))


def _reached(keys: Iterable[str], unit: str, day: date, campaigns: Iterable[Period], thing: str) -> set[Reached]:
    """What is in no campaign is in no campaign's window."""
    on = day.isoformat()
    within = ((key, window_of(key, on, campaigns)) for key in keys)
    return {((key, unit, on), name, thing) for key, name in within if name}


def counted_once(reached: Iterable[Reached]) -> Counter[Place]:
    """Each thing counts once in a window, where it was reached first."""
    first: dict[tuple[str, str, str], Place] = {}
    for place, name, thing in reached:
        once = place[0], name, thing
        first[once] = min(first.get(once, place), place, key=lambda each: each[2])
    return Counter(first.values())


def members_covered(
    presences: Iterable[Presence], campaigns: Sequence[Period], belonged: Mapping[str, Iterable[Stay]]
) -> Counter[Place]:
    """Each member counts once in a window, where they belong on its last day: recounted from who was at which session,
    and from the lists of members.
    """
    held: set[tuple[str, str, str]] = set()
    for who, day, _, way in presences:
        for grain in GRAINS:
            name, last = _window_of(grain, day, campaigns)
            if name:
                held |= {(who, f"{id}@{grain}", last) for id in (MEMBERS_COVERED, f"{MEMBERS_COVERED}.{way}")}
    found: Counter[Place] = Counter()
    for who, figure, last in held:
        at = date.fromisoformat(last)
        for stay in belonged.get(who, ()):
            if stay.first <= at and (stay.until is None or at < stay.until):
                found[figure, stay.unit, last] += 1
    return found


def window_of(key: str, day: str, campaigns: Iterable[Period]) -> str:
    """The window to which a day of a distinct count belongs; without a name where that is no campaign's."""
    grain = next(grain for grain in GRAINS if key.endswith(f"@{grain}"))
    return _name_of(grain, day, campaigns)


def _name_of(grain: Grain, day: str, campaigns: Iterable[Period]) -> str:
    campaign = campaign_of(date.fromisoformat(day), campaigns)
    return window(grain, day[:7], "" if campaign is None else campaign.id)


def _window_of(grain: Grain, day: str, campaigns: Iterable[Period]) -> tuple[str, str]:
    """The name and the last day of the window of a grain in which a day lies; nothing where it lies in no campaign."""
    campaign = campaign_of(date.fromisoformat(day), campaigns)
    if grain == "campaign":
        return ("", "") if campaign is None else (campaign.id, campaign.last.isoformat())
    name = window(grain, day[:7], "")
    return name, last_day(grain, name) or ""


@dataclass(frozen=True)
class Distinct:
    """A distinct count: the records that reach something, which they reach in which window, and what keeps count.

    `keeper` has a record for each thing that is counted; a unit may have several.
    """

    service: str
    metric: str
    aggregate: Aggregate[Any]
    reached: Callable[[Any, Iterable[Period]], set[Reached]]
    keeper: Aggregate[Any]


DISTINCT = (
    Distinct("study", COVERED, SESSION, covered, COVERAGE),
    *(Distinct("study", f"study.{side}_units_joined", ACTIVITY, joining(side), JOINING) for side in SIDES),
    Distinct("research", VISITED, VISIT, visited, PLACE),
)
