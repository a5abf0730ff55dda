"""What the hotline takes, tells and shows. The only module that others may import."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.cells import Instant, Number, Text, choice
from services.kernel.event import Command, Payload
from services.kernel.sheets import Column, Sheet

NAME = "hotline"

Title = Annotated[str, Field(min_length=1, max_length=60)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class Channel(StrEnum):
    """The way a ticket came."""

    phone = "phone"
    web = "web"
    visit = "visit"
    air = "air"
    line_12345 = "12345"
    petition = "petition"


CHANNELS = {
    Channel.phone: "电话",
    Channel.web: "网络",
    Channel.visit: "来访",
    Channel.air: "上线",
    Channel.line_12345: "12345",
    Channel.petition: "信访",
}


class Kind(StrEnum):
    """What a caller wants."""

    consultation = "consultation"
    help = "help"
    suggestion = "suggestion"
    complaint = "complaint"
    report = "report"
    praise = "praise"


KINDS = {
    Kind.consultation: "咨询",
    Kind.help: "求助",
    Kind.suggestion: "建议",
    Kind.complaint: "投诉",
    Kind.report: "举报",
    Kind.praise: "表扬",
}


class TicketState(StrEnum):
    """Where a ticket stands."""

    registered = "registered"
    classified = "classified"
    dispatched = "dispatched"
    signed = "signed"
    answered = "answered"
    called_back = "called_back"
    completed = "completed"
    void = "void"


STATE_NAMES = {
    TicketState.registered: "登记",
    TicketState.classified: "分类",
    TicketState.dispatched: "派单",
    TicketState.signed: "签收",
    TicketState.answered: "答复",
    TicketState.called_back: "回访",
    TicketState.completed: "办结",
    TicketState.void: "作废",
}


class Satisfaction(StrEnum):
    """What the caller says of the result."""

    satisfied = "satisfied"
    basically = "basically"
    dissatisfied = "dissatisfied"
    no_comment = "no_comment"


SATISFACTION = {
    Satisfaction.satisfied: "满意",
    Satisfaction.basically: "基本满意",
    Satisfaction.dissatisfied: "不满意",
    Satisfaction.no_comment: "不评价",
}


class Outcome(BaseModel):
    """A call-back: whether it counts, whether the unit had contacted the caller, solved it, and how they find it.

    One that does not count (nobody reached, …) bears the reason and who approved leaving it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid: bool
    responded: bool = False
    solved: bool = False
    satisfaction: Satisfaction = Satisfaction.no_comment
    excluded_reason: str | None = Field(default=None, max_length=100)
    excluded_by: str | None = Field(default=None, max_length=60)

    @model_validator(mode="after")
    def _excluded_with_reason(self) -> Self:
        if not self.valid and not (self.excluded_reason and self.excluded_by):
            raise ValueError("无效回访须填写剔除原因和批准人职务")
        return self


class TicketContent(Command):
    """What the agent writes down. `title` bears no name, number or address; those belong to the caller's fields."""

    unit: str = Field(description="受理单位")
    channel: Channel
    kind: Kind
    category: str = Field(min_length=1, max_length=60)
    title: Title
    confidential: bool = False
    reported_unit: str | None = Field(default=None, description="举报所涉单位；不会派给该单位及其下级")
    received: datetime
    number: str | None = Field(default=None, max_length=40)


class Caller(Command):
    """Personal data: encrypted at rest, in no event and no list."""

    caller_name: str = Field(default="", max_length=60)
    caller_phone: str = Field(default="", max_length=30)
    text: str = Field(default="", max_length=4000)


class RegisterTicket(TicketContent, Caller):
    """Take a ticket down. `deadline` is worked out by the service."""

    id: str
    deadline: datetime | None = None
    row: str | None = None


class ClassifyTicket(Command):
    """Say what kind of ticket it is and where in the category tree."""

    id: str
    kind: Kind
    category: str = Field(min_length=1, max_length=60)
    deadline: datetime | None = None
    at: datetime | None = None


