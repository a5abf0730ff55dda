"""Joint study of a central unit and a provincial one 央地联学共建: pairs, their activities, who has joined."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from services.kernel.message.event import Command
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.sheets.cells import Tags

from .distinct import DistinctCounted
from .reported import (
    REPORTED_STATES,
    Content,
    Correction,
    Examples,
    GiveBack,
    Link,
    Recording,
    Returned,
    TakeBack,
    Told,
    Voided,
)
from .words import EXAMPLE_UNIT, OWN, Paged, Reference, Whole

Side = Literal["central", "provincial"]
SIDES: dict[Side, str] = {"central": "中直单位", "provincial": "省直单位"}
_SIDES: UnitFields = tuple(UnitField(side, label, day="day") for side, label in SIDES.items())


class PairContent(Content):
    """A pair from `day` to `last` (open without it), reported by `unit`, one of the two; `title` is its theme."""

    unit_fields: ClassVar[UnitFields] = (OWN, *_SIDES)

    central: str = Field(description="中直驻省单位编码")
    provincial: str = Field(description="省直单位编码")
    last: Day | None = Field(default=None, description="结对的最后一日；不填为长期")
    tags: Tags = Field(default_factory=list)


class RecordPair(PairContent, Recording):
    """Record a pair."""


class CorrectPair(PairContent, Correction):
    """Say a pair anew; its two units stay. An end is given by `last`."""


class ReturnPair(GiveBack):
    """Give a pair back."""


class VoidPair(TakeBack):
    """Take a pair back; its activities must have been taken back before."""


class GetPair(Command):
    """One pair, with what its activities add up to."""

    id: str


class ListPairs(Paged):
    """Pairs of a unit and those below it."""

    states = REPORTED_STATES

    tag: Reference | None = None


class PairFields(Told):
    """The content of a pair as an event tells it."""

    central: str
    provincial: str
    last: date | None = None
    tags: list[str] = Field(default_factory=list)


_PAIR = Examples("pairs", title="金融助企联学", central="Z001", provincial="D001", number="JD-001")


class PairRecorded(PairFields):
    """A pair was recorded."""

    type: ClassVar[str] = "pair.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PAIR.recorded


class PairCorrected(PairFields):
    """A pair was said anew."""

    type: ClassVar[str] = "pair.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PAIR.corrected


class PairReturned(Returned):
    """A pair was given back."""

    type: ClassVar[str] = "pair.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PAIR.returned


class PairVoided(Voided):
    """A pair was taken back."""

    type: ClassVar[str] = "pair.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _PAIR.voided


class ActivityContent(Content):
    """An activity of a pair; `unit` is the one of the two that led it, and it counts once, there.

    `session` is the joint-study session that the leading unit recorded of it: what was recorded there is not typed
    again. Left out in a correction it stays.
    """

    unit_fields: ClassVar[UnitFields] = (OWN, *_SIDES)

    pair: Link
    session: Link | None = Field(default=None, description="牵头单位登记的联学共建活动，可不填；不填人数的取其实到人数")
    central_people: Whole = Field(default=0, description="中直单位参加人数")
    provincial_people: Whole = Field(default=0, description="省直单位参加人数")
    tags: Tags = Field(default_factory=list)


class RecordActivity(ActivityContent, Recording):
    """Record an activity; the pair's two units are filled in by study itself."""

    central: str = ""
    provincial: str = ""


class CorrectActivity(ActivityContent, Correction):
    """Say an activity anew; it stays with its pair."""

    central: str = ""
    provincial: str = ""


class ReturnActivity(GiveBack):
    """Give an activity back."""


class VoidActivity(TakeBack):
    """Take an activity back."""


class GetActivity(Command):
    """One activity."""

    id: str


class ListActivities(Paged):
    """Activities of a unit and those below it; of one pair by its id."""

    states = REPORTED_STATES

    pair: Link | None = None
    tag: Reference | None = None


class ActivityFields(Told):
    """The content of an activity as an event tells it."""

    pair: str
    session: str | None = None
    central: str
    provincial: str
    central_people: int
    provincial_people: int
    tags: list[str] = Field(default_factory=list)


_ACTIVITY = Examples(
    "pair_activities",
    title="联学座谈",
    pair="01956f3e-0000-7000-8000-000000000000",
    central="Z001",
    provincial="D001",
    central_people=12,
    provincial_people=15,
)


class ActivityRecorded(ActivityFields):
    """An activity was recorded."""

    type: ClassVar[str] = "activity.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ACTIVITY.recorded


class ActivityCorrected(ActivityFields):
    """An activity was said anew."""

    type: ClassVar[str] = "activity.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ACTIVITY.corrected


class ActivityReturned(Returned):
    """An activity was given back."""

    type: ClassVar[str] = "activity.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ACTIVITY.returned


class ActivityVoided(Voided):
    """An activity was taken back."""

    type: ClassVar[str] = "activity.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ACTIVITY.voided


class CountJoining(Command):
    """An activity more (by = 1) or less (by = −1) in which a unit took part; (by = 0) its day is a campaign's by now.

    Follows from an activity or from a campaign, never sent.
    """

    unit: str
    side: Side
    day: Day
    campaign: str
    by: Literal[1, 0, -1]


class JoiningCounted(DistinctCounted):
    """A unit's activities in a month of a campaign went from `was` to `now`; `flips` tells whether it has joined."""

    type: ClassVar[str] = "joining.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "side": "provincial",
            "campaign": "C2026",
            "month": "2026-03",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "campaign", "window": "C2026", "day": "2026-03-05", "was": 0, "now": 1}],
        }
    ]
    side: Side
