"""The configuration: the kinds of topics and how many visits are too many."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.kernel.message.errors import DomainError
from services.research import contract as c
from services.research.domain import NORM, Norm
from tests.unit.study.records import NOW

CULTURE = c.TopicKind(id="culture", name="文化类")


def placed(**fields: object) -> c.PlaceNorm:
    told = {"unit": "P", "kinds": [CULTURE], "visits_a_month": 5, "source": "省委办公厅通知"}
    return c.PlaceNorm.model_validate({**told, **fields})


def test_six_kinds_are_there_from_the_start() -> None:
    """With their Chinese names; a kind that is not configured is refused with those that are."""
    assert [kind.name for kind in Norm().kinds] == ["战略性", "对策性", "前瞻性", "跟踪性", "解剖式", "督查式"]
    with pytest.raises(DomainError, match="战略性"):
        Norm().check_kind("culture")


def test_kinds_can_be_said_anew() -> None:
    """A new kind is taken, one left out is not; records keep the id of what is gone."""
    (event,) = NORM.decide(None, placed(), NOW)
    norm = NORM.evolve(None, event)
    norm.check_kind("culture")
    assert (norm.visits_a_month, norm.name_of("culture"), norm.name_of("strategic")) == (5, "文化类", "strategic")
    assert (norm.kind_named("文化类"), norm.kind_named("没有")) == ("culture", "没有")
    with pytest.raises(DomainError):
        norm.check_kind("strategic")
    assert NORM.decide(norm, placed(), NOW) == []


@pytest.mark.parametrize(
    "fields",
    [{"kinds": []}, {"kinds": [CULTURE, CULTURE]}, {"visits_a_month": 0}, {"source": ""}],
)
def test_a_configuration_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    """No kinds, the same twice, no visits at all, no source."""
    with pytest.raises(ValidationError):
        placed(**fields)