class DispatchTicket(Command):
    """Give a ticket to the unit that is to handle it."""

    id: str
    handler: str
    at: datetime | None = None


class SignTicket(Command):
    """The unit has taken the ticket."""

    id: str
    at: datetime | None = None


class AnswerTicket(Command):
    """Answer the caller."""

    id: str
    answer: str = Field(min_length=1, max_length=2000)
    at: datetime | None = None


class CallBackTicket(Command):
    """Write down what the caller said of it."""

    id: str
    outcome: Outcome
    at: datetime | None = None


class CompleteTicket(Command):
    """Close the ticket. Completed is not solved."""

    id: str
    at: datetime | None = None


class MarkOverdue(Command):
    """The deadline has passed without an answer."""

    id: str


class Life(BaseModel):
    """How far a ticket has come: each step's instant, and what was said at it."""

    model_config = ConfigDict(frozen=True)

    handler: str | None = None
    dispatched: datetime | None = None
    signed: datetime | None = None
    answered: datetime | None = None
    answer: str | None = None
    called_back: datetime | None = None
    outcome: Outcome | None = None
    completed: datetime | None = None


class CorrectTicket(TicketContent, Caller):
    """Say a ticket anew, its life too, with the reason."""

    id: str
    life: Life
    reason: Reason
    deadline: datetime | None = None
    row: str | None = None


class VoidTicket(Command):
    """Take a ticket back: it leaves every figure that it had entered."""

    id: str
    reason: Reason
    row: str | None = None


class GetTicket(Command):
    """One ticket; its caller is masked."""

    id: str


class GetCaller(Command):
    """A ticket's caller and raw text in clear; the look is written down with its reason."""

    id: str
    reason: Reason


class ListTickets(Command):
    """Tickets of a unit and those below it."""

    unit: str
    state: TicketState | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    overdue: bool | None = None
    first: date | None = None
    last: date | None = None
    q: str | None = Field(default=None, max_length=60)
    sort: Literal["received", "-received", "deadline", "-deadline"] = "-received"
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


# What happened.


class Counted(BaseModel):
    """So much of one figure, for a unit, on a day."""

    model_config = ConfigDict(frozen=True)

    figure: Literal[
        "tickets",
        "questions_answered",
        "problems_solved",
        "callbacks.valid",
        "callbacks.responded",
        "callbacks.solved",
        "callbacks.satisfied",
        "callbacks.basically",
        "overdue",
    ]
    unit: str
    day: date
    amount: int


_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-03-05"}
_TICKET: dict[str, Any] = {"figure": "tickets", **_UNIT, "amount": 1}
_CONTENT: dict[str, Any] = {
    **_UNIT,
    "channel": "phone",
    "kind": "consultation",
    "category": "社会保障",
    "title": "咨询异地就医备案办理",
    "received": "2026-03-05T09:00:00+08:00",
    "deadline": "2026-03-10T00:00:00+08:00",
    "was": [],
    "now": [_TICKET],
}


class TicketTold(Payload):
    """What every event of a ticket bears: what leaves the figures by it and what enters them."""

    was: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time
    now: list[Counted] = []  # noqa: RUF012  # a pydantic field: copied each time


class TicketRegistered(TicketTold):
    """A ticket was taken down."""

    type: ClassVar[str] = "ticket.registered.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_CONTENT]
    channel: Channel
    kind: Kind
    category: str
    title: str
    confidential: bool = False
    reported_unit: str | None = None
    received: datetime
    deadline: datetime
    number: str | None = None
    row: str | None = None


class TicketClassified(TicketTold):
    """Kind, category and deadline were settled."""

    type: ClassVar[str] = "ticket.classified.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "kind": "help",
            "category": "住房",
            "deadline": "2026-03-20T00:00:00+08:00",
            "at": "2026-03-05T10:00:00+08:00",
        }
    ]
    kind: Kind
    category: str
    deadline: datetime
    at: datetime


