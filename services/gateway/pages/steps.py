"""The steps taken with a record on its page: when, by whom, what has to be typed. Adding one is an entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from services.hotline import contract

from ..domain import Action
from ..http_api import hotline, study
from .fields import Field, Fields, chosen, effort


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

    @property
    def effort(self) -> str:
        """How much of it is typed by hand."""
        return effort(self.fields, ("经办账号", "时间"))

    def known(self, record: dict[str, Any]) -> dict[str, str]:
        """What the record says already of the step's fields."""
        return {name: str(record[name]) for name in self.starting}


_REASON: Fields = {"reason": Field("事由", required=True, most=200)}
_YES_NO = chosen({"true": "是", "false": "否"})
_STUDIED = frozenset({"draft", "held", "submitted", "returned", "recorded"})
_LIVE = frozenset(str(state) for state in contract.TicketState if state != contract.TicketState.void)
_OPEN = frozenset({"classified", "dispatched"})


def _void(take: Callable[..., Awaitable[Any]]) -> Step:
    return Step("voids", "作废", _STUDIED, Action.write_study, take, study.WithReason, _REASON)


STEPS: dict[str, tuple[Step, ...]] = {
    "session": (
        Step("submissions", "报送", frozenset({"held", "returned"}), Action.write_study, study.submit_session),
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
}
