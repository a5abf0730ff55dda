"""A unit's account is a count of its records, and the journal says which months are to be counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.message.errors import DomainError
from services.kernel.message.event import body_of
from services.study import contract as c
from services.study.domain import LECTURE, Session
from services.study.domain.account import UnitMonth, counted, counts_of, touched
from tests.unit.study.records import LECTURE_CONTENT, NOW, RETURN, SUBMIT, VOID, correct, hold, told

REPORTED = (hold(), SUBMIT)


def reported(*commands: Any) -> Session:
    state = told(None, *commands)[1]
    assert state is not None
    return state


def entries(events: Iterable[Any]) -> list[dict[str, Any]]:
    """Events as the journal has them."""
    return [{"type": event.type, "data": body_of(event)} for event in events]


def test_what_a_record_counts() -> None:
    """A reported session at which somebody was, for its form and its way; a lecture while it stands."""
    assert counted([reported(*REPORTED)]) == {("2026-03", "theme_day"): 1, ("2026-03", "branch"): 1}
    assert counted([reported(hold()), reported(*REPORTED, RETURN), reported(*REPORTED, VOID)]) == {}
    assert counts_of(reported(hold(absences=[{"reason": "absent", "count": 20}]), SUBMIT)) == {}
    recorded = c.RecordLecture(**LECTURE_CONTENT, id="l")
    lecture = LECTURE.evolve(None, *LECTURE.decide(None, recorded, NOW))
    assert counted([lecture, lecture]) == {("2026-03", "lecture"): 2}


def test_what_is_to_be_counted_again() -> None:
    """The months in which a record counts otherwise: where it was and where it is; nothing else of it."""
    nobody = [{"reason": "absent", "count": 20}]
    elsewhere: list[tuple[tuple[Any, ...], set[UnitMonth]]] = [
        ((hold(),), set()),
        (REPORTED, {("D1-B1", "2026-03")}),
        ((*REPORTED, correct(title="改名")), set()),
        ((*REPORTED, correct(absences=[])), set()),
        ((*REPORTED, correct(absences=nobody)), {("D1-B1", "2026-03")}),
        ((*REPORTED, correct(form="discussion")), {("D1-B1", "2026-03")}),
        ((*REPORTED, correct(day=date(2026, 5, 4))), {("D1-B1", "2026-03"), ("D1-B1", "2026-05")}),
        ((*REPORTED, VOID), {("D1-B1", "2026-03")}),
        ((hold(absences=nobody), SUBMIT), set()),
    ]
    for commands, expected in elsewhere:
        events, before = told(None, *commands)[0], told(None, *commands[:-1])[0]
        last = events[len(before) :]
        assert touched(entries(last)) == expected, commands


ABSENT = st.sampled_from([[], [{"reason": "absent", "count": 20}], [{"reason": "illness", "count": 3}]])
DAYS = st.sampled_from([date(2026, 3, 5), date(2026, 3, 6), date(2026, 5, 4)])
FORMS = st.sampled_from(["theme_day", "discussion"])
CORRECTIONS = st.builds(lambda day, form, absences: correct(day=day, form=form, absences=absences), DAYS, FORMS, ABSENT)
COMMANDS = st.lists(st.one_of(CORRECTIONS, st.sampled_from([SUBMIT, RETURN, VOID])), max_size=12)


@given(COMMANDS)
def test_whatever_changes_an_account_touches_its_month(commands: list[Any]) -> None:
    """Every month in which a session counts otherwise after a command is named by the entries that it left."""
    state = reported(hold())
    for command in commands:
        before = Counter(counts_of(state))
        try:
            events, after = told(state, command)
        except DomainError:
            continue
        assert after is not None
        now = Counter(counts_of(after))
        changed = {(state.unit, month) for month, _ in (before - now) + (now - before)}
        assert changed <= touched(entries(events))
        state = after
