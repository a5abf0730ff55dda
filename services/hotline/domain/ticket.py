"""A ticket from receipt to completion, and what it counts at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.counting import with_counts

from ..contract import (
    STATE_NAMES,
    AnswerTicket,
    CallBackTicket,
    Channel,
    ClassifyTicket,
    CompleteTicket,
    Corrected,
    CorrectTicket,
    Counted,
    DispatchTicket,
    Kind,
    Life,
    MarkOverdue,
    Outcome,
    Registered,
    RegisterTicket,
    Satisfaction,
    SetDeadline,
    SignTicket,
    TicketAnswered,
    TicketCalledBack,
    TicketClassified,
    TicketClassifiedV2,
    TicketCompleted,
    TicketContent,
    TicketCorrected,
    TicketCorrectedV2,
    TicketDeadlineSet,
    TicketDispatched,
    TicketFields,
    TicketOverdue,
    TicketOverdueLifted,
    TicketRegistered,
    TicketRegisteredV2,
    TicketSigned,
    TicketState,
    TicketVoided,
    VoidTicket,
)
from . import clock


class Ticket(BaseModel):
    """A ticket as it stands. `overdue` is the first day after the deadline, once that passed without an answer.

    Without a deadline it has none at all, or it waits for the working calendar of the year `waits_for`.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    channel: Channel
    kind: Kind
    category: str
    title: str
    confidential: bool
    reported_unit: str | None
    received: datetime
    deadline: datetime | None
    waits_for: int | None = None
    number: str | None
    life: Life = Life()
    classified: datetime | None = None
    overdue: date | None = None
    state: TicketState = TicketState.registered
    reason: str | None = None
    rows: list[str] = []

    @property
    def owner(self) -> str:
        """The unit for which it counts: who handles it, and the desk until somebody does."""
        return self.life.handler or self.unit


def counted(ticket: Ticket | None) -> list[Counted]:
    """All that the ticket counts, figure by figure."""
    if ticket is None or ticket.state == TicketState.void:
        return []
    found: list[tuple[str, date]] = [("tickets", business_day(ticket.received))]
    life = ticket.life
    if life.answered and ticket.kind == Kind.consultation:
        found.append(("questions_answered", business_day(life.answered)))
    if life.called_back and life.outcome and life.outcome.valid:
        day = business_day(life.called_back)
        found.extend((figure, day) for figure in _said(life.outcome))
        if life.outcome.solved and ticket.kind not in (Kind.consultation, Kind.praise):
            found.append(("problems_solved", day))
    amounts = [(figure, day, 1) for figure, day in found]
    if ticket.overdue:
        amounts.append(("overdue", ticket.overdue, 1))
        if life.answered:
            amounts.append(("overdue", business_day(life.answered), -1))
    return [
        Counted.model_validate({"figure": figure, "unit": ticket.owner, "day": day, "amount": amount})
        for figure, day, amount in amounts
    ]


def _said(outcome: Outcome) -> Iterable[str]:
    yield "callbacks.valid"
    if outcome.responded:
        yield "callbacks.responded"
    if outcome.solved:
        yield "callbacks.solved"
    if outcome.satisfaction in (Satisfaction.satisfied, Satisfaction.basically):
        yield f"callbacks.{outcome.satisfaction}"


def decide(state: Ticket | None, command: Command, now: datetime) -> list[TicketFields]:
    """What follows from a command on a ticket; each event tells what it changes in the figures.

    Raises:
        DomainError: the ticket does not stand where the command needs it, or its instants are not in order.
    """
    return with_counts(state, _decide(state, command, now), evolve, counted)


_STEPS: dict[type[Command], tuple[tuple[TicketState, ...], str]] = {
    ClassifyTicket: ((TicketState.registered, TicketState.classified), "分类"),
    DispatchTicket: ((TicketState.classified, TicketState.dispatched), "派单"),
    SignTicket: ((TicketState.dispatched,), "签收"),
    AnswerTicket: ((TicketState.classified, TicketState.signed), "答复"),
    CallBackTicket: ((TicketState.answered,), "回访"),
    CompleteTicket: ((TicketState.called_back,), "办结"),
}


