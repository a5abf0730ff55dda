"""Essays and lectures: the life that they share."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.rules.aggregate import Aggregate
from services.study import contract as c
from services.study.domain import ESSAY, LECTURE
from tests.unit.study.records import DAY, ESSAY_CONTENT, LECTURE_CONTENT, NOW


class Kind(NamedTuple):
    """One kind of entry."""

    aggregate: Aggregate[Any]
    content: dict[str, Any]
    record: type[Any]
    correct: type[Any]
    void: type[Any]

    def recorded(self, **fields: Any) -> Any:
        """An entry as it stands after being recorded."""
        return self.after(None, self.record(**{**self.content, **fields}, id="e"))

    def after(self, state: Any, command: Any) -> Any:
        """The entry after a command."""
        for event in self.aggregate.decide(state, command, NOW):
            state = self.aggregate.evolve(state, event)
        return state

    def corrected(self, **fields: Any) -> Any:
        """A correction."""
        return self.correct(**{**self.content, **fields}, id="e", reason="日期有误")

    def refused(self, state: Any, command: Any) -> DomainError:
        """The refusal of a command."""
        with pytest.raises(DomainError) as refusal:
            self.aggregate.decide(state, command, NOW)
        return refusal.value


KINDS = [
    Kind(ESSAY, ESSAY_CONTENT, c.RecordEssay, c.CorrectEssay, c.VoidEssay),
    Kind(LECTURE, LECTURE_CONTENT, c.RecordLecture, c.CorrectLecture, c.VoidLecture),
]
PLACE = c.Placed(unit="D1", day=DAY)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.aggregate.name)


@each_kind
def test_it_counts_one_on_its_day(kind: Kind) -> None:
    """Recorded it enters, corrected it moves, void it leaves, each where it stood."""
    (recorded,) = kind.aggregate.decide(None, kind.record(**kind.content, id="e"), NOW)
    state = kind.recorded()
    (moved,) = kind.aggregate.decide(state, kind.corrected(day=date(2026, 4, 1)), NOW)
    there = kind.aggregate.evolve(state, moved)
    (voided,) = kind.aggregate.decide(there, kind.void(id="e", reason="重复登记"), NOW)
    april = c.Placed(unit="D1", day=date(2026, 4, 1))
    told: list[Any] = [recorded, moved, voided]
    assert told[0].now == told[1].was == PLACE
    assert told[1].now == told[2].was == april
    gone = kind.aggregate.evolve(there, voided)
    assert (gone.state, gone.reason) == ("void", "重复登记")


@each_kind
def test_void_is_the_end(kind: Kind) -> None:
    """Nothing can be done to what was taken back, nor can it be taken back twice."""
    gone = kind.after(kind.recorded(), kind.void(id="e", reason="重复登记"))
    for command in (kind.corrected(title="另一"), kind.void(id="e", reason="再次")):
        refusal = kind.refused(gone, command)
        assert (refusal.code, refusal.kind) == (f"{kind.aggregate.name}.void", "conflict")


@each_kind
def test_what_was_never_recorded_cannot_change(kind: Kind) -> None:
    """There is no such entry."""
    for command in (kind.corrected(), kind.void(id="e", reason="误报")):
        assert kind.refused(None, command).code == f"{kind.aggregate.name}.not_found"


@each_kind
def test_the_same_again_is_no_news(kind: Kind) -> None:
    """The same content recorded or corrected again changes nothing."""
    state = kind.recorded(number="A1")
    for command in (kind.record(**kind.content, number="A1", id="e"), kind.corrected(number="A1"), kind.corrected()):
        assert kind.aggregate.decide(state, command, NOW) == []


@each_kind
def test_a_number_is_taken_once(kind: Kind) -> None:
    """Other content under the number is a conflict, also where the entry was taken back."""
    state = kind.recorded(number="A1")
    other = kind.record(**{**kind.content, "title": "另一篇"}, number="A1", id="e")
    same = kind.record(**kind.content, number="A1", id="e")
    gone = kind.after(state, kind.void(id="e", reason="误报"))
    for standing, command in ((state, other), (gone, other), (gone, same)):
        refusal = kind.refused(standing, command)
        assert (refusal.code, refusal.kind) == (f"{kind.aggregate.name}.number_taken", "conflict")
        assert refusal.errors[0]["pointer"] == "/number"


@each_kind
def test_unit_and_number_stay(kind: Kind) -> None:
    """They are the entry's identity; a number left out of a correction stays."""
    state = kind.recorded(number="A1")
    assert kind.refused(state, kind.corrected(unit="D9", number="A1")).code.endswith(".unit_fixed")
    assert kind.refused(state, kind.corrected(number="A2")).code.endswith(".number_fixed")
    assert kind.after(state, kind.corrected(title="另一篇")).number == "A1"


@each_kind
def test_it_has_happened(kind: Kind) -> None:
    """A day ahead is refused, recorded or corrected."""
    ahead = {"day": date(2026, 7, 1)}
    assert kind.refused(None, kind.record(**{**kind.content, **ahead}, id="e")).code == "day.in_future"
    assert kind.refused(kind.recorded(), kind.corrected(**ahead)).code == "day.in_future"


@each_kind
def test_sheet_rows_that_were_taken_are_remembered(kind: Kind) -> None:
    """Each row's digest stays with the entry."""
    state = kind.recorded(row="r1")
    state = kind.after(state, kind.corrected(title="另一篇", row="r2"))
    assert kind.after(state, kind.void(id="e", reason="误报", row="r3")).rows == ["r1", "r2", "r3"]


@each_kind
def test_a_foreign_command_is_a_mistake_of_ours(kind: Kind) -> None:
    """An entry takes its own commands alone."""
    with pytest.raises(TypeError):
        kind.aggregate.decide(kind.recorded(), c.SubmitSession(id="e"), NOW)
