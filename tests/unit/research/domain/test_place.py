"""What is visited counts once for each campaign, whoever goes there and whatever is taken back."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest

from services.research import contract as c
from services.research.domain import PLACE, Place, Visit, in_month, place_id_of
from tests.unit.research.records import VISIT_CONTENT
from tests.unit.study.records import NOW

MARCH = date(2026, 3, 5)


def count(
    state: Place | None, day: date, by: Literal[1, -1] = 1, campaign: str = "C1", kind: str = "enterprise"
) -> tuple[c.PlaceCounted, Place]:
    asked = c.CountPlace(unit="P", place="示例公司", kind=c.PlaceKind(kind), day=day, campaign=campaign, by=by)
    (counted,) = PLACE.decide(state, asked, NOW)
    assert isinstance(counted, c.PlaceCounted)
    return counted, PLACE.evolve(state, counted)


def visit(**fields: Any) -> Visit:
    """A visit as it stands."""
    return Visit(**{**VISIT_CONTENT, "place": None, "number": None, "state": "recorded", **fields})


def test_only_the_first_visit_of_a_campaign_counts() -> None:
    """On its day; a second one adds nothing, another campaign its own."""
    counted, state = count(None, MARCH)
    assert [(flip.window, flip.day, flip.now - flip.was) for flip in counted.flips] == [("C1", MARCH, 1)]
    counted, state = count(state, date(2026, 4, 1))
    assert counted.flips == []
    counted, _ = count(state, date(2026, 4, 20), campaign="C2")
    assert [flip.window for flip in counted.flips] == ["C2"]


def test_it_counts_on_the_day_of_the_first_visit_that_stands() -> None:
    """The first goes and a later one stays: its day; an earlier one comes: that one's; the last gone, on none."""
    april, february = date(2026, 4, 1), date(2026, 2, 3)
    _, state = count(None, MARCH)
    _, state = count(state, april)
    counted, state = count(state, MARCH, -1)
    assert [(flip.day, flip.now - flip.was) for flip in counted.flips] == [(MARCH, -1), (april, 1)]
    counted, state = count(state, february)
    assert [(flip.day, flip.now - flip.was) for flip in counted.flips] == [(april, -1), (february, 1)]
    _, state = count(state, february, -1)
    counted, state = count(state, april, -1)
    assert [(flip.day, flip.now - flip.was) for flip in counted.flips] == [(april, -1)]
    assert (state.counts, state.days) == ({}, {})


def test_other_places_are_in_no_figure_but_can_be_too_crowded() -> None:
    """A village is not one of the kinds that are counted."""
    counted, state = count(None, MARCH, kind="other")
    assert (counted.flips, in_month(state, MARCH)) == ([], 1)


def test_visits_of_a_month_are_counted_across_campaigns() -> None:
    """Those of other months are not."""
    _, state = count(None, date(2026, 4, 10))
    _, state = count(state, date(2026, 4, 20), campaign="C2")
    _, state = count(state, date(2026, 5, 1), campaign="C2")
    assert [in_month(state, date(2026, month, 2)) for month in (3, 4, 5)] == [0, 2, 1]
    assert in_month(None, MARCH) == 0


def test_more_than_there_is_cannot_be_taken_back() -> None:
    """That would be a mistake of ours, not of a user's."""
    with pytest.raises(AssertionError):
        count(None, MARCH, -1)


def test_a_place_is_known_by_its_name_however_it_is_written() -> None:
    """Spaces and full-width letters make no other place; another kind does, and so does a unit of the same name."""
    outside = {"visited": None, "counts_as": "P", "kind": "enterprise"}
    same = [place_id_of(visit(**outside, place=name)) for name in ("示例 A 公司", "示例A公司", "示例Ａ公司")]
    assert len(set(same)) == 1
    other = place_id_of(visit(**{**outside, "kind": "institution"}, place="示例A公司"))
    inside = place_id_of(visit(visited="示例A公司", counts_as="示例A公司", kind="enterprise"))
    assert len({same[0], other, inside}) == 3


def test_two_branches_of_a_department_are_one_department() -> None:
    """A visit reaches the unit that it counts for."""
    assert place_id_of(visit(visited="D2-B1")) == place_id_of(visit(visited="D2-B2")) == place_id_of(visit())
