"""The figures of monthly submissions: the entries of the catalogue, and the rates that are worked out of them."""

from __future__ import annotations

from services.kernel.rules.figures import Metric, Rate, share

__all__ = ["FIGURES", "RATES"]

_SUBMISSION = tuple(
    f"gateway.submission.{past}.v1" for past in ("opened", "submitted", "returned", "excused", "reinstated", "due_set")
)

FIGURES: tuple[Metric, ...] = (
    Metric(
        "report.expected",
        "应报",
        "份",
        "应上报的单位月份，免报的不计，计入所属月份",
        _SUBMISSION,
        amount="expected",
    ),
    Metric(
        "report.submitted",
        "已报",
        "份",
        "已上报且未被退回的单位月份，计入所属月份",
        _SUBMISSION,
        amount="submitted",
    ),
    Metric(
        "report.on_time",
        "按时",
        "份",
        "已报中首次上报不晚于时限的；没有时限的视为按时",
        _SUBMISSION,
        amount="on_time",
    ),
)

RATES: tuple[Rate, ...] = (
    Rate(
        "report.submission_rate",
        "上报率",
        "已报 ÷ 应报",
        ("report.submitted", "report.expected"),
        share("report.submitted", "report.expected"),
    ),
    Rate(
        "report.on_time_rate",
        "按时上报率",
        "按时 ÷ 应报",
        ("report.on_time", "report.expected"),
        share("report.on_time", "report.expected"),
    ),
)
