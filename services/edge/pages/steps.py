"""The steps taken with a record on its page: when, by whom, what has to be typed. Adding one is an entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from services.gateway.domain import Action
from services.hotline import contract
from services.research import contract as research
from services.study import contract as study_contract

from ..http_api import attendance, hotline, members, study, study_plans, supervision
from ..http_api.research import measures, topics, visits
from ..http_api.research.asked import OnDay, WithReason
from . import joint
from .fields import Choices, Field, Fields, chosen, effort


@dataclass(frozen=True)
class Step:
    """A step: from these states, by the API's own handler `take` with a `body` of these fields."""

    name: str
    title: str
    states: frozenset[str]
    action: Action
    take: Callable[..., Awaitable[Any]]
    body: type[BaseModel] | None = None
    fields: Fields = field(default_factory=dict)
    starting: tuple[str, ...] = ()
    options: Callable[[dict[str, Any]], dict[str, Choices]] = lambda record: {}
    """What a field can be chosen from on this record; a step that has nothing to choose from is not offered."""

    @property
    def effort(self) -> str:
        """How much of it is typed by hand."""
        return effort(self.fields, ("经办账号", "时间"))

    def known(self, record: dict[str, Any]) -> dict[str, str]:
        """What the record says already of the step's fields."""
        return {name: str(record[name]) for name in self.starting}


_REASON: Fields = {"reason": Field("事由", required=True, most=200)}
_YES_NO = chosen({"true": "是", "false": "否"})
_STUDIED = frozenset({"draft", "held", "submitted", "accepted", "returned", "recorded"})
_LIVE = frozenset(str(state) for state in contract.TicketState if state != contract.TicketState.void)
_OPEN = frozenset({"classified", "dispatched"})


def _by_hand(receipt: dict[str, Any]) -> dict[str, Choices]:
    """The items of a receipt that no record ticks."""
    return {"item": chosen({item["key"]: item["title"] for item in receipt["items"] if item["kind"] is None})}


_FORMS = frozenset(str(form) for forms in study_contract.FORMS.values() for form in forms)


def _planned(plan: dict[str, Any]) -> dict[str, Choices]:
    """The items of a branch's plan that are sessions and have not taken place."""
    open_items = (item for item in plan["items"] if item["kind"] in _FORMS and item["done"] is None)
    return {"item": chosen({item["key"]: item["title"] for item in open_items})}


def _void(take: Callable[..., Awaitable[Any]]) -> Step:
    return Step("voids", "作废", _STUDIED, Action.write_study, take, study.WithReason, _REASON)


_DAY: Fields = {"day": Field("日期", "date", note="不填为今天")}
_NOTE = "不写姓名、电话、住址"
_LOOP = frozenset(research.TOPIC_STATES) - {research.TopicState.void}
_UNSETTLED = frozenset({"set", "working"})


def _research(
    name: str,
    title: str,
    states: frozenset[str] | set[str],
    take: Callable[..., Awaitable[Any]],
    body: type[BaseModel] | None = None,
    fields: Fields | None = None,
    *,
    approved: bool = False,
) -> Step:
    """A step of research: by who may write, or by who may approve."""
    action = Action.approve_research if approved else Action.write_research
    return Step(name, title, frozenset(states), action, take, body, fields or {})


