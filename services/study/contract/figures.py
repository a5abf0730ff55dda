"""The figures of study: the entries of the catalogue, and the rates that are worked out of them."""

from __future__ import annotations

from collections.abc import Iterator

from services.kernel.rules.distinct import GRAINS
from services.kernel.rules.figures import Formula, Metric, Rate, ratio, share

from .session import WAYS

__all__ = ["FIGURES", "RATES"]

_SESSION = tuple(f"study.session.{past}.v1" for past in ("submitted", "corrected", "returned", "voided"))
_ESSAY = tuple(f"study.essay.{past}.v1" for past in ("recorded", "corrected", "voided"))
_LECTURE = tuple(f"study.lecture.{past}.v1" for past in ("recorded", "corrected", "voided"))
_NOTICE = tuple(f"study.notice.{past}.v1" for past in ("issued", "withdrawn"))
_RECEIPT = tuple(f"study.receipt.{past}.v1" for past in ("sent", "counted", "ticked", "voided"))
_MEMBER = tuple(f"gateway.member.{past}.v1" for past in ("joined", "transferred", "left", "corrected"))
_UNIT = tuple(f"gateway.unit.{past}.v1" for past in ("added", "merged", "abolished"))
_JOINED = "活动期内至少参加一次联学活动，每单位只计一次，计入该单位，上级按其首次参加当日的隶属关系"
_MEMBERS_COVERED = (
    "期末在党员名册上、窗口期内至少到过一次已报送并按党员名册登记的学习活动的党员，不论在哪个单位参加，"
    "每人只计一次，计入期末所在单位"
)
_UNITS_COVERED = (
    "期末在单位名册上、窗口期内至少有一次有人参加的已报送学习活动的单位，每单位只计一次，上级按期末的隶属关系"
)


def _reported(noun: str) -> tuple[str, ...]:
    return tuple(f"study.{noun}.{past}.v1" for past in ("recorded", "corrected", "returned", "voided"))


def _covered(id: str, name: str, measure: str, counts: str, source: str) -> Iterator[Metric]:
    """A distinct count by whichever way of study, and by each."""
    yield Metric(id, name, measure, counts, (source,), "distinct", GRAINS, {"way": None})
    for way, told in WAYS.items():
        only = f"{counts}（只计{told}）"
        yield Metric(f"{id}.{way}", f"{told}{name}", measure, only, (source,), "distinct", GRAINS, {"way": way})


def _attended(part: str, name: str, counts: str) -> Metric:
    return Metric(f"study.attendance.{part}", f"{name}人次", "人次", counts, _SESSION, amount=part)


FIGURES: tuple[Metric, ...] = (
    *(
        Metric(f"study.sessions.{way}", f"{name}次数", "次", f"已报送的{name}活动", _SESSION, where={"way": way})
        for way, name in WAYS.items()
    ),
    Metric("study.essays", "学习体会文章", "篇", "登记的学习体会文章", _ESSAY),
    Metric("study.lectures", "专题党课", "次", "登记的专题党课", _LECTURE),
    Metric("study.copies", "配发资料", "册", "配发给本单位的学习资料", _reported("issue")),
    Metric(
        "study.pairs",
        "结对数",
        "对",
        "期末仍在结对期间的央地联学结对，计入登记单位",
        _reported("pair"),
        "level",
        tagged=True,
    ),
    Metric(
        "study.pair_activities",
        "联学活动",
        "次",
        "登记的联学活动，只计入牵头单位",
        _reported("activity"),
        tagged=True,
    ),
    *(
        Metric(
            f"study.{side}_units_joined",
            name,
            "个",
            _JOINED,
            ("study.joining.counted.v1",),
            "distinct",
            ("campaign",),
            {"side": side},
        )
        for side, name in (("central", "参与联学的中直单位"), ("provincial", "参与联学的省直单位"))
    ),
    Metric("study.contests", "比赛", "项", "举办的比赛，按开始日期计", _reported("contest"), tagged=True),
    Metric("study.contest_entries", "参赛作品", "件", "登记的参赛作品，计入参赛单位", _reported("entry")),
    Metric("study.notices", "组织生活通知单", "份", "下发的组织生活通知单，计入下发单位和所属月份", _NOTICE),
    Metric(
        "study.notice_items.due",
        "通知单应办事项",
        "项",
        "通知单对各支部的事项，计入支部和所属月份",
        _RECEIPT,
        amount="due",
    ),
    Metric(
        "study.notice_items.done",
        "通知单已办事项",
        "项",
        "由学习活动记录或支部勾选完成的事项",
        _RECEIPT,
        amount="done",
    ),
    _attended("due", "应到", "应参加人数减去转出、免学"),
    _attended("present", "实到", "应到减去请假、缺席"),
    _attended("excused", "请假", "公务、病假、事假"),
    _attended("absent", "缺席", "无故缺席"),
    _attended("duty", "公务请假", "请假中的公务；病假、事假只由支部掌握"),
    _attended("transferred", "转出", "不计入应到：已转出"),
    _attended("exempt", "免学", "不计入应到：免学"),
    Metric("study.members_due", "应学人数", "人", "期末在党员名册上的人数", _MEMBER, "level", of_persons=True),
    Metric(
        "study.members_departed",
        "调出、离开党员",
        "人次",
        "期内从本单位党员名册调出或离开；调出的学习情况随本人计入期末所在单位",
        _MEMBER,
        of_persons=True,
    ),
    Metric("study.units_due", "应学单位", "个", "期末在单位名册上的单位", _UNIT, "level"),
    *_covered("study.members_covered", "覆盖党员", "人", _MEMBERS_COVERED, "study.attendance.counted.v1"),
    *_covered("study.units_covered", "覆盖单位", "个", _UNITS_COVERED, "study.coverage.counted.v1"),
)

_PRESENT, _DUE = "study.attendance.present", "study.attendance.due"
_MEMBERS = ("study.members_covered", "study.members_due")
_UNITS = ("study.units_covered", "study.units_due")


def _coverage(covered: str, due: str) -> Formula:
    """Null where the period is none in which coverage is counted."""
    return lambda values, weights: None if values[covered] is None else ratio(values[covered] or 0, values[due])


RATES: tuple[Rate, ...] = (
    Rate(
        "study.attendance_rate",
        "到课率",
        "实到 ÷ 应到；请假的仍计入应到，另行列出；转出、免学不计入应到；没有应到的不计算",
        (_PRESENT, _DUE),
        share(_PRESENT, _DUE),
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
)
