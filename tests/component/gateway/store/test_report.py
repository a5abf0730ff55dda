"""Reports and records on a real replica set: every figure is the sum of its records."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase

from services.edge.documents.view import compared
from services.gateway.projection import METRICS, key
from services.gateway.store.opened import HIDDEN_TITLE
from services.gateway.store.period import Span
from services.gateway.store.report import records, report
from services.hotline.contract import Channel, Kind, RegisterTicket
from services.hotline.domain import TICKET
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.registry import SOURCES
from services.study.contract import Absence, CorrectSession, HoldSession, Reasons, SubmitSession
from services.study.domain import SESSION
from tests.component.gateway.figures import READER, Figures, watermark
from tests.unit.gateway.owners import CAMPAIGN, DAYS, NOW, PATHS, Owners, Step, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHOLE = Span(CAMPAIGN.first, CAMPAIGN.last)
SPANS = [
    WHOLE,
    Span(date(2026, 2, 1), date(2026, 2, 28)),
    Span(date(2026, 1, 1), date(2026, 12, 31)),
    Span(date(2026, 7, 1), date(2026, 9, 30)),
    Span(date(2026, 3, 5), date(2026, 3, 5)),
    Span(date(2026, 2, 15), date(2026, 7, 9)),
    Span(date(2027, 1, 1), date(2027, 1, 31)),
]
HELD: dict[str, Any] = {"unit": "B1", "way": "branch", "form": "theme_day", "title": "学习", "due": 20}


def direct(figures: Figures, metric: str, unit: str, span: Span) -> int:
    """A figure added up from the facts' entries, one by one."""
    sort, name = METRICS[metric].sort, key(metric, METRICS[metric].window(span.windows([CAMPAIGN])))
    first = "" if sort == "level" else span.first.isoformat()
    return sum(
        entry["n"]
        for fact in figures.database["facts"].find()
        for entry in fact["entries"]
        if entry["m"] == name and unit in PATHS[entry["u"]] and first <= entry["d"] <= span.last.isoformat()
    )


@SMALL
@given(asked=steps, unit=st.sampled_from(sorted(PATHS)), span=st.sampled_from(SPANS))
def test_a_figure_is_the_sum_of_its_facts_and_of_its_records(
    figures: Figures, asked: list[Step], unit: str, span: Span
) -> None:
    """For any unit and span, figures, facts and records say the same; so do the figures of the children."""
    figures.forget()
    figures.project(Owners.after(asked).events)

    async def read(database: AsyncDatabase[Document]) -> tuple[Any, dict[str, Any]]:
        found = await report(database, unit, span)
        opened = [id for id in METRICS if found["figures"][id] is not None]
        return found, {id: await records(database, id, unit, span, 1, 200, roles=READER) for id in opened}

    found, opened = figures.ask(read)
    for id, behind in opened.items():
        assert found["figures"][id] == behind["sum"] == direct(figures, id, unit, span)
        assert sum(row["amount"] for row in behind["items"]) == behind["sum"]
        assert behind["total"] == len(behind["items"])
        assert all(row["amount"] for row in behind["items"])
        if METRICS[id].sort != "level":
            assert all(span.first.isoformat() <= row["day"] <= span.last.isoformat() for row in behind["items"])
    assert {child["unit"]: child["figures"]["hotline.tickets"] for child in found["children"]} == {
        child: direct(figures, "hotline.tickets", child, span) for child, path in PATHS.items() if path[-2:-1] == [unit]
    }
    assert (found["figures"]["study.units_covered"] is None) == (not span.windows([CAMPAIGN]))


@SMALL
@given(asked=steps)
def test_a_distinct_count_opens_to_its_units(figures: Figures, asked: list[Step]) -> None:
    """Covered units are counted once each and named, in the campaign and in every month."""
    figures.forget()
    owners = Owners.after(asked)
    figures.project(owners.events)
    standing: dict[str, set[str]] = {"campaign": set(), **{day.isoformat()[:7]: set() for day in DAYS}}
    for (name, _), state in owners.states.items():
        if name == "session" and state.state == "submitted" and state.due > sum(a.count for a in state.absences):
            standing["campaign"].add(state.unit)
            standing[state.day.isoformat()[:7]].add(state.unit)

    async def read(database: AsyncDatabase[Document]) -> dict[str, Any]:
        march = Span(date(2026, 3, 1), date(2026, 3, 31))
        return {
            "campaign": await records(database, "study.units_covered", "P", WHOLE, 1, 50, roles=READER),
            "2026-03": await records(database, "study.units_covered", "P", march, 1, 50, roles=READER),
        }

    for window, found in figures.ask(read).items():
        assert {row["record"] for row in found["items"]} == standing[window]
        assert all((row["kind"], row["title"]) == ("unit", f"单位{row['unit']}") for row in found["items"])


