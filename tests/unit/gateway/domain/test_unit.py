"""The rules of a unit."""

from datetime import date

import pytest

from services.gateway.domain import TREE, UNIT, Unit
from services.gateway.domain.reform import ChangeTree, check_no_cycle
from services.gateway.domain.unit import ChangeUnit, PlaceUnit, called, superiors
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.organisation.contract import AbolishUnit, AddUnit, MergeUnits, MoveUnit, RenameUnit, TreeChanged, UnitKind
from tests.unit.gateway.owners import NOW

ASKED = AddUnit(
    id="D1-B1", name="示例厅第一支部", kind=UnitKind.branch, parent="D1", members=12, active_from=date(2026, 1, 1)
)


def test_a_unit_stands_below_its_parent() -> None:
    """Its path leads from the root to it, and only the unit itself has a part in it."""
    (told,) = UNIT.decide(None, PlaceUnit(unit=ASKED, above=["P", "D1"]), NOW)
    state = UNIT.evolve(None, told)
    assert (state.path, state.depth, state.active_from) == (["P", "D1", "D1-B1"], 3, date(2026, 1, 1))
    assert list(UNIT.parts(state)) == ["D1-B1"]


def test_the_same_unit_again_is_no_news() -> None:
    """A sheet may come twice; other content under the same code is refused."""
    placed = PlaceUnit(unit=ASKED, above=["P", "D1"])
    state = UNIT.evolve(None, next(iter(UNIT.decide(None, placed, NOW))))
    assert UNIT.decide(state, placed, NOW) == []
    with pytest.raises(DomainError) as refused:
        UNIT.decide(state, PlaceUnit(unit=ASKED.model_copy(update={"members": 13}), above=["P", "D1"]), NOW)
    assert (refused.value.code, refused.value.kind) == ("unit.id_taken", "conflict")
    with pytest.raises(DomainError):
        UNIT.decide(state, PlaceUnit(unit=ASKED.model_copy(update={"parent": "D2"}), above=["P", "D2"]), NOW)


JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
BASIS = "示例编〔2026〕12号"


def unit() -> Unit:
    (told,) = UNIT.decide(None, PlaceUnit(unit=ASKED, above=["P", "D1"]), NOW)
    return UNIT.evolve(None, told)


def after(state: Unit, *asked: ChangeUnit) -> Unit:
    for change in asked:
        for event in UNIT.decide(state, change, NOW):
            state = UNIT.evolve(state, event)
    return state


def renaming(name: str, day: date) -> ChangeUnit:
    return ChangeUnit(asked=RenameUnit(id="D1-B1", name=name, day=day, basis=BASIS))


def moving(parent: str, day: date, **more: date) -> ChangeUnit:
    asked = MoveUnit(id="D1-B1", parent=parent, day=day, basis=BASIS)
    return ChangeUnit(asked=asked, path=["P", parent, "D1-B1"], open_from=more.get("open_from"))


def test_a_unit_keeps_its_names_and_its_superiors() -> None:
    """Each with its first day; codes that are not said stay; as it was added it may be added again."""
    state = after(unit(), renaming("新支部", JUNE), moving("D2", JUNE), moving("D3", JULY))
    assert [(each.first, each.name) for each in state.names] == [(ASKED.active_from, ASKED.name), (JUNE, "新支部")]
    assert [(each.first, each.unit) for each in state.superiors] == [
        (ASKED.active_from, "D1"),
        (JUNE, "D2"),
        (JULY, "D3"),
    ]
    assert (state.name, state.parent, state.path, state.depth) == ("新支部", "D3", ["P", "D3", "D1-B1"], 3)
    assert (called(state).first, superiors(state)[-1].unit) == (JUNE, "D3")
    assert UNIT.decide(state, PlaceUnit(unit=ASKED, above=["P", "D1"]), NOW) == []
    as_it_is = ASKED.model_copy(update={"name": "新支部", "parent": "D3"})
    assert UNIT.decide(state, PlaceUnit(unit=as_it_is, above=["P", "D3"]), NOW) == []


