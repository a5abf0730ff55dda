"""Sessions of the four ways, with attendance by exception."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitFields
from services.organisation.contract import MemberId

from .reported import Link
from .words import EXAMPLE_UNIT, OWN, OwnNumber, Paged, Reason, Title, Whole


class Way(StrEnum):
    """The ways of study that sessions belong to."""

    leadership = "leadership"
    branch = "branch"
    youth = "youth"
    self = "self"


class Form(StrEnum):
    """What sort of session it was; each form belongs to one way."""

    first_agenda = "first_agenda"
    theory_group = "theory_group"
    reading_class = "reading_class"
    on_site = "on_site"
    discussion = "discussion"
    theme_day = "theme_day"
    general_meeting = "general_meeting"
    committee_meeting = "committee_meeting"
    group_meeting = "group_meeting"
    group_study = "group_study"
    joint_study = "joint_study"
    programme = "programme"
    online = "online"
    offline = "offline"


WAYS = {Way.leadership: "领学", Way.branch: "研学", Way.youth: "精学", Way.self: "自学"}
FORMS = {
    Way.leadership: {
        Form.first_agenda: "第一议题",
        Form.theory_group: "理论学习中心组学习",
        Form.reading_class: "读书班",
        Form.on_site: "现场见学",
    },
    Way.branch: {
        Form.discussion: "研讨",
        Form.theme_day: "主题党日",
        Form.general_meeting: "支部党员大会",
        Form.committee_meeting: "支部委员会",
        Form.group_meeting: "党小组会",
    },
    Way.youth: {Form.group_study: "小组学习", Form.joint_study: "联学共建", Form.programme: "提升工程"},
    Way.self: {Form.online: "线上", Form.offline: "线下"},
}
FORM_NAMES = {form: name for forms in FORMS.values() for form, name in forms.items()}


class Reasons(StrEnum):
    """Why somebody who was due is named: excused, absent, or out of the denominator."""

    duty = "duty"
    illness = "illness"
    personal = "personal"
    absent = "absent"
    transferred = "transferred"
    exempt = "exempt"
    excused = "excused"
    """Illness or a personal matter of somebody who is named: which of them, the branch alone may know."""


EXCUSED = (Reasons.duty, Reasons.illness, Reasons.personal, Reasons.excused)
HIDDEN = (Reasons.illness, Reasons.personal)
NOT_DUE = (Reasons.transferred, Reasons.exempt)
REASON_NAMES = {
    Reasons.duty: "公务",
    Reasons.illness: "病假",
    Reasons.personal: "事假",
    Reasons.absent: "缺席",
    Reasons.transferred: "转出",
    Reasons.exempt: "免学",
}


class Absence(BaseModel):
    """So many people named for one reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Reasons
    count: int = Field(ge=1, le=1_000_000)


class NamedAbsence(BaseModel):
    """Somebody who was due and not there, by their number in 党员名册."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member: MemberId
    reason: Reasons


MOST_MEMBERS = 1_000
"""A session by name is of so many members at most, present and absent: each is counted in its transaction, which is
held together with every other session of theirs. A branch has 3 to 50; what a whole department attends is reported in
numbers, or by each of its branches. Nobody can then have more to name, in however many commands or rows.
"""


class SessionState(StrEnum):
    """Where a session stands: 草稿, 已开展, 已报送, 已采纳, 退回, 作废."""

    draft = "draft"
    held = "held"
    submitted = "submitted"
    accepted = "accepted"
    returned = "returned"
    void = "void"


STATE_NAMES = {
    "draft": "草稿",
    "held": "已开展",
    "submitted": "已报送",
    "accepted": "已采纳",
    "returned": "退回",
    "void": "作废",
    "recorded": "已报送",
}


IN_FIGURES = (SessionState.submitted, SessionState.accepted)


class Counted(BaseModel):
    """What of a session enters the figures; `due` is without those transferred or exempt, `duty` part of `excused`."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    way: Way
    form: Form | None = None
    due: int
    present: int
    excused: int
    absent: int
    duty: int = 0
    transferred: int = 0
    exempt: int = 0


