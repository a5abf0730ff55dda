"""Spans: their months, what they are compared with, and the windows that they are."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.store.period import Span
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Period

CAMPAIGNS = [Period(id="C1", first=date(2026, 2, 1), last=date(2026, 10, 31))]


PHASE = Period(id="C2:1", first=date(2027, 1, 1), last=date(2027, 3, 15))
LATER = [*CAMPAIGNS, Period(id="C2", first=date(2027, 1, 1), last=date(2027, 6, 30)), PHASE]


def span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


def test_months() -> None:
    """Every month that is touched, and which of them whole."""
    asked = span("2025-12-15", "2026-02-28")
    assert asked.months() == ["2025-12", "2026-01", "2026-02"]
    assert [month for month in asked.months() if asked.whole(month)] == ["2026-01", "2026-02"]


@pytest.mark.parametrize(
    ("asked", "before", "year_before"),
    [
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        (("2026-04-01", "2026-06-30"), ("2026-01-01", "2026-03-31"), ("2025-04-01", "2025-06-30")),
        (("2026-02-01", "2026-10-31"), ("2025-05-01", "2026-01-31"), ("2025-02-01", "2025-10-31")),
        (("2026-03-09", "2026-03-15"), ("2026-03-02", "2026-03-08"), ("2025-03-10", "2025-03-16")),
        (("2024-02-26", "2024-03-03"), ("2024-02-19", "2024-02-25"), ("2023-02-27", "2023-03-05")),
        (("2025-02-24", "2025-03-02"), ("2025-02-17", "2025-02-23"), ("2024-02-26", "2024-03-03")),
        (("2027-02-01", "2027-02-28"), ("2027-01-01", "2027-01-31"), ("2026-02-01", "2026-02-28")),
        (("2026-03-10", "2026-03-16"), ("2026-03-03", "2026-03-09"), ("2025-03-10", "2025-03-16")),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        (("2025-02-28", "2025-02-28"), ("2025-02-27", "2025-02-27"), ("2024-02-29", "2024-02-29")),
    ],
)
def test_what_a_span_is_compared_with(
    asked: tuple[str, str], before: tuple[str, str], year_before: tuple[str, str]
) -> None:
    """Whole months are compared with as many whole months, days with as many days; a month's end with a month's end,
    whole weeks with whole weeks.
    """
    assert span(*asked).before() == span(*before)
    assert span(*asked).year_before() == span(*year_before)


@pytest.mark.parametrize(
    ("asked", "windows"),
    [
        (("2026-03-01", "2026-03-31"), {"month"}),
        (("2026-04-01", "2026-06-30"), {"quarter"}),
        (("2026-03-01", "2026-05-31"), set()),
        (("2026-01-01", "2026-12-31"), {"year"}),
        (("2026-02-01", "2026-10-31"), {"campaign"}),
        (("2026-03-01", "2026-03-30"), set()),
    ],
)
def test_windows(asked: tuple[str, str], windows: set[str]) -> None:
    """A span is a window of a grain only when it is exactly one."""
    assert span(*asked).windows(CAMPAIGNS) == windows


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(0, 800))
def test_the_span_before_ends_the_day_before(first: date, days: int) -> None:
    """No day between a span and the one before it, none in both."""
    asked = Span(first, date.fromordinal(first.toordinal() + days))
    before = asked.before()
    assert before.last.toordinal() + 1 == first.toordinal()
    assert before.first <= before.last
    assert asked.year_before().first < asked.first


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ("campaign:C2", ("2026-02-01", "2026-10-31")),
        ("campaign:C2:2", ("2027-01-01", "2027-03-15")),
        ("campaign:C2:1", None),
        (f"campaign:{CAMPAIGNS[0].id}", None),
        ("2027-Q1", ("2026-10-01", "2026-12-31")),
    ],
)
def test_before_a_campaign_is_the_campaign_before(asked: str, before: tuple[str, str] | None) -> None:
    """And before a phase the phase before, of the same campaign; before the first of them is none."""
    phases = [*LATER, Period(id="C2:2", first=date(2027, 3, 16), last=date(2027, 6, 30))]
    expected = None if before is None else span(*before)
    named = Span.named(asked, phases)
    assert named.before_among(phases) == expected
    assert Span(named.first, named.last).before_among(phases) == expected


def test_days_of_the_calendar_are_a_campaigns_only_by_its_name() -> None:
    """A campaign of exactly a year is compared with the one before; the year, by its own name, with the year before."""
    known = [*CAMPAIGNS, Period(id="C3", first=date(2027, 1, 1), last=date(2027, 12, 31))]
    assert Span.named("campaign:C3", known).before_among(known) == span("2026-02-01", "2026-10-31")
    assert Span.named("2027", known).before_among(known) == span("2026-01-01", "2026-12-31")


@pytest.mark.parametrize(("first", "last"), [("2026-03-02", "2026-03-01"), ("2000-01-01", "2026-01-01")])
def test_a_span_that_nobody_can_mean_is_refused(first: str, last: str) -> None:
    """It ends before it begins, or is longer than ten years."""
    with pytest.raises(DomainError) as refused:
        span(first, last).check()
    assert refused.value.code == "period.invalid"


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("2026", ("2026-01-01", "2026-12-31")),
        ("2026-Q1", ("2026-01-01", "2026-03-31")),
        ("2026-Q4", ("2026-10-01", "2026-12-31")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2026-W12", ("2026-03-16", "2026-03-22")),
        ("2026-W01", ("2025-12-29", "2026-01-04")),
        ("2026-W53", ("2026-12-28", "2027-01-03")),
        ("2026-03-05", ("2026-03-05", "2026-03-05")),
        ("campaign", ("2026-02-01", "2026-10-31")),
        ("campaign:C2", ("2027-01-01", "2027-06-30")),
        ("campaign:C2:1", ("2027-01-01", "2027-03-15")),
    ],
)
def test_a_span_by_its_name(name: str, days: tuple[str, str]) -> None:
    """Years, quarters, months, weeks from Monday to Sunday, days, campaigns (unnamed the latest begun) and phases."""
    assert Span.named(name, LATER, date(2026, 12, 1)) == span(*days)


def test_before_the_first_campaign_it_is_the_first() -> None:
    """Somebody who prepares a campaign means that one."""
    assert Span.named("campaign", LATER, date(2025, 12, 1)) == span("2026-02-01", "2026-10-31")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "period.invalid"),
        ("2026-Q5", "period.invalid"),
        ("2025-W53", "period.invalid"),
        ("2026-13", "period.invalid"),
        ("2026-02-30", "period.invalid"),
        ("0000", "period.invalid"),
        ("last week", "period.invalid"),
        ("campaign:C9", "campaign.unknown"),
        ("campaign:C2:2", "campaign.unknown"),
    ],
)
def test_a_name_that_no_span_has_is_refused(name: str, code: str) -> None:
    """A week that the year does not have, a day that the month does not have, a campaign that nobody opened."""
    with pytest.raises(DomainError) as refused:
        Span.named(name, LATER, date(2026, 12, 1))
    assert refused.value.code == code


@given(st.dates(date(1950, 1, 1), date(2400, 1, 1)))
def test_every_day_lies_in_its_week_month_quarter_and_year(day: date) -> None:
    """By whatever name the span that holds a day is asked for, the day is in it."""
    year, week, _ = day.isocalendar()
    quarter = (day.month + 2) // 3
    for name in (f"{year}-W{week:02}", f"{day:%Y-%m}", f"{day.year}-Q{quarter}", f"{day.year}", f"{day}"):
        asked = Span.named(name)
        assert asked.first <= day <= asked.last