def submitted(owners: Owners, id: str, day: str, **content: Any) -> None:
    owners.decide("study", SESSION, id, HoldSession.model_validate({**HELD, "id": id, "day": day, **content}))
    owners.decide("study", SESSION, id, SubmitSession(id=id))


def registered(owners: Owners, id: str, **content: Any) -> None:
    told = {"unit": "D2", "channel": Channel.phone, "kind": Kind.help, "category": "住房", "title": "申请维修"}
    at = {"received": NOW - timedelta(days=200), "deadline": NOW - timedelta(days=190)}
    owners.decide("hotline", TICKET, id, RegisterTicket.model_validate({**told, **at, "id": id, **content}))


def test_records_bear_their_latest_title_and_the_pages_add_up(figures: Figures) -> None:
    """A corrected title is shown, a report's is not; pages are of the size asked for and miss nobody."""
    owners = Owners()
    for number in range(5):
        submitted(owners, f"s{number}", f"2026-03-{10 + number}")
    mended = {**HELD, "id": "s1", "day": "2026-03-11", "title": "三月主题党日", "reason": "标题有误"}
    owners.decide("study", SESSION, "s1", CorrectSession.model_validate(mended))
    registered(owners, "t1")
    registered(owners, "t2", kind=Kind.report)
    figures.project(owners.events)

    async def read(database: AsyncDatabase[Document]) -> list[Any]:
        pages = [
            await records(database, "study.sessions.branch", "P", WHOLE, page, 2, roles=READER) for page in (1, 2, 3)
        ]
        year = Span(date(2026, 1, 1), date(2026, 12, 31))
        return [*pages, await records(database, "hotline.tickets", "P", year, 1, 9, roles=READER)]

    *pages, tickets = figures.ask(read)
    assert [[row["record"] for row in page["items"]] for page in pages] == [["s4", "s3"], ["s2", "s1"], ["s0"]]
    assert all((page["sum"], page["total"]) == (5, 5) for page in pages)
    assert pages[1]["items"][1]["title"] == "三月主题党日"
    assert {row["record"]: row["title"] for row in tickets["items"]} == {"t1": "申请维修", "t2": HIDDEN_TITLE}
    assert {(row["unit_name"], row["kind"]) for row in tickets["items"]} == {("单位D2", "ticket")}


def test_rates_and_what_they_are_compared_with(figures: Figures) -> None:
    """A rate divides the period's sums, and is null with its reason where nothing was due; so is a month before."""
    owners = Owners()
    named = [Absence(reason=Reasons.duty, count=4), Absence(reason=Reasons.absent, count=4)]
    submitted(owners, "s1", "2026-03-10", absences=named)
    submitted(owners, "s2", "2026-02-10")
    figures.project(owners.events)
    march = Span(date(2026, 3, 1), date(2026, 3, 31))
    found = figures.ask(lambda database: report(database, "D1", march, compare=("before", "year")))
    assert found["figures"]["study.attendance_rate"] == 0.6
    assert found["details"]["hotline.response_rate"]["value"] is None
    assert found["details"]["hotline.response_rate"]["reason"] == "no_denominator"
    assert found["before"]["period"] == {"from": "2026-02-01", "to": "2026-02-28"}
    assert found["before"]["figures"]["study.attendance_rate"] == 1
    assert found["year_before"]["figures"]["study.sessions.branch"] == 0
    weekly = figures.ask(lambda database: report(database, "D1", Span(date(2026, 3, 9), date(2026, 3, 15))))
    assert weekly["figures"]["study.sessions.branch"] == 1
    assert weekly["details"]["study.units_covered"]["reason"] == "not_additive"
    assert "before" not in weekly


def test_before_a_first_campaign_there_is_nothing_to_compare_with(figures: Figures) -> None:
    """It is said, and what lies before it is not taken for its like; another campaign's is the one before."""
    asked = Span(CAMPAIGN.first, CAMPAIGN.last)
    found = figures.ask(lambda database: report(database, "P", asked, compare=("before", "year")))
    assert "before" not in found
    assert compared(found)[0] == "上期：没有更早的活动或阶段，不作比较"
    earlier = {"_id": "C2025", "name": "上一次", "requirement": "", "version": 1}
    figures.database["campaigns"].insert_one({**earlier, "opens": "2025-03-01", "closes": "2025-08-31"})
    found = figures.ask(lambda database: report(database, "P", asked, compare=("before",)))
    assert found["before"]["period"] == {"from": "2025-03-01", "to": "2025-08-31"}


