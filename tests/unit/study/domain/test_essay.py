"""Which reading class an essay may come of."""

from __future__ import annotations

import pytest

from services.kernel.message.errors import DomainError
from services.study.domain import ESSAY, Session, check_link
from tests.unit.study.records import SUBMIT, VOID, after, hold

CLASS = {"unit": "D1", "way": "leadership", "form": "reading_class", "title": "春季读书班"}


def refused(session: Session | None, path: list[str]) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        check_link(session, path)
    assert refusal.value.errors[0]["pointer"] == "/session"
    return refusal.value


def test_it_comes_of_a_class_of_its_unit_or_of_one_above() -> None:
    """The leaders' class may be written about by those below them."""
    session = after(hold(**CLASS))
    check_link(session, ["R", "D1"])
    check_link(session, ["R", "D1", "D1-B1"])
    check_link(after(hold(**CLASS), SUBMIT), ["R", "D1"])


def test_it_does_not_come_of_what_is_not_there_for_it() -> None:
    """No class, another unit's class, a class taken back and another form of session are refused."""
    assert refused(None, ["R", "D1"]).code == "essay.session_unknown"
    assert refused(after(hold(**CLASS)), ["R", "D2"]).code == "essay.session_unknown"
    assert refused(after(hold(**CLASS), VOID), ["R", "D1"]).code == "essay.session_unknown"
    assert refused(after(hold(unit="D1")), ["R", "D1"]).code == "essay.session_not_reading_class"


def test_it_concerns_its_unit() -> None:
    """Its scope rests on its unit alone."""
    assert ESSAY.collection == "essays"