def _decide(state: Ticket | None, command: Command, now: datetime) -> list[TicketFields]:
    if isinstance(command, RegisterTicket):
        return [_register(state, command, now)]
    if state is None:
        raise DomainError("ticket.not_found", "没有这张工单", "not_found")
    if state.state == TicketState.void:
        raise DomainError("ticket.void", "工单已作废，不能再更改", "conflict")
    if isinstance(command, VoidTicket):
        place = _place(state, business_day(state.received))
        return [TicketVoided(**place, reason=command.reason, row=command.row)]
    if isinstance(command, CorrectTicket):
        return _correct(state, command, now)
    if isinstance(command, MarkOverdue):
        return list(clock.reconsidered(state, state.life.answered or now))
    if isinstance(command, SetDeadline):
        return _set_deadline(state, command, now)
    allowed, name = _STEPS[type(command)]
    if state.state not in allowed:
        raise DomainError("ticket.out_of_turn", f"工单当前状态为“{STATE_NAMES[state.state]}”，不能{name}", "conflict")
    at = _at(state, command, now)
    return _classify(state, command, at, now) if isinstance(command, ClassifyTicket) else _step(state, command, at)


def _classify(state: Ticket, command: ClassifyTicket, at: datetime, now: datetime) -> list[TicketFields]:
    """The deadline follows the kind; where it becomes another, whether it has passed is another question too."""
    limit = command.deadline, command.waits_for
    if command.kind == state.kind and limit == (None, None):
        limit = state.deadline, state.waits_for
    settled = TicketClassified if limit[0] else TicketClassifiedV2
    told = {"kind": command.kind, "category": command.category, "at": at, **clock.told(*limit)}
    event = settled(**_place(state, business_day(at)), **told)
    marks = clock.reconsidered(evolve(state, event), now) if limit[0] != state.deadline else ()
    return [event, *marks]


def _set_deadline(state: Ticket, command: SetDeadline, now: datetime) -> list[TicketFields]:
    if (command.deadline, command.waits_for) == (state.deadline, state.waits_for):
        return []
    told = clock.told(command.deadline, command.waits_for)
    event = TicketDeadlineSet(**_place(state, business_day(now)), **told)
    return [event, *clock.reconsidered(evolve(state, event), state.life.answered or now)]


def _step(state: Ticket, command: Any, at: datetime) -> list[TicketFields]:
    place = _place(state, business_day(at))
    match command:
        case DispatchTicket():
            return [TicketDispatched(**{**place, "unit": command.handler}, handler=command.handler, at=at)]
        case SignTicket():
            return [TicketSigned(**place, at=at)]
        case AnswerTicket():
            marks = clock.reconsidered(state, at)
            return [*marks, TicketAnswered(**place, answer=command.answer, at=at)]
        case CallBackTicket():
            return [TicketCalledBack(**place, outcome=command.outcome, at=at)]
        case _:
            return [TicketCompleted(**place, at=at)]


def _register(state: Ticket | None, command: RegisterTicket, now: datetime) -> TicketFields:
    if state is not None:
        detail = f"编号 {command.number or ''} 已登记了内容不同的工单，如需更改请选“更正”"
        raise DomainError("ticket.number_taken", detail, "conflict", [{"pointer": "/number", "detail": detail}])
    _not_after(command.received, now, "received", "受理时间")
    registered = TicketRegistered if command.deadline else TicketRegisteredV2
    told = _told(command) | clock.told(command.deadline, command.waits_for)
    return registered(**told, day=business_day(command.received), row=command.row)


