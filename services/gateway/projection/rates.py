"""The figures that are worked out of others, and the weights they rest on. Adding one is an entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Values = Mapping[str, int | float | None]
FigureReason = Literal["not_additive", "no_denominator", "capped"]


@dataclass(frozen=True)
class Weights:
    """How the hotline's rates are weighed, and who says so. These are defaults: the store holds the ones in force."""

    basically: float = 0.9
    response: float = 0.1
    solution: float = 0.5
    satisfaction: float = 0.4
    source: str = "公开分析口径，非官方"


@dataclass(frozen=True)
class Rate:
    """A figure between 0 and 1 that is worked out of others; null when there is nothing to divide by.

    `counts` says the formula in words, the weights by name in braces.
    """

    id: str
    name: str
    counts: str
    of: tuple[str, ...]
    formula: Callable[[Values, Weights], float | None]
    measure: str = "%"
    sort: Literal["rate"] = "rate"
    limited: bool = False
    """Whether it may come to more than 1 for a moment, while what has left both of its parts has left one alone."""

    def value(self, values: Values, weights: Weights) -> tuple[float | None, FigureReason | None]:
        """The figure, and why it is null or is not what the formula gives: nothing is cut without saying so."""
        found = self.formula(values, weights)
        if found is None:
            return None, "not_additive" if None in [values[part] for part in self.of] else "no_denominator"
        return limited(found) if self.limited else (found, None)

    def told(self, weights: Weights) -> str:
        """The formula in words, with the weights in force."""
        return self.counts.format_map(vars(weights))


_PRESENT, _DUE = "study.attendance.present", "study.attendance.due"
_MEMBERS = ("study.members_covered", "study.members_due")
_UNITS = ("study.units_covered", "study.units_due")
_VALID, _RESPONDED, _SOLVED, _SATISFIED, _BASICALLY = (
    f"hotline.callbacks.{said}" for said in ("valid", "responded", "solved", "satisfied", "basically")
)


def limited(rate: float) -> tuple[float, FigureReason | None]:
    """A share of a whole that somebody counted has left a moment ago: at most 1, and said to be so. What earlier
    versions have kept may say it of leavers for good.
    """
    return (1.0, "capped") if rate > 1 else (rate, None)


def _ratio(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None


def _coverage(covered: str, due: str) -> Callable[[Values, Weights], float | None]:
    def rate(values: Values, weights: Weights) -> float | None:
        reached = values[covered]
        return None if reached is None else _ratio(reached, values[due])

    return rate


def _response(values: Values, weights: Weights) -> float | None:
    return _ratio(values[_RESPONDED] or 0, values[_VALID])


def _solution(values: Values, weights: Weights) -> float | None:
    return _ratio(values[_SOLVED] or 0, values[_VALID])


def _satisfaction(values: Values, weights: Weights) -> float | None:
    return _ratio((values[_SATISFIED] or 0) + weights.basically * (values[_BASICALLY] or 0), values[_VALID])


def _share(part: str, whole: str) -> Callable[[Values, Weights], float | None]:
    return lambda values, weights: _ratio(values[part] or 0, values[whole])


def _composite(values: Values, weights: Weights) -> float | None:
    response, solution, satisfaction = (rate(values, weights) for rate in (_response, _solution, _satisfaction))
    if response is None or solution is None or satisfaction is None:
        return None
    return weights.response * response + weights.solution * solution + weights.satisfaction * satisfaction


RATES: dict[str, Rate] = {
    rate.id: rate
    for rate in (
        Rate(
            "study.attendance_rate",
            "到课率",
            "实到 ÷ 应到；请假的仍计入应到，另行列出；转出、免学不计入应到；没有应到的不计算",
            (_PRESENT, _DUE),
            _share(_PRESENT, _DUE),
        ),
        Rate(
            "study.coverage",
            "党员学习覆盖率",
            "覆盖党员 ÷ 期末应学人数；两者都是期末在册的同一批人，不会超过 100%；没有应学人员的不计算",
            _MEMBERS,
            _coverage(*_MEMBERS),
            limited=True,
        ),
        Rate(
            "study.unit_coverage",
            "单位学习覆盖率",
            "覆盖单位 ÷ 期末应学单位；两者都按期末的单位名册，不会超过 100%；没有应学单位的不计算",
            _UNITS,
            _coverage(*_UNITS),
            limited=True,
        ),
        Rate("hotline.response_rate", "响应率", "已联系 ÷ 有效回访", (_RESPONDED, _VALID), _response),
        Rate("hotline.solution_rate", "解决率", "已解决 ÷ 有效回访", (_SOLVED, _VALID), _solution),
        Rate(
            "hotline.satisfaction_rate",
            "满意率",
            "（满意＋{basically:g}×基本满意）÷ 有效回访（{source}）",
            (_SATISFIED, _BASICALLY, _VALID),
            _satisfaction,
        ),
        Rate(
            "hotline.composite_rate",
            "综合得分率",
            "{response:g}×响应率＋{solution:g}×解决率＋{satisfaction:g}×满意率（{source}）",
            (_RESPONDED, _SOLVED, _SATISFIED, _BASICALLY, _VALID),
            _composite,
        ),
        Rate(
            "report.submission_rate",
            "上报率",
            "已报 ÷ 应报",
            ("report.submitted", "report.expected"),
            _share("report.submitted", "report.expected"),
        ),
        Rate(
            "report.on_time_rate",
            "按时上报率",
            "按时 ÷ 应报",
            ("report.on_time", "report.expected"),
            _share("report.on_time", "report.expected"),
        ),
    )
}
