"""The tree over time on a real replica set: whatever moves when, figures are a recount under the tree of the day."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.contract import (
    AbolishUnit,
    AddMember,
    MergeUnits,
    MoveUnit,
    PartUnit,
    RenameUnit,
    SplitUnit,
    UnitAdded,
    UnitKind,
    UnitMerged,
)
from services.gateway.projection import is_level, standing
from services.gateway.service.members import decide_member
from services.gateway.service.units import abolish_unit, merge_units, move_unit, rename_unit, split_unit
from services.gateway.store import generation
from services.gateway.store.facts import Projection
from services.gateway.store.period import Span
from services.gateway.store.report import records, report
from services.gateway.store.snapshot import one_instant
from services.gateway.store.tree import tree
from services.kernel.errors import DomainError
from services.kernel.event import Event
from services.kernel.inbox import Taking
from services.kernel.journal import Document, Work, in_transaction
from tests.component.gateway.figures import Figures
from tests.unit.gateway.owners import DAYS, NOW, PATHS, Owners, Step, event, steps

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = [unit for unit in PATHS if unit != "P"]
EFFECTIVE = [*DAYS, date(2026, 3, 1), date(2026, 3, 15), date(2026, 7, 31)]
OPENED = ("study.sessions.branch", "study.attendance.due", "study.members_due", "hotline.tickets", "hotline.overdue")
LOCKS = [(unit, month) for unit in ("B1", "D1", "D2", "P") for month in ("2026-02", "2026-03", "2026-07")]
Move = tuple[str, str, date]
LIFE: list[Step] = [
    ("report", 0, "B1", date(2026, 3, 5), 1),
    ("report", 1, "B1", date(2026, 7, 9), 1),
    ("join", 0, "B1", date(2026, 2, 1), 0),
    ("live", 0, "D1", date(2026, 3, 5), 0),
    ("overdue", 0, "D1", date(2026, 3, 5), 0),
]
BASIS = "机构改革方案"
moves: st.SearchStrategy[Move] = st.tuples(
    st.sampled_from(UNITS), st.sampled_from(list(PATHS)), st.sampled_from(EFFECTIVE)
)


class Recount:
    """Who stood below whom from when on, and every entry of every fact, counted by climbing one step at a time."""

    def __init__(self, figures: Figures, paths: dict[str, list[str]] = PATHS) -> None:
        self.above: dict[str, list[tuple[date, str]]] = {
            id: [(date.min, path[-2])] for id, path in paths.items() if len(path) > 1
        }
        self._figures = figures

    def moved(self, unit: str, parent: str, day: date) -> None:
        """It stands below another one from a day on."""
        self.above[unit].append((day, parent))

    def path(self, unit: str, day: date) -> set[str]:
        """It and all that it stood below."""
        found = {unit}
        while unit in self.above:
            unit = next(parent for first, parent in reversed(self.above[unit]) if first <= day)
            found.add(unit)
        return found

    def entries(self) -> list[tuple[str, str, date, int]]:
        """Key, unit, day and amount of everything that ever counted."""
        return [
            (entry["m"], entry["u"], date.fromisoformat(entry["d"]), entry["n"])
            for fact in self._figures.database["facts"].find()
            for entry in fact["entries"]
        ]

    def differing(self) -> list[Any]:
        """Where roll-ups, days or months, are not what they must be."""
        entries, rows = self.entries(), list(self._figures.database["rollups"].find())
        days = sorted({day for _, _, day, _ in entries} | {day for each in self.above.values() for day, _ in each[1:]})
        flows: Counter[Any] = Counter()
        levels: Counter[Any] = Counter()
        for key, unit, day, amount in entries:
            if not is_level(key):
                flows.update({(above, key, day): amount for above in self.path(unit, day)})
                continue
            for end in days:
                if day <= end:
                    levels.update({(above, key, end): amount for above in self.path(unit, end)})
        told: Counter[Any] = Counter()
        standing: Counter[Any] = Counter()
        months: Counter[Any] = Counter()
        for row in rows:
            for day, cells in row["days"].items():
                on = date.fromisoformat(f"{row['month']}-{day}")
                for field, amount in cells.items():
                    key = field.replace(":", ".")
                    months[row["_id"], field] += amount
                    if not is_level(key):
                        told[row["unit"], key, on] += amount
                    else:
                        standing.update({(row["unit"], key, end): amount for end in days if on <= end})
        sums = Counter({(row["_id"], field): n for row in rows for field, n in row["sum"].items()})
        found = []
        for expected, stored in ((flows, told), (levels, standing), (months, sums)):
            found += [
                (place, expected[place], stored[place])
                for place in expected.keys() | stored.keys()
                if expected[place] != stored[place]
            ]
        return found

    async def unopened(self, database: AsyncDatabase[Document]) -> list[Any]:
        """Figures whose records do not add up to what they are, for every unit over a month and over a part of it."""
        found = []
        for unit in PATHS:
            for span in (Span(date(2026, 3, 1), date(2026, 3, 31)), Span(date(2026, 2, 10), date(2026, 7, 20))):
                told = await report(database, unit, span, children=False)
                for figure in OPENED:
                    if told["figures"][figure] is not None:
                        records_ = await records(database, figure, unit, span, 1, 50)
                        if records_["sum"] != told["figures"][figure]:
                            found.append((unit, span, figure, records_["sum"], told["figures"][figure]))
        return found


def moving(unit: str, parent: str, day: date) -> Callable[[Work], None]:
    """A move as it is commanded."""
    asked = MoveUnit(id=unit, parent=parent, day=day, basis=BASIS)
    return lambda work: move_unit(work, asked)


def value(figures: Figures, unit: str, figure: str, month: str) -> Any:
    """A unit's figure of a month, as a report has it."""
    return figures.ask(lambda database: report(database, unit, Span.of_month(month)))["figures"][figure]


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
    places = sorted(data.draw(st.lists(st.integers(0, len(events)), min_size=len(acts), max_size=len(acts))))
    done = 0
    for place, act in zip(places, acts, strict=True):
        figures.project(events[done:place])
        done = place
        with suppress(DomainError):
            if len(act) == 3:
                figures.reform(moving(*act))
                recount.moved(*act)
            else:
                figures.lock(*act)
        assert figures.unequal() == []
    figures.project(events[done:])
    assert figures.unequal() == []
    assert recount.differing() == []


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
    places = sorted(data.draw(st.lists(st.integers(0, len(events)), min_size=len(changes), max_size=len(changes))))
    done = 0
    for place, change in zip(places, changes, strict=True):
        figures.project(events[done:place])
        done = place
        with suppress(DomainError):
            figures.reform(moving(*change))
            recount.moved(*change)
        assert recount.differing() == []
    figures.project(events[done:])
    assert recount.differing() == []
    assert figures.ask(recount.unopened) == []
    today = {unit["_id"]: unit["path"] for unit in figures.database["units"].find()}
    for unit, path in today.items():
        assert set(path) == recount.path(unit, date.max)
        assert path[-1] == unit


