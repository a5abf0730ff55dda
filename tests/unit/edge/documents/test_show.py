"""Numbers are shown as they are: none is rounded to the whole or to nothing, and no reason speaks of other windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.edge.documents import show


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (9_999, 10_000, "99.99%"),
        (1, 10_000, "0.01%"),
        (999, 1_000, "99.9%"),
        (1, 3, "33.3%"),
        (10_000, 10_000, "100.0%"),
        (0, 10_000, "0.0%"),
        (999_999, 1_000_000, "99.9999%"),
    ],
)
def test_a_rate_has_the_digits_that_it_needs(part: int, whole: int, shown: str) -> None:
    """A share that is not the whole is never shown as 100.0%."""
    assert show.value(part / whole, "rate") == shown


@given(st.integers(0, 999_999), st.integers(1, 1_000_000))
def test_only_all_is_the_whole_and_only_none_is_nothing(part: int, whole: int) -> None:
    """Over every share of up to a million (a rate is kept to six places)."""
    share = round(min(part, whole) / whole, 6)
    number = float(show.value(share, "rate").removesuffix("%"))
    assert (number == 100) == (share == 1)
    assert (number == 0) == (share == 0)


@pytest.mark.parametrize(
    ("now", "then", "sort", "change", "share"),
    [
        (2_092, 2, "flow", "+2,090", "为 1,046 倍"),
        (9_999, 10_000, "flow", "−1", "−0.01%"),
        (12, 10, "flow", "+2", "+20.0%"),
        (10, 10, "flow", "持平", ""),
        (3, 0, "flow", "+3", ""),
        (0.5004, 0.5, "rate", "+0.04 个百分点", ""),
        (0.5, 0.5, "rate", "持平", ""),
        (0.9, 0.935, "rate", "−3.5 个百分点", ""),
        (5, -2, "level", "+7", ""),
    ],
)
def test_a_difference_is_never_minus_nothing(now: float, then: float, sort: str, change: str, share: str) -> None:
    """What differs is not shown as nothing, and growth by a thousand is told as a multiple."""
    assert (show.change(now, then, sort), show.share(now, then, sort)) == (change, share)


def test_a_figure_that_is_not_added_up_names_its_own_windows() -> None:
    """Units visited are counted by campaign alone: over a whole month the reason does not ask for a whole month."""
    assert show.reason("not_additive", "research.units_visited.department") == "去重计数，只按活动期统计"
    assert show.reason("not_additive", "study.members_covered") == "去重计数，只按整月、整季、整年、活动期统计"
    assert show.reason("not_additive", "study.coverage") == "去重计数，只按整月、整季、整年、活动期统计"
    assert show.reason("no_denominator", "study.coverage") == "没有可计算的基数"
    assert show.reason(None, "study.essays") == ""
