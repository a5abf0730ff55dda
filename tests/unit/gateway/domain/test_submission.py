"""The rules of a month's submission."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain import SUBMISSION, Submission
from services.gateway.domain.submission import AfterChildren, counted
from services.gateway.projection import facts
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.organisation.contract import (
    AcceptSubmission,
    ConfirmSubmission,
    ExcuseSubmission,
    Lack,
    MarkLate,
    OpenSubmission,
    PlaceSubmission,
    Prepared,
    ReinstateSubmission,
    Remark,
    ReturnSubmission,
    SetDue,
    SubmissionDueSet,
)
from tests.unit.gateway.owners import event

IN_TIME = datetime(2026, 4, 3, 2, tzinfo=UTC)
TOO_LATE = datetime(2026, 4, 9, 2, tzinfo=UTC)
DUE = date(2026, 4, 8)
LACK = Lack(key="overdue_tickets", text="工单超期未答复 2 件", figure="hotline.overdue")
OPEN = OpenSubmission(id="s", unit="D1", month="2026-03", campaign="C1", superior="P", due=DUE)


def confirm(*, remarks: tuple[str, ...] = (), lacks: tuple[Lack, ...] = (), waiting: tuple[str, ...] = ()) -> Command:
    prepared = Prepared(figures={"hotline.overdue": len(lacks)}, lacks=list(lacks), as_of=IN_TIME)
    said = [Remark(key=key, text="已申请延期") for key in remarks]
    return AfterChildren(asked=ConfirmSubmission(id="s", remarks=said, prepared=prepared), waiting=list(waiting))


def accept(*waiting: str) -> Command:
    return AfterChildren(asked=AcceptSubmission(id="s"), waiting=list(waiting))


def excuse(*waiting: str) -> Command:
    return AfterChildren(asked=ExcuseSubmission(id="s", reason="正在组建"), waiting=list(waiting))


EXCUSE = excuse()
RETURN = ReturnSubmission(id="s", reason="缺少专题党课记录")
REINSTATE = ReinstateSubmission(id="s", reason="已完成组建")


class Life:
    """A submission and everything that was told of it."""

    def __init__(self) -> None:
        self.state: Submission | None = None
        self.told: list[Payload] = []

    def ask(self, command: Command, now: datetime = IN_TIME) -> Life:
        """What follows from a command."""
        for payload in SUBMISSION.decide(self.state, command, now):
            self.state = SUBMISSION.evolve(self.state, payload)
            self.told.append(payload)
        return self

    def refused(self, command: Command) -> str:
        """The code with which it is refused."""
        with pytest.raises(DomainError) as refusal:
            self.ask(command)
        return refusal.value.code


def test_it_is_confirmed_and_accepted() -> None:
    """From open over submitted to accepted; accepted twice is no news, and it can be given back no more."""
    life = Life().ask(OPEN).ask(OPEN).ask(confirm())
    assert life.state is not None
    assert (life.state.state, life.state.on, life.state.late) == ("submitted", date(2026, 4, 3), False)
    life.ask(accept()).ask(accept())
    assert [payload.type for payload in life.told] == [
        "submission.opened.v1",
        "submission.submitted.v1",
        "submission.accepted.v1",
    ]
    assert life.refused(RETURN) == "submission.not_submitted"
    assert life.refused(confirm()) == "submission.not_open"
    assert life.refused(EXCUSE) == "submission.not_open"


@pytest.mark.parametrize("command", [confirm(waiting=("B1",)), accept("B1"), excuse("B1")])
def test_children_come_first(command: Command) -> None:
    """A superior neither submits nor is accepted or excused while a unit right below it has not settled the month."""
    life = Life().ask(OPEN)
    if isinstance(command, AfterChildren) and isinstance(command.asked, AcceptSubmission):
        life.ask(confirm())
    assert life.refused(command) == "submission.children_first"


def test_what_is_missing_needs_a_remark() -> None:
    """Each lack is named where it has none; remarks on what is not missing are left out."""
    life = Life().ask(OPEN)
    with pytest.raises(DomainError) as refusal:
        life.ask(confirm(lacks=(LACK,), remarks=("another",)))
    assert refusal.value.code == "submission.remark_missing"
    assert [error["pointer"] for error in refusal.value.errors] == ["/remarks/overdue_tickets"]
    life.ask(confirm(lacks=(LACK,), remarks=("another", "overdue_tickets")))
    assert life.state is not None
    assert [remark.key for remark in life.state.remarks] == ["overdue_tickets"]


def test_the_first_confirmation_decides_what_was_on_time() -> None:
    """Given back and confirmed again after the due day it is still on time; first confirmed after it, it is late."""
    returned = Life().ask(OPEN).ask(confirm()).ask(RETURN).ask(confirm(), TOO_LATE)
    assert returned.state is not None
    assert counted(returned.state) is not None
    assert (counted(returned.state).on_time, returned.state.late) == (1, False)  # type: ignore[union-attr]  # just seen
    late = Life().ask(OPEN).ask(MarkLate(id="s"), TOO_LATE).ask(MarkLate(id="s"), TOO_LATE).ask(confirm(), TOO_LATE)
    assert late.state is not None
    assert (counted(late.state).on_time, late.state.late) == (0, True)  # type: ignore[union-attr]  # it is not excused
    assert [payload.type for payload in late.told].count("submission.fell_due.v1") == 1


def test_nothing_falls_due_before_its_day_is_over() -> None:
    """Not on the due day itself, and not after it was submitted."""
    on_the_day = datetime(2026, 4, 8, 15, tzinfo=UTC)  # 23:00 in Shanghai
    life = Life().ask(OPEN).ask(MarkLate(id="s"), on_the_day)
    assert life.state is not None
    assert not life.state.late
    life.ask(confirm()).ask(MarkLate(id="s"), TOO_LATE)
    assert not life.state.late
    life.ask(MarkLate(id="s"), on_the_day + timedelta(hours=1))
    assert not life.state.late


def on_time(life: Life) -> int:
    """What it counts as on time."""
    found = None if life.state is None else counted(life.state)
    assert found is not None
    return found.on_time


def test_a_due_day_that_is_set_later_decides_what_was_on_time() -> None:
    """While it waits for the calendar, what comes is on time; once the year is known, what came too late was late."""
    waiting = OPEN.model_copy(update={"due": None, "waits_for": 2027})
    life = Life().ask(waiting).ask(MarkLate(id="s"), TOO_LATE).ask(confirm(), TOO_LATE)
    assert life.state is not None
    assert (life.state.waits_for, life.state.late, on_time(life)) == (2027, False, 1)
    life.ask(SetDue(id="s", due=DUE)).ask(SetDue(id="s", due=DUE))
    assert (life.state.waits_for, life.state.late, on_time(life)) == (None, True, 0)
    told = [payload for payload in life.told if isinstance(payload, SubmissionDueSet)]
    assert [(each.was.on_time, each.now.on_time) for each in told if each.was and each.now] == [(1, 0)]


def test_a_later_due_day_lifts_the_mark() -> None:
    """Fallen due under the old day, it falls due again under the new one and not before."""
    later = DUE + timedelta(days=30)
    life = (
        Life().ask(OPEN).ask(MarkLate(id="s"), TOO_LATE).ask(SetDue(id="s", due=later)).ask(MarkLate(id="s"), TOO_LATE)
    )
    assert life.state is not None
    assert not life.state.late
    life.ask(MarkLate(id="s"), TOO_LATE + timedelta(days=30))
    assert life.state.late


def test_an_excused_unit_is_not_expected() -> None:
    """An excuse takes it out of the figures until it is taken back; what was submitted is given back first."""
    life = Life().ask(OPEN).ask(EXCUSE).ask(EXCUSE)
    assert life.state is not None
    assert counted(life.state) is None
    assert life.refused(confirm()) == "submission.not_open"
    assert life.ask(REINSTATE).state == Life().ask(OPEN).state.model_copy(update={"reason": "已完成组建"})  # type: ignore[union-attr]  # it is there
    assert life.refused(REINSTATE) == "submission.not_excused"
    assert life.ask(confirm()).refused(EXCUSE) == "submission.not_open"


PLACE = PlaceSubmission(id="s", superior="D2", reason="机构改革方案")


@pytest.mark.parametrize("steps", [[], [confirm()], [confirm(), RETURN], [EXCUSE]], ids=len)
def test_what_is_not_accepted_goes_to_another_superior(steps: list[Command]) -> None:
    """In the state in which it is, and once; it concerns the new one and no more the one before."""
    life = Life().ask(OPEN)
    for step in steps:
        life.ask(step)
    before = life.state
    assert before is not None
    life.ask(PLACE).ask(PLACE)
    assert life.state == before.model_copy(update={"superior": "D2"})
    assert [payload.type for payload in life.told].count("submission.moved.v1") == 1
    assert set(SUBMISSION.parts(life.state)) == {"D1", "D2"}


def test_what_is_accepted_stays_with_whom_it_was_accepted_by() -> None:
    """It is locked there."""
    life = Life().ask(OPEN).ask(confirm()).ask(accept())
    told = len(life.told)
    assert len(life.ask(PLACE).told) == told


STEPS: list[Any] = [OPEN, confirm(), accept(), RETURN, EXCUSE, REINSTATE, MarkLate(id="s"), PLACE]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from([IN_TIME, TOO_LATE])), max_size=20))
def test_what_was_told_adds_up_to_what_it_counts(asked: list[tuple[Command, datetime]]) -> None:
    """Whatever is asked in whatever order: the events' contributions are the submission's own count."""
    life = Life().ask(OPEN)
    for command, now in asked:
        try:
            life.ask(command, now)
        except DomainError:
            continue
    sums = {"report.expected": 0, "report.submitted": 0, "report.on_time": 0}
    for number, payload in enumerate(life.told, start=1):
        for contribution in facts(event("gateway", "s", number, payload, number)):
            assert (contribution.unit, contribution.day) == ("D1", "2026-03-31")
            sums[contribution.key] += contribution.amount
    assert life.state is not None
    now_counted = counted(life.state)
    expected = {f"report.{name}": getattr(now_counted, name, 0) for name in ("expected", "submitted", "on_time")}
    assert sums == expected