def test_a_report_is_of_the_tree_of_its_last_day(figures: Figures) -> None:
    """Children, path and name are those of then; what came and went is said, also of the period compared."""
    figures.project(Owners.after(LIFE).events)
    figures.reform(moving("B1", "D2", date(2026, 7, 1)))
    named = RenameUnit(id="B1", name="新支部", day=date(2026, 7, 1), basis=BASIS)
    figures.reform(lambda work: rename_unit(work, named))

    async def told(database: AsyncDatabase[Document]) -> list[dict[str, Any]]:
        months = ("2026-03", "2026-07")
        asked = [(unit, Span.of_month(month)) for unit in ("D1", "D2", "B1") for month in months]
        return [await report(database, unit, span, compare=("before",)) for unit, span in asked]

    march, july, march_of_d2, july_of_d2, then, now = figures.ask(told)
    assert [child["unit"] for child in march["children"]] == ["B1", "B2"]
    assert [child["unit"] for child in july["children"]] == ["B2"]
    assert [child["name"] for child in march_of_d2["children"] + july_of_d2["children"]] == ["新支部"]
    assert (then["unit_name"], then["path"]) == ("单位B1", ["P", "D1", "B1"])
    assert (now["unit_name"], now["path"]) == ("新支部", ["P", "D2", "B1"])
    sessions = "study.sessions.branch"
    assert [each["figures"][sessions] for each in (march, july, march_of_d2, july_of_d2)] == [1, 0, 0, 1]
    members = "study.members_due"
    assert [each["figures"][members] for each in (march, july, march_of_d2, july_of_d2)] == [1, 0, 0, 1]
    assert march["tree_changes"] == march["before"]["tree_changes"] == []
    assert july["tree_changes"] == []  # effective on its first day: the whole month is of one tree
    (change,) = july["before"]["tree_changes"]
    assert (change["kind"], change["told"]) == ("moved", "单位B1 由 单位D1 划转至 单位D2")
    assert [each["kind"] for each in july_of_d2["before"]["tree_changes"]] == ["moved"]


