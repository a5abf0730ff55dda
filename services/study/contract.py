"""What study takes, tells and shows. The only module that others may import."""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.kernel.cells import Count, Day, Text, choice
from services.kernel.event import Command, Payload
from services.kernel.sheets import Column, Sheet

NAME = "study"

_PRINTABLE = r"^[^\x00-\x1f]*$"
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_PRINTABLE)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Post = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PRINTABLE)]
OwnNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_PRINTABLE)]
Whole = Annotated[int, Field(ge=0, le=1_000_000)]


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


EXCUSED = (Reasons.duty, Reasons.illness, Reasons.personal)
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


class SessionState(StrEnum):
    """Where a session stands: 草稿, 已开展, 已报送, 退回, 作废."""

    draft = "draft"
    held = "held"
    submitted = "submitted"
    returned = "returned"
    void = "void"


STATE_NAMES = {
    "draft": "草稿",
    "held": "已开展",
    "submitted": "已报送",
    "returned": "退回",
    "void": "作废",
    "recorded": "已报送",
}


class Counted(BaseModel):
    """What of a session enters the figures; `due` is without those transferred or exempt."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    way: Way
    due: int
    present: int
    excused: int
    absent: int


class SessionContent(Command):
    """What a person knows of a session. Everyone due is present unless named in `absences`."""

    unit: str
    day: date
    way: Way
    form: Form
    title: Title
    due: Whole
    absences: list[Absence] = Field(default=[], max_length=6)
    present: int | None = Field(default=None, ge=0, description="可不填；填写时须与应到减去请假、缺席等人数一致")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


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


class VoidSession(Command):
    """Take a session back for good; it leaves every figure that it had entered."""

    id: str
    reason: Reason
    row: str | None = None


class GetSession(Command):
    """One session."""

    id: str


class Paged(Command):
    """A page of a list within a unit's subtree."""

    unit: str
    state: str | None = None
    first: date | None = None
    last: date | None = None
    q: str | None = Field(default=None, max_length=60)
    sort: Literal["day", "-day", "title", "-title"] = "-day"
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class ListSessions(Paged):
    """Sessions of a unit and those below it."""

    way: Way | None = None
    form: Form | None = None


class CountCoverage(Command):
    """An attended session more (by = 1) or less (by = −1) on a day of a unit; follows from a session, never sent."""

    unit: str
    day: date
    campaign: str
    by: Literal[1, -1]


class EssayContent(Command):
    """A reflection essay, linked to the reading class it came of by that session's id or own number."""

    unit: str
    day: date
    title: Title
    session: OwnNumber | None = Field(default=None, description="关联的读书班：其记录标识或本单位编号")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class RecordEssay(EssayContent):
    """Record an essay."""

    id: str
    row: str | None = None


class CorrectEssay(EssayContent):
    """Say an essay anew, with the reason."""

    id: str
    reason: Reason
    row: str | None = None


class VoidEssay(Command):
    """Take an essay back."""

    id: str
    reason: Reason
    row: str | None = None


class GetEssay(Command):
    """One essay."""

    id: str


class ListEssays(Paged):
    """Essays of a unit and those below it."""


class LectureMode(StrEnum):
    """A party lecture to all 集中讲, or by each leader 分头讲."""

    all = "all"
    each = "each"


MODE_NAMES = {LectureMode.all: "集中讲", LectureMode.each: "分头讲"}


class LectureContent(Command):
    """A party lecture; the speaker is named by post."""

    unit: str
    day: date
    title: Title
    mode: LectureMode
    speaker_post: Post
    audience: Whole
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class RecordLecture(LectureContent):
    """Record a lecture."""

    id: str
    row: str | None = None


class CorrectLecture(LectureContent):
    """Say a lecture anew, with the reason."""

    id: str
    reason: Reason
    row: str | None = None


class VoidLecture(Command):
    """Take a lecture back."""

    id: str
    reason: Reason
    row: str | None = None


class GetLecture(Command):
    """One lecture."""

    id: str


class ListLectures(Paged):
    """Lectures of a unit and those below it."""


# What happened.

