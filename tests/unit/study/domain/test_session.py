"""Sessions: what may be said of one, and where it may go from where it stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.study import contract as c
from services.study.domain import SESSION, Session, counted_by, covering
from tests.unit.study.records import DAY, NOW, RETURN, SESSION_CONTENT, SUBMIT, VOID, after, correct, hold, told

ACCEPT = c.AcceptSession(id="s")
DRAFT = c.DraftSession(**SESSION_CONTENT, id="s")
STANDING: dict[str, tuple[Command, ...]] = {
    "draft": (DRAFT,),
    "held": (hold(),),
    "submitted": (hold(), SUBMIT),
    "accepted": (hold(), SUBMIT, ACCEPT),
    "returned": (hold(), SUBMIT, RETURN),
    "void": (hold(), VOID),
}


def refused(state: Session | None, command: Command) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        SESSION.decide(state, command, NOW)
    return refusal.value


def absences(**counts: int) -> list[dict[str, Any]]:
    return [{"reason": reason, "count": count} for reason, count in counts.items()]


def test_everyone_due_is_present_unless_named() -> None:
    """Nobody named: all who were due were there."""
    counted = counted_by(hold(due=20, absences=[]))
    assert (counted.due, counted.present, counted.excused, counted.absent) == (20, 20, 0, 0)


def test_each_named_person_is_excused_absent_or_not_due() -> None:
    """Duty, illness and personal matters excuse; the transferred and the exempt leave the denominator."""
    named = absences(duty=1, illness=2, personal=3, absent=4, transferred=5, exempt=6)
    counted = counted_by(hold(due=40, absences=named))
    assert (counted.due, counted.present, counted.excused, counted.absent) == (29, 19, 6, 4)
    assert counted.due == counted.present + counted.excused + counted.absent


@pytest.mark.parametrize(("way", "forms"), [(way, list(forms)) for way, forms in c.FORMS.items()])
def test_each_form_belongs_to_one_way(way: c.Way, forms: list[c.Form]) -> None:
    """A form is taken with its own way and refused with every other."""
    for form in c.Form:
        if form in forms:
            assert after(hold(way=way, form=form)).form == form
        else:
            refusal = refused(None, hold(way=way, form=form))
            assert (refusal.code, refusal.errors[0]["pointer"]) == ("session.form_mismatch", "/form")
            assert c.FORM_NAMES[form] in refusal.detail


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"due": 5, "present": 6, "absences": []}, "session.present_exceeds_due", "/present"),
        ({"due": 5, "present": 5, "absences": absences(duty=1)}, "session.present_disagrees", "/present"),
        ({"due": 5, "present": 3, "absences": absences(duty=1)}, "session.present_disagrees", "/present"),
        ({"due": 5, "absences": absences(duty=3, absent=3)}, "session.absences_exceed_due", "/absences"),
        ({"due": 5, "absences": absences(exempt=6)}, "session.absences_exceed_due", "/absences"),
        (
            {"absences": [*absences(duty=1), *absences(duty=1)]},
            "session.reason_repeated",
            "/absences",
        ),
        ({"day": date(2026, 7, 1)}, "day.in_future", "/day"),
    ],
)
def test_what_cannot_have_been_is_refused(fields: dict[str, Any], code: str, pointer: str) -> None:
    """Held or corrected, the same content is refused with the field and the reason in Chinese."""
    for state, command in ((None, hold(**fields)), (after(hold(), SUBMIT), correct(**fields))):
        refusal = refused(state, command)
        assert (refusal.code, refusal.kind) == (code, "invalid")
        assert [error["pointer"] for error in refusal.errors] == [pointer]
        assert any("\u4e00" <= character <= "\u9fff" for character in refusal.detail)


def test_present_may_be_given_where_it_agrees() -> None:
    """The number of those present is a check, not a second truth: it is not kept."""
    assert after(hold(due=20, present=17)) == after(hold(due=20))


def test_the_day_is_judged_by_the_clock_in_china() -> None:
    """At 16:00 UTC it is the next day there: what is held on it is not in the future."""
    tomorrow = hold(day=date(2026, 7, 1))
    assert refused(None, tomorrow).code == "day.in_future"
    assert SESSION.decide(None, tomorrow, NOW.replace(hour=16))


@pytest.mark.parametrize(
    "fields",
    [
        {"due": -1},
        {"absences": absences(duty=-1)},
        {"absences": absences(duty=0)},
        {"absences": absences(holiday=1)},
        {"present": -1},
        {"title": ""},
        {"title": " \u3000 "},
        {"title": "长" * 121},
        {"title": "两\x00行"},
        {"number": " "},
        {"way": "none"},
        {"form": "tea"},
        {"due": 5.5},
        {"points": 1},
    ],
)
def test_malformed_content_never_reaches_the_rules(fields: dict[str, Any]) -> None:
    """Negative counts, empty or overlong titles, unknown reasons, ways, forms and fields make no command."""
    with pytest.raises(ValidationError):
        hold(**fields)


def test_a_life() -> None:
    """Draft, held, submitted, returned, submitted again, void: each step is told, and counted when it counts."""
    reheld = hold(due=21)
    events, state = told(None, DRAFT, reheld, SUBMIT, RETURN, SUBMIT, VOID)
    assert [type(event).__name__.removeprefix("Session") for event in events] == [
        "Drafted", "Held", "Submitted", "Returned", "Submitted", "Voided"
    ]  # fmt: skip
    assert state is not None
    assert (state.state, state.reason, state.due) == ("void", "重复登记", 21)
    counted = counted_by(reheld)
    parts = [(getattr(event, "was", None), getattr(event, "now", None)) for event in events]
    assert parts == [(None, None), (None, None), (None, counted), (counted, None), (None, counted), (counted, None)]


def test_a_draft_that_is_reported_took_place() -> None:
    """It need not be typed again, number or none; one of a day ahead cannot be reported."""
    events, state = told(None, DRAFT, SUBMIT)
    assert [type(event) for event in events] == [c.SessionDrafted, c.SessionHeld, c.SessionSubmitted]
    assert state is not None
    assert (state.state, state.number) == ("submitted", None)
    ahead = after(DRAFT.model_copy(update={"day": date(2026, 7, 1)}))
    assert refused(ahead, SUBMIT).code == "day.in_future"


ALLOWED = {
    "draft": {"draft", "hold", "submit", "correct", "void"},
    "held": {"hold", "submit", "correct", "void"},
    "submitted": {"hold", "correct", "return", "void"},
    "accepted": {"hold", "correct", "void"},
    "returned": {"hold", "submit", "correct", "void"},
    "void": set[str](),
}
CODES = {"submit": "session.not_held", "return": "session.not_submitted", "draft": "session.number_taken"}


@pytest.mark.parametrize("standing", STANDING)
def test_a_session_goes_only_where_it_may(standing: str) -> None:
    """Every command on every state: allowed, or refused as a conflict that names the state's reason."""
    state = after(*STANDING[standing])
    commands: dict[str, Command] = {
        "draft": DRAFT,
        "hold": hold(),
        "submit": SUBMIT,
        "correct": correct(due=30),
        "return": RETURN,
        "void": VOID,
    }
    for verb, command in commands.items():
        if verb in ALLOWED[standing]:
            SESSION.decide(state, command, NOW)
            continue
        refusal = refused(state, command)
        void = {"hold": "session.number_taken", "correct": "session.void", "void": "session.void"}
        code = "session.accepted" if (standing, verb) == ("accepted", "return") else CODES.get(verb) or void[verb]
        assert (refusal.code, refusal.kind) == (code, "conflict")


