"""Distinct figures follow the days of what is valid, in whatever order it was reported, taken back or moved."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pymongo import MongoClient

from services.gateway.store.period import Span
from services.kernel.journal.chain import verify
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, in_transaction
from services.kernel.journal.upgrade import upgrade
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, new_id
from services.research import contract as r
from services.research.service.campaigns import count_some
from services.research.store import campaigns
from services.study import contract as c
from services.study.service.covering import Covering
from services.study.store.uncounted import note, open_campaign
from tests.component.ledgers import Ledgers, held, joint, visiting
from tests.unit.gateway.owners import CAMPAIGN

APRIL, MAY, JUNE = date(2026, 4, 10), date(2026, 5, 15), date(2026, 6, 10)
TAKEN_BACK, MENDED = "登记有误", "日期有误"


@pytest.fixture(scope="module")
def kept(mongo: str, mongo_client: MongoClient[Document]) -> Iterator[Ledgers]:
    prefix = f"t{new_id().replace('-', '')[-12:]}"
    yield Ledgers(mongo, mongo_client, prefix)
    for name in ("study", "research", "gateway"):
        mongo_client.drop_database(f"{prefix}_{name}")


@pytest.fixture
def ledgers(kept: Ledgers) -> Ledgers:
    """Databases that are made once, emptied for each test."""
    kept.begin()
    return kept


def report(ledgers: Ledgers, kind: str, id: str, day: date) -> None:
    """Something that reaches unit A on a day: a session of its own, a visit to it, joint study."""
    if kind == "session":
        ledgers.session(id, *held(id, "A", day))
    elif kind == "visit":
        ledgers.visit(id, visiting(id, "A", day))
    else:
        ledgers.activity(id, joint(id, day))


def void(ledgers: Ledgers, kind: str, id: str) -> None:
    """It is taken back."""
    told: dict[str, Command] = {
        "session": c.VoidSession(id=id, reason=TAKEN_BACK),
        "visit": r.VoidVisit(id=id, reason=TAKEN_BACK),
        "activity": c.VoidActivity(id=id, reason=TAKEN_BACK),
    }
    getattr(ledgers, kind)(id, told[kind])


COVERED = [
    ("study.units_covered", "2026-Q2"),
    ("study.units_covered", "2026"),
    ("study.units_covered", "campaign"),
    ("study.units_covered.branch", "2026-Q2"),
]
FIGURES = [
    ("visit", "research.units_visited.department", "campaign"),
    ("activity", "study.provincial_units_joined", "campaign"),
    ("activity", "study.central_units_joined", "campaign"),
]


@pytest.mark.parametrize("order", list(permutations(("move", "april", "june"))), ids="-".join)
@pytest.mark.parametrize(("kind", "figure", "span"), FIGURES)
def test_a_unit_counts_where_it_was_on_the_first_day(
    ledgers: Ledgers, kind: str, figure: str, span: str, order: tuple[str, ...]
) -> None:
    """Below the unit it was in on the day of the window's first; that taken back, where it was on that of the next."""
    for step in order:
        if step == "move":
            ledgers.move("A", "R1X", MAY)
            ledgers.move("Z", "R1X", MAY)
        else:
            report(ledgers, kind, step, {"april": APRIL, "june": JUNE}[step])
    ledgers.arrive()

    def told() -> list[int]:
        return [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")]

    assert (told(), ledgers.differing()) == ([1, 0, 1], [])
    void(ledgers, kind, "april")
    ledgers.arrive()
    assert (told(), ledgers.differing()) == ([0, 1, 1], [])
    void(ledgers, kind, "june")
    ledgers.arrive()
    assert (told(), ledgers.differing()) == ([0, 0, 0], [])


@pytest.mark.parametrize("order", list(permutations(("move", "april", "june"))), ids="-".join)
@pytest.mark.parametrize(("figure", "span"), COVERED)
def test_a_unit_is_covered_where_it_stands_at_the_end(
    ledgers: Ledgers, figure: str, span: str, order: tuple[str, ...]
) -> None:
    """Below the unit to which it belongs on the window's last day, where it is due, whichever session is the first."""
    for step in order:
        if step == "move":
            ledgers.move("A", "R1X", MAY)
        else:
            report(ledgers, "session", step, {"april": APRIL, "june": JUNE}[step])
    ledgers.arrive()

    def told(span: str) -> list[int]:
        return [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")]

    assert (told("2026-04"), told("2026-06")) == ([1, 0, 1], [0, 1, 1])
    assert (told(span), ledgers.differing()) == ([0, 1, 1], [])
    void(ledgers, "session", "april")
    ledgers.arrive()
    assert (told("2026-04"), told(span), ledgers.differing()) == ([0, 0, 0], [0, 1, 1], [])
    void(ledgers, "session", "june")
    ledgers.arrive()
    assert (told(span), ledgers.differing()) == ([0, 0, 0], [])


@pytest.mark.parametrize(
    ("figure", "right"),
    [
        ("study.units_covered@quarter", "2026-06-30"),
        ("research.units_visited.department@campaign", APRIL.isoformat()),
    ],
)
def test_the_audit_sees_what_counts_below_another_unit(ledgers: Ledgers, figure: str, right: str) -> None:
    """A fact on another day than its own sums up to the same total, and to other units: it is a difference."""
    for kind in ("session", "visit"):
        report(ledgers, kind, f"{kind}-april", APRIL)
        report(ledgers, kind, f"{kind}-june", JUNE)
    ledgers.move("A", "R1X", MAY)
    ledgers.arrive()
    assert ledgers.differing() == []
    facts = ledgers.figures.database["facts"]
    planted = {"$set": {"entries.$.d": JUNE.isoformat()}}
    asked = {"entries": {"$elemMatch": {"m": figure, "d": right}}}
    assert facts.update_one(asked, planted).modified_count == 1
    found = [line for line in ledgers.differing() if line.startswith(figure)]
    assert sorted(found) == [
        f"{figure} A {day} 计 {n} 次，应为 {1 - n} 次" for day, n in sorted([(right, 0), (JUNE.isoformat(), 1)])
    ]


DAYS = [date(2026, 2, 3), APRIL, date(2026, 4, 30), MAY, JUNE, date(2026, 7, 1)]
UNITS = ("A", "B", "Z")
VERBS = ("report", "report", "report", "correct", "void", "move")
Step = tuple[str, str, int, str, date]
STEP = some.tuples(
    some.sampled_from(VERBS),
    some.sampled_from(["session", "visit", "activity"]),
    some.integers(0, 2),
    some.sampled_from(UNITS),
    some.sampled_from(DAYS),
)


def ask(ledgers: Ledgers, verb: str, kind: str, number: int, unit: str, day: date) -> None:
    """Ask one thing of one record, which belongs to one unit for good.

    Raises:
        DomainError: the rules refuse it.
    """
    id = f"{kind}-{unit}-{number}" if kind != "activity" else f"{kind}-{number}"
    if verb == "void":
        void(ledgers, kind, id)
    elif kind == "session":
        told = held(id, unit, day, way=("branch", "youth")[number % 2])
        mended = c.CorrectSession(**told[0].model_dump(), reason=MENDED)
        ledgers.session(id, *(told if verb == "report" else [mended]))
    elif kind == "visit":
        visit = visiting(id, unit, day)
        ledgers.visit(id, visit if verb == "report" else r.CorrectVisit(**visit.model_dump(), reason=MENDED))
    else:
        activity = joint(id, day)
        command = activity if verb == "report" else c.CorrectActivity(**activity.model_dump(), reason=MENDED)
        ledgers.activity(id, command)


def recounted(ledgers: Ledgers, moves: dict[str, list[tuple[date, str]]], spans: dict[str, Span]) -> dict[Any, int]:
    """Units that were reached in a span, by the records: each below the unit under which it stood on the first day;
    those that are covered, on the last.
    """
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for session in ledgers.study.database["sessions"].find({"state": "submitted"}):
        for way in ("", f".{session['way']}"):
            days[f"study.units_covered{way}", session["unit"]].add(date.fromisoformat(session["day"]))
    for activity in ledgers.study.database["activities"].find({"state": "recorded"}):
        for side in c.SIDES:
            days[f"study.{side}_units_joined", activity[side]].add(date.fromisoformat(activity["day"]))
    for visit in ledgers.research.database["visits"].find({"state": "recorded"}):
        figure = f"research.units_visited.{visit['kind']}"
        days[figure, visit["visited"]].add(date.fromisoformat(visit["day"]))
    found: Counter[Any] = Counter()
    for (figure, unit), reached in days.items():
        for name, span in spans.items():
            first = min((day for day in reached if span.first <= day <= span.last), default=None)
            if first is not None:
                at = span.last if figure.startswith("study.units_covered") else first
                below = [parent for since, parent in moves[unit] if since <= at][-1]
                found.update({(figure, name, above): 1 for above in (below, "P")})
    return found


@settings(max_examples=25)
@given(some.lists(STEP, min_size=1, max_size=14))
def test_whatever_is_reported_in_whatever_order_the_days_decide(kept: Ledgers, steps: list[Step]) -> None:
    """Sessions, visits, joint study, voids, corrections, moves in any order: a recount of what stands, by its days."""
    kept.begin()
    moves = {unit: [(date.min, "R1")] for unit in UNITS}
    for verb, kind, number, unit, day in steps:
        with contextlib.suppress(DomainError):
            if verb == "move":
                parent = "R1X" if moves[unit][-1][1] == "R1" else "R1"
                kept.move(unit, parent, day)
                moves[unit].append((day, parent))
            else:
                ask(kept, verb, kind, number, unit, day)
    kept.arrive()
    spans = {name: Span.named(name, [CAMPAIGN]) for name in ("2026-04", "2026-Q2", "2026", "campaign")}
    expected = recounted(kept, moves, spans)
    for name, span in spans.items():
        for above in ("R1", "R1X", "P"):
            told = kept.figures_of(above, span)
            for figure in {figure for figure, _, _ in expected} | {"study.units_covered"}:
                if told[figure] is not None:
                    assert told[figure] == expected[figure, name, above], (figure, name, above)
    assert kept.differing() == []


EARLIER = {"session": ("coverages", "sessions"), "visit": ("places", "visits"), "activity": ("joinings", "activities")}
"""Where an earlier version kept what happened by month, and in which field."""


def as_before(journal: Journal, kind: str) -> list[Document]:
    """Let an earlier version have kept the counts, which it did by month: a window counted on the day reported first.

    The records of `kind` were reported for June, then for April: the window of April alone is what the second said.
    """
    collection, field = EARLIER[kind]
    database = journal.database
    for keeper in list(database[collection].find()):
        head, days, counts = b"", {}, Counter[str]()
        for entry in list(database["journal"].find({"aggregate": keeper["_id"]}).sort("n")):
            if entry["n"] > 1:
                entry["data"]["flips"] = [flip for flip in entry["data"]["flips"] if flip["grain"] == "month"]
            for name in ("reason", "spans", "until"):
                entry["data"].pop(name, None)
            for flip in entry["data"]["flips"]:
                flip["day"] = entry["day"]
            head = entry["hash"] = journal.link(head, entry)
            database["journal"].replace_one({"_id": entry["_id"]}, entry)
            data = entry["data"]
            counts[" ".join(part for part in (data["month"], data["campaign"], data.get("way")) if part)] += 1
            for flip in data["flips"]:
                place = " ".join(part for part in (flip["grain"], flip["window"], flip.get("way")) if part)
                days[place] = flip["day"]
        told = {name: value for name, value in keeper.items() if name not in ("counts", "spans", "until")}
        database[collection].replace_one({"_id": keeper["_id"]}, {**told, "head": head, field: counts, "days": days})
    return list(database["journal"].find().sort("_id"))


@pytest.mark.parametrize("by", ["upgrade", "command"])
@pytest.mark.parametrize(("kind", "figure", "span"), FIGURES)
def test_what_an_earlier_version_counted_is_set_right(
    ledgers: Ledgers, kind: str, figure: str, span: str, by: str
) -> None:
    """By new entries, at the start or with the next command on the record; those that there are stay as they are."""
    ledgers.move("A", "R1X", MAY)
    ledgers.move("Z", "R1X", MAY)
    report(ledgers, kind, "june", JUNE)
    report(ledgers, kind, "april", APRIL)
    journal = ledgers.research if kind == "visit" else ledgers.study
    before = as_before(journal, kind)
    ledgers.arrive()
    assert [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")] == [0, 1, 1]
    assert ledgers.differing() != []
    if by == "upgrade":
        assert upgrade(journal, journal.aggregates) == (2 if kind == "activity" else 1)
        assert upgrade(journal, journal.aggregates) == 0
    else:
        report(ledgers, kind, "july", date(2026, 7, 1))
    ledgers.arrive()
    assert [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")] == [1, 0, 1]
    assert ledgers.differing() == []
    assert list(journal.database["journal"].find().sort("_id").limit(len(before))) == before
    assert verify(journal, journal.aggregates)[1] == []
    void(ledgers, kind, "april")
    ledgers.arrive()
    assert [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")] == [0, 1, 1]


@pytest.mark.parametrize(("figure", "span"), COVERED)
def test_what_an_earlier_version_counted_on_another_day_is_set_right(ledgers: Ledgers, figure: str, span: str) -> None:
    """A covered unit counts on the last day of each window, by new entries; a campaign's once its days are known."""
    ledgers.move("A", "R1X", MAY)
    report(ledgers, "session", "april", APRIL)
    before = as_before(ledgers.study, "session")
    ledgers.arrive()
    assert [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")] == [1, 0, 1]
    assert ledgers.differing() != []
    assert upgrade(ledgers.study, ledgers.study.aggregates) == 1
    in_transaction(ledgers.study.database, lambda session: open_campaign(ledgers.study.database, CAMPAIGN, session))
    note(ledgers.study.database, "campaign", [CAMPAIGN.id], ledgers.study.clock())
    covering = Covering(ledgers.study)
    while covering.step():
        pass
    ledgers.arrive()
    assert [ledgers.figure(figure, unit, span) for unit in ("R1", "R1X", "P")] == [0, 1, 1]
    assert ledgers.differing() == []
    assert list(ledgers.study.database["journal"].find().sort("_id").limit(len(before))) == before
    assert verify(ledgers.study, ledgers.study.aggregates)[1] == []
    assert upgrade(ledgers.study, ledgers.study.aggregates) == 0


def test_what_an_earlier_version_counted_rightly_is_told_no_more(ledgers: Ledgers) -> None:
    """Its record is kept as it is kept now, and no event follows."""
    report(ledgers, "visit", "april", APRIL)
    told = as_before(ledgers.research, "visit")
    assert upgrade(ledgers.research, ledgers.research.aggregates) == 1
    assert list(ledgers.research.database["journal"].find().sort("_id")) == told
    (place,) = ledgers.research.database["places"].find()
    assert (place["counts"], place["version"]) == ({f"{APRIL} {CAMPAIGN.id} -": 1}, 1)
    assert "visits" not in place
    assert place["scope"] == ["A", "P", "R1"]


@pytest.mark.parametrize("kind", ["visit", "activity"])
def test_a_campaign_that_is_opened_later_counts_what_lies_in_its_days(ledgers: Ledgers, kind: str) -> None:
    """Visits and joint study that were recorded while no campaign was known; taken back they count no more."""
    ledgers.periods = []
    report(ledgers, kind, "april", APRIL)
    report(ledgers, kind, "june", JUNE)
    ledgers.periods = [CAMPAIGN]
    for _ in range(2):
        campaigns.note(ledgers.research.database, CAMPAIGN)
    in_transaction(ledgers.study.database, lambda session: open_campaign(ledgers.study.database, CAMPAIGN, session))
    note(ledgers.study.database, "campaign", [CAMPAIGN.id], ledgers.study.clock())
    covering = Covering(ledgers.study)
    while covering.step() or count_some(ledgers.research):
        pass
    figure = "research.units_visited.department" if kind == "visit" else "study.provincial_units_joined"
    for taken_back, expected in ((None, 1), ("april", 1), ("june", 0)):
        if taken_back is not None:
            void(ledgers, kind, taken_back)
        ledgers.arrive()
        assert ledgers.figure(figure, "R1", "campaign") == expected
        assert ledgers.differing() == []
