"""A command that names a unit and a day is asked if the unit was there on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kernel.message.errors import DomainError
from services.kernel.message.lives import Life, Rule, UnitField, check, units_of

LIVES = {"D1": Life(first=date(2026, 2, 1), until=date(2026, 6, 1)), "D2": Life(first=date(2026, 1, 1))}
TODAY = date(2026, 11, 28)
EVE, BEGUN, LAST, GONE = date(2026, 1, 31), date(2026, 2, 1), date(2026, 5, 31), date(2026, 6, 1)


def refused(field: UnitField, asked: Any, state: Any = None) -> list[str]:
    """The pointers of what is refused."""
    try:
        check([field], asked, state, LIVES, TODAY)
    except DomainError as refusal:
        return [error["pointer"] for error in refusal.errors]
    return []


def told(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**fields)


@pytest.mark.parametrize(
    ("rule", "day", "last", "right"),
    [
        ("on", EVE, None, False),
        ("on", BEGUN, None, True),
        ("on", LAST, None, True),
        ("on", GONE, None, False),
        ("within", EVE, None, True),
        ("within", LAST, None, True),
        ("within", GONE, None, False),
        ("within", EVE, EVE, False),
        ("within", EVE, BEGUN, True),
        ("within", GONE, TODAY, False),
        ("through", EVE, LAST, False),
        ("through", BEGUN, None, False),
        ("through", BEGUN, GONE, True),
        ("through", BEGUN, date(2026, 6, 2), False),
        ("ever", date(1999, 1, 1), None, True),
    ],
)
def test_each_rule_has_its_days(rule: Rule, day: date, last: date | None, right: bool) -> None:
    """On the day; on some day from it on; on each day from it on; or whenever."""
    field = UnitField("unit", "单位", day="day", last="last", rule=rule)
    assert (refused(field, told(unit="D1", day=day, last=last)) == []) == right


def test_a_refusal_names_field_unit_and_days() -> None:
    """Whether it had not begun or is no more."""
    field = UnitField("handler", "承办单位", day="at")
    for at, detail in (
        (EVE, "承办单位 D1 自 2026-02-01 起设立，2026-01-31 尚未设立"),
        (GONE, "承办单位 D1 自 2026-06-01 起撤销，2026-06-01 已不存在"),
        (None, "承办单位 D1 自 2026-06-01 起撤销，2026-11-28 已不存在"),
    ):
        with pytest.raises(DomainError) as refusal:
            check([field], told(handler="D1", at=at), None, LIVES, TODAY)
        told_of = (refusal.value.code, refusal.value.kind, refusal.value.detail, refusal.value.errors[0]["pointer"])
        assert told_of == ("unit.not_active", "invalid", detail, "/handler")


def test_units_stand_anywhere_in_a_command() -> None:
    """In a list, in what a field holds, in what each of a list holds; each is pointed at."""
    asked = told(
        units=["D2", "D1"], life=told(handler="D1", at=GONE), group=[told(unit=None), told(unit="D1")], empty=""
    )
    assert refused(UnitField("units", "范围"), asked) == ["/units/1"]
    assert refused(UnitField("life/handler", "承办单位", day="life/at"), asked) == ["/life/handler"]
    assert refused(UnitField("group/unit", "成员单位"), asked) == ["/group/1/unit"]
    assert refused(UnitField("empty", "单位"), asked) == refused(UnitField("missing", "单位"), asked) == []
    fields = [UnitField(field, "单位") for field in ("units", "life/handler", "empty")]
    assert units_of(fields, asked) == {"D1", "D2"}


def test_an_instant_and_a_month_stand_for_their_days() -> None:
    """The business day in China; a month from its first to its last day."""
    field = UnitField("unit", "单位", day="at")
    late = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)
    assert refused(field, told(unit="D1", at=late)) == []
    assert refused(field, told(unit="D1", at=late + timedelta(minutes=1))) == ["/unit"]
    months = UnitField("unit", "单位", day="month", last="month", rule="within")
    right = [m for m in ("2026-01", "2026-02", "2026-05", "2026-06") if not refused(months, told(unit="D1", month=m))]
    assert right == ["2026-02", "2026-05"]


def test_what_the_record_says_already_is_not_asked_again() -> None:
    """Another field of an old record can be corrected; another day or another unit cannot be one of no life."""
    field = UnitField("unit", "单位", day="day")
    record = told(unit="D1", day=GONE)
    assert refused(field, told(unit="D1", day=GONE), record) == []
    assert refused(field, told(unit="D1", day=TODAY), record) == ["/unit"]
    assert refused(field, told(unit="D1", day=BEGUN), record) == []
    assert refused(field, told(unit="D1", day=GONE), told(unit="D2", day=GONE)) == ["/unit"]
    roles = UnitField("roles/unit", "角色所在单位")
    held = told(roles=[told(unit="D1")])
    assert refused(roles, told(roles=[told(unit="D1"), told(unit="D2")]), held) == []
    assert refused(roles, told(roles=[told(unit="D1")]), told(roles=[])) == ["/roles/0/unit"]


def test_of_a_unit_that_nobody_knows_here_its_owner_decides() -> None:
    """A role for all units, a code that another rule refuses by name."""
    assert refused(UnitField("unit", "单位"), told(unit="*")) == []


@given(some.dates(date(2025, 12, 1), date(2026, 12, 31)), some.sampled_from(["D1", "D2"]))
def test_a_day_is_in_a_life_or_refused(day: date, unit: str) -> None:
    """Nothing else."""
    right = refused(UnitField("unit", "单位", day="day"), told(unit=unit, day=day)) == []
    assert right == LIVES[unit].on(day)
