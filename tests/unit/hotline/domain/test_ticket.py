"""A ticket's life, its refusals, and that what events tell adds up to what the ticket says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.hotline.contract import (
    AnswerTicket,
    ClassifyTicket,
    CorrectTicket,
    DispatchTicket,
    Life,
    MarkOverdue,
    Outcome,
    SignTicket,
    TicketState,
    VoidTicket,
)
from services.hotline.domain import TICKET, check_desk, check_handler
from services.hotline.domain.ticket import counted, in_order
from services.kernel.message.errors import DomainError

from .tickets import NOW, RECEIVED, Told, counted_directly, life, register


def correction(told: Told, **fields: Any) -> CorrectTicket:
    """The ticket said anew, as it stands but for some fields."""
    content = register().model_dump(exclude={"row"}) | {"life": told.known.life, "reason": "有误"}
    return CorrectTicket(**(content | fields))


def refusal(told: Told, command: Any) -> str:
    """The code with which a command is refused."""
    before = (told.ticket, list(told.events))
    with pytest.raises(DomainError) as refused:
        told.do(command)
    assert (told.ticket, told.events) == before
    return refused.value.code


def test_a_whole_life_counts_for_the_unit_that_handled_it() -> None:
    """From receipt to completion: the ticket moves from the desk to the handler with all that it counts."""
    told = Told().do(register(), *life())
    assert told.known.state == TicketState.completed
    assert told.figures() == {
        ("tickets", "D001", "2026-03-05"): 1,
        ("problems_solved", "D001", "2026-03-09"): 1,
        ("callbacks.valid", "D001", "2026-03-09"): 1,
        ("callbacks.responded", "D001", "2026-03-09"): 1,
        ("callbacks.solved", "D001", "2026-03-09"): 1,
        ("callbacks.satisfied", "D001", "2026-03-09"): 1,
    }


def test_a_question_counts_when_it_is_answered_and_is_no_solved_problem() -> None:
    """A consultation that the desk answers itself: one question, for the desk, on the day of the answer."""
    told = Told().do(
        register(kind="consultation"),
        ClassifyTicket(id="t1", kind="consultation", category="社保", at=RECEIVED),
        AnswerTicket(id="t1", answer="请到窗口办理", at=RECEIVED + timedelta(hours=2)),
    )
    assert told.figures() == {
        ("tickets", "D000", "2026-03-05"): 1,
        ("questions_answered", "D000", "2026-03-05"): 1,
    }


def test_an_invalid_call_back_counts_nothing() -> None:
    """What is left out has its reason and who approved it, and is in no rate."""
    told = Told().do(register(), *life(valid=False, excluded_reason="停机", excluded_by="值班长"))
    assert told.figures() == {("tickets", "D001", "2026-03-05"): 1}
    with pytest.raises(ValueError, match="剔除原因"):
        Outcome(valid=False)


def test_completed_is_not_solved() -> None:
    """Solved is what the call-back says, not that the ticket is closed."""
    told = Told().do(register(), *life(solved=False, satisfaction="dissatisfied"))
    assert told.known.state == TicketState.completed
    assert ("problems_solved", "D001", "2026-03-09") not in told.figures()


def test_a_late_answer_was_overdue_until_it_came() -> None:
    """Overdue from the first day after the deadline to the day of the answer; not before, not after."""
    told = Told().do(register(), *life(days=6))
    assert [event.type for event in told.events if "overdue" in event.type] == ["ticket.overdue.v1"]
    level = {place: amount for place, amount in told.figures().items() if place[0] == "overdue"}
    assert level == {("overdue", "D001", "2026-03-19"): 1, ("overdue", "D001", "2026-03-23"): -1}


def test_marking_overdue_says_it_once_and_only_when_it_is_so() -> None:
    """The timer may ask as often as it likes."""
    told = Told().do(register())
    deadline = told.deadline
    told.do(MarkOverdue(id="t1"), now=deadline - timedelta(seconds=1))
    assert told.known.overdue is None
    told.do(MarkOverdue(id="t1"), MarkOverdue(id="t1"), now=deadline)
    assert len(told.events) == 2
    told.do(*life(days=6), now=NOW)
    assert told.do(MarkOverdue(id="t1")).known.overdue is not None


def test_a_void_takes_everything_back() -> None:
    """After it the ticket is in no figure, and nothing more can happen to it."""
    told = Told().do(register(), *life(days=6), VoidTicket(id="t1", reason="重复"))
    assert told.figures() == {}
    assert refusal(told, VoidTicket(id="t1", reason="重复")) == "ticket.void"


def test_a_correction_moves_what_it_changes() -> None:
    """Another kind, another answer: what was counted leaves the figures, what is so now enters them."""
    told = Told().do(register(), *life())
    told.do(correction(told, kind="consultation"))
    assert ("questions_answered", "D001", "2026-03-08") in told.figures()
    assert ("problems_solved", "D001", "2026-03-09") not in told.figures()
    assert counted_directly(counted(told.ticket)) == told.figures()


def test_the_same_said_again_is_no_correction() -> None:
    """A correction that changes nothing leaves no event."""
    told = Told().do(register(), *life())
    count = len(told.events)
    told.do(correction(told))
    assert len(told.events) == count


@pytest.mark.parametrize(
    ("given", "command", "code"),
    [
        ([], SignTicket(id="t1"), "ticket.not_found"),
        ([register()], register(), "ticket.number_taken"),
        ([register()], SignTicket(id="t1"), "ticket.out_of_turn"),
        ([register()], AnswerTicket(id="t1", answer="好"), "ticket.out_of_turn"),
        ([register(), *life()[:2]], AnswerTicket(id="t1", answer="好"), "ticket.out_of_turn"),
        ([register(), *life()], DispatchTicket(id="t1", handler="D002"), "ticket.out_of_turn"),
        (
            [register()],
            ClassifyTicket(id="t1", kind="help", category="x", at=RECEIVED - timedelta(1)),
            "ticket.dates_out_of_order",
        ),
        ([register()], ClassifyTicket(id="t1", kind="help", category="x", at=NOW + timedelta(1)), "day.in_future"),
        ([], register(received=NOW + timedelta(days=1)), "day.in_future"),
    ],
)
def test_what_is_out_of_turn_is_refused(given: list[Any], command: Any, code: str) -> None:
    """A step that does not follow, or lies before the last one or in the future, is refused and changes nothing."""
    assert refusal(Told().do(*given), command) == code


def test_a_correction_cannot_move_the_desk() -> None:
    """The unit that took the ticket down stays."""
    told = Told().do(register())
    assert refusal(told, correction(told, unit="D009")) == "ticket.unit_fixed"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ({"dispatched": -1}, "ticket.dates_out_of_order"),
        ({"dispatched": 1, "signed": 3, "answered": 2}, "ticket.dates_out_of_order"),
        ({"signed": 1}, "ticket.step_missing"),
        ({"dispatched": 1, "answered": 2}, "ticket.step_missing"),
        ({"called_back": 1}, "ticket.step_missing"),
        ({"answered": 1, "completed": 2}, "ticket.step_missing"),
        ({"answered": 100}, "day.in_future"),
    ],
)
def test_a_life_that_cannot_have_been_is_refused(steps: dict[str, int], code: str) -> None:
    """Steps in another order, left out, or yet to come."""
    told = Life(**{name: RECEIVED + timedelta(days=days) for name, days in steps.items()})
    with pytest.raises(DomainError) as refused:
        in_order(RECEIVED, told, NOW)
    assert refused.value.code == code


def test_a_report_never_goes_to_whom_it_is_about() -> None:
    """Neither to the reported unit nor to one below it; to any other it may."""
    check_handler(None, "D001", ["P000", "D001"])
    check_handler("D002", "D001", ["P000", "D001"])
    for path in (["P000", "D001"], ["P000", "D001", "D001-B01"]):
        with pytest.raises(DomainError) as refused:
            check_handler("D001", path[-1], path)
        assert refused.value.code == "ticket.reported_unit"


def test_a_report_is_taken_down_further_up_than_whom_it_is_about() -> None:
    """No desk that lies in the reported unit takes it down; one beside or above does."""
    check_desk(None, "D001", ["P000", "D001"])
    check_desk("D001", "P000", ["P000"])
    for path in (["P000", "D001"], ["P000", "D001", "D001-B01"]):
        with pytest.raises(DomainError) as refused:
            check_desk("D001", path[-1], path)
        assert refused.value.code == "ticket.reported_desk"


@given(st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True), st.sampled_from("ABCDEF"))
def test_no_unit_of_the_reported_subtree_is_in_a_reports_scope(path: list[str], reported: str) -> None:
    """Whatever the tree becomes: on a path through the reported unit only what is above it sees the report."""
    ticket = Told().do(register()).ticket
    assert ticket is not None
    scope = TICKET.scope(ticket.model_copy(update={"reported_unit": reported}), [path])
    above = path[: path.index(reported)] if reported in path else path
    assert scope == sorted(above)


def test_no_event_and_no_state_names_the_caller() -> None:
    """Name, number and raw text stay beside the journal."""
    told = Told().do(register(), *life())
    told.do(correction(told, title="另一个标题"))
    text = "".join(event.model_dump_json() for event in told.events) + told.known.model_dump_json()
    for secret in ("样例·王某", "00000001234", "来电人讲述了一件事"):
        assert secret not in text


outcomes: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    valid=st.booleans(),
    responded=st.booleans(),
    solved=st.booleans(),
    satisfaction=st.sampled_from(["satisfied", "basically", "dissatisfied", "no_comment"]),
    excluded_reason=st.just("停机"),
    excluded_by=st.just("值班长"),
)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["consultation", "help", "suggestion", "complaint", "report", "praise"]),
    days=st.sampled_from([0.2, 1.0, 5.0, 9.0]),
    steps=st.integers(0, 6),
    outcome=outcomes,
    then=st.lists(st.sampled_from(["correct", "retime", "overdue", "void"]), max_size=4),
)
def test_events_add_up_to_the_ticket(
    kind: str, days: float, steps: int, outcome: dict[str, Any], then: list[str]
) -> None:
    """Whatever happens in whatever order, the sum of what events tell is what the ticket counts."""
    told = Told().do(register(kind=kind), *life(days, **outcome)[:steps])
    for what in then:
        if told.known.state == TicketState.void:
            break
        moved = told.known.life
        if moved.answered and not moved.called_back:
            moved = moved.model_copy(update={"answered": min(moved.answered + timedelta(days=9), NOW)})
        commands = {
            "correct": correction(told, kind="consultation", life=told.known.life),
            "retime": correction(told, kind=kind, life=moved),
            "overdue": MarkOverdue(id="t1"),
            "void": VoidTicket(id="t1", reason="重复"),
        }
        told.do(commands[what])
    assert told.figures() == counted_directly(counted(told.ticket))
