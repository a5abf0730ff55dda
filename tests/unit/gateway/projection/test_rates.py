"""Rates: their formulas, and null where there is nothing to divide by."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.gateway.projection import METRICS, RATES, Weights

NOTHING: dict[str, int | float | None] = dict.fromkeys(METRICS, 0)
CALLS = {
    "hotline.callbacks.valid": 20,
    "hotline.callbacks.responded": 19,
    "hotline.callbacks.solved": 15,
    "hotline.callbacks.satisfied": 10,
    "hotline.callbacks.basically": 5,
}


@pytest.mark.parametrize("id", RATES)
def test_a_rate_of_nothing_is_null(id: str) -> None:
    """Nothing due or nothing called back is never 0 %."""
    assert RATES[id].formula(NOTHING, Weights()) is None


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("hotline.response_rate", 0.95),
        ("hotline.solution_rate", 0.75),
        ("hotline.satisfaction_rate", (10 + 0.9 * 5) / 20),
        ("hotline.composite_rate", 0.1 * 0.95 + 0.5 * 0.75 + 0.4 * 0.725),
    ],
)
def test_the_three_rates_and_their_composite(id: str, value: float) -> None:
    """Over valid call-backs, with the default weights."""
    assert RATES[id].formula({**NOTHING, **CALLS}, Weights()) == pytest.approx(value)


def test_the_excused_stay_due() -> None:
    """Eighteen of twenty came: whoever is excused is still due, and is shown beside it."""
    attended = {"study.attendance.due": 20, "study.attendance.present": 18, "study.attendance.excused": 1}
    values = {**NOTHING, **attended, "study.attendance.absent": 1}
    assert RATES["study.attendance_rate"].formula(values, Weights()) == pytest.approx(18 / 20)
    values |= {"study.attendance.present": 0, "study.attendance.excused": 20, "study.attendance.absent": 0}
    assert RATES["study.attendance_rate"].formula(values, Weights()) == 0
    values |= {"study.attendance.due": 0, "study.attendance.excused": 0}
    assert RATES["study.attendance_rate"].formula(values, Weights()) is None


@given(some.none() | some.integers(0, 60), some.integers(0, 60), some.sampled_from(["members", "units"]))
def test_coverage_is_cut_at_the_whole_and_says_so(covered: int | None, due: int, sort: str) -> None:
    """Whoever was counted and has gone since: never more than 100 %, and never cut without its reason."""
    rate = RATES["study.coverage" if sort == "members" else "study.unit_coverage"]
    value, reason = rate.value({**NOTHING, f"study.{sort}_covered": covered, f"study.{sort}_due": due}, Weights())
    if covered is None or due == 0:
        assert (value, reason) == (None, "not_additive" if covered is None else "no_denominator")
    elif covered > due:
        assert (value, reason) == (1, "capped")
    else:
        assert (value, reason) == (covered / due, None)


def test_other_weights_make_other_rates_and_other_words() -> None:
    """Weights are configuration: formula and description follow them, and say their source."""
    weighed = Weights(basically=0.5, response=0.2, solution=0.4, satisfaction=0.4, source="某办法")
    rate = RATES["hotline.satisfaction_rate"]
    assert rate.formula({**NOTHING, **CALLS}, weighed) == pytest.approx(12.5 / 20)
    assert rate.told(weighed) == "（满意＋0.5×基本满意）÷ 有效回访（某办法）"
    assert "0.2×响应率" in RATES["hotline.composite_rate"].told(weighed)
