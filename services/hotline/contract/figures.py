"""The figures of the hotline: the entries of the catalogue, and the rates that are worked out of them by weights."""

from __future__ import annotations

from dataclasses import dataclass

from services.kernel.rules.figures import Metric, Rate, Values, ratio

__all__ = ["FIGURES", "RATES", "Weights"]

_TICKET = (
    *(
        f"hotline.ticket.{past}.v1"
        for past in ("registered", "dispatched", "answered", "called_back", "overdue", "overdue_lifted", "corrected")
    ),
    *(f"hotline.ticket.{past}.v2" for past in ("registered", "classified", "corrected")),
    "hotline.ticket.voided.v1",
)
"""v2 tells of a ticket without a deadline what v1 tells of one with: whichever comes is counted, and only one comes."""

FIGURES: tuple[Metric, ...] = (
    Metric("hotline.tickets", "工单", "件", "按受理日期计，派单后计入承办单位", _TICKET),
    Metric("hotline.questions_answered", "解答政策性问题", "件", "咨询类工单的首次答复，按答复日期计", _TICKET),
    Metric("hotline.problems_solved", "解决问题", "件", "回访确认已解决的非咨询、表扬类工单，按回访日期计", _TICKET),
    Metric("hotline.callbacks.valid", "有效回访", "件", "有效的回访，剔除须有原因和批准人", _TICKET),
    Metric("hotline.callbacks.responded", "回访已联系", "件", "有效回访中承办单位联系过来电人", _TICKET),
    Metric("hotline.callbacks.solved", "回访已解决", "件", "有效回访中诉求已解决", _TICKET),
    Metric("hotline.callbacks.satisfied", "回访满意", "件", "有效回访中表示满意", _TICKET),
    Metric("hotline.callbacks.basically", "回访基本满意", "件", "有效回访中表示基本满意", _TICKET),
    Metric("hotline.overdue", "超期未答复", "件", "期末已过时限而未答复的工单", _TICKET, "level"),
)


@dataclass(frozen=True)
class Weights:
    """How the hotline's rates are weighed, and who says so. These are defaults: the store holds the ones in force."""

    basically: float = 0.9
    response: float = 0.1
    solution: float = 0.5
    satisfaction: float = 0.4
    source: str = "公开分析口径，非官方"


_VALID, _RESPONDED, _SOLVED, _SATISFIED, _BASICALLY = (
    f"hotline.callbacks.{said}" for said in ("valid", "responded", "solved", "satisfied", "basically")
)


def _response(values: Values, weights: Weights) -> float | None:
    return ratio(values[_RESPONDED] or 0, values[_VALID])


def _solution(values: Values, weights: Weights) -> float | None:
    return ratio(values[_SOLVED] or 0, values[_VALID])


def _satisfaction(values: Values, weights: Weights) -> float | None:
    return ratio((values[_SATISFIED] or 0) + weights.basically * (values[_BASICALLY] or 0), values[_VALID])


def _composite(values: Values, weights: Weights) -> float | None:
    response, solution, satisfaction = (rate(values, weights) for rate in (_response, _solution, _satisfaction))
    if response is None or solution is None or satisfaction is None:
        return None
    return weights.response * response + weights.solution * solution + weights.satisfaction * satisfaction


RATES: tuple[Rate, ...] = (
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
)