_UNIT: dict[str, Any] = {"unit": "D001-B01", "day": "2026-03-05"}
_COUNTED: dict[str, Any] = {**_UNIT, "way": "branch", "due": 20, "present": 18, "excused": 1, "absent": 1}
_CONTENT: dict[str, Any] = {
    **_UNIT,
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
    "absences": [{"reason": "duty", "count": 1}, {"reason": "absent", "count": 1}],
    "number": "XX-2026-001",
}


class SessionTold(Payload):
    """The content of a session as an event tells it."""

    way: Way
    form: Form
    title: str
    due: int
    absences: list[Absence]
    number: str | None = None
    row: str | None = None


class SessionDrafted(SessionTold):
    """A session is being prepared; it is in no figure."""

    type: ClassVar[str] = "session.drafted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class SessionHeld(SessionTold):
    """A session was held; it is in no figure yet."""

    type: ClassVar[str] = "session.held.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]


class SessionSubmitted(Payload):
    """A session was reported: `now` enters the figures."""

    type: ClassVar[str] = "session.submitted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "title": "三月主题党日", "now": _COUNTED}]
    title: str
    now: Counted


class SessionCorrected(SessionTold):
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
    reason: str
    was: Counted | None
    now: Counted | None


class SessionReturned(Payload):
    """A submitted session was given back: `was` leaves the figures."""

    type: ClassVar[str] = "session.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "缺少议题", "was": _COUNTED}]
    reason: str
    was: Counted


class SessionVoided(Payload):
    """A session was taken back: `was` leaves the figures, where it was in them."""

    type: ClassVar[str] = "session.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": _COUNTED}]
    reason: str
    was: Counted | None
    row: str | None = None


Grain = Literal["month", "quarter", "year", "campaign"]


class Flip(BaseModel):
    """In one window of a grain a unit became covered (0 → 1) or is so no more (1 → 0); `day` is where it counts."""

    model_config = ConfigDict(frozen=True)

    grain: Grain
    window: str
    day: date
    was: int
    now: int


class CoverageCounted(Payload):
    """A unit's attended sessions in a month of a campaign went from `was` to `now`; `flips` tells what that changes."""

    type: ClassVar[str] = "coverage.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "campaign": "C2026",
            "month": "2026-03",
            "was": 0,
            "now": 1,
            "flips": [{"grain": "month", "window": "2026-03", "day": "2026-03-05", "was": 0, "now": 1}],
        }
    ]
    campaign: str
    month: str
    was: int
    now: int
    flips: list[Flip]


class EssayTold(Payload):
    """The content of an essay as an event tells it; an essay counts one on its day."""

    title: str
    session: str | None = None
    number: str | None = None
    row: str | None = None


_ESSAY: dict[str, Any] = {**_UNIT, "title": "学习体会", "session": "DS-2026-003", "number": "TH-001"}


