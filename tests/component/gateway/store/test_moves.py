"""The tree over time on a real replica set: whatever moves when, figures are a recount under the tree of the day."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.projection import standing
from services.gateway.store import generation
from services.gateway.store.facts import Projection
from services.gateway.store.snapshot import one_instant
from services.gateway.store.tree import tree
from services.kernel.bus.inbox import Taking
from services.kernel.journal.store import Document, in_transaction
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Event
from tests.component.gateway.figures import Figures
from tests.component.gateway.recounted import LIFE, Recount, moving
from tests.unit.gateway.owners import DAYS, NOW, PATHS, Owners, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = [unit for unit in PATHS if unit != "P"]
EFFECTIVE = [*DAYS, date(2026, 3, 1), date(2026, 3, 15), date(2026, 7, 31)]
LOCKS = [(unit, month) for unit in ("B1", "D1", "D2", "P") for month in ("2026-02", "2026-03", "2026-07")]
Move = tuple[str, str, date]
Act = TypeVar("Act")
moves: st.SearchStrategy[Move] = st.tuples(
    st.sampled_from(UNITS), st.sampled_from(list(PATHS)), st.sampled_from(EFFECTIVE)
)


def between(figures: Figures, events: list[Event], acts: list[Act], data: st.DataObject) -> Iterator[Act]:
    """Each act in its turn, at some place between the events; in the end all of them have come."""
    places = sorted(data.draw(st.lists(st.integers(0, len(events)), min_size=len(acts), max_size=len(acts))))
    done = 0
    for place, act in zip(places, acts, strict=True):
        figures.project(events[done:place])
        done = place
        yield act
    figures.project(events[done:])


@SMALL
@given(asked=steps, acts=st.lists(st.one_of(moves, st.sampled_from(LOCKS)), max_size=6), data=st.data())
def test_what_was_locked_and_corrected_is_now_wherever_units_go(
    figures: Figures, asked: Any, acts: list[Any], data: st.DataObject
) -> None:
    """Months are locked between moves; what comes later is a correction there where it counted; moves keep out."""
    figures.forget()
    figures.settle()
    figures.arrive()
    recount = Recount(figures)
    events = data.draw(st.permutations(Owners.after(asked).events))
    for act in between(figures, events, acts, data):
        with suppress(DomainError):
            if len(act) == 3:
                figures.reform(moving(*act))
                recount.moved(*act)
            else:
                figures.lock(*act)
        assert figures.unequal() == []
    assert figures.unequal() == []
    assert recount.differing() == []


def test_who_left_for_a_unit_above_leaves_a_locked_month_below_it_right(figures: Figures) -> None:
    """A branch went from its department to the province within a month that the province has locked; of a member of
    it who is entered later, the department is told both what came and what went.
    """
    figures.forget()
    figures.settle()
    figures.arrive()
    figures.reform(moving("B1", "P", date(2026, 2, 28)))
    figures.lock("P", "2026-02")
    figures.project(Owners.after([("join", 0, "B1", date(2026, 2, 1), 0)]).events)
    assert figures.unequal() == []


@SMALL
@given(asked=steps, changes=st.lists(moves, max_size=6), data=st.data())
def test_every_figure_is_a_recount_under_the_tree_of_the_day(
    figures: Figures, asked: Any, changes: list[Move], data: st.DataObject
) -> None:
    """Facts in any order, moves between them at any place, effective before or after what has been counted."""
    figures.forget()
    figures.settle()
    recount = Recount(figures)
    events = data.draw(st.permutations(Owners.after(asked).events))
    for change in between(figures, events, changes, data):
        with suppress(DomainError):
            figures.reform(moving(*change))
            recount.moved(*change)
        assert recount.differing() == []
    assert recount.differing() == []
    assert figures.ask(recount.unopened) == []
    today = {unit["_id"]: unit["path"] for unit in figures.database["units"].find()}
    for unit, path in today.items():
        assert set(path) == recount.path(unit, date.max)
        assert path[-1] == unit


def test_what_is_being_rebuilt_moves_too(figures: Figures) -> None:
    """The figures that are read and those being built are the same after a move between two halves of the events."""
    events = Owners.after(LIFE).events
    building = generation.begin(figures.database, "g1", NOW)
    assert building is not None
    generation.ensure_indexes(figures.database, building)
    anew = Projection(building)

    def build(some: list[Event]) -> None:
        in_transaction(figures.database, lambda session: anew.apply(some, Taking(session, figures.database, NOW)))

    figures.project(events)
    build(events[::2])
    figures.reform(moving("B1", "D2", date(2026, 3, 1)))
    build(events[1::2])
    assert totals(figures, building.rollups) == totals(figures, "rollups") != {}


def totals(figures: Figures, name: str) -> dict[str, Any]:
    """What roll-ups say, without what came to nothing."""
    found = {
        (row["_id"], day, field): amount
        for row in figures.database[name].find()
        for day, cells in row["days"].items()
        for field, amount in cells.items()
    }
    return {str(place): amount for place, amount in found.items() if amount}


def test_a_department_with_a_thousand_units_moves_while_events_flow(figures: Figures) -> None:
    """Every figure is a recount afterwards, and at no instant between do tree and roll-ups disagree."""
    branches = {f"B{n:04d}": ["P", "D1", f"B{n:04d}"] for n in range(1000)}
    paths = {"P": ["P"], "D1": ["P", "D1"], "D2": ["P", "D2"], "D3": ["P", "D3"], **branches}
    figures.settle(paths)
    chosen, owners = Random("thousand"), Owners()
    for n in range(1000):
        owners.ask("report", n, chosen.choice(list(branches)), date(2026, 3, chosen.randint(1, 31)), n % 11)
    events = owners.events
    recount = Recount(figures, paths)
    failures: list[BaseException] = []
    going = threading.Event()

    def flow() -> None:
        try:
            for start in range(0, len(events), 60):
                figures.project(events[start : start + 60])
                going.set()
        except BaseException as error:  # noqa: BLE001  # told by the test's own thread
            failures.append(error)

    seen: list[Any] = []

    def look() -> None:
        while flowing.is_alive():
            seen.append(figures.ask(_instant))

    flowing = threading.Thread(target=flow)
    looking = threading.Thread(target=look)
    flowing.start()
    going.wait(60)
    looking.start()
    for parent, day in (("D2", date(2026, 3, 16)), ("D3", date(2026, 3, 21))):
        figures.reform(moving("D1", parent, day))
        recount.moved("D1", parent, day)
    flowing.join()
    looking.join()
    assert failures == []
    assert recount.differing() == []
    assert {right for right, _ in seen} == {True}
    assert figures.database["units"].count_documents({"scope": "D3"}) == 1002


async def _instant(database: AsyncDatabase[Document]) -> tuple[bool, int]:
    """Whether, at one instant, each department counts in March what D1 counts on the days on which D1 stood below it;
    and how often D1 had moved.
    """
    async with one_instant(database) as session:
        over_time = await tree(database, session)
        rows = await database["rollups"].find({"month": "2026-03"}, session=session).to_list()
    line, days = over_time.line(["P", "D1"]), {row["unit"]: row["days"] for row in rows}
    right = True
    for department in ("D2", "D3"):
        for day in (f"{n:02d}" for n in range(1, 32)):
            counted, of_d1 = (_plain(days.get(unit, {}).get(day, {})) for unit in (department, "D1"))
            right = right and counted == (of_d1 if department in standing(line, f"2026-03-{day}") else {})
    return right, len(line)


def _plain(cells: dict[str, int]) -> dict[str, int]:
    return {field: amount for field, amount in cells.items() if amount}