def _correct(state: Ticket, command: CorrectTicket, now: datetime) -> list[TicketFields]:
    if command.unit != state.unit:
        detail = "更正不能改变受理单位，请作废后另行登记"
        raise DomainError("ticket.unit_fixed", detail, errors=[{"pointer": "/unit", "detail": detail}])
    life = command.life
    in_order(command.received, life, now)
    told = _told(command)
    overdue = clock.first_overdue(command.deadline, life.answered or now)
    same = all(getattr(state, name) == value for name, value in told.items())
    if same and state.life == life and state.overdue == overdue:
        return []
    corrected = TicketCorrected if command.deadline else TicketCorrectedV2
    return [
        corrected(
            **(told | clock.told(command.deadline, command.waits_for)),
            day=business_day(command.received),
            life=life,
            overdue=overdue,
            reason=command.reason,
            row=command.row,
        )
    ]


def evolve(state: Ticket | None, event: Any) -> Ticket:
    """The ticket after what happened."""
    if isinstance(event, Registered) and not isinstance(event, Corrected):
        return Ticket(**_told(event), rows=[event.row] if event.row else [])
    if state is None:
        raise TypeError(f"no ticket to which {type(event).__name__} could happen")
    if isinstance(event, Corrected):
        return _said_anew(state, event)
    change = _CHANGES.get(type(event))
    if change is None:
        raise TypeError(f"no ticket knows {type(event).__name__}")
    return state.model_copy(update=change(state, event))


def _said_anew(state: Ticket, event: Corrected) -> Ticket:
    return Ticket(
        **_told(event),
        life=event.life,
        classified=state.classified,
        overdue=event.overdue,
        state=_reached(event.life, state),
        reason=event.reason,
        rows=_rows(state, event),
    )


def _classified(state: Ticket, event: Any) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "category": event.category,
        **_limit(event),
        "classified": event.at,
        "state": TicketState.classified,
    }


def _lived(state: Ticket, reached: TicketState, **steps: Any) -> dict[str, Any]:
    return {"life": state.life.model_copy(update=steps), "state": reached}


def _limit(event: Any) -> dict[str, Any]:
    return {"deadline": event.deadline, "waits_for": getattr(event, "waits_for", None)}


def _rows(state: Ticket, event: Corrected | TicketVoided) -> list[str]:
    return [*state.rows, *([event.row] if event.row else [])]


_CHANGES: dict[type[TicketFields], Callable[[Ticket, Any], dict[str, Any]]] = {
    TicketClassified: _classified,
    TicketClassifiedV2: _classified,
    TicketDeadlineSet: lambda state, event: _limit(event),
    TicketDispatched: lambda state, event: _lived(
        state, TicketState.dispatched, handler=event.handler, dispatched=event.at
    ),
    TicketSigned: lambda state, event: _lived(state, TicketState.signed, signed=event.at),
    TicketAnswered: lambda state, event: _lived(state, TicketState.answered, answered=event.at, answer=event.answer),
    TicketCalledBack: lambda state, event: _lived(
        state, TicketState.called_back, called_back=event.at, outcome=event.outcome
    ),
    TicketCompleted: lambda state, event: _lived(state, TicketState.completed, completed=event.at),
    TicketOverdue: lambda state, event: {"overdue": event.day},
    TicketOverdueLifted: lambda state, event: {"overdue": None},
    TicketVoided: lambda state, event: {
        "state": TicketState.void,
        "reason": event.reason,
        "rows": _rows(state, event),
    },
}
"""What each event changes in a ticket that is there."""


def parts(ticket: Ticket) -> Iterable[str]:
    """The desk and who handles it; never the unit that a report is about."""
    yield ticket.unit
    if ticket.life.handler is not None:
        yield ticket.life.handler


def check_desk(reported_unit: str | None, desk: str, path: Iterable[str]) -> None:
    """A report is not taken down by the unit it is about, nor below it: it belongs to a desk further up.

    Raises:
        DomainError: ticket.reported_desk.
    """
    if reported_unit is not None and reported_unit in {*path, desk}:
        detail = "受理单位属于被举报单位，应由其上级单位的热线受理"
        raise DomainError("ticket.reported_desk", detail, errors=[{"pointer": "/reported_unit", "detail": detail}])


