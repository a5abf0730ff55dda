"""The closed catalogue of what is counted: each figure named, described, with its events. Adding one is an entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from services.study.contract import WAYS, Grain

GRAINS: tuple[Grain, ...] = get_args(Grain)


@dataclass(frozen=True)
class Metric:
    """A figure that is counted.

    A `flow` is summed over the period; a `level` is the sum of its changes from the beginning to the period's last
    day; a `distinct` count declares the grains in which its owner says "first", and is null for any other period.

    Of its sources it counts the parts that say what `where` says: each one, or as much as the part's field `amount`
    says. A part that names its figure itself needs neither. Entries that choose by `where` count every part among them:
    what none of them chooses is for a person to see.
    """

    id: str
    name: str
    measure: str
    counts: str
    sources: tuple[str, ...]
    sort: Literal["flow", "level", "distinct"] = "flow"
    grains: tuple[Grain, ...] = ()
    where: Mapping[str, str | None] = field(default_factory=dict)
    amount: str | None = None
    tagged: bool = False
    """Its records may bear tags of initiatives 举措、载体, and it is counted by each tag as well."""
    of_persons: bool = False
    """What is counted are persons: whoever may see the figure may see in which units, and not who."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of records that it opens to ("study.session"); none where it opens to units."""
        if self.opens_to_units:
            return frozenset()
        return frozenset(".".join(source.split(".", 2)[:2]) for source in self.sources)

    @property
    def opens_to_units(self) -> bool:
        """Whether it opens to the units in which it is counted, and not to records."""
        return self.sort == "distinct" or self.of_persons

    def window(self, windows: Collection[Grain]) -> Grain | None:
        """The grain by which it is counted over a span that is one window of each of these grains; None for none."""
        return next((grain for grain in self.grains if grain in windows), None)


_SESSION = tuple(f"study.session.{past}.v1" for past in ("submitted", "corrected", "returned", "voided"))
_ESSAY = tuple(f"study.essay.{past}.v1" for past in ("recorded", "corrected", "voided"))
_LECTURE = tuple(f"study.lecture.{past}.v1" for past in ("recorded", "corrected", "voided"))
_NOTICE = tuple(f"study.notice.{past}.v1" for past in ("issued", "withdrawn"))
_RECEIPT = tuple(f"study.receipt.{past}.v1" for past in ("sent", "counted", "ticked", "voided"))


def _reported(noun: str) -> tuple[str, ...]:
    return tuple(f"study.{noun}.{past}.v1" for past in ("recorded", "corrected", "returned", "voided"))


_JOINED = "活动期内至少参加一次联学活动，每单位只计一次，计入该单位，上级按其首次参加当日的隶属关系"
_TICKET = (
    *(
        f"hotline.ticket.{past}.v1"
        for past in ("registered", "dispatched", "answered", "called_back", "overdue", "overdue_lifted", "corrected")
    ),
    *(f"hotline.ticket.{past}.v2" for past in ("registered", "classified", "corrected")),
    "hotline.ticket.voided.v1",
)
"""v2 tells of a ticket without a deadline what v1 tells of one with: whichever comes is counted, and only one comes."""

_TOPIC = tuple(f"research.topic.{past}.v1" for past in ("framed", "corrected", "voided"))
_VISIT = tuple(f"research.visit.{past}.v1" for past in ("recorded", "corrected", "voided"))
_PLACE = ("research.place.counted.v1",)
_MEASURE = tuple(f"research.measure.{past}.v1" for past in ("recorded", "corrected", "settled", "returned", "voided"))
_VISITED = "活动期内至少被调研一次，每单位只计一次，计入被调研单位，上级按首次调研当日的隶属关系"
_MEMBER = tuple(f"gateway.member.{past}.v1" for past in ("joined", "transferred", "left", "corrected"))
_UNIT = tuple(f"gateway.unit.{past}.v1" for past in ("added", "merged", "abolished"))
_SUBMISSION = tuple(
    f"gateway.submission.{past}.v1" for past in ("opened", "submitted", "returned", "excused", "reinstated", "due_set")
)
_MEMBERS_COVERED = (
    "期末在党员名册上、窗口期内至少到过一次已报送并按党员名册登记的学习活动的党员，不论在哪个单位参加，"
    "每人只计一次，计入期末所在单位"
)
_UNITS_COVERED = (
    "期末在单位名册上、窗口期内至少有一次有人参加的已报送学习活动的单位，每单位只计一次，上级按期末的隶属关系"
)


