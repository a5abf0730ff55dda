"""Where a visit may go to."""

from __future__ import annotations

from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.research import contract as c
from services.research.domain import VISIT, check_place
from tests.unit.research.records import DAY, VISIT_CONTENT
from tests.unit.study.records import NOW


def visit(**fields: Any) -> c.RecordVisit:
    return c.RecordVisit(**{**VISIT_CONTENT, "id": "v", **fields})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"visited": None}, "visit.place_missing"),
        ({"place": "示例村"}, "visit.place_twice"),
        ({"visited": None, "place": "示例村", "kind": None}, "visit.kind_missing"),
    ],
)
def test_a_visit_goes_to_one_place_of_a_kind(fields: dict[str, Any], code: str) -> None:
    """A unit of the platform, or a place outside with its kind: neither none nor both."""
    with pytest.raises(DomainError) as refusal:
        check_place(visit(**fields))
    assert refusal.value.code == code


def test_it_counts_for_who_went_and_concerns_who_was_visited() -> None:
    """One on its day; its scope holds both, so that the unit visited sees that it was."""
    (recorded,) = VISIT.decide(None, visit(), NOW)
    assert isinstance(recorded, c.VisitRecorded)
    assert (recorded.now.unit, recorded.now.day) == ("D1", DAY)
    state = VISIT.evolve(None, recorded)
    assert list(VISIT.parts(state)) == ["D1", "D2"]
    assert list(VISIT.parts(state.model_copy(update={"visited": None}))) == ["D1"]


def test_what_is_said_again_is_no_news_whatever_it_would_count_for_now() -> None:
    """The unit visited may belong elsewhere by now; who typed the visit typed nothing of it."""
    (recorded,) = VISIT.decide(None, visit(counts_as="D2"), NOW)
    state = VISIT.evolve(None, recorded)
    assert VISIT.decide(state, visit(counts_as="D3"), NOW) == []
    with pytest.raises(DomainError, match="内容不同"):
        VISIT.decide(state, visit(people=9), NOW)


def test_what_was_found_is_in_no_event() -> None:
    """It has no field there."""
    (recorded,) = VISIT.decide(None, visit(findings="堵点在于标准不一"), NOW)
    assert "堵点" not in recorded.model_dump_json()
