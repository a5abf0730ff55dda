"""What the organisation's records count as they stand, for the audit."""

from __future__ import annotations

from collections import Counter

from services.kernel.rules.recount import Counted, Distinct, Place, amounts

from . import submission as submissions
from .member import MEMBER, Member
from .submission import SUBMISSION, Submission
from .unit import UNIT, Unit


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
    part = submissions.counted(state)
    return Counter() if part is None else amounts("report.", ("expected", "submitted", "on_time"), part)


COUNTED = (Counted(SUBMISSION, submission), Counted(MEMBER, member), Counted(UNIT, unit))
DISTINCT: tuple[Distinct, ...] = ()