class TicketDispatched(TicketTold):
    """The ticket went to a unit, and with it what it counts."""

    type: ClassVar[str] = "ticket.dispatched.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "handler": "D002",
            "at": "2026-03-05T10:00:00+08:00",
            "was": [_TICKET],
            "now": [{**_TICKET, "unit": "D002"}],
        }
    ]
    handler: str
    at: datetime


class TicketSigned(TicketTold):
    """The unit took it."""

    type: ClassVar[str] = "ticket.signed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-05T11:00:00+08:00"}]
    at: datetime


class TicketAnswered(TicketTold):
    """The caller was answered."""

    type: ClassVar[str] = "ticket.answered.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "answer": "已告知备案办理渠道",
            "at": "2026-03-05T16:00:00+08:00",
            "now": [{**_TICKET, "figure": "questions_answered"}],
        }
    ]
    answer: str
    at: datetime


class TicketCalledBack(TicketTold):
    """The caller was asked how they find it."""

    type: ClassVar[str] = "ticket.called_back.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_UNIT,
            "outcome": {"valid": True, "responded": True, "solved": True, "satisfaction": "satisfied"},
            "at": "2026-03-06T16:00:00+08:00",
            "now": [{**_TICKET, "figure": "callbacks.valid", "day": "2026-03-06"}],
        }
    ]
    outcome: Outcome
    at: datetime


class TicketCompleted(TicketTold):
    """The ticket was closed."""

    type: ClassVar[str] = "ticket.completed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "at": "2026-03-07T16:00:00+08:00"}]
    at: datetime


class TicketOverdue(TicketTold):
    """The deadline passed without an answer; `day` is the first day after it."""

    type: ClassVar[str] = "ticket.overdue.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "now": [{**_TICKET, "figure": "overdue"}]}]


class TicketCorrected(TicketTold):
    """The ticket was said anew."""

    type: ClassVar[str] = "ticket.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_CONTENT, "life": {}, "overdue": None, "reason": "类别有误"}]
    channel: Channel
    kind: Kind
    category: str
    title: str
    confidential: bool = False
    reported_unit: str | None = None
    received: datetime
    deadline: datetime
    number: str | None = None
    life: Life
    overdue: date | None
    reason: str
    row: str | None = None


class TicketVoided(TicketTold):
    """The ticket was taken back."""

    type: ClassVar[str] = "ticket.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_UNIT, "reason": "重复登记", "was": [_TICKET], "now": []}]
    reason: str
    row: str | None = None


# The spreadsheet.


def _names(names: dict[Any, str]) -> dict[str, str]:
    return {name: str(value) for value, name in names.items()}


YesNo = Annotated[bool, choice({"是": "true", "否": "false"})]


