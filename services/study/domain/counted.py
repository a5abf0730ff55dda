"""What study's records count as they stand, for the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from services.kernel.message.event import Period
from services.kernel.rules.distinct import GRAINS
from services.kernel.rules.recount import Counted, Distinct, Place, Reached, amounts, named_window, one, parts, reached

from ..contract import FIGURES, IN_FIGURES, NAME, SIDES
from . import activity, contest, entry, material, pair
from .activity import ACTIVITY, JOINING, Activity, joined, joining_id
from .contest import CONTEST
from .coverage import COVERAGE, coverage_id
from .entry import ENTRY
from .essay import ESSAY
from .lecture import LECTURE
from .material import ISSUE
from .notice import NOTICE
from .pair import PAIR
from .receipt import RECEIPT, Receipt
from .session import SESSION, Session, counted_by, covering

COVERED = "study.units_covered"
_ATTENDED = ("due", "present", "excused", "absent", "duty", "transferred", "exempt")


def session(state: Session) -> Counter[Place]:
    """A session that was reported counts once for its way, and so do the people who were due."""
    sums: Counter[Place] = Counter()
    if state.state in IN_FIGURES:
        part = counted_by(state)
        sums[f"study.sessions.{part.way}", state.unit, state.day.isoformat()] = 1
        sums.update(amounts("study.attendance.", _ATTENDED, part))
    return sums


def receipt(state: Receipt) -> Counter[Place]:
    """A receipt counts the items due from its unit, and those that are done."""
    counted = state.due()
    place = (state.unit, state.day.isoformat())
    return Counter({(f"study.notice_items.{name}", *place): getattr(counted, name) for name in ("due", "done")})


COUNTED = (
    Counted(SESSION, session),
    Counted(ESSAY, one("study.essays")),
    Counted(LECTURE, one("study.lectures")),
    Counted(PAIR, parts(NAME, FIGURES, pair.counted)),
    Counted(ACTIVITY, parts(NAME, FIGURES, activity.counted)),
    Counted(CONTEST, parts(NAME, FIGURES, contest.counted)),
    Counted(ENTRY, parts(NAME, FIGURES, entry.counted)),
    Counted(ISSUE, parts(NAME, FIGURES, material.issued)),
    Counted(NOTICE, one("study.notices", ("issued",))),
    Counted(RECEIPT, receipt),
)


def covered(state: Session, campaigns: Iterable[Period]) -> set[Reached]:
    """The windows in which a session covers its unit, each on its last day."""
    place = covering(state)
    if place is None:
        return set()
    unit, day, way = place
    found: set[Reached] = set()
    for grain in GRAINS:
        name, last = named_window(grain, day.isoformat(), campaigns)
        for id in (COVERED, f"{COVERED}.{way}") if name else ():
            found.add(((f"{id}@{grain}", unit, last), name, coverage_id(unit)))
    return found


def joining(side: str) -> Callable[[Activity, Iterable[Period]], set[Reached]]:
    """The campaign in which an activity lets its unit on a side join."""

    def joins(state: Activity, campaigns: Iterable[Period]) -> set[Reached]:
        key = f"study.{side}_units_joined@campaign"
        found: set[Reached] = set()
        for on, unit, day in joined(state):
            if on == side:
                found |= reached([key], unit, day, campaigns, joining_id(on, unit))
        return found

    return joins


DISTINCT = (
    Distinct(COVERED, SESSION, covered, COVERAGE),
    *(Distinct(f"study.{side}_units_joined", ACTIVITY, joining(side), JOINING) for side in SIDES),
)