def test_a_level_is_what_it_has_come_to(figures: Figures) -> None:
    """Changes are summed from the beginning to the period's last day, whole months or not."""
    owners = Owners.after([("live", 0, "D1", date(2026, 2, 28), -1), ("overdue", 0, "D1", date(2026, 3, 1), 0)])
    figures.project(owners.events)
    overdue = owners.states["ticket", "t0"].overdue

    async def read(database: AsyncDatabase[Document]) -> list[Any]:
        spans = [Span(day, day) for day in (overdue - timedelta(1), overdue, overdue + timedelta(1), date(2026, 9, 30))]
        return [(await report(database, "P", span))["figures"]["hotline.overdue"] for span in spans]

    assert figures.ask(read) == [0, 1, 1, 1]


def test_as_of_is_the_oldest_word_and_stops_at_what_is_held(figures: Figures) -> None:
    """Nothing before every owner has spoken; then the oldest watermark, or just before the oldest held event."""

    def known_until() -> Any:
        return figures.ask(lambda database: report(database, "P", WHOLE))["as_of"]

    assert known_until() is None
    figures.project([watermark(owner, NOW) for owner in {*SOURCES} - {"hotline"}])
    assert known_until() is None
    figures.project([watermark("hotline", NOW - timedelta(seconds=9))])
    assert known_until() == NOW - timedelta(seconds=9)
    held = {"queue": "gateway.projection", "recorded": NOW - timedelta(minutes=1), "sort": "parked"}
    figures.database["held"].insert_one({"_id": "h1", **held})
    assert known_until() == NOW - timedelta(minutes=1, milliseconds=1)
    figures.database["held"].update_one({"_id": "h1"}, {"$set": {"sort": "dropped"}})
    assert known_until() == NOW - timedelta(seconds=9)


@pytest.mark.parametrize(
    ("figure", "unit", "span", "code"),
    [
        ("study.smiles", "P", WHOLE, "figure.unknown"),
        ("study.attendance_rate", "P", WHOLE, "figure.is_a_rate"),
        ("study.units_covered", "P", SPANS[4], "figure.not_additive"),
        ("study.essays", "X9", WHOLE, "unit.unknown"),
        ("study.essays", "P", Span(date(2026, 2, 2), date(2026, 2, 1)), "period.invalid"),
    ],
)
def test_what_cannot_be_opened_is_refused(figures: Figures, figure: str, unit: str, span: Span, code: str) -> None:
    """Each by its own code."""
    with pytest.raises(DomainError) as refused:
        figures.ask(lambda database: records(database, figure, unit, span, 1, 50, roles=READER))
    assert refused.value.code == code


def test_a_report_is_of_one_instant(figures: Figures) -> None:
    """While events arrive the root is the sum of its children in every report."""
    owners, done = Owners(), threading.Event()
    for number in range(60):
        submitted(owners, f"s{number}", "2026-03-10", unit="B1" if number % 2 else "D2")

    def write() -> None:
        for event in owners.events:
            figures.project([event])
        done.set()

    async def read(database: AsyncDatabase[Document]) -> list[tuple[int, int]]:
        seen = []
        while not done.is_set():
            found = await report(database, "P", WHOLE)
            below = sum(child["figures"]["study.sessions.branch"] for child in found["children"])
            seen.append((found["figures"]["study.sessions.branch"], below))
        return seen

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        seen = figures.ask(read)
        writing.result()
    assert len({root for root, _ in seen}) > 5
    assert all(root == below for root, below in seen)


def test_a_report_of_an_unknown_unit_is_refused(figures: Figures) -> None:
    """There is no report without its unit."""
    with pytest.raises(DomainError) as refused:
        figures.ask(lambda database: report(database, "X9", WHOLE))
    assert refused.value.code == "unit.unknown"


def test_neighbours_whose_codes_begin_alike_are_not_mixed(figures: Figures) -> None:
    """D1 is not D10: the path ends with its unit."""
    figures.database["units"].insert_one({"_id": "D10", "name": "单位D10", "path": ["P", "D10"], "parent": "P"})
    owners = Owners()
    submitted(owners, "s1", "2026-03-10", unit="D10")
    submitted(owners, "s2", "2026-03-10", unit="D1")
    figures.project(owners.events)
    found = figures.ask(lambda database: records(database, "study.sessions.branch", "D1", WHOLE, 1, 50, roles=READER))
    assert Counter(row["record"] for row in found["items"]) == {"s2": 1}