class TicketRow(BaseModel):
    """A row of 工单历史台账: a ticket's life as far as it went."""

    model_config = ConfigDict(frozen=True)

    action: Annotated[Literal["add", "correct", "void"], choice({"新增": "add", "更正": "correct", "作废": "void"})] = (
        "add"
    )
    reason: Annotated[Text, Field(max_length=200)] = ""
    number: Number
    unit: Text
    channel: Annotated[Channel, choice(_names(CHANNELS))]
    kind: Annotated[Kind, choice(_names(KINDS))]
    category: Annotated[Text, Field(min_length=1, max_length=60)]
    title: Annotated[Text, Field(min_length=1, max_length=60)]
    text: Annotated[Text, Field(max_length=4000)] = ""
    caller_name: Annotated[Text, Field(max_length=60)] = ""
    caller_phone: Annotated[Text, Field(max_length=30)] = ""
    confidential: YesNo = False
    reported_unit: Text | None = None
    received: Instant
    handler: Text | None = None
    dispatched: Instant | None = None
    signed: Instant | None = None
    answered: Instant | None = None
    answer: Annotated[Text, Field(max_length=2000)] | None = None
    called_back: Instant | None = None
    valid: YesNo | None = None
    responded: YesNo = False
    solved: YesNo = False
    satisfaction: Annotated[Satisfaction, choice(_names(SATISFACTION))] = Satisfaction.no_comment
    excluded_reason: Annotated[Text, Field(max_length=100)] | None = None
    excluded_by: Annotated[Text, Field(max_length=60)] | None = None
    completed: Instant | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.handler is None) != (self.dispatched is None):
            raise ValueError("派单单位与派单时间须同时填写")
        if (self.answered is None) != (self.answer is None):
            raise ValueError("答复时间与答复内容须同时填写")
        if (self.called_back is None) != (self.valid is None):
            raise ValueError("回访时间与“有效回访”须同时填写")
        if self.valid is False and not (self.excluded_reason and self.excluded_by):
            raise ValueError("无效回访须填写剔除原因和批准人职务")
        return self

    def digest(self) -> str:
        """Names the row's content: the same content again is the same row."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:32]

    def life(self) -> Life:
        """The steps that the row tells."""
        return Life(
            handler=self.handler,
            dispatched=self.dispatched,
            signed=self.signed,
            answered=self.answered,
            answer=self.answer,
            called_back=self.called_back,
            outcome=self.outcome(),
            completed=self.completed,
        )

    def outcome(self) -> Outcome | None:
        """The call-back, where there was one."""
        if self.valid is None:
            return None
        return Outcome(
            valid=self.valid,
            responded=self.responded,
            solved=self.solved,
            satisfaction=self.satisfaction,
            excluded_reason=self.excluded_reason,
            excluded_by=self.excluded_by,
        )


_YES_NO = ("是", "否")
SHEETS = {
    "tickets": Sheet(
        "tickets",
        "工单历史台账",
        (
            Column("number", "工单编号", "本单位自编、不重复", required=True, example="GD-2026-0001"),
            Column("unit", "受理单位编码", "见单位名册", required=True, example="D000"),
            Column("channel", "来源渠道", required=True, choices=tuple(CHANNELS.values()), example="电话"),
            Column("kind", "诉求类型", required=True, choices=tuple(KINDS.values()), example="咨询"),
            Column("category", "类别", required=True, example="社会保障"),
            Column(
                "title", "标题", "不超过 60 字，不写姓名、电话、住址", required=True, example="咨询异地就医备案办理"
            ),
            Column("text", "诉求内容", "加密保存，不进入统计和流转"),
            Column("caller_name", "来电人", "加密保存"),
            Column("caller_phone", "联系电话", "加密保存"),
            Column("confidential", "要求保密", choices=_YES_NO),
            Column("reported_unit", "被举报单位编码", "举报件填写，不会派给该单位及其下级"),
            Column("received", "受理时间", required=True, example="2026-03-05 09:00"),
            Column("handler", "承办单位编码", example="D001"),
            Column("dispatched", "派单时间"),
            Column("signed", "签收时间"),
            Column("answered", "答复时间"),
            Column("answer", "答复内容"),
            Column("called_back", "回访时间"),
            Column("valid", "有效回访", choices=_YES_NO),
            Column("responded", "是否联系", "承办单位是否联系过来电人", choices=_YES_NO),
            Column("solved", "是否解决", choices=_YES_NO),
            Column("satisfaction", "满意度", choices=tuple(SATISFACTION.values())),
            Column("excluded_reason", "剔除原因", "无效回访填写"),
            Column("excluded_by", "批准人职务", "无效回访填写"),
            Column("completed", "办结时间"),
            Column("action", "操作", "不填即为新增", choices=("新增", "更正", "作废")),
            Column("reason", "事由", "更正、作废时必填"),
        ),
        TicketRow,
        units=("unit", "handler", "reported_unit"),
    )
}
