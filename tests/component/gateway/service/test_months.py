"""Months that are to be submitted follow the tree of their last day, whatever state they are in; none gets stuck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pymongo import MongoClient

from services.gateway.service import months as following
from services.gateway.service.units import abolish_unit, merge_units, move_unit, rename_unit, split_unit
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation import contract as c
from tests.component.gateway.figures import Figures
from tests.component.gateway.monthly import PATHS, Months

AUGUST, SEPTEMBER, OCTOBER = "2026-08", "2026-09", "2026-10"
DAY, BASIS = date(2026, 9, 10), "机构改革方案"
STATES = ("open", "submitted", "returned", "accepted", "excused")
Reform = Callable[[Work], Any]


@pytest.fixture(scope="module")
def kept(mongo: str, mongo_client: MongoClient[Document]) -> Iterator[Months]:
    name = f"t{new_id().replace('-', '')[-12:]}"
    yield Months(Figures(mongo, mongo_client, name))
    mongo_client.drop_database(name)


@pytest.fixture
def months(kept: Months) -> Months:
    """September has been opened."""
    kept.begin(SEPTEMBER)
    return kept


def moved(unit: str, parent: str, day: date = DAY) -> Reform:
    return lambda work: move_unit(work, c.MoveUnit(id=unit, parent=parent, day=day, basis=BASIS))


def merged(into: str, *units: str, day: date = DAY) -> Reform:
    return lambda work: merge_units(work, c.MergeUnits(id=into, units=list(units), day=day, basis=BASIS))


def split(unit: str, part: str, *children: str, day: date = DAY) -> Reform:
    into = [c.PartUnit(id=part, name=f"单位{part}", children=list(children))]
    return lambda work: split_unit(work, c.SplitUnit(id=unit, into=into, day=day, basis=BASIS))


def abolished(unit: str, day: date = DAY) -> Reform:
    return lambda work: abolish_unit(work, c.AbolishUnit(id=unit, day=day, basis=BASIS))


def renamed(unit: str, day: date = DAY) -> Reform:
    return lambda work: rename_unit(work, c.RenameUnit(id=unit, name=f"新{unit}{day}", day=day, basis=BASIS))


REFORMS: dict[str, tuple[Reform, str | None]] = {
    "rename": (renamed("A1"), "A"),
    "move": (moved("A1", "R1X"), "R1X"),
    "move to whom nobody was below": (moved("A1", "N"), "N"),
    "move of its superior": (moved("A", "R1X"), "A"),
    "merge of its superior": (merged("R1X", "A"), "R1X"),
    "split of its superior": (split("A", "D", "A1"), "D"),
    "abolish": (abolished("A1"), None),
    "merge": (merged("B", "A1"), None),
}
"""What becomes of the branch A1, and below whom it stands on the last day of September; None where it is no more."""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", REFORMS)
def test_a_month_follows_a_reform_in_every_state(months: Months, kind: str, state: str) -> None:
    """With its superior of the last day, whatever its state; one that is locked refuses the reform. All is settled
    then, and nothing that is expected changes after the province's lock.
    """
    reform, superior = REFORMS[kind]
    months.to(state, "A1", SEPTEMBER)
    version = months.decided("A1", SEPTEMBER)
    if state == "accepted" and kind not in ("move of its superior",):
        with pytest.raises(DomainError) as refused:
            months.figures.reform(reform)
        assert refused.value.code == "unit.period_locked"
        assert months.decided("A1", SEPTEMBER) == version
    else:
        months.figures.reform(reform)
        expected = ("excused", "A") if superior is None else (state, superior)
        if kind == "merge":
            expected = ("excused", "A")
        assert months.state("A1", SEPTEMBER) == expected
    assert months.astray() == []
    months.open()
    months.settle(SEPTEMBER)
    assert months.state("P", SEPTEMBER) == ("accepted", None)
    told = months.expected(SEPTEMBER)
    assert told == months.counted(SEPTEMBER)
    for unit in (*PATHS, "D"):
        for ask in (months.excuse, months.reinstate):
            with pytest.raises(DomainError):
                ask(unit, SEPTEMBER)
    assert months.expected(SEPTEMBER) == told
    assert months.figures.unequal() == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("by", ["old", "new"])
def test_whatever_state_a_superior_is_in_nobody_gets_stuck(months: Months, by: str, state: str) -> None:
    """The one that is left or the one that is come to has confirmed, was given back, is excused; or has it locked."""
    superior = {"old": "A", "new": "R1X"}[by]
    for below in ("A1", "C"):
        months.to("excused" if by == "new" or below == "A1" else "open", below, SEPTEMBER)
    if by == "new":
        months.reinstate("A1", SEPTEMBER)
    months.to(state, superior, SEPTEMBER)
    if state == "accepted":
        with pytest.raises(DomainError, match=r"unit\.period_locked"):
            months.figures.reform(moved("A1", "R1X"))
    else:
        months.figures.reform(moved("A1", "R1X"))
        assert months.state("A1", SEPTEMBER) == ("excused" if by == "old" else "open", "R1X")
        if by == "new":
            with pytest.raises(DomainError, match=r"submission\.children_first"):
                months.excuse("P", SEPTEMBER)
    assert months.astray() == []
    months.settle(SEPTEMBER)
    assert months.state("P", SEPTEMBER) == ("accepted", None)


def test_who_owed_a_month_for_others_alone_is_excused_when_they_are_gone(months: Months) -> None:
    """No branch is left below A on the last day of September; R1 still has one."""
    months.figures.reform(moved("A1", "R1X"))
    assert months.state("A", SEPTEMBER) == ("excused", "R1")
    assert months.state("R1", SEPTEMBER) == ("open", "P")


def test_months_before_the_reform_stay_where_they_were(kept: Months) -> None:
    """August's last day was of the old tree, October's is of the new one."""
    kept.begin(AUGUST, SEPTEMBER, OCTOBER)
    kept.figures.reform(moved("A1", "R1X"))
    told = [kept.state("A1", month) for month in (AUGUST, SEPTEMBER, OCTOBER)]
    assert told == [("open", "A"), ("open", "R1X"), ("open", "R1X")]
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        kept.settle(month)
    assert kept.figures.unequal() == []


def test_a_month_is_seen_by_whom_it_belongs_to(months: Months) -> None:
    """Not by who was its superior before."""
    months.figures.reform(moved("A1", "R1X"))
    row = months.database["submissions"].find_one({"unit": "A1"})
    assert row is not None
    assert row["scope"] == ["A1", "P", "R1X"]
    with pytest.raises(DomainError, match=r"unit\.out_of_scope"):
        months.do(c.ExcuseSubmission(id=row["_id"], reason="不再"), unit="R1")


def test_a_unit_that_was_accepted_moves_with_what_is_above_it(months: Months) -> None:
    """What is locked below stays locked, and is no part of the lock above that comes later."""
    months.to("accepted", "A1", SEPTEMBER)
    months.figures.reform(moved("A", "R1X"))
    months.settle(SEPTEMBER)
    assert {row["unit"] for row in months.database["locks"].find({"month": SEPTEMBER})} == set(PATHS) - {"N"}
    assert months.figures.unequal() == []


class TestEarlier:
    """A store of an earlier version, whose reforms left months where they were."""

    def left_behind(self, months: Months, monkeypatch: pytest.MonkeyPatch, reform: Reform) -> None:
        """Change the tree as that version did."""
        with monkeypatch.context() as before:
            before.setattr(following, "follow", lambda *asked: 0)
            months.figures.reform(reform)
        assert months.astray() != []

    @pytest.mark.parametrize("state", ["open", "submitted", "returned", "excused"])
    def test_its_months_are_set_right_at_the_start(
        self, months: Months, monkeypatch: pytest.MonkeyPatch, state: str
    ) -> None:
        """By entries of their own; once."""
        months.to(state, "A1", SEPTEMBER)
        self.left_behind(months, monkeypatch, moved("A1", "R1X"))
        version = months.decided("A1", SEPTEMBER)
        for _ in range(2):
            months.open()
            assert months.state("A1", SEPTEMBER) == (state, "R1X")
            assert months.decided("A1", SEPTEMBER) == version + 1
        months.settle(SEPTEMBER)
        assert months.state("P", SEPTEMBER) == ("accepted", None)

    def test_who_was_locked_out_goes_on(self, months: Months, monkeypatch: pytest.MonkeyPatch) -> None:
        """The new superior had locked the month; the unit confirms and is accepted as part of that lock."""
        self.left_behind(months, monkeypatch, moved("A1", "R1X"))
        for unit in ("C", "R1X"):
            months.to("accepted", unit, SEPTEMBER)
        with pytest.raises(DomainError, match=r"submission\.children_first"):
            months.confirm("A", SEPTEMBER)
        months.open()
        told = months.expected(SEPTEMBER)
        assert months.state("A1", SEPTEMBER) == ("open", "R1X")
        with pytest.raises(DomainError, match=r"submission\.locked_above"):
            months.excuse("A1", SEPTEMBER)
        months.settle(SEPTEMBER)
        assert months.state("A1", SEPTEMBER) == ("accepted", "R1X")
        assert months.state("P", SEPTEMBER) == ("accepted", None)
        assert months.database["locks"].find_one({"unit": "A1"}) is None
        assert months.expected(SEPTEMBER) == told == months.counted(SEPTEMBER)
        assert months.figures.unequal() == []


MONTHS = (AUGUST, SEPTEMBER)
DAYS = (date(2026, 8, 5), date(2026, 8, 31), DAY, date(2026, 10, 2))
ABOVE = ("R1", "R1X", "A", "N", "B")
VERBS = ("confirm", "confirm", "accept", "accept", "give_back", "excuse", "reinstate", "open")
STEP = some.tuples(
    some.sampled_from((*VERBS, "move", "move", "merge", "split", "abolish", "rename")),
    some.sampled_from([unit for unit in PATHS if unit != "P"]),
    some.sampled_from(ABOVE),
    some.sampled_from(MONTHS),
    some.sampled_from(DAYS),
)


def ask(months: Months, number: int, verb: str, unit: str, other: str, month: str, day: date) -> None:
    """Ask one thing.

    Raises:
        DomainError: it is refused.
    """
    reforms: dict[str, Callable[[], Reform]] = {
        "move": lambda: moved(unit, other, day),
        "merge": lambda: merged(other, unit, day=day),
        "split": lambda: split(other, f"D{number}", unit, day=day),
        "abolish": lambda: abolished(unit, day),
        "rename": lambda: renamed(unit, day),
    }
    if verb in reforms:
        months.figures.reform(reforms[verb]())
    elif verb == "open":
        months.open()
    else:
        getattr(months, verb)(unit, month)


@settings(max_examples=40)
@given(some.lists(STEP, min_size=1, max_size=14))
def test_whatever_is_reformed_and_submitted_in_whatever_order_nothing_gets_stuck(
    kept: Months, steps: list[Any]
) -> None:
    """Each month is with the superior of its last day after every step; in the end all of them are settled, and what
    is expected stays as it was when it was locked.
    """
    kept.begin(*MONTHS)
    for number, step in enumerate(steps):
        with contextlib.suppress(DomainError):
            ask(kept, number, *step)
        assert kept.astray() == []
    kept.open()
    for month in MONTHS:
        kept.settle(month)
        assert (kept.state("P", month) or ("", ""))[0] in ("accepted", "excused")
    told = {month: kept.expected(month) for month in MONTHS}
    assert told == {month: kept.counted(month) for month in MONTHS}
    for month in MONTHS:
        for unit in PATHS:
            for asked in (kept.excuse, kept.reinstate):
                with contextlib.suppress(DomainError):
                    asked(unit, month)
    assert {month: kept.expected(month) for month in MONTHS} == told
    assert kept.figures.unequal() == []
