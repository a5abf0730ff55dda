"""A ticket's clock: what it waits for, when it is marked as overdue, and when that mark is lifted again."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.hotline.contract import (
    AnswerTicket,
    ClassifyTicket,
    CorrectTicket,
    Life,
    MarkOverdue,
    SetDeadline,
    TicketClassified,
    TicketClassifiedV2,
    TicketRegistered,
    TicketRegisteredV2,
    VoidTicket,
)
from services.hotline.domain import TICKET
from services.hotline.domain.clock import first_overdue
from services.hotline.domain.ticket import counted
from services.kernel.message.errors import DomainError

from .tickets import NOW, RECEIVED, Told, counted_directly, life, register

DAY = timedelta(days=1)
EARLY, LATE = RECEIVED + 5 * DAY, RECEIVED + 20 * DAY
MARK = MarkOverdue(id="t1")


def classify(deadline: datetime | None, kind: str = "complaint", waits_for: int | None = None) -> ClassifyTicket:
    """The ticket is of another kind, with another limit."""
    limits: dict[str, Any] = {"deadline": deadline, "waits_for": waits_for}
    return ClassifyTicket(id="t1", kind=kind, category="住房", at=RECEIVED, **limits)


def overdue(told: Told) -> dict[str, int]:
    """What it counts as overdue, by day."""
    return {day: amount for (figure, _, day), amount in told.figures().items() if figure == "overdue"}


def kinds(told: Told) -> list[str]:
    return [event.type.removeprefix("ticket.") for event in told.events]


def test_a_longer_limit_lifts_the_mark() -> None:
    """Reclassified to a kind that has more time, the ticket is overdue no more, nor was it in any figure."""
    now = RECEIVED + 15 * DAY
    told = Told().do(register(deadline=EARLY), MARK, now=now)
    assert overdue(told) == {"2026-03-10": 1}
    told.do(classify(LATE), now=now)
    assert kinds(told) == ["registered.v1", "overdue.v1", "classified.v1", "overdue_lifted.v1"]
    assert (told.known.overdue, overdue(told)) == (None, {})
    told.do(MARK, now=LATE)
    assert overdue(told) == {"2026-03-25": 1}


def test_a_shorter_limit_sets_it_at_once() -> None:
    """Nobody waits for the timer to see what a reclassification has made of it."""
    told = Told().do(register(deadline=LATE), classify(EARLY, "consultation"), now=RECEIVED + 10 * DAY)
    assert kinds(told)[-2:] == ["classified.v1", "overdue.v1"]
    assert overdue(told) == {"2026-03-10": 1}


def test_a_mark_moves_with_the_limit_that_has_passed_too() -> None:
    """Overdue under both kinds, but from another day on."""
    told = Told().do(register(deadline=EARLY), MARK, classify(RECEIVED + 8 * DAY), now=NOW)
    assert overdue(told) == {"2026-03-13": 1}


def test_praise_has_no_clock() -> None:
    """Registered as praise, or found to be it: no deadline, no mark, whenever one looks."""
    told = Told().do(register(kind="praise", deadline=None), MARK)
    assert isinstance(told.events[0], TicketRegisteredV2)
    assert (told.known.deadline, told.known.waits_for, overdue(told)) == (None, None, {})
    told = Told().do(register(deadline=EARLY), MARK, classify(None, "praise"), MARK)
    assert isinstance(told.events[2], TicketClassifiedV2)
    assert (told.known.overdue, overdue(told)) == (None, {})


def test_a_waiting_deadline_is_set_once_and_late_is_late_from_then_on() -> None:
    """The ticket is taken, nothing is overdue while it waits; the year comes, and again, and says the same."""
    told = Told().do(register(deadline=None, waits_for=2027), MARK)
    assert (told.known.waits_for, overdue(told)) == (2027, {})
    told.do(SetDeadline(id="t1", deadline=LATE), SetDeadline(id="t1", deadline=LATE))
    assert kinds(told) == ["registered.v2", "deadline_set.v1", "overdue.v1"]
    assert (told.deadline, overdue(told)) == (LATE, {"2026-03-25": 1})
    assert told.known.waits_for is None


def test_what_was_answered_while_it_waited_was_in_time_or_not() -> None:
    """Answered before the deadline that is set later, or after it: overdue until the answer."""
    waiting = register(deadline=None, waits_for=2027), *life(days=4)[1:]
    steps = [waiting[0], classify(None, "help", 2027), *waiting[1:]]
    assert overdue(Told().do(*steps, SetDeadline(id="t1", deadline=LATE))) == {}
    late = Told().do(*steps, SetDeadline(id="t1", deadline=EARLY))
    assert overdue(late) == {"2026-03-10": 1, "2026-03-17": -1}


def test_a_later_table_moves_a_running_deadline() -> None:
    """Later or earlier than before: mark and figures follow."""
    told = Told().do(register(deadline=EARLY), MARK, SetDeadline(id="t1", deadline=LATE), now=RECEIVED + 10 * DAY)
    assert overdue(told) == {}
    told.do(SetDeadline(id="t1", deadline=EARLY + DAY), now=RECEIVED + 10 * DAY)
    assert overdue(told) == {"2026-03-11": 1}


def test_an_answer_that_came_in_time_lifts_a_mark() -> None:
    """Written down late, with the instant at which it was given: the mark was an error of the day."""
    told = Told().do(register(deadline=LATE), classify(LATE), MARK, now=LATE)
    told.do(AnswerTicket(id="t1", answer="已修复", at=EARLY), now=LATE + DAY)
    assert kinds(told)[-2:] == ["overdue_lifted.v1", "answered.v1"]
    assert overdue(told) == {}


def test_a_kind_that_stays_keeps_its_deadline() -> None:
    """Only the category is said anew, by who gives no limit."""
    told = Told().do(register(deadline=LATE), classify(None, "help"))
    assert told.known.deadline == LATE
    assert isinstance(told.events[1], TicketClassified)


def test_what_was_told_before_is_still_understood() -> None:
    """Events of before `answer_by` and `waits_for`, and records kept then."""
    event = TicketRegistered.model_validate({**TicketRegistered.examples[0], "answer_by": None})
    ticket = TICKET.evolve(None, event)
    kept = {name: value for name, value in ticket.model_dump().items() if name != "waits_for"}
    assert TICKET.state.model_validate(kept) == ticket
    assert (ticket.deadline, ticket.waits_for) == (event.deadline, None)


@st.composite
def commands(draw: st.DrawFn) -> Any:
    """A change of what the clock rests on, or a look at it."""
    deadline = draw(st.none() | st.integers(1, 30).map(lambda days: RECEIVED + days * DAY))
    waits_for = None if deadline is not None else draw(st.none() | st.just(2027))
    kind = draw(st.sampled_from(["help", "complaint", "consultation", "praise"]))
    said = Life(answered=draw(st.none() | st.just(RECEIVED + 9 * DAY)), answer="已告知")
    content = register(kind=kind, deadline=deadline, waits_for=waits_for).model_dump(exclude={"row"})
    return draw(
        st.sampled_from(
            [
                MARK,
                classify(deadline, kind, waits_for),
                SetDeadline(id="t1", deadline=deadline, waits_for=waits_for),
                CorrectTicket(**content, life=said, reason="有误"),
                AnswerTicket(id="t1", answer="已告知", at=RECEIVED + 12 * DAY),
                VoidTicket(id="t1", reason="重复"),
            ]
        )
    )


@given(st.lists(st.tuples(commands(), st.integers(12, 40)), max_size=12))
def test_the_mark_is_always_what_the_clock_says(steps: list[tuple[Any, int]]) -> None:
    """After any steps and a last look it is that of the deadline, and the events add up to what the ticket says."""
    told, days = Told().do(register()), 12
    for command, later in steps:
        days = max(days, later)
        with suppress(DomainError):  # out of turn, or void
            told.do(command, now=RECEIVED + days * DAY)
    ticket = told.known
    if ticket.state != "void":
        told.do(MARK, now=RECEIVED + days * DAY)
        ticket = told.known
        assert ticket.overdue == first_overdue(ticket.deadline, ticket.life.answered or RECEIVED + days * DAY)
    assert told.figures() == counted_directly(counted(ticket))
