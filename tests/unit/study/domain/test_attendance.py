"""Everybody on the list is present unless named; reasons are folded before anybody else may know them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from services.kernel.message.errors import DomainError
from services.study.contract import MOST_MEMBERS, CountAttendance, Reasons, Way
from services.study.domain.attendance import ATTENDANCE, Named, Roll, as_flips, attendance_id, call
from services.study.domain.covered import Counted
from tests.unit.study.records import DAY, NOW

DUE = ["DY-1", "DY-2", "DY-3", "DY-4"]


def ill(member: str, excuse: str | None = None) -> Named:
    return Named(member=member, reason=Reasons.illness, excuse=excuse)


def test_the_roll_is_called_from_the_list() -> None:
    """Named ones are out, excused ones too unless they are named otherwise; who is not on the list is no matter."""
    roll = call(
        "B1",
        DAY,
        DUE,
        [Named(member="DY-1", reason=Reasons.absent)],
        [ill("DY-1", "e1"), ill("DY-2", "e2"), ill("DY-9", "e3")],
    )
    assert (roll.present, roll.due) == (["DY-3", "DY-4"], 4)
    assert {named.member: (named.reason, named.excuse) for named in roll.named} == {
        "DY-1": (Reasons.absent, None),
        "DY-2": (Reasons.illness, "e2"),
    }


def test_illness_and_personal_matters_are_told_as_excused() -> None:
    """Duty, absence, transfer and exemption are told as they are."""
    named = [Named(member=f"DY-{n}", reason=reason) for n, reason in enumerate(Reasons)]
    counts = {absence.reason: absence.count for absence in Roll(present=[], named=named).absences}
    assert counts == {
        Reasons.duty: 1,
        Reasons.absent: 1,
        Reasons.transferred: 1,
        Reasons.exempt: 1,
        Reasons.excused: 3,
    }


def test_one_member_is_named_and_present_again() -> None:
    """Whatever they stood for before, they stand for one thing."""
    roll = call("B1", DAY, DUE, [], [])
    once, news = roll.with_outcomes([("DY-2", ill("DY-2")), ("DY-1", None)])
    assert (news, once.reason_of("DY-2"), once.reason_of("DY-1")) == (1, Reasons.illness, None)
    duty = Named(member="DY-2", reason=Reasons.duty)
    other, news = once.with_outcomes([("DY-2", duty), ("DY-2", duty), ("DY-2", None), ("DY-2", duty)])
    assert (news, other.reason_of("DY-2"), other.due) == (3, Reasons.duty, 4)
    assert other.with_outcomes([("DY-2", None)]) == (roll, 1)
    assert (roll.has("DY-1"), roll.has("DY-9")) == (True, False)


@pytest.mark.parametrize(
    ("code", "members", "named"),
    [
        ("session.no_members", [], []),
        ("session.too_many_members", [f"DY-{n}" for n in range(MOST_MEMBERS + 1)], []),
        ("session.member_not_due", DUE, [ill("DY-9")]),
        ("session.member_repeated", DUE, [ill("DY-1"), ill("DY-1")]),
    ],
)
def test_a_roll_that_cannot_be_called(code: str, members: list[str], named: list[Named]) -> None:
    """With a code of its own."""
    with pytest.raises(DomainError) as refusal:
        call("B1", DAY, members, named, [])
    assert refusal.value.code == code


def test_a_session_of_the_most_members_is_called_by_name() -> None:
    """Up to the bound each may be named; beyond it the refusal says what to do instead."""
    most = [f"DY-{n}" for n in range(MOST_MEMBERS)]
    assert call("B1", DAY, most, [ill(member) for member in most], []).due == MOST_MEMBERS
    with pytest.raises(DomainError, match=r"1001 人.*请填写应到人数.*各支部分别登记"):
        call("B1", DAY, [*most, "DY-X"], [], [])


def test_a_stranger_was_neither_there_nor_not() -> None:
    """Whoever was not on the list cannot be named."""
    with pytest.raises(DomainError, match=r"session\.member_not_due"):
        call("B1", DAY, DUE, [], []).reason_of("DY-9")


def test_changes_are_told_by_unit_and_day_without_a_name() -> None:
    """What cancels out is not told; without a change nothing is."""
    counted = Counter(
        {
            Counted("month", "2026-03", None, "B1", "2026-03-05"): 3,
            Counted("month", "2026-03", Way.branch, "B1", "2026-03-05"): 0,
            Counted("month", "2026-03", None, "B2", "2026-03-09"): -1,
        }
    )
    told = as_flips(counted)
    assert [(flip.unit, flip.day, flip.change) for flip in told] == [
        ("B1", date(2026, 3, 5), 3),
        ("B2", date(2026, 3, 9), -1),
    ]
    command = CountAttendance(unit="B1", day=DAY, flips=told)
    (happened,) = ATTENDANCE.decide(None, command, NOW)
    state = ATTENDANCE.evolve(None, happened)
    assert (state.changes, ATTENDANCE.evolve(state, happened).changes) == (1, 2)
    assert ATTENDANCE.decide(state, CountAttendance(unit="B1", day=DAY, flips=[]), NOW) == []
    assert (attendance_id("s"), list(ATTENDANCE.parts(state))) == ("attendance:s", ["B1"])
