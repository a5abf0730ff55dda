"""Units renamed, moved, merged, split and abolished, on a real store."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.service.members import decide_member
from services.gateway.service.units import abolish_unit, merge_units, rename_unit, split_unit
from services.gateway.store import directory
from services.gateway.store.period import Span
from services.gateway.store.report import report
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.organisation.contract import (
    AbolishUnit,
    AddMember,
    MergeUnits,
    PartUnit,
    RenameUnit,
    SplitUnit,
    UnitAdded,
    UnitKind,
    UnitMerged,
)
from tests.component.gateway.figures import Figures
from tests.component.gateway.recounted import BASIS, LIFE, moving
from tests.unit.gateway.owners import DAYS, PATHS, Owners, Step, event


def value(figures: Figures, unit: str, figure: str, month: str) -> Any:
    """A unit's figure of a month, as a report has it."""
    return figures.ask(lambda database: report(database, unit, Span.of_month(month)))["figures"][figure]


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
    assert [each["kind"] for each in july_of_d2["before"]["tree_changes"]] == ["moved", "renamed"]


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
    row = {"unit": "B1", "scope": ["P", "D1", "B1"], "state": "open", "month": "2026-07"}
    figures.database["submissions"].insert_one(row)
    for unit, left in (("D1", "2 个下级单位"), ("B1", "在册党员、未办结的月度上报")):
        with pytest.raises(DomainError) as refused:
            abolish(unit)
        assert refused.value.code == "unit.not_empty"
        assert left in refused.value.detail
    late: Step = ("report", 0, "D2", date(2026, 8, 1), 1)
    steps: list[Step] = [("live", 0, "B2", date(2026, 3, 5), 1), ("overdue", 0, "B2", DAYS[2], 0), late]
    figures.project(Owners.after(steps).events)
    with pytest.raises(DomainError, match="超期未答复"):
        abolish("B2")
    with pytest.raises(DomainError, match=r"2026-08-01 及以后的记录（.*次数"):
        abolish("D2")
    figures.project(Owners.after([*steps, ("void", *late[1:])]).events)
    abolish("D2")
    gone = figures.database["units"].find_one({"_id": "D2"})
    assert gone is not None
    assert gone["until"] == "2026-08-01"
    told = figures.ask(lambda database: report(database, "P", Span.of_month("2026-08")))
    assert [child["unit"] for child in told["children"]] == ["D1"]
    with pytest.raises(DomainError, match=r"unit\.is_the_root"):
        abolish("P")


def test_a_visit_reaches_the_department_that_the_unit_belonged_to_on_its_day(figures: Figures) -> None:
    """Before a branch has moved that is another one than after it."""
    figures.database["units"].update_one({"_id": "B1"}, {"$set": {"kind": "branch"}})
    figures.reform(moving("B1", "D2", date(2026, 7, 1)))
    visits = [("B1", date(2026, 6, 30)), ("B1", date(2026, 7, 1)), ("nowhere", date(2026, 7, 1))]
    found = figures.ask(lambda database: directory.standings(database, visits))
    assert {visit: unit for visit, (unit, _) in found.items()} == dict(zip(visits, ("D1", "D2"), strict=False))


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


def _added(id: str, path: list[str]) -> UnitAdded:
    """What was told of a unit of the small tree."""
    parent = path[-2] if len(path) > 1 else None
    return UnitAdded(unit=id, day=date(2026, 1, 1), name=id, kind=UnitKind.department, parent=parent, path=path)