def _covered(id: str, name: str, measure: str, counts: str, source: str) -> Iterator[Metric]:
    """A distinct count by whichever way of study, and by each."""
    yield Metric(id, name, measure, counts, (source,), "distinct", GRAINS, {"way": None})
    for way, told in WAYS.items():
        only = f"{counts}（只计{told}）"
        yield Metric(f"{id}.{way}", f"{told}{name}", measure, only, (source,), "distinct", GRAINS, {"way": way})


def _submitted(part: str, name: str, counts: str) -> Metric:
    return Metric(f"report.{part}", name, "份", counts, _SUBMISSION, amount=part)


def _attended(part: str, name: str, counts: str) -> Metric:
    return Metric(f"study.attendance.{part}", f"{name}人次", "人次", counts, _SESSION, amount=part)


METRICS: dict[str, Metric] = {
    metric.id: metric
    for metric in (
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
        Metric("hotline.tickets", "工单", "件", "按受理日期计，派单后计入承办单位", _TICKET),
        Metric("hotline.questions_answered", "解答政策性问题", "件", "咨询类工单的首次答复，按答复日期计", _TICKET),
        Metric(
            "hotline.problems_solved", "解决问题", "件", "回访确认已解决的非咨询、表扬类工单，按回访日期计", _TICKET
        ),
        Metric("hotline.callbacks.valid", "有效回访", "件", "有效的回访，剔除须有原因和批准人", _TICKET),
        Metric("hotline.callbacks.responded", "回访已联系", "件", "有效回访中承办单位联系过来电人", _TICKET),
        Metric("hotline.callbacks.solved", "回访已解决", "件", "有效回访中诉求已解决", _TICKET),
        Metric("hotline.callbacks.satisfied", "回访满意", "件", "有效回访中表示满意", _TICKET),
        Metric("hotline.callbacks.basically", "回访基本满意", "件", "有效回访中表示基本满意", _TICKET),
        Metric("hotline.overdue", "超期未答复", "件", "期末已过时限而未答复的工单", _TICKET, "level"),
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
}

_LEVELS = frozenset(metric.id for metric in METRICS.values() if metric.sort == "level")

SOURCES = frozenset(source.split(".", 1)[0] for metric in METRICS.values() for source in metric.sources)
"""The services whose events make figures."""


@dataclass(frozen=True)
class Counted:
    """What is counted of a kind of record: of every part, and by what the part says."""

    always: list[Metric] = field(default_factory=list)
    choosing: dict[tuple[str, ...], dict[tuple[Any, ...], list[Metric]]] = field(default_factory=dict)

    def of(self, part: Mapping[str, Any]) -> list[Metric]:
        """What counts a part.

        Raises:
            ValueError: none of the entries that choose does, as of a new way of study: it is not passed over.
        """
        found = [
            metric
            for names, table in self.choosing.items()
            for metric in table.get(tuple(part.get(name) for name in names), ())
        ]
        if self.choosing and not found:
            said = {name: part.get(name) for names in self.choosing for name in names}
            raise ValueError(f"no figure counts what says {said}")
        return [*self.always, *found]


def by_subject(metrics: Iterable[Metric]) -> dict[str, Counted]:
    """What is counted of each kind of record, such as study.session."""
    found: dict[str, Counted] = {}
    for metric in metrics:
        for subject in dict.fromkeys(source.rsplit(".", 2)[0] for source in metric.sources):
            counted = found.setdefault(subject, Counted())
            if metric.where:
                table = counted.choosing.setdefault(tuple(metric.where), {})
                table.setdefault(tuple(metric.where.values()), []).append(metric)
            else:
                counted.always.append(metric)
    return found


def key(metric: str, grain: Grain | None = None, tag: str | None = None) -> str:
    """The key under which a metric is kept: its id, with the grain for a distinct count, or with a tag."""
    return f"{metric}@{grain}" if grain else f"{metric}#{tag}" if tag else metric


def metric_of(key: str) -> str:
    """The metric of which a key is, or is a part."""
    return key.partition("#")[0].partition("@")[0]


def tagged(key: str) -> bool:
    """Whether it is a metric's part by a tag: the metric itself is counted beside it."""
    return "#" in key


def is_level(key: str) -> bool:
    """Whether a key's amounts count from their day on for good."""
    return metric_of(key) in _LEVELS


def stored(key: str) -> str:
    """A key as a field's name in a roll-up, where a dot would be a path."""
    return key.replace(".", ":")


def key_of(field: str) -> str:
    """The key that a roll-up's field stands for."""
    return field.replace(":", ".")


LEVEL_FIELDS = [stored(id) for id, metric in METRICS.items() if metric.sort == "level"]
"""The figures that are levels, as their fields are called in a roll-up."""