class SessionContent(Command):
    """What a person knows of a session. Everyone due is present unless named.

    With `due` left out everybody on the unit's list of members on that day is due, and `named` says who was not there;
    with `due` given `absences` says how many were not.
    """

    unit_fields: ClassVar[UnitFields] = (OWN,)

    unit: str
    day: Day
    way: Way
    form: Form
    title: Title
    due: Whole | None = Field(default=None, description="不填则为党员名册上该单位当日在册人数")
    absences: list[Absence] = Field(default=[], max_length=7)
    named: list[NamedAbsence] = Field(
        default=[],
        max_length=MOST_MEMBERS,
        description=f"按名册登记时未到的党员；超过 {MOST_MEMBERS} 人的活动按人数登记",
    )
    listed: bool = Field(default=False, description="应到人数按党员名册；不填应到人数即是")
    present: int | None = Field(default=None, ge=0, description="可不填；填写时须与应到减去请假、缺席等人数一致")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")
    programme: Link | None = Field(default=None, description="形式为“提升工程”时所属的工程：其记录标识或编号")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.due is not None and (self.listed or self.named):
            raise ValueError("按党员名册登记的，不填应到人数")
        if self.due is None and self.absences:
            raise ValueError("按党员名册登记的，未到的逐人填写，不填人数")
        return self


class DraftSession(SessionContent):
    """Keep a session that is being prepared."""

    id: str


class HoldSession(SessionContent):
    """Record a session that was held; `row` names the spreadsheet row it came in."""

    id: str
    row: str | None = None


class SubmitSession(Command):
    """Report a session: from now on it is in the figures."""

    id: str


class CorrectSession(SessionContent):
    """Say a session anew, with the reason. Its unit and number stay."""

    id: str
    reason: Reason
    row: str | None = None


class ReturnSession(Command):
    """Give a submitted session back to its unit; it leaves the figures."""

    id: str
    reason: Reason


class AcceptSession(Command):
    """The month in which a reported session lies was locked."""

    id: str


class VoidSession(Command):
    """Take a session back for good; it leaves every figure that it had entered."""

    id: str
    reason: Reason
    row: str | None = None


class GetSession(Command):
    """One session."""

    id: str


class ListSessions(Paged):
    """Sessions of a unit and those below it."""

    states = frozenset(SessionState)

    way: Way | None = None
    form: Form | None = None
    programme: Link | None = None


_COUNTED: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "way": "branch",
    "form": "theme_day",
    "due": 20,
    "present": 18,
    "excused": 1,
    "absent": 1,
}
_CONTENT: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
    "absences": [{"reason": "duty", "count": 1}, {"reason": "absent", "count": 1}],
    "number": "XX-2026-001",
}


class SessionFields(Payload):
    """The content of a session as an event tells it."""

    way: Way
    form: Form
    title: FreeText
    due: int
    absences: list[Absence]
    listed: bool = False
    number: str | None = None
    programme: str | None = None
    row: str | None = None


class SessionDrafted(SessionFields):
    """A session is being prepared; it is in no figure."""

    type: ClassVar[str] = "session.drafted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class SessionHeld(SessionFields):
    """A session was held; it is in no figure yet."""

    type: ClassVar[str] = "session.held.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class SessionSubmitted(Payload):
    """A session was reported: `now` enters the figures."""

    type: ClassVar[str] = "session.submitted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "title": "三月主题党日", "now": _COUNTED}]
    title: FreeText
    now: Counted


class SessionCorrected(SessionFields):
    """A session was said anew: `was` leaves the figures and `now` enters them, where it was in them."""

    type: ClassVar[str] = "session.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_CONTENT,
            "due": 21,
            "reason": "人数填报有误",
            "was": _COUNTED,
            "now": {**_COUNTED, "due": 21, "present": 19},
        }
    ]
    reason: FreeText
    was: Counted | None
    now: Counted | None


class SessionReturned(Payload):
    """A submitted session was given back: `was` leaves the figures."""

    type: ClassVar[str] = "session.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "缺少议题", "was": _COUNTED}]
    reason: FreeText
    was: Counted


class SessionAccepted(Payload):
    """A session was taken over with its month: it stays in the figures, and changes only with a reason."""

    type: ClassVar[str] = "session.accepted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class SessionVoided(Payload):
    """A session was taken back: `was` leaves the figures, where it was in them."""

    type: ClassVar[str] = "session.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": _COUNTED}]
    reason: FreeText
    was: Counted | None
    row: str | None = None
