"""Deadlines in working days: across Spring Festival, make-up working days, rules that change, years without data."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.hotline.contract import Kind
from services.hotline.domain import Limit, Rule, end_of, last_day, limit_of, rule_in_force
from services.hotline.domain.deadline import RULES, WITHOUT_LIMIT
from services.kernel.message.clock import SHANGHAI
from services.kernel.message.errors import DomainError

from .tickets import CALENDAR


def at(text: str) -> datetime:
    """An instant on a wall in China."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("received", "kind", "ends"),
    [
        ("2026-03-05T09:00", Kind.consultation, "2026-03-09"),  # Thursday: Friday, Monday
        ("2026-03-05T23:59", Kind.consultation, "2026-03-09"),  # the day of receipt does not count
        ("2026-03-07T10:00", Kind.consultation, "2026-03-10"),  # Saturday: Monday, Tuesday
        (
            "2026-02-13T10:00",
            Kind.consultation,
            "2026-02-24",
        ),  # 14 February works, then Spring Festival to the 23rd
        ("2026-02-27T10:00", Kind.consultation, "2026-03-02"),  # 28 February, a Saturday, works
        ("2026-03-05T09:00", Kind.help, "2026-03-19"),
        ("2026-03-05T09:00", Kind.complaint, "2026-03-26"),
        ("2026-03-04T17:00", Kind.report, "2026-03-25"),
    ],
)
def test_the_last_working_day_is_the_last_on_which_an_answer_is_on_time(received: str, kind: Kind, ends: str) -> None:
    """Counted from the day after receipt, in days on which work is done in China."""
    limit = limit_of(at(received), kind, RULES, CALENDAR)
    assert limit == Limit(answer_by=date.fromisoformat(ends))
    assert limit.answer_by is not None
    assert end_of(limit.answer_by) == at(ends) + timedelta(days=1)
    assert last_day(end_of(limit.answer_by)) == limit.answer_by


def test_the_day_of_receipt_is_a_day_in_china() -> None:
    """Received at 16:30 UTC is received the next day."""
    received = datetime.fromisoformat("2026-03-05T16:30:00+00:00")
    assert limit_of(received, Kind.consultation, RULES, CALENDAR).answer_by == date(2026, 3, 10)


def test_a_year_without_data_is_waited_for_and_never_guessed() -> None:
    """The ticket is taken; its deadline waits for 2027, and one that ends before it does not."""
    assert limit_of(at("2026-12-25T09:00"), Kind.complaint, RULES, CALENDAR) == Limit(waits_for=2027)
    assert limit_of(at("2026-12-25T09:00"), Kind.consultation, RULES, CALENDAR).answer_by == date(2026, 12, 29)


def test_praise_has_no_limit() -> None:
    """Whatever the table of rules still says of it, and whether or not the year is known."""
    rules = [*RULES, Rule(Kind.praise, 10, date(2020, 1, 1), "旧规")]
    assert limit_of(at("2026-12-25T09:00"), Kind.praise, rules, CALENDAR) == Limit()


def test_the_rule_in_force_on_the_day_of_receipt_holds() -> None:
    """A rule that came later does not shorten what was received before it."""
    rules = [*RULES, Rule(Kind.help, 5, date(2026, 4, 1), "新规")]
    assert rule_in_force(rules, Kind.help, date(2026, 3, 31)).days == 10
    assert rule_in_force(rules, Kind.help, date(2026, 4, 1)).days == 5
    with pytest.raises(DomainError) as refused:
        rule_in_force(rules, Kind.help, date(2019, 1, 1))
    assert refused.value.code == "deadline.rule_missing"


def test_every_kind_has_a_rule_with_its_source() -> None:
    """Each kind has a limit, which says where it comes from, or none."""
    day = date(2026, 3, 5)
    assert all(rule_in_force(RULES, kind, day).source for kind in set(Kind) - WITHOUT_LIMIT)
