"""The figures of research: the entries of the catalogue."""

from __future__ import annotations

from services.kernel.rules.figures import Metric, Rate

__all__ = ["FIGURES", "RATES"]

_TOPIC = tuple(f"research.topic.{past}.v1" for past in ("framed", "corrected", "voided"))
_VISIT = tuple(f"research.visit.{past}.v1" for past in ("recorded", "corrected", "voided"))
_PLACE = ("research.place.counted.v1",)
_MEASURE = tuple(f"research.measure.{past}.v1" for past in ("recorded", "corrected", "settled", "returned", "voided"))
_VISITED = "活动期内至少被调研一次，每单位只计一次，计入被调研单位，上级按首次调研当日的隶属关系"

FIGURES: tuple[Metric, ...] = (
    Metric("research.topics", "重点课题", "项", "登记的重点课题，按立题日期计", _TOPIC, tagged=True),
    Metric("research.groups", "调研组", "个", "已组成调研组的重点课题，按立题日期计", _TOPIC),
    Metric("research.visits", "调研次数", "次", "登记的调研，计入调研单位", _VISIT),
    *(
        Metric(
            f"research.units_visited.{kind}",
            f"深入{name}",
            measure,
            counts,
            _PLACE,
            "distinct",
            ("campaign",),
            {"kind": kind},
        )
        for kind, name, measure, counts in (
            ("department", "省直单位", "个", _VISITED),
            ("central", "中直驻省单位", "个", _VISITED),
            ("institution", "事业单位", "个", f"{_VISITED}；平台以外的计入省"),
            ("enterprise", "企业", "家", f"{_VISITED}；平台以外的计入省"),
        )
    ),
    Metric("research.measures", "转化措施", "项", "登记的调研成果转化措施，计入提出单位", _MEASURE, tagged=True),
    Metric(
        "research.measures_settled",
        "已落实措施",
        "项",
        "已由提出单位销号的转化措施，按销号日期计",
        _MEASURE,
        tagged=True,
    ),
)

RATES: tuple[Rate, ...] = ()