@pytest.mark.parametrize("standing", STANDING)
def test_only_what_was_reported_is_accepted(standing: str) -> None:
    """It stays in the figures and covers its unit; accepted again, or in any other state, nothing happens."""
    state = after(*STANDING[standing])
    told_of = SESSION.decide(state, ACCEPT, NOW)
    assert [type(event) for event in told_of] == ([c.SessionAccepted] if standing == "submitted" else [])
    for event in told_of:
        accepted = SESSION.evolve(state, event)
        assert (accepted.state, covering(accepted)) == ("accepted", covering(state))


@pytest.mark.parametrize("command", [SUBMIT, correct(), RETURN, VOID])
def test_what_was_never_recorded_cannot_change(command: Command) -> None:
    """There is no such session."""
    refusal = refused(None, command)
    assert (refusal.code, refusal.kind) == ("session.not_found", "not_found")


@pytest.mark.parametrize("standing", ["draft", "held", "submitted", "accepted", "returned"])
def test_only_what_is_in_the_figures_leaves_them(standing: str) -> None:
    """A correction or a void tells what it takes back where the session was submitted, and nothing elsewhere."""
    state = after(*STANDING[standing])
    counted = counted_by(state) if standing in c.IN_FIGURES else None
    (corrected,) = SESSION.decide(state, correct(due=25, day=date(2026, 4, 1)), NOW)
    (voided,) = SESSION.decide(state, VOID, NOW)
    assert isinstance(corrected, c.SessionCorrected)
    assert isinstance(voided, c.SessionVoided)
    assert corrected.was == voided.was == counted
    anew = SESSION.evolve(state, corrected)
    assert corrected.now == (None if counted is None else counted_by(anew))
    assert (anew.due, anew.day, anew.state, anew.reason) == (25, date(2026, 4, 1), standing, "人数填报有误")


