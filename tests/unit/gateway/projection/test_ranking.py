"""Ranking: only like with like."""

from typing import Any

import pytest

from services.gateway.projection.ranking import ranking
from services.kernel.message.errors import DomainError


def child(unit: str, kind: str, value: float | None) -> dict[str, Any]:
    return {"unit": unit, "name": f"单位{unit}", "kind": kind, "figures": {"f": value}}


CHILDREN = [
    child("D1", "department", 3),
    child("D2", "department", 5),
    child("D3", "department", 3),
    child("D4", "department", None),
    child("D5", "department", 1),
    child("E1", "enterprise", 9),
]


def test_only_units_of_the_kind_are_placed_and_equals_share() -> None:
    """An enterprise is not compared with departments; who has no value has no place."""
    found = ranking(CHILDREN, "department", "f")
    assert [(row["unit"], row["place"]) for row in found] == [("D2", 1), ("D1", 2), ("D3", 2), ("D5", 4), ("D4", None)]


def test_fewest_may_come_first() -> None:
    """Where less is better, who asks says so."""
    found = ranking(CHILDREN, "department", "f", fewest_first=True)
    assert [(row["unit"], row["place"]) for row in found[:3]] == [("D5", 1), ("D1", 2), ("D3", 2)]


@pytest.mark.parametrize("kind", ["enterprise", "union"])
def test_one_unit_is_no_ranking(kind: str) -> None:
    """Nothing is placed where there is nothing to compare."""
    with pytest.raises(DomainError) as refused:
        ranking(CHILDREN, kind, "f")
    assert refused.value.code == "ranking.nothing_to_compare"
