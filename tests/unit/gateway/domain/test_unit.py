"""The rules of a unit."""

from datetime import date

import pytest

from services.gateway.contract import AddUnit, UnitKind
from services.gateway.domain import UNIT
from services.gateway.domain.unit import PlaceUnit
from services.kernel.errors import DomainError
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
        UNIT.decide(state, PlaceUnit(unit=ASKED, above=["P", "D2"]), NOW)