def check_handler(reported_unit: str | None, handler: str, path: Iterable[str]) -> None:
    """A report never goes to the unit it is about, nor below it (`path` leads from the root to the handler).

    Raises:
        DomainError: ticket.reported_unit.
    """
    if reported_unit is not None and reported_unit in {*path, handler}:
        detail = "举报件不得派给被举报单位及其下级单位"
        raise DomainError("ticket.reported_unit", detail, errors=[{"pointer": "/handler", "detail": detail}])


_MILESTONES = (
    ("dispatched", "派单时间", TicketState.dispatched),
    ("signed", "签收时间", TicketState.signed),
    ("answered", "答复时间", TicketState.answered),
    ("called_back", "回访时间", TicketState.called_back),
    ("completed", "办结时间", TicketState.completed),
)


def in_order(received: datetime, life: Life, now: datetime) -> None:
    """The steps follow one another, none leaves out the one before it, and none lies in the future.

    Raises:
        DomainError: ticket.dates_out_of_order, ticket.step_missing, day.in_future.
    """
    known = [("received", "受理时间", received)]
    for name, header, _ in _MILESTONES:
        at = getattr(life, name)
        if at is not None:
            known.append((name, header, at))
    for (_, earlier, before), (name, header, at) in pairwise(known):
        if at < before:
            detail = f"{header}早于{earlier}"
            raise DomainError("ticket.dates_out_of_order", detail, errors=[{"pointer": f"/{name}", "detail": detail}])
    for name, header, at in known:
        _not_after(at, now, name, header)
    names = {name for name, _, _ in known}
    for name, needs, detail in (
        ("signed", "dispatched", "有签收时间而没有派单时间"),
        ("called_back", "answered", "有回访时间而没有答复时间"),
        ("completed", "called_back", "有办结时间而没有回访时间"),
    ):
        if name in names and needs not in names:
            raise DomainError("ticket.step_missing", detail, errors=[{"pointer": f"/{needs}", "detail": detail}])
    if "answered" in names and "dispatched" in names and "signed" not in names:
        detail = "已派单的工单须先签收再答复"
        raise DomainError("ticket.step_missing", detail, errors=[{"pointer": "/signed", "detail": detail}])


def _reached(life: Life, state: Ticket) -> TicketState:
    reached = TicketState.classified if state.classified else TicketState.registered
    for name, _, milestone in _MILESTONES:
        if getattr(life, name) is not None:
            reached = milestone
    return reached


def _at(state: Ticket, command: Any, now: datetime) -> datetime:
    at: datetime = command.at or now
    _not_after(at, now, "at", "时间")
    steps = [state.received, state.classified, *(getattr(state.life, name) for name, _, _ in _MILESTONES)]
    if at < max(step for step in steps if step is not None):
        detail = "时间早于上一环节"
        raise DomainError("ticket.dates_out_of_order", detail, errors=[{"pointer": "/at", "detail": detail}])
    return at


def _not_after(at: datetime, now: datetime, field: str, header: str) -> None:
    if at > now:
        detail = f"{header}晚于现在"
        raise DomainError("day.in_future", detail, errors=[{"pointer": f"/{field}", "detail": detail}])


def _place(state: Ticket, day: date) -> dict[str, Any]:
    return {"unit": state.owner, "day": day}


_CONTENT = (
    "unit",
    "channel",
    "kind",
    "category",
    "title",
    "confidential",
    "reported_unit",
    "received",
    "number",
)


def _told(source: TicketContent | Registered) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _CONTENT} | _limit(source)


def hidden(ticket: Ticket) -> Iterable[str]:
    """A report is shown to the unit that it is about no more than it is given to it, nor to what lies below."""
    return () if ticket.reported_unit is None else (ticket.reported_unit,)


TICKET = Aggregate("ticket", Ticket, decide, evolve, parts, hidden)
