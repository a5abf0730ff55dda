"""Months that are to be submitted: when, and until when."""

from datetime import date

import pytest
from pydantic import ValidationError

from services.gateway.domain.period import days_of, due_of, openable
from services.kernel.rules.working_days import Calendar
from services.organisation.contract import DueDay, SubmissionRule

RULE = SubmissionRule(months=["2026-03", "2026-02", "2026-03"])


WEEK = Calendar({2026: {}, 2027: {}})
"""Two years without holidays."""


@pytest.mark.parametrize(
    ("today", "months"),
    [("2026-02-28", []), ("2026-03-01", ["2026-02"]), ("2026-04-01", ["2026-02", "2026-03"])],
)
def test_a_month_is_submitted_when_it_is_over(today: str, months: list[str]) -> None:
    """From the first day of the next month on, the earliest first, each once."""
    assert openable(RULE, date.fromisoformat(today)) == months


@pytest.mark.parametrize(
    ("due", "month", "day"),
    [
        (DueDay(), "2026-04", "2026-05-07"),
        (DueDay(number=1), "2026-01", "2026-02-02"),
        (DueDay(sort="day", number=10), "2026-12", "2027-01-10"),
        (DueDay(sort="day", number=31), "2026-01", "2026-02-28"),
    ],
)
def test_the_due_day_lies_in_the_next_month(due: DueDay, month: str, day: str) -> None:
    """The n-th working day or day of it, its last where it has fewer."""
    rule = RULE.model_copy(update={"due": due})
    assert due_of(rule, month, WEEK) == (date.fromisoformat(day), None)


def test_months_before_the_platform_bear_no_limit() -> None:
    """They are made up for; from the month that is named on there is a due day."""
    rule = RULE.model_copy(update={"limits_from": "2026-03"})
    assert due_of(rule, "2026-02", WEEK) == (None, None)
    assert due_of(rule, "2026-03", WEEK) == (date(2026, 4, 7), None)


def test_a_due_day_waits_for_a_year_that_nobody_knows() -> None:
    """The month is opened all the same; a plain day of the month needs no calendar."""
    nothing = Calendar({})
    assert due_of(RULE, "2026-12", nothing) == (None, 2027)
    assert due_of(RULE.model_copy(update={"due": DueDay(sort="day", number=8)}), "2026-12", nothing)[0] is not None


def test_the_days_of_a_month() -> None:
    """The end of February follows the year."""
    assert days_of("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))


def test_a_month_has_not_that_many_working_days() -> None:
    """More than fifteen are never sure."""
    with pytest.raises(ValidationError, match="1 至 15"):
        DueDay(number=16)
