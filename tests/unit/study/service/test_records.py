"""A command with what belongs to it: campaign, coverage, the rows of a ledger."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload, record_id
from services.kernel.rules.distinct import GRAINS, last_day, window
from services.kernel.sheets.ledger import Row
from services.kernel.sheets.sheet import parse
from services.study import contract as c
from services.study.domain import COVERAGE, ESSAY, LECTURE, SESSION, Session, counted_by
from services.study.service import Study
from services.study.service.records import _BY_KIND, decided
from tests.unit.study.records import SESSION_CONTENT, SPRING, SUMMER, MemoryWork
from tests.unit.study.test_contract import ROWS

UNITS = ("D1", "D2")
PATHS = {unit: ["R", unit] for unit in (*UNITS, "D1-B1")}
DAYS = (
    date(2025, 12, 30),
    date(2026, 1, 9),
    date(2026, 1, 20),
    date(2026, 3, 30),
    date(2026, 4, 10),
    date(2026, 4, 20),
    date(2026, 6, 3),
)

Figures = Counter[tuple[str, str, date]]


def added(figures: Figures, counted: c.Counted | None, sign: int) -> None:
    """Add (or take away) the counted part of a session."""
    if counted is not None:
        figures[f"sessions.{counted.way}", counted.unit, counted.day] += sign
        for name in ("due", "present", "excused", "absent"):
            figures[name, counted.unit, counted.day] += sign * getattr(counted, name)


def folded(entries: list[Payload]) -> Figures:
    """What a subscriber makes of the events, from their `was` and `now` alone."""
    figures: Figures = Counter()
    for entry in entries:
        if isinstance(entry, c.CoverageCounted):
            for flip in entry.flips:
                figures[f"covered@{flip.grain}.{flip.way or ''}", entry.unit, flip.day] += flip.now - flip.was
        else:
            added(figures, getattr(entry, "was", None), -1)
            added(figures, getattr(entry, "now", None), 1)
    return Counter({place: amount for place, amount in figures.items() if amount})


def campaign(day: date) -> str:
    if day < SPRING.first:
        return ""
    return "C1" if day <= SPRING.last else "C2"


def counted_directly(sessions: list[Session]) -> Figures:
    """Flows, and covered windows on their last days, from the records as they stand."""
    figures: Figures = Counter()
    reached: set[tuple[str, str, str]] = set()
    for session in sessions:
        if session.state != "submitted":
            continue
        counted = counted_by(session)
        added(figures, counted, 1)
        for grain in GRAINS if counted.present else ():
            name = window(grain, session.day.isoformat()[:7], campaign(session.day))
            for way in ("", session.way) if name else ():
                last = last_day(grain, name) or {"C1": SPRING, "C2": SUMMER}[name].last.isoformat()
                reached.add((f"covered@{grain}.{way}", session.unit, last))
    figures.update((figure, unit, date.fromisoformat(last)) for figure, unit, last in reached)
    return Counter({place: amount for place, amount in figures.items() if amount})


@some.composite
def contents(draw: some.DrawFn) -> dict[str, Any]:
    """A session's content, possible or not."""
    reasons = draw(some.lists(some.sampled_from(list(c.Reasons)), unique=True, max_size=3))
    way = draw(some.sampled_from(list(c.Way)))
    return {
        "day": draw(some.sampled_from(DAYS)),
        "way": way,
        "form": draw(some.sampled_from(list(c.FORMS[way]))),
        "title": "学习",
        "due": draw(some.integers(0, 6)),
        "absences": [{"reason": reason, "count": draw(some.integers(1, 3))} for reason in reasons],
    }


VERBS = ("draft", "hold", "hold", "submit", "submit", "submit", "correct", "correct", "return", "void")


@given(
    some.lists(
        some.tuples(some.sampled_from(VERBS), some.sampled_from(UNITS), some.integers(0, 3), contents()), max_size=60
    )
)
def test_the_figures_are_the_records(steps: list[tuple[str, str, int, dict[str, Any]]]) -> None:
    """However sessions are recorded, submitted, corrected, returned and taken back: what the events add up to is
    what the records count, flow by flow, and each covered window on its last day; what is refused changes nothing.
    """
    work = MemoryWork(PATHS)
    for verb, unit, number, content in steps:
        id = f"{unit}-{number}"
        commands: dict[str, Command] = {
            "draft": c.DraftSession(**content, unit=unit, id=id),
            "hold": c.HoldSession(**content, unit=unit, id=id),
            "submit": c.SubmitSession(id=id),
            "correct": c.CorrectSession(**content, unit=unit, id=id, reason="有误"),
            "return": c.ReturnSession(id=id, reason="缺议题"),
            "void": c.VoidSession(id=id, reason="重复"),
        }
        before = len(work.entries)
        try:
            decided(work.as_work(), SESSION, id, commands[verb])
        except DomainError:
            assert len(work.entries) == before
        assert folded(work.entries) == counted_directly(work.of(SESSION))