def test_a_fact_that_comes_late_follows_the_tree_of_its_day(figures: Figures) -> None:
    """Written down after the move it counts where the unit was then; a level goes on to where the unit is now."""
    figures.reform(moving("B1", "D2", date(2026, 7, 1)))
    figures.project(Owners.after(LIFE).events)
    assert [value(figures, unit, "study.sessions.branch", "2026-03") for unit in ("D1", "D2")] == [1, 0]
    assert [value(figures, unit, "study.members_due", "2026-03") for unit in ("D1", "D2", "P")] == [1, 0, 1]
    assert [value(figures, unit, "study.members_due", "2026-07") for unit in ("D1", "D2", "P")] == [0, 1, 1]


def test_a_merged_unit_ends_below_the_one_it_went_into(figures: Figures) -> None:
    """What lay below it moves on; it counts no more as a unit, and nothing that it ever counted is lost."""
    owners = Owners.after(LIFE)
    places = enumerate(PATHS.items(), start=len(owners.events))
    added = [event("gateway", id, 1, _added(id, path), n) for n, (id, path) in places]
    figures.project([*owners.events, *added])
    merged = MergeUnits(id="D2", units=["D1"], day=date(2026, 7, 1), basis=BASIS)
    figures.reform(lambda work: merge_units(work, merged))
    units = {row["_id"]: row for row in figures.database["units"].find()}
    assert (units["D1"]["until"], units["D1"]["into"], units["D1"]["path"]) == ("2026-07-01", "D2", ["P", "D2", "D1"])
    assert [units[id]["path"] for id in ("B1", "B2")] == [["P", "D2", "B1"], ["P", "D2", "B2"]]
    assert [row["unit"] for row in figures.database["moves"].find().sort("_id")] == ["D1", "B1", "B2"]
    told = figures.database["journal"].find_one({"type": "unit.merged.v1"})
    assert told is not None
    figures.project([event("gateway", "D1", 2, UnitMerged(unit="D1", day=merged.day, into="D2", basis=BASIS), 900)])
    assert [value(figures, "P", "study.units_due", month) for month in ("2026-06", "2026-07")] == [5, 4]
    assert [value(figures, unit, "study.units_due", "2026-07") for unit in ("D1", "D2")] == [0, 3]
    assert [value(figures, unit, "study.sessions.branch", "2026-07") for unit in ("D1", "D2", "P")] == [0, 1, 1]
    assert [value(figures, unit, "hotline.overdue", "2026-07") for unit in ("D1", "D2", "P")] == [1, 1, 1]
    with pytest.raises(DomainError, match=r"unit\.abolished"):
        figures.reform(moving("B1", "D1", date(2026, 8, 1)))


def test_members_of_a_merged_unit_are_transferred(figures: Figures) -> None:
    """On the day of the merger, each with their history."""
    joined = AddMember(id="DY-1", name="样例", unit="B1", since=date(2026, 2, 1))
    figures.reform(lambda work: decide_member(work, joined))
    merged = MergeUnits(id="B2", units=["B1"], day=date(2026, 7, 1), basis=BASIS)
    figures.reform(lambda work: merge_units(work, merged))
    member = figures.database["members"].find_one({"_id": "DY-1"})
    assert member is not None
    assert [(stay["unit"], stay["first"]) for stay in member["stays"]] == [("B1", "2026-02-01"), ("B2", "2026-07-01")]
    assert member["scope"] == ["B2", "D1", "P"]


