"""Members: to which unit somebody belongs, and since when. Names lie beside the journal; events bear ids alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, SEALED, FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields

from .words import Login, UnitId

MemberId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{2,31}$")]
"""The number under which an organisation keeps a member; it begins with a letter, so none is an identity or telephone
number."""
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), SEALED]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), FREE]


class AddMember(Command):
    """Put somebody on a unit's list; `user` is the account with which they sign in themselves, where they have one."""

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "所在单位", day="since"),)

    id: MemberId
    name: PersonName
    unit: UnitId
    since: Day
    user: Login | None = None


class TransferMember(Command):
    """From a day on somebody belongs to another unit."""

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "调入单位", day="day"),)

    id: str
    unit: UnitId
    day: Day


class RemoveMember(Command):
    """From a day on somebody belongs to no unit here any more."""

    id: str
    day: Day


class CorrectMember(Command):
    """Say anew what was wrong: the name, the unit, the day of coming to it, the account; of who has left, the day of
    leaving. What is left out stays.
    """

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "所在单位", day="since"),)

    id: str
    name: PersonName | None = None
    unit: UnitId | None = None
    since: Day | None = None
    until: Day | None = None
    user: Login | None = None
    reason: Why


class GetMember(Command):
    """One member."""

    id: str


class ListMembers(Command):
    """Members of a unit and those below it; `q` is the beginning of a number, or a whole name."""

    unit: UnitId
    state: Literal["current", "left"] | None = None
    q: str | None = Field(default=None, max_length=40)
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class ExportMembers(Command):
    """Members as rows of their sheet, names in clear, from the one after the number `after` on; who asks says why."""

    unmasks: ClassVar[bool] = True

    unit: UnitId
    reason: Why
    after: MemberId | None = None
    limit: int = Field(default=500, ge=1, le=1000)


class Stay(BaseModel):
    """Somebody belonged to a unit from a day on, until (without that day) another; `until` is None while they do."""

    model_config = ConfigDict(frozen=True)

    unit: str
    first: date
    until: date | None = None


_JOINED: dict[str, Any] = {"unit": "D001-B01", "day": "2026-02-01"}
_STAY = {"unit": "D001-B01", "first": "2026-02-01", "until": None}
_ENDED = {**_STAY, "until": "2026-05-06"}
_MOVED = {"unit": "D002-B01", "first": "2026-05-06", "until": None}


class MemberFields(Payload):
    """Where a member belonged before and belongs now, from the first unit to the last; `day` is when it takes effect.

    The record's id is the member's number.
    """

    was: list[Stay] = Field(default_factory=list)
    now: list[Stay]
    user: str | None = None
    row: str | None = None


class MemberJoined(MemberFields):
    """Somebody was put on a unit's list."""

    type: ClassVar[str] = "member.joined.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_JOINED, "now": [_STAY]}]


class MemberTransferred(MemberFields):
    """Somebody belongs to another unit."""

    type: ClassVar[str] = "member.transferred.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {"unit": "D002-B01", "day": "2026-05-06", "was": [_STAY], "now": [_ENDED, _MOVED]}
    ]


class MemberLeft(MemberFields):
    """Somebody belongs to no unit any more."""

    type: ClassVar[str] = "member.left.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_JOINED, "day": "2026-05-06", "was": [_STAY], "now": [_ENDED]}]


class MemberCorrected(MemberFields):
    """What is known of a member was said anew: where they belong, their account, or (beside the journal) their name."""

    type: ClassVar[str] = "member.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_JOINED, "reason": "编入日期有误", "was": [_STAY], "now": [{**_STAY, "first": "2026-02-03"}]}
    ]
    reason: FreeText