# The rows of a ledger.


def take(work: MemoryWork, kind: str, **cells: Any) -> list[str]:
    """Apply a row that is in order but for these cells; the types of what happened."""
    row, errors = parse(c.SHEETS[kind], {**ROWS[kind], "unit": "D1", **cells})
    assert row is not None, errors
    before = len(work.entries)
    Study().apply_row(work.as_work(), kind, row)
    return [entry.type.removesuffix(".v1") for entry in work.entries[before:]]


def refused(work: MemoryWork, kind: str, **cells: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        take(work, kind, **cells)
    return refusal.value


@pytest.fixture
def work() -> MemoryWork:
    return MemoryWork(PATHS)


def test_a_row_of_a_session_is_recorded_and_submitted(work: MemoryWork) -> None:
    """It is history: in the figures at once, under the id that the unit's own number gives it."""
    assert take(work, "sessions", duty=1.0) == ["session.held", "session.submitted", "coverage.counted"]
    session = work.get(SESSION, record_id("study", "sessions", "D1", "XX-001"))
    assert (session.state, session.number, session.due) == ("submitted", "XX-001", 20)


@pytest.mark.parametrize(("kind", "aggregate"), [("sessions", SESSION), ("essays", ESSAY), ("lectures", LECTURE)])
def test_a_whole_ledger_sent_again_changes_nothing(work: MemoryWork, kind: str, aggregate: Any) -> None:
    """Rows, corrections and voids that were taken are skipped, in the same order or alone."""
    ledger = [
        {},
        {"title": "改后", "action": "更正", "reason": "误"},
        {"number": "XX-002"},
        {"number": "XX-002", "action": "作废", "reason": "重复"},
    ]
    for cells in ledger:
        assert take(work, kind, **cells)
    for cells in [*ledger, *reversed(ledger)]:
        assert take(work, kind, **cells) == []
    assert sorted((state.title, str(state.state) == "void") for state in work.of(aggregate)) == sorted(
        [("改后", False), (ROWS[kind]["title"], True)]
    )


@pytest.mark.parametrize("kind", ROWS)
def test_other_content_under_a_number_must_be_a_correction(work: MemoryWork, kind: str) -> None:
    """A number is one record: what differs is refused until the row says 更正, with its reason."""
    take(work, kind)
    assert refused(work, kind, title="另一个").code.endswith(".number_taken")
    assert refused(work, kind, title="另一个", action="更正").code == "row.reason_missing"
    assert refused(work, kind, action="作废").code == "row.reason_missing"
    assert take(work, kind, title="另一个", action="更正", reason="标题有误")


@pytest.mark.parametrize("kind", ROWS)
def test_only_what_is_there_is_corrected_or_taken_back(work: MemoryWork, kind: str) -> None:
    """A correction of an unknown number is refused; so is a second void in other words."""
    for action in ("更正", "作废"):
        assert refused(work, kind, action=action, reason="误").code.endswith(".not_found")
    take(work, kind)
    take(work, kind, action="作废", reason="误")
    assert refused(work, kind, action="作废", reason="再次").code.endswith(".void")
    assert refused(work, kind, title="又").code.endswith(".number_taken")


@pytest.mark.parametrize("kind", ROWS)
def test_the_row_of_another_unit_is_refused(work: MemoryWork, kind: str) -> None:
    """A unit that the gateway did not vouch for is unknown."""
    refusal = refused(work, kind, unit="D9")
    assert (refusal.code, refusal.errors[0]["pointer"]) == ("unit.unknown", "/unit")


@pytest.mark.parametrize("kind", ROWS)
def test_the_row_of_a_day_ahead_is_refused(work: MemoryWork, kind: str) -> None:
    """As a row or as its correction; a day outside every campaign is as good as any."""
    take(work, kind)
    take(work, kind, number="n", day="2025-12-31")
    assert refused(work, kind, number="o", day="2026-07-01").code == "day.in_future"
    assert refused(work, kind, day="2027-01-01", action="更正", reason="误").code == "day.in_future"


@pytest.mark.parametrize("kind", ROWS)
def test_a_number_is_a_units_own(work: MemoryWork, kind: str) -> None:
    """Two units use the same number for two records."""
    assert take(work, kind)
    assert take(work, kind, unit="D2")


def test_a_returned_session_that_a_sheet_corrects_is_reported_again(work: MemoryWork) -> None:
    """Sending the old row again does not report it; a correction does."""
    take(work, "sessions")
    id = record_id("study", "sessions", "D1", "XX-001")
    decided(work.as_work(), SESSION, id, c.ReturnSession(id=id, reason="缺议题"))
    assert take(work, "sessions") == []
    assert work.get(SESSION, id).state == "returned"
    mended = {"title": "补议题", "action": "更正", "reason": "按要求补充"}
    assert take(work, "sessions", **mended) == ["session.corrected", "session.submitted", "coverage.counted"]


@pytest.mark.parametrize("cells", [{}, {"action": "更正", "reason": "误"}])
def test_a_row_reports_what_was_prepared_by_hand(work: MemoryWork, cells: dict[str, Any]) -> None:
    """A draft or a held session under the row's number becomes the row's, submitted."""
    content = {**SESSION_CONTENT, "unit": "D1", "absences": []}
    for number, prepared in (("A", c.DraftSession), ("B", c.HoldSession)):
        id = record_id("study", "sessions", "D1", number)
        decided(work.as_work(), SESSION, id, prepared(**content, number=number, id=id))
        changed = {"title": "另一标题", **cells} if cells else {}
        assert "session.submitted" in take(work, "sessions", number=number, **changed)


def test_a_row_prefetches_what_it_decides() -> None:
    """Its record, and a session's coverage: nothing is read one by one."""
    work = MemoryWork(PATHS)
    for kind in ROWS:
        row, _ = parse(c.SHEETS[kind], {**ROWS[kind], "unit": "D1"})
        assert row is not None
        take(work, kind)
        asked = {(aggregate.name, id) for aggregate, id in Study().row_ids(kind, row)}
        assert asked == {
            key
            for key in work.states
            if key[0] in (kind[:-1], "coverage") and (key[0] != "coverage" or kind == "sessions")
        }


def test_a_correction_moves_coverage(work: MemoryWork) -> None:
    """From month to month the unit is uncovered in one and covered in the other."""
    take(work, "sessions", day="2026-01-09")
    happened = take(work, "sessions", day="2026-06-03", action="更正", reason="日期有误")
    assert happened == ["session.corrected", "coverage.counted", "coverage.counted"]
    assert work.get(COVERAGE, "coverage:D1").counts == {"2026-06-03 C2 branch": 1}


SPELLINGS = ("XX-001\u200b", "\ufeffXX-001", "ＸＸ－００１", "XX-\u00ad001", " XX-001 ")


@pytest.mark.parametrize("kind", ROWS)
def test_all_spellings_of_a_number_are_one_record(work: MemoryWork, kind: str) -> None:
    """Full width, zero width, white space: the same row in another spelling says nothing new."""
    assert take(work, kind, number="XX-001")
    for number in SPELLINGS:
        assert take(work, kind, number=number) == []
    (state,) = work.of(_BY_KIND[kind][0])
    assert state.number == "XX-001"


@pytest.mark.parametrize("number", ["XX\u202e-001", "XX-001\x7f", "\u200b"])
def test_a_number_that_may_be_another_is_refused(number: str) -> None:
    """What turns the order of what is shown, control characters, and nothing that is seen."""
    row, errors = parse(c.SHEETS["sessions"], {**ROWS["sessions"], "unit": "D1", "number": number})
    assert row is None
    assert [error.column for error in errors] == ["number"]


@pytest.mark.parametrize("kind", ROWS)
def test_a_record_that_was_numbered_in_another_spelling_is_found_by_it(work: MemoryWork, kind: str) -> None:
    """Stores hold numbers as they were once typed: such a row is known, and is corrected under its old number."""
    raw = "ＸＸ（2026）1号"
    aggregate, record, _, _ = _BY_KIND[kind]
    row, errors = parse(c.SHEETS[kind], {**ROWS[kind], "unit": "D1", "number": "XX"})
    assert isinstance(row, Row), errors
    old = row.model_copy(update={"number": raw})
    content = old.model_dump(include=set(record.model_fields) - {"id", "row"})
    if isinstance(row, c.SessionRow):
        content["absences"] = row.absences()
    id = record_id("study", kind, "D1", raw)
    held = record.model_construct(**{**record(**content, id=id, row=old.digest()).__dict__, "number": raw})
    work.as_work().decide(aggregate, id, held)
    assert work.get(aggregate, id).number == raw
    assert [event for event in take(work, kind, number=raw) if "held" in event or "recorded" in event] == []
    assert take(work, kind, number=raw, title="改", action="更正", reason="误")
    assert [(state.number, state.title) for state in work.of(aggregate)] == [(raw, "改")]
