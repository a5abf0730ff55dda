"""A member belongs to one unit at a time, whatever is asked in whatever order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.gateway.domain import MEMBER, Member
from services.gateway.domain.member import MOST_STAYS, Renamed
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.organisation.contract import (
    AddMember,
    CorrectMember,
    MemberCorrected,
    MemberFields,
    RemoveMember,
    Stay,
    TransferMember,
)

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAY = date(2026, 3, 1)
ADD = AddMember(id="DY-1", name="样例·甲", unit="B1", since=DAY)


def move(unit: str, days: int) -> TransferMember:
    return TransferMember(id="DY-1", unit=unit, day=DAY + timedelta(days=days))


def leave(days: int) -> RemoveMember:
    return RemoveMember(id="DY-1", day=DAY + timedelta(days=days))


def mend(renamed: bool = False, **fields: Any) -> Renamed:
    return Renamed(correction=CorrectMember(id="DY-1", reason="有误", **fields), renamed=renamed)


def after(*commands: Command) -> Member:
    """The member after these commands."""
    state: Member | None = None
    for command in commands:
        for happened in MEMBER.decide(state, command, NOW):
            state = MEMBER.evolve(state, happened)
    assert state is not None
    return state


def refused(*commands: Command) -> str:
    """The code with which the last of the commands is refused."""
    *before, last = commands
    with pytest.raises(DomainError) as refusal:
        MEMBER.decide(after(*before) if before else None, last, NOW)
    return refusal.value.code


def test_a_transfer_keeps_where_somebody_was() -> None:
    """From the day on they belong to the other unit, and until it to the first."""
    state = after(ADD, move("B2", 30))
    assert state.stays == [
        Stay(unit="B1", first=DAY, until=DAY + timedelta(days=30)),
        Stay(unit="B2", first=DAY + timedelta(days=30)),
    ]
    assert (state.unit, state.state, list(MEMBER.parts(state))) == ("B2", "current", ["B2"])


def test_who_left_may_come_back() -> None:
    """The days between belong to no unit."""
    state = after(ADD, leave(10), move("B1", 20))
    assert [(stay.first, stay.until) for stay in state.stays] == [
        (DAY, DAY + timedelta(days=10)),
        (DAY + timedelta(days=20), None),
    ]


def test_what_is_so_already_is_no_news() -> None:
    """The same command again decides nothing."""
    for commands in ((ADD,), (ADD, move("B2", 3)), (ADD, leave(3)), (ADD, mend(since=DAY))):
        assert list(MEMBER.decide(after(*commands), commands[-1], NOW)) == []


def test_a_correction_moves_the_day_of_a_transfer_for_both_units() -> None:
    """Nobody belongs to two units on a day, nor to none between them."""
    state = after(ADD, move("B2", 30), mend(since=DAY + timedelta(days=25)))
    assert state.stays[0].until == state.stays[1].first == DAY + timedelta(days=25)


def test_a_new_name_is_told_without_it() -> None:
    """That a name was corrected is in the journal; the name is not."""
    (told,) = MEMBER.decide(after(ADD), mend(renamed=True, name="样例·乙"), NOW)
    assert isinstance(told, MemberCorrected)
    assert "样例" not in told.model_dump_json()


@pytest.mark.parametrize(
    ("code", "commands"),
    [
        ("member.not_found", (move("B2", 1),)),
        ("member.not_found", (leave(1),)),
        ("member.number_taken", (ADD, ADD.model_copy(update={"unit": "B2"}))),
        ("member.same_unit", (ADD, move("B1", 5))),
        ("member.days_cross", (ADD, move("B2", 0))),
        ("member.days_cross", (ADD, leave(0))),
        ("member.days_cross", (ADD, leave(5), move("B2", 4))),
        ("member.days_cross", (ADD, move("B2", 5), mend(since=DAY))),
        ("member.days_cross", (ADD, leave(5), move("B1", 9), mend(since=DAY + timedelta(days=4)))),
        ("member.days_cross", (ADD, leave(5), mend(since=DAY + timedelta(days=5)))),
        ("member.left", (ADD, leave(5), leave(6))),
        ("day.in_future", (ADD, move("B2", 400))),
        ("day.in_future", (ADD.model_copy(update={"since": date(2027, 6, 1)}),)),
        ("member.too_many_stays", (ADD, *(move(f"B{n % 2 + 2}", n) for n in range(1, MOST_STAYS + 1)))),
    ],
)
def test_what_cannot_have_been_is_refused(code: str, commands: tuple[Command, ...]) -> None:
    """With a code of its own."""
    assert refused(*commands) == code


@pytest.mark.parametrize("number", ["110101199001011234", "13800000000", "dy-1", "D", "D 1"])
def test_a_number_is_no_identity_or_telephone_number(number: str) -> None:
    """It begins with a capital letter."""
    with pytest.raises(ValidationError):
        AddMember(id=number, name="样例·甲", unit="B1", since=DAY)


def test_a_foreign_command_is_a_mistake_of_ours() -> None:
    """No member takes a bare correction: whether the name differs must be known."""
    with pytest.raises(TypeError):
        MEMBER.decide(after(ADD), CorrectMember(id="DY-1", reason="误"), NOW)


COMMANDS = st.one_of(
    st.builds(move, st.sampled_from(["B1", "B2", "B3"]), st.integers(0, 60)),
    st.builds(leave, st.integers(0, 60)),
    st.builds(
        lambda unit, days: mend(unit=unit, since=DAY + timedelta(days=days)),
        st.sampled_from(["B1", "B2"]),
        st.integers(0, 60),
    ),
)


@given(st.lists(COMMANDS, max_size=12))
def test_stays_follow_one_another(commands: list[Command]) -> None:
    """Whatever is asked: nobody belongs to two units on a day, and each event tells what was and what is."""
    state: Member = after(ADD)
    for command in commands:
        try:
            told = list(MEMBER.decide(state, command, NOW))
        except DomainError:
            continue
        for happened in told:
            assert isinstance(happened, MemberFields)
            assert happened.was == state.stays
            state = MEMBER.evolve(state, happened)
            assert happened.now == state.stays
    for stay in state.stays:
        assert stay.until is None or stay.first < stay.until
    for one, other in pairwise(state.stays):
        assert one.until is not None
        assert one.until <= other.first
    assert (state.state == "left") == (state.stays[-1].until is not None)
