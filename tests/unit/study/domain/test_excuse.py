"""An excuse: recorded, taken back; its reason is in none of its events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.study.contract import ExcuseReason, RecordExcuse, WithdrawExcuse
from services.study.domain import EXCUSE, Excuse
from services.study.domain.excuse import MOST_DAYS, PlaceExcuse
from tests.unit.study.records import DAY, NOW

WITHDRAW = WithdrawExcuse(id="e", reason="登记有误")


def place(unit: str | None = "B1", overlapping: tuple[str, ...] = (), **fields: Any) -> PlaceExcuse:
    given = {"id": "e", "member": "DY-1", "first": DAY, "last": DAY + timedelta(days=2), "reason": ExcuseReason.illness}
    excuse = RecordExcuse(**{**given, **fields})
    return PlaceExcuse(excuse=excuse, unit=unit, overlapping=list(overlapping))


def after(*commands: Command) -> Excuse:
    state: Excuse | None = None
    for command in commands:
        for happened in EXCUSE.decide(state, command, NOW):
            state = EXCUSE.evolve(state, happened)
    assert state is not None
    return state


def test_it_stands_until_it_is_taken_back() -> None:
    """With its days, its member and their unit; said again it is no news."""
    state = after(place())
    assert (state.unit, state.member, state.first, state.last) == ("B1", "DY-1", DAY, DAY + timedelta(days=2))
    assert (state.sort, state.state) == ("excused", "recorded")
    assert list(EXCUSE.decide(state, place(), NOW)) == []
    gone = after(place(), WITHDRAW)
    assert (gone.state, gone.reason, list(EXCUSE.parts(gone))) == ("withdrawn", "登记有误", ["B1"])


def test_events_tell_whether_somebody_is_due_and_not_why() -> None:
    """Exempt or excused; never illness, a personal matter or duty."""
    for reason in ExcuseReason:
        (told,) = EXCUSE.decide(None, place(reason=reason), NOW)
        sort = "exempt" if reason == ExcuseReason.exempt else "excused"
        assert EXCUSE.evolve(None, told).sort == sort
        assert reason == "exempt" or str(reason) not in told.model_dump_json()


@pytest.mark.parametrize(
    ("code", "commands"),
    [
        ("excuse.not_a_member", (place(unit=None),)),
        ("excuse.days_cross", (place(last=DAY - timedelta(days=1)),)),
        ("excuse.too_long", (place(last=DAY + timedelta(days=MOST_DAYS)),)),
        ("excuse.overlaps", (place(overlapping=("other",)),)),
        ("excuse.id_taken", (place(), place(member="DY-2"))),
        ("excuse.not_found", (WITHDRAW,)),
        ("excuse.withdrawn", (place(), WITHDRAW, WITHDRAW)),
    ],
)
def test_what_cannot_be_is_refused(code: str, commands: tuple[Command, ...]) -> None:
    """With a code of its own."""
    *before, last = commands
    with pytest.raises(DomainError) as refusal:
        EXCUSE.decide(after(*before) if before else None, last, NOW)
    assert refusal.value.code == code


def test_a_foreign_command_is_a_mistake_of_ours() -> None:
    """No excuse takes another's command."""
    with pytest.raises(TypeError):
        EXCUSE.decide(None, RecordExcuse(id="e", member="DY-1", first=DAY, last=DAY, reason=ExcuseReason.duty), NOW)