def test_a_unit_that_never_changed_has_one_name_and_one_superior() -> None:
    """The root has none."""
    assert (called(unit()).name, [each.unit for each in superiors(unit())]) == (ASKED.name, ["D1"])
    (told,) = UNIT.decide(None, PlaceUnit(unit=ASKED.model_copy(update={"parent": None}), above=[]), NOW)
    assert superiors(UNIT.evolve(None, told)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (moving("D2", date(2025, 12, 31)), "unit.before_its_beginning"),
        (moving("D2", date(2027, 1, 16)), "unit.day_ahead"),
        (moving("D2", JUNE, open_from=JULY), "unit.period_locked"),
        (moving("D1", JUNE), "unit.same_superior"),
        (renaming(ASKED.name, JUNE), "unit.same_name"),
    ],
)
def test_what_cannot_be_is_refused(change: ChangeUnit, code: str) -> None:
    """Before the unit began, ahead of today, in a locked month, or no change at all; a field is named."""
    with pytest.raises(DomainError) as refused:
        UNIT.decide(unit(), change, NOW)
    assert refused.value.code == code
    assert refused.value.errors[0]["pointer"] in ("/day", "/parent", "/name")


def test_changes_of_a_unit_follow_one_another() -> None:
    """One that would come before, or with, the last of its sort is refused; on the day of its beginning it is not."""
    state = after(unit(), moving("D2", JULY), renaming("新支部", JULY))
    for change in (moving("D3", JULY), moving("D3", JUNE), renaming("再改", JULY)):
        with pytest.raises(DomainError, match=r"unit\.later_change"):
            UNIT.decide(state, change, NOW)
    assert after(unit(), moving("D2", ASKED.active_from)).parent == "D2"


@pytest.mark.parametrize(
    "asked",
    [MergeUnits(id="D2", units=["D1-B1"], day=JUNE, basis=BASIS), AbolishUnit(id="D1-B1", day=JUNE, basis=BASIS)],
)
def test_what_is_no_more_changes_no_more(asked: Command) -> None:
    """Its last day is known, and into what it went; nothing becomes of it afterwards."""
    ended = ChangeUnit(asked=asked)
    state = after(unit(), ended)
    assert (state.until, state.into) == (JUNE, "D2" if isinstance(asked, MergeUnits) else None)
    for change in (moving("D3", JULY), renaming("新", JULY), ended):
        with pytest.raises(DomainError, match=r"unit\.abolished"):
            UNIT.decide(state, change, NOW)


def test_the_root_stays_where_it_is_and_unknown_units_are_unknown() -> None:
    """Neither is put below anything."""
    (told,) = UNIT.decide(None, PlaceUnit(unit=ASKED.model_copy(update={"parent": None}), above=[]), NOW)
    with pytest.raises(DomainError, match=r"unit\.is_the_root"):
        UNIT.decide(UNIT.evolve(None, told), moving("D2", JUNE), NOW)
    with pytest.raises(DomainError, match=r"unit\.not_found"):
        UNIT.decide(None, moving("D2", JUNE), NOW)


def test_nothing_stands_below_what_stands_below_it() -> None:
    """Not on the day of the change, nor on any later one."""
    with pytest.raises(DomainError, match=r"unit\.cycle"):
        check_no_cycle("A", [("2026-06-01", ["P", "A", "B"])])
    with pytest.raises(DomainError, match="自 2026-07-01 起"):
        check_no_cycle("A", [("2026-06-01", ["P", "B"]), ("2026-07-01", ["P", "A", "B"])])
    check_no_cycle("A", [("2026-06-01", ["P", "B"])])


def test_changes_of_the_tree_are_counted() -> None:
    """Each is one event of the one record, with today's path."""
    state = None
    for n, unit in enumerate(("A", "B"), start=1):
        (told,) = TREE.decide(state, ChangeTree(unit=unit, day=JUNE, path=["P", unit]), NOW)
        state = TREE.evolve(state, told)
        assert isinstance(told, TreeChanged)
        assert (told.unit, told.path, state.changes, state.last) == (unit, ["P", unit], n, unit)
    assert state is not None
    assert list(TREE.parts(state)) == []
