"""The words of a ticket: channels, kinds, states, what a caller says."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from services.kernel.message.free_text import FREE

NAME = "hotline"

Title = Annotated[str, StringConstraints(min_length=1, max_length=60), FREE]
Category = Annotated[str, StringConstraints(min_length=1, max_length=60), FREE]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200), FREE]
Said = Annotated[str, StringConstraints(min_length=1, max_length=2000), FREE]
"""What the caller is answered."""
Excluded = Annotated[str, StringConstraints(max_length=100), FREE]
"""Why a call-back does not count."""
Approver = Annotated[str, StringConstraints(max_length=60), FREE]
"""By which post; never a name."""


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


def limit_told(answer_by: date | None, waits_for: int | None) -> str:
    """Until when a ticket is to be answered, in words; the day is the last on which an answer is on time."""
    if answer_by is not None:
        return f"{answer_by}（含当日）"
    return "不设时限" if waits_for is None else f"待录入 {waits_for} 年工作日历后确定"