class Placed(BaseModel):
    """Where something that counts one is counted."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date


class EssayRecorded(EssayTold):
    """An essay was recorded."""

    type: ClassVar[str] = "essay.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_ESSAY, "now": _UNIT}]
    now: Placed


class EssayCorrected(EssayTold):
    """An essay was said anew."""

    type: ClassVar[str] = "essay.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_ESSAY, "reason": "日期有误", "was": _UNIT, "now": _UNIT}]
    reason: str
    was: Placed
    now: Placed


class EssayVoided(Payload):
    """An essay was taken back."""

    type: ClassVar[str] = "essay.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": _UNIT}]
    reason: str
    was: Placed
    row: str | None = None


class LectureTold(Payload):
    """The content of a lecture as an event tells it; a lecture counts one on its day."""

    title: str
    mode: LectureMode
    speaker_post: str
    audience: int
    number: str | None = None
    row: str | None = None


_LECTURE: dict[str, Any] = {**_UNIT, "title": "专题党课", "mode": "all", "speaker_post": "党组书记", "audience": 60}


class LectureRecorded(LectureTold):
    """A lecture was recorded."""

    type: ClassVar[str] = "lecture.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_LECTURE, "now": _UNIT}]
    now: Placed


class LectureCorrected(LectureTold):
    """A lecture was said anew."""

    type: ClassVar[str] = "lecture.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_LECTURE, "reason": "日期有误", "was": _UNIT, "now": _UNIT}]
    reason: str
    was: Placed
    now: Placed


class LectureVoided(Payload):
    """A lecture was taken back."""

    type: ClassVar[str] = "lecture.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": _UNIT}]
    reason: str
    was: Placed
    row: str | None = None


# Spreadsheets.

# A cell with line breaks in it is one line of text.
Line = Annotated[Text, BeforeValidator(lambda value: " ".join(value.split()) if isinstance(value, str) else value)]
Action = Annotated[Literal["add", "correct", "void"], choice({"新增": "add", "更正": "correct", "作废": "void"})]
_ACTION = (
    Column("action", "操作", "不填即为新增；同一编号内容不同的须选“更正”", choices=("新增", "更正", "作废")),
    Column("reason", "事由", "更正、作废时必填"),
)
_FORM_BY_NAME = {name: str(form) for form, name in FORM_NAMES.items()}
_WAY_BY_NAME = {name: str(way) for way, name in WAYS.items()}


class Row(BaseModel):
    """What every row of a study sheet bears: whose it is, the unit's own number, and what to do with it."""

    model_config = ConfigDict(frozen=True)

    action: Action = "add"
    reason: Annotated[Text, Field(max_length=200)] = ""
    unit: Text
    number: Annotated[Line, Field(min_length=1, max_length=40)]
    day: Day
    title: Annotated[Line, Field(min_length=1, max_length=120)]

    def digest(self) -> str:
        """Names the row's content: the same content again is the same row."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:32]


class SessionRow(Row):
    """A row of 学习活动台账."""

    way: Annotated[Way, choice(_WAY_BY_NAME)]
    form: Annotated[Form, choice(_FORM_BY_NAME)]
    due: Count
    duty: Count = 0
    illness: Count = 0
    personal: Count = 0
    absent: Count = 0
    transferred: Count = 0
    exempt: Count = 0
    present: Count | None = None

    def absences(self) -> list[Absence]:
        """Who is named, by reason."""
        named = ((reason, int(getattr(self, reason.value))) for reason in Reasons)
        return [Absence(reason=reason, count=count) for reason, count in named if count]


class EssayRow(Row):
    """A row of 学习体会文章."""

    session: Annotated[Line, Field(min_length=1, max_length=40)] | None = None


class LectureRow(Row):
    """A row of 专题党课."""

    mode: Annotated[LectureMode, choice({name: str(mode) for mode, name in MODE_NAMES.items()})]
    speaker_post: Annotated[Line, Field(min_length=1, max_length=60)]
    audience: Count


_IDENTITY = (
    Column(
        "number",
        "本单位编号",
        "本单位自编、不重复；再次报送同一编号的相同内容不会重复计数",
        required=True,
        example="XX-2026-001",
    ),
    Column("unit", "单位编码", "见单位名册", required=True, example="D001-B01"),
    Column("day", "日期", "须在活动期内，不晚于当日", required=True, example="2026-03-05"),
    Column("title", "标题", "不超过 120 字", required=True, example="三月主题党日"),
)
SHEETS = {
    sheet.kind: sheet
    for sheet in (
        Sheet(
            "sessions",
            "学习活动台账",
            (
                *_IDENTITY,
                Column("way", "方式", required=True, choices=tuple(WAYS.values()), example="研学"),
                Column("form", "形式", required=True, choices=tuple(FORM_NAMES.values()), example="主题党日"),
                Column("due", "应到", "应参加人数", required=True, example="20"),
                *(Column(str(reason), name, "人数，没有可不填") for reason, name in REASON_NAMES.items()),
                Column("present", "实到", "可不填，由平台计算；填写时须一致"),
                *_ACTION,
            ),
            SessionRow,
        ),
        Sheet(
            "essays",
            "学习体会文章",
            (*_IDENTITY, Column("session", "读书班编号", "关联的读书班，本单位编号", example="DS-2026-001"), *_ACTION),
            EssayRow,
        ),
        Sheet(
            "lectures",
            "专题党课",
            (
                *_IDENTITY,
                Column("mode", "讲授方式", required=True, choices=tuple(MODE_NAMES.values()), example="集中讲"),
                Column("speaker_post", "讲授人职务", "填职务，不填姓名", required=True, example="党组书记"),
                Column("audience", "听课人数", required=True, example="60"),
                *_ACTION,
            ),
            LectureRow,
        ),
    )
}