_TOPIC_STEPS = (
    _research(
        "outlines",
        "报送调研方案",
        {"framing"},
        topics.submit_outline,
        topics.OutlineBody,
        {"outline": Field("调研方案", "textarea", required=True, note=_NOTE, most=4000)},
    ),
    _research("approvals", "批准调研方案", {"framing"}, topics.approve_outline, OnDay, _DAY, approved=True),
    _research("advances", "进入下一阶段", {"surveying", "solving"}, topics.advance_topic),
    _research(
        "reports",
        "报送调研报告",
        _LOOP - {"framing", "closed"},
        topics.file_report,
        topics.ReportBody,
        {
            "report": Field("报告题目", required=True, most=120),
            "day": Field("报告日期", "date", required=True),
            "summary": Field("摘要", "textarea", note="不写案情材料", most=2000),
        },
    ),
    _research(
        "revisits",
        "督查回访",
        {"converted", "revisited"},
        topics.revisit_topic,
        topics.RevisitBody,
        {
            "day": Field("回访日期", "date", required=True),
            "effective": Field("是否达到预期效果", required=True, choices=_YES_NO),
            "finding": Field("回访情况", "textarea", note=_NOTE, most=2000),
        },
        approved=True,
    ),
    _research("closures", "关闭课题", {"revisited"}, topics.close_topic, OnDay, _DAY, approved=True),
    _research("returns", "退回", _LOOP, topics.return_topic, WithReason, _REASON, approved=True),
    _research("voids", "作废", _LOOP, topics.void_topic, WithReason, _REASON),
)
_MEASURE_STEPS = (
    _research(
        "progress",
        "填报进展",
        _UNSETTLED,
        measures.note_progress,
        measures.ProgressBody,
        {
            "done": Field("已做", "textarea", required=True, most=1000),
            "next": Field("下一步", "textarea", most=1000),
            "problem": Field("问题", "textarea", most=1000),
            "support": Field("需要的支持", "textarea", most=1000),
            **_DAY,
        },
    ),
    _research("submissions", "申请销号", _UNSETTLED, measures.submit_measure),
    _research("settlements", "销号", {"submitted"}, measures.settle_measure, OnDay, _DAY, approved=True),
    _research("returns", "退回", {"submitted", "settled"}, measures.return_measure, WithReason, _REASON, approved=True),
    _research(
        "handovers",
        "转为制度或问题",
        _UNSETTLED | {"submitted", "settled"},
        measures.hand_over_measure,
        measures.HandOver,
        {"into": Field("转为", required=True, choices=chosen(research.BECAME))},
    ),
    _research("voids", "作废", _UNSETTLED | {"submitted", "settled"}, measures.void_measure, WithReason, _REASON),
)

