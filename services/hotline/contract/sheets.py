"""The sheet by which the histories of tickets come in."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.message.free_text import FREE, SEALED
from services.kernel.message.instants import Instant
from services.kernel.sheets.cells import Code, Number, Text, choice
from services.kernel.sheets.sheet import Column, Sheet

from .ticket import Life, Outcome
from .words import CHANNELS, KINDS, SATISFACTION, Channel, Kind, Satisfaction


def _names(names: dict[Any, str]) -> dict[str, str]:
    return {name: str(value) for value, name in names.items()}


YesNo = Annotated[bool, choice({"是": "true", "否": "false"})]


class TicketRow(BaseModel):
    """A row of 工单历史台账: a ticket's life as far as it went."""

    model_config = ConfigDict(frozen=True)

    action: Annotated[Literal["add", "correct", "void"], choice({"新增": "add", "更正": "correct", "作废": "void"})] = (
        "add"
    )
    reason: Annotated[Text, Field(max_length=200), FREE] = ""
    number: Number
    unit: Code
    channel: Annotated[Channel, choice(_names(CHANNELS))]
    kind: Annotated[Kind, choice(_names(KINDS))]
    category: Annotated[Text, Field(min_length=1, max_length=60), FREE]
    title: Annotated[Text, Field(min_length=1, max_length=60), FREE]
    text: Annotated[Text, Field(max_length=4000), SEALED] = ""
    caller_name: Annotated[Text, Field(max_length=60), SEALED] = ""
    caller_phone: Annotated[Text, Field(max_length=30), SEALED] = ""
    confidential: YesNo = False
    reported_unit: Code | None = None
    received: Instant
    handler: Code | None = None
    dispatched: Instant | None = None
    signed: Instant | None = None
    answered: Instant | None = None
    answer: Annotated[Text, Field(max_length=2000), FREE] | None = None
    called_back: Instant | None = None
    valid: YesNo | None = None
    responded: YesNo = False
    solved: YesNo = False
    satisfaction: Annotated[Satisfaction, choice(_names(SATISFACTION))] = Satisfaction.no_comment
    excluded_reason: Annotated[Text, Field(max_length=100), FREE] | None = None
    excluded_by: Annotated[Text, Field(max_length=60), FREE] | None = None
    completed: Instant | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.handler is None) != (self.dispatched is None):
            raise ValueError("派单单位与派单时间须同时填写")
        if (self.answered is None) != (self.answer is None):
            raise ValueError("答复时间与答复内容须同时填写")
        if (self.called_back is None) != (self.valid is None):
            raise ValueError("回访时间与“有效回访”须同时填写")
        if self.valid is False and not (self.excluded_reason and self.excluded_by):
            raise ValueError("无效回访须填写剔除原因和批准人职务")
        return self

    def digest(self) -> str:
        """Names the row's content: the same content again is the same row."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:32]

    def life(self) -> Life:
        """The steps that the row tells."""
        return Life(
            handler=self.handler,
            dispatched=self.dispatched,
            signed=self.signed,
            answered=self.answered,
            answer=self.answer,
            called_back=self.called_back,
            outcome=self.outcome(),
            completed=self.completed,
        )

    def outcome(self) -> Outcome | None:
        """The call-back, where there was one."""
        if self.valid is None:
            return None
        return Outcome(
            valid=self.valid,
            responded=self.responded,
            solved=self.solved,
            satisfaction=self.satisfaction,
            excluded_reason=self.excluded_reason,
            excluded_by=self.excluded_by,
        )


_YES_NO = ("是", "否")
SHEETS = {
    "tickets": Sheet(
        "tickets",
        "工单历史台账",
        (
            Column("number", "工单编号", "本单位自编、不重复", required=True, example="GD-2026-0001"),
            Column("unit", "受理单位编码", "见单位名册", required=True, example="D000"),
            Column("channel", "来源渠道", required=True, choices=tuple(CHANNELS.values()), example="电话"),
            Column("kind", "诉求类型", required=True, choices=tuple(KINDS.values()), example="咨询"),
            Column("category", "类别", required=True, example="社会保障"),
            Column(
                "title", "标题", "不超过 60 字，不写姓名、电话、住址", required=True, example="咨询异地就医备案办理"
            ),
            Column("text", "诉求内容", "加密保存，不进入统计和流转"),
            Column("caller_name", "来电人", "加密保存"),
            Column("caller_phone", "联系电话", "加密保存"),
            Column("confidential", "要求保密", choices=_YES_NO),
            Column("reported_unit", "被举报单位编码", "举报件填写，不会派给该单位及其下级"),
            Column("received", "受理时间", required=True, example="2026-03-05 09:00"),
            Column("handler", "承办单位编码", example="D001"),
            Column("dispatched", "派单时间"),
            Column("signed", "签收时间"),
            Column("answered", "答复时间"),
            Column("answer", "答复内容"),
            Column("called_back", "回访时间"),
            Column("valid", "有效回访", choices=_YES_NO),
            Column("responded", "是否联系", "承办单位是否联系过来电人", choices=_YES_NO),
            Column("solved", "是否解决", choices=_YES_NO),
            Column("satisfaction", "满意度", choices=tuple(SATISFACTION.values())),
            Column("excluded_reason", "剔除原因", "无效回访填写"),
            Column("excluded_by", "批准人职务", "无效回访填写"),
            Column("completed", "办结时间"),
            Column("action", "操作", "不填即为新增", choices=("新增", "更正", "作废")),
            Column("reason", "事由", "更正、作废时必填"),
        ),
        TicketRow,
        units=("unit", "handler", "reported_unit"),
    )
}
