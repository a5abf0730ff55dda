"""Deadlines in working days: across Spring Festival, make-up working days, rules that change, years without data."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.hotline.contract import Kind
from services.hotline.domain import Rule, deadline, rule_in_force
from services.hotline.domain.deadline import RULES
from services.kernel.clock import SHANGHAI
from services.kernel.errors import DomainError

from .tickets import CALENDAR


def at(text: str) -> datetime:
    """An instant on a wall in China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("received", "kind", "ends"),
    [
        ("2026-03-05T09:00", Kind.consultation, "2026-03-10T00:00"),  # Thursday: Friday, Monday
        ("2026-03-05T23:59", Kind.consultation, "2026-03-10T00:00"),  # the day of receipt does not count
        ("2026-03-07T10:00", Kind.consultation, "2026-03-11T00:00"),  # Saturday: Monday, Tuesday
        (
            "2026-02-13T10:00",
            Kind.consultation,
            "2026-02-25T00:00",
        ),  # 14 February works, then Spring Festival to the 23rd
        ("2026-02-27T10:00", Kind.consultation, "2026-03-03T00:00"),  # 28 February, a Saturday, works
        ("2026-03-05T09:00", Kind.help, "2026-03-20T00:00"),
        ("2026-03-05T09:00", Kind.complaint, "2026-03-27T00:00"),
        ("2026-03-04T17:00", Kind.report, "2026-03-26T00:00"),
    ],
)
def test_the_deadline_is_the_end_of_the_last_working_day(received: str, kind: Kind, ends: str) -> None:
    """Counted from the day after receipt, in days on which work is done in China."""
    assert deadline(at(received), kind, RULES, CALENDAR) == at(ends)


def test_the_day_of_receipt_is_a_day_in_china() -> None:
    """Received at 16:30 UTC is received the next day."""
    received = datetime.fromisoformat("2026-03-05T16:30:00+00:00")
    assert deadline(received, Kind.consultation, RULES, CALENDAR) == at("2026-03-11T00:00")


def test_a_year_without_data_is_an_error_and_no_guess() -> None:
    """Whoever needs 2027 must enter its holidays first."""
    with pytest.raises(DomainError) as refused:
        deadline(at("2026-12-25T09:00"), Kind.complaint, RULES, CALENDAR)
    assert refused.value.code == "calendar.year_missing"
    assert "2027" in refused.value.detail


def test_the_rule_in_force_on_the_day_of_receipt_holds() -> None:
    """A rule that came later does not shorten what was received before it."""
    rules = [*RULES, Rule(Kind.help, 5, date(2026, 4, 1), "新规")]
    assert rule_in_force(rules, Kind.help, date(2026, 3, 31)).days == 10
    assert rule_in_force(rules, Kind.help, date(2026, 4, 1)).days == 5
    with pytest.raises(DomainError) as refused:
        rule_in_force(rules, Kind.help, date(2019, 1, 1))
    assert refused.value.code == "deadline.rule_missing"


def test_every_kind_has_a_rule_with_its_source() -> None:
    """No kind of ticket is without a limit, and every limit says where it comes from."""
    day = date(2026, 3, 5)
    assert all(rule_in_force(RULES, kind, day).source for kind in Kind)
    assert all(CALENDAR.works(day + timedelta(days=n)) in (True, False) for n in range(200))
