"""What is asked of the hotline about a ticket."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.message.event import Command
from services.kernel.message.free_text import SEALED, FreeText
from services.kernel.message.instants import Day, Instant
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.sheets.cells import OwnNumber

from .words import Approver, Category, Channel, Excluded, Kind, Reason, Said, Satisfaction, TicketState, Title


class Outcome(BaseModel):
    """A call-back: whether it counts, whether the unit had contacted the caller, solved it, and how they find it.

    One that does not count (nobody reached, …) bears the reason and who approved leaving it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid: bool
    responded: bool = False
    solved: bool = False
    satisfaction: Satisfaction = Satisfaction.no_comment
    excluded_reason: Excluded | None = None
    excluded_by: Approver | None = None

    @model_validator(mode="after")
    def _excluded_with_reason(self) -> Self:
        if not self.valid and not (self.excluded_reason and self.excluded_by):
            raise ValueError("无效回访须填写剔除原因和批准人职务")
        return self


_TAKEN = (
    UnitField("unit", "受理单位", day="received"),
    UnitField("reported_unit", "被举报单位", rule="ever"),  # whom a report is about may be no more
)


class TicketContent(Command):
    """What the agent writes down. `title` bears no name, number or address; those belong to the caller's fields."""

    unit_fields: ClassVar[UnitFields] = _TAKEN

    unit: str = Field(description="受理单位")
    channel: Channel
    kind: Kind
    category: Category
    title: Title
    confidential: bool = False
    reported_unit: str | None = Field(default=None, description="举报所涉单位；不会派给该单位及其下级")
    received: Instant
    number: OwnNumber | None = None


class Caller(Command):
    """Personal data: encrypted at rest, in no event and no list."""

    caller_name: Annotated[str, SEALED] = Field(default="", max_length=60)
    caller_phone: Annotated[str, SEALED] = Field(default="", max_length=30)
    text: Annotated[str, SEALED] = Field(default="", max_length=4000)


class RegisterTicket(TicketContent, Caller):
    """Take a ticket down. `deadline`, or the year it `waits_for`, is worked out by the service."""

    id: str
    deadline: Instant | None = None
    waits_for: int | None = None
    row: str | None = None


class ClassifyTicket(Command):
    """Say what kind of ticket it is and where in the category tree."""

    id: str
    kind: Kind
    category: Category
    deadline: Instant | None = None
    waits_for: int | None = None
    at: Instant | None = None


class DispatchTicket(Command):
    """Give a ticket to the unit that is to handle it."""

    unit_fields: ClassVar[UnitFields] = (UnitField("handler", "承办单位", day="at"),)

    id: str
    handler: str
    at: Instant | None = None


class SignTicket(Command):
    """The unit has taken the ticket."""

    id: str
    at: Instant | None = None


class AnswerTicket(Command):
    """Answer the caller."""

    id: str
    answer: Said
    at: Instant | None = None


class CallBackTicket(Command):
    """Write down what the caller said of it."""

    id: str
    outcome: Outcome
    at: Instant | None = None


class CompleteTicket(Command):
    """Close the ticket. Completed is not solved."""

    id: str
    at: Instant | None = None


class MarkOverdue(Command):
    """The deadline has passed without an answer."""

    id: str


class SetDeadline(Command):
    """The deadline as it follows from the working calendar that is known now; none where there is none, or none yet."""

    id: str
    deadline: Instant | None = None
    waits_for: int | None = None


class Life(BaseModel):
    """How far a ticket has come: each step's instant, and what was said at it."""

    model_config = ConfigDict(frozen=True)

    handler: str | None = None
    dispatched: Instant | None = None
    signed: Instant | None = None
    answered: Instant | None = None
    answer: FreeText | None = None
    called_back: Instant | None = None
    outcome: Outcome | None = None
    completed: Instant | None = None


class CorrectTicket(TicketContent, Caller):
    """Say a ticket anew, its life too, with the reason."""

    unit_fields: ClassVar[UnitFields] = (*_TAKEN, UnitField("life/handler", "承办单位", day="life/dispatched"))

    id: str
    life: Life
    reason: Reason
    deadline: Instant | None = None
    waits_for: int | None = None
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

    unmasks: ClassVar[bool] = True

    id: str
    reason: Reason


class ListTickets(Command):
    """Tickets of a unit and those below it."""

    unit: str
    state: TicketState | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    overdue: bool | None = None
    first: Day | None = None
    last: Day | None = None
    q: str | None = Field(default=None, max_length=60)
    sort: Literal["received", "-received", "deadline", "-deadline"] = "-received"
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


# What happened.
