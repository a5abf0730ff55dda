"""Activities of pairs, each counted once for the unit that led it; and the units that have joined by taking part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate, Upgrade
from services.kernel.rules.distinct import CountAnew, after, anew, moved
from services.kernel.rules.rules import wrong

from ..contract import (
    ActivityContent,
    ActivityCorrected,
    ActivityRecorded,
    ActivityReturned,
    ActivityVoided,
    CorrectActivity,
    CountJoining,
    Form,
    Grain,
    JoiningCounted,
    Part,
    RecordActivity,
    ReturnActivity,
    Side,
    VoidActivity,
)
from .pair import Pair
from .reported import Ies, Ledger, Reported
from .session import Session

GRAINS: tuple[Grain, ...] = ("campaign",)
Joined = tuple[Side, str, date]
"""A side, the unit that took part on it, and when."""


class Activity(Reported):
    """An activity as it stands; it keeps the two units of its pair."""

    unit: str
    day: date
    title: str
    pair: str
    session: str | None = None
    central: str
    provincial: str
    central_people: int
    provincial_people: int
    tags: list[str]


def check_pair(pair: Pair | None, content: ActivityContent) -> Pair:
    """An activity belongs to a pair that stands, is led by one of its two units, and lies within its days.

    Raises:
        DomainError: activity.pair_unknown, activity.lead_outside, activity.day_outside.
    """
    if pair is None or pair.state == "void":
        raise wrong("activity.pair_unknown", "pair", "没有这个结对，或已作废；请先登记结对")
    if content.unit not in (pair.central, pair.provincial):
        raise wrong("activity.lead_outside", "unit", f"牵头单位应为结对双方之一：{pair.central}、{pair.provincial}")
    if content.day < pair.day or (pair.last is not None and content.day > pair.last):
        span = f"{pair.day} 至 {pair.last or '长期'}"
        raise wrong("activity.day_outside", "day", f"日期 {content.day} 不在结对期间（{span}）内")
    return pair


def check_session(session: Session | None, content: ActivityContent, path: Sequence[str]) -> Session:
    """The session of an activity is one of joint study, of the leading unit or below it (`path` is the session's),
    on the same day.

    Raises:
        DomainError: activity.session_unknown, activity.session_differs.
    """
    if session is None or session.state in ("draft", "void") or content.unit not in path:
        raise wrong("activity.session_unknown", "session", "没有这次活动：应为牵头单位或其下级单位已开展的学习活动")
    if session.form != Form.joint_study or session.day != content.day:
        detail = f"《{session.title}》应为 {content.day} 的联学共建活动"
        raise wrong("activity.session_differs", "session", detail)
    return session


def counts(activity: Activity | ActivityContent) -> list[Part]:
    """An activity counts once, for the unit that led it."""
    return [Part(figure="pair_activities", unit=activity.unit, day=activity.day, tags=tuple(activity.tags))]


_RULES = Ledger(
    ("activity", "联学活动"),
    (RecordActivity, CorrectActivity, ReturnActivity, VoidActivity),
    (ActivityRecorded, ActivityCorrected, ActivityReturned, ActivityVoided),
    Activity,
    ("title", "pair", "session", "central", "provincial", "central_people", "provincial_people", "tags", "number"),
    counts,
)


def decide(state: Activity | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on an activity.

    Raises:
        DomainError: activity.pair_fixed, and what every register refuses.
    """
    if state is not None and isinstance(command, CorrectActivity) and command.pair != state.pair:
        raise wrong("activity.pair_fixed", "pair", "不能改变活动所属的结对，请作废后另行登记")
    return _RULES.decide(state, command, now)


counted = _RULES.placed
ACTIVITY = Ies("activity", Activity, decide, _RULES.evolve, lambda each: (each.central, each.provincial))


def joined(activity: Activity | None) -> set[Joined]:
    """Which units have joined by an activity while it stands: both of its pair."""
    if activity is None or activity.state != "recorded":
        return set()
    return {("central", activity.central, activity.day), ("provincial", activity.provincial, activity.day)}


class Joining(BaseModel):
    """A unit's activities on one side by day and campaign, and the day on which each campaign counts it."""

    model_config = ConfigDict(frozen=True)

    unit: str
    side: Side
    counts: dict[str, int]
    days: dict[str, date]


def joining_id(side: Side, unit: str) -> str:
    """The id of a unit's joining on a side."""
    return f"joining:{side}:{unit}"


def _decide_joining(state: Joining | None, command: CountJoining | CountAnew, now: datetime) -> list[JoiningCounted]:
    if isinstance(command, CountAnew):
        told = {} if state is None else anew(state.counts, state.days, GRAINS)
        return [JoiningCounted(unit=state.unit, side=state.side, **told)] if state is not None and told else []
    held = state or Joining(unit=command.unit, side=command.side, counts={}, days={})
    return [JoiningCounted(unit=held.unit, side=held.side, **moved(held.counts, held.days, command, GRAINS))]


def _evolve_joining(state: Joining | None, event: JoiningCounted) -> Joining:
    held = state or Joining(unit=event.unit, side=event.side, counts={}, days={})
    counts, days = after(held.counts, held.days, event)
    return held.model_copy(update={"counts": counts, "days": days})


def _of_joining(joining: Joining) -> Iterable[str]:
    return (joining.unit,)


JOINING = Aggregate(
    "joining",
    Joining,
    _decide_joining,
    _evolve_joining,
    _of_joining,
    upgrade=Upgrade("counts", JoiningCounted, CountAnew()),
)