def test_the_same_content_again_is_no_news() -> None:
    """Held again or corrected to what it is, in whatever order the absences are named, nothing happens."""
    state = after(hold(number="A1"), SUBMIT)
    turned = list(reversed(SESSION_CONTENT["absences"]))
    assert SESSION.decide(state, hold(number="A1", absences=turned), NOW) == []
    assert SESSION.decide(state, correct(number="A1", absences=turned), NOW) == []
    assert SESSION.decide(after(DRAFT), DRAFT, NOW) == []


def test_a_number_is_taken_once() -> None:
    """Other content under the same number is a conflict that points at the number, also once the session is void."""
    submitted = (hold(number="A1"), SUBMIT)
    for state, words in ((after(*submitted), "更正"), (after(*submitted, VOID), "换一个编号")):
        refusal = refused(state, hold(number="A1", due=21))
        assert (refusal.code, refusal.kind) == ("session.number_taken", "conflict")
        assert refusal.errors[0]["pointer"] == "/number"
        assert "A1" in refusal.detail
        assert words in refusal.detail


@pytest.mark.parametrize(
    "before", [(hold(number="A1"), SUBMIT), (c.DraftSession(**SESSION_CONTENT, number="A1", id="s"),)]
)
def test_unit_and_number_stay(before: tuple[Command, ...]) -> None:
    """They say which session it is: a correction that leaves the number out keeps it, another one is refused."""
    state = after(*before)
    assert refused(state, correct(unit="D9", number="A1")).code == "session.unit_fixed"
    assert refused(state, correct(number="A2")).code == "session.number_fixed"
    (corrected,) = SESSION.decide(state, correct(due=30), NOW)
    assert SESSION.evolve(state, corrected).number == "A1"


def test_a_draft_held_elsewhere_is_refused() -> None:
    """Holding a draft cannot carry it to another unit."""
    assert refused(after(DRAFT), hold(unit="D9")).code == "session.unit_fixed"


def test_a_draft_may_lie_ahead() -> None:
    """It is prepared before its day and may be corrected; it can be held only once the day has come."""
    ahead = date(2026, 9, 1)
    state = after(c.DraftSession(**{**SESSION_CONTENT, "day": ahead}, id="s"), correct(day=ahead, due=50))
    assert (state.state, state.due) == ("draft", 50)
    assert refused(state, hold(day=ahead)).code == "day.in_future"


def test_sheet_rows_that_were_taken_are_remembered() -> None:
    """Each row's digest stays with the session, so that an old ledger sent again changes nothing."""
    state = after(hold(row="r1"), SUBMIT, correct(due=30, row="r2"), c.VoidSession(id="s", reason="误报", row="r3"))
    assert state.rows == ["r1", "r2", "r3"]


def test_a_session_covers_its_unit_while_submitted_and_attended() -> None:
    """Neither a session that is only held nor one to which nobody came covers anybody."""
    assert covering(None) is None
    assert covering(after(hold())) is None
    assert covering(after(hold(), SUBMIT)) == ("D1-B1", DAY, c.Way.branch)
    assert covering(after(hold(), SUBMIT, RETURN)) is None
    assert covering(after(hold(due=2, absences=absences(absent=2)), SUBMIT)) is None


def test_a_foreign_command_is_a_mistake_of_ours() -> None:
    """No session takes an essay's command."""
    with pytest.raises(TypeError):
        SESSION.decide(None, c.VoidEssay(id="e", reason="误"), NOW)


def test_it_concerns_its_unit() -> None:
    """Its scope rests on its unit alone."""
    assert list(SESSION.parts(after(hold()))) == ["D1-B1"]