STEPS: dict[str, tuple[Step, ...]] = {
    "member": (
        Step(
            "transfers",
            "调动",
            frozenset({"current"}),
            Action.manage_members,
            members.transfer_member,
            members.Transfer,
            {"unit": Field("调往单位编码", required=True, most=32), "day": Field("自哪日起", "date", required=True)},
        ),
        Step(
            "departures",
            "离开",
            frozenset({"current"}),
            Action.manage_members,
            members.remove_member,
            members.Departure,
            {"day": Field("自哪日起不在册", "date", required=True)},
        ),
        Step(
            "corrections",
            "更正",
            frozenset({"current", "left"}),
            Action.manage_members,
            members.correct_member,
            members.Correction,
            {
                "name": Field("姓名", note="不改的不填", most=40),
                "unit": Field("单位编码", note="不改的不填", most=32),
                "since": Field("编入日期", "date", note="不改的不填"),
                "user": Field("账号", note="不改的不填", most=40),
                **_REASON,
            },
        ),
    ),
    "excuse": (
        Step(
            "withdrawals",
            "撤销",
            frozenset({"recorded"}),
            Action.write_study,
            attendance.withdraw_excuse,
            attendance.Withdrawal,
            _REASON,
        ),
    ),
    "topic": _TOPIC_STEPS,
    "visit": (_research("voids", "作废", {"recorded"}, visits.void_visit, WithReason, _REASON),),
    "measure": _MEASURE_STEPS,
    "session": (
        Step("submissions", "报送", frozenset({"draft", "held", "returned"}), Action.write_study, study.submit_session),
        Step(
            "returns",
            "退回",
            frozenset({"submitted"}),
            Action.return_study,
            study.return_session,
            study.WithReason,
            _REASON,
        ),
        _void(study.void_session),
    ),
    "essay": (_void(study.void_essay),),
    "lecture": (_void(study.void_lecture),),
    "plan": (
        Step("issues", "下发计划", frozenset({"draft"}), Action.write_plans, study_plans.issue_plan),
        Step(
            "notices",
            "生成通知单",
            frozenset({"issued"}),
            Action.write_plans,
            study_plans.draft_plan_notice,
            study_plans.OfMonth,
            {"month": Field("月份", required=True, note="如 2026-03", most=7)},
        ),
        Step(
            "withdrawals",
            "撤回",
            frozenset({"draft", "issued"}),
            Action.write_plans,
            study_plans.withdraw_plan,
            study.WithReason,
            _REASON,
        ),
    ),
    "notice": (
        Step(
            "issues",
            "下发通知单",
            frozenset({"draft"}),
            Action.write_plans,
            study_plans.issue_notice,
            study_plans.OnDay,
            {"day": Field("下发日期", "date", note="不填为今天")},
        ),
        Step(
            "withdrawals",
            "撤回",
            frozenset({"draft", "issued"}),
            Action.write_plans,
            study_plans.withdraw_notice,
            study.WithReason,
            _REASON,
        ),
    ),
    "receipt": (
        Step(
            "acknowledgements",
            "签收",
            frozenset({"sent", "outdated"}),
            Action.acknowledge_notices,
            study_plans.acknowledge_receipt,
            study_plans.Reading,
            {"edition": Field("版次", "number", required=True, given=True)},
            starting=("edition",),
        ),
        Step(
            "ticks",
            "勾选没有记录的事项",
            frozenset({"sent", "acknowledged", "outdated"}),
            Action.acknowledge_notices,
            study_plans.tick_receipt,
            study_plans.Tick,
            {
                "item": Field("事项", required=True, most=40),
                "note": Field("办理情况", required=True, most=200),
            },
            options=_by_hand,
        ),
        Step(
            "branch-plans",
            "生成支部计划",
            frozenset({"sent", "acknowledged", "outdated"}),
            Action.write_study,
            supervision.draw_receipt_plan,
        ),
    ),
    "branch_plan": (
        Step(
            "sessions",
            "按计划登记学习活动",
            frozenset({"planned"}),
            Action.write_study,
            supervision.record_planned_session,
            supervision.PlannedSession,
            {
                "item": Field("已开展的事项", required=True, most=40),
                "due": Field("应到人数", "number", required=True),
                "day": Field("日期", "date", note="不填为计划的日期"),
            },
            options=_planned,
        ),
    ),
    "ticket": (
        Step(
            "classifications",
            "分类",
            frozenset({"registered", "classified"}),
            Action.dispatch_tickets,
            hotline.classify_ticket,
            hotline.Classification,
            {
                "kind": Field("诉求类型", required=True, choices=chosen(contract.KINDS), given=True),
                "category": Field("类别", required=True, given=True),
            },
            starting=("kind", "category"),
        ),
        Step(
            "dispatches",
            "派单",
            _OPEN,
            Action.dispatch_tickets,
            hotline.dispatch_ticket,
            hotline.Dispatch,
            {"handler": Field("承办单位编码", required=True, note="见单位名册，如 D001", most=32)},
        ),
        Step("signatures", "签收", frozenset({"dispatched"}), Action.handle_tickets, hotline.sign_ticket),
        Step(
            "answers",
            "答复",
            frozenset({"classified", "signed"}),
            Action.handle_tickets,
            hotline.answer_ticket,
            hotline.Reply,
            {"answer": Field("答复内容", "textarea", required=True, note="不写来电人姓名、电话、住址", most=2000)},
        ),
        Step(
            "callbacks",
            "回访",
            frozenset({"answered"}),
            Action.call_back_tickets,
            hotline.call_back_ticket,
            contract.Outcome,
            {
                "valid": Field("有效回访", required=True, choices=_YES_NO),
                "responded": Field("承办单位是否联系过", choices=_YES_NO),
                "solved": Field("是否解决", choices=_YES_NO),
                "satisfaction": Field("满意度", choices=chosen(contract.SATISFACTION)),
                "excluded_reason": Field("剔除原因", note="无效回访填写", most=100),
                "excluded_by": Field("批准人职务", note="无效回访填写"),
            },
        ),
        Step("completions", "办结", frozenset({"called_back"}), Action.call_back_tickets, hotline.complete_ticket),
        Step("voids", "作废", _LIVE, Action.correct_tickets, hotline.void_ticket, hotline.WithReason, _REASON),
    ),
    **{
        kind: tuple(Step(*taken, _REASON if taken[-1] is not None else {}) for taken in joint.steps_of(kind))
        for kind in joint.NAMES
    },
}