def test_new_units_are_made_of_one(figures: Figures) -> None:
    """They stand beside it from that day on, with what goes with them; the rest stays."""
    figures.project(Owners.after(LIFE).events)
    into = [PartUnit(id="D3", name="新厅", children=["B1"])]
    split = SplitUnit(id="D1", into=into, day=date(2026, 7, 1), basis=BASIS)
    figures.reform(lambda work: split_unit(work, split))
    made = figures.database["units"].find_one({"_id": "D3"})
    assert made is not None
    assert (made["path"], made["active_from"], made["kind"]) == (["P", "D3"], "2026-07-01", "department")
    assert [value(figures, unit, "study.sessions.branch", "2026-07") for unit in ("D1", "D3", "P")] == [0, 1, 1]
    assert [value(figures, unit, "study.sessions.branch", "2026-03") for unit in ("D1", "D3", "P")] == [1, 0, 1]
    other = SplitUnit(id="D1", into=[PartUnit(id="D4", name="又一厅", children=["B1"])], day=split.day, basis=BASIS)
    with pytest.raises(DomainError, match=r"unit\.not_below"):
        figures.reform(lambda work: split_unit(work, other))
    assert figures.database["units"].find_one({"_id": "D4"}) is None


def test_only_an_empty_unit_is_abolished(figures: Figures) -> None:
    """While units, members, months or open items are left the refusal says which; then it is no more."""

    def abolish(unit: str) -> None:
        asked = AbolishUnit(id=unit, day=date(2026, 8, 1), basis=BASIS)
        figures.reform(lambda work: abolish_unit(work, asked))

    joined = AddMember(id="DY-1", name="样例", unit="B1", since=date(2026, 2, 1))
    figures.reform(lambda work: decide_member(work, joined))
    row = {"unit": "B1", "scope": ["P", "D1", "B1"], "state": "open"}
    figures.database["submissions"].insert_one(row)
    for unit, left in (("D1", "2 个下级单位"), ("B1", "在册党员、未办结的月度上报")):
        with pytest.raises(DomainError) as refused:
            abolish(unit)
        assert refused.value.code == "unit.not_empty"
        assert left in refused.value.detail
    figures.project(Owners.after([("live", 0, "B2", date(2026, 3, 5), 0), ("overdue", 0, "B2", DAYS[2], 0)]).events)
    with pytest.raises(DomainError, match="超期未答复"):
        abolish("B2")
    abolish("D2")
    gone = figures.database["units"].find_one({"_id": "D2"})
    assert gone is not None
    assert gone["until"] == "2026-08-01"
    told = figures.ask(lambda database: report(database, "P", Span.of_month("2026-08")))
    assert [child["unit"] for child in told["children"]] == ["D1"]
    with pytest.raises(DomainError, match=r"unit\.is_the_root"):
        abolish("P")


def test_nothing_changes_in_a_locked_month(figures: Figures) -> None:
    """Whether the old superiors have locked it or the new ones; from the next day on it may."""
    figures.arrive()
    figures.lock("D2", "2026-03")
    for day in (date(2026, 3, 5), date(2026, 3, 31)):
        with pytest.raises(DomainError, match=r"unit\.period_locked"):
            figures.reform(moving("B1", "D2", day))
    figures.reform(moving("B1", "D2", date(2026, 4, 1)))
    assert figures.unequal() == []


def test_a_change_is_for_who_reaches_both_ends(figures: Figures) -> None:
    """Who keeps one department takes nothing from another and gives nothing to it."""
    for unit, parent in (("B1", "D2"), ("D2", "B1")):
        with pytest.raises(DomainError, match=r"unit\.out_of_scope"):
            figures.reform(moving(unit, parent, date(2026, 7, 1)), actor="D1")
    figures.reform(moving("B1", "B2", date(2026, 7, 1)), actor="D1")


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


def _added(id: str, path: list[str]) -> UnitAdded:
    """What was told of a unit of the small tree."""
    parent = path[-2] if len(path) > 1 else None
    return UnitAdded(unit=id, day=date(2026, 1, 1), name=id, kind=UnitKind.department, parent=parent, path=path)
