"""The forms of research: topics, visits, measures; what can be chosen is asked of the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from pydantic import Field as Told

from services.kernel.sheets.cells import Tagged
from services.research import contract

from ..gate import Gate, Principal
from ..http_api.research import measures, topics, visits
from .fields import Field, Fields, chosen, made

Record = Callable[[dict[str, str], Request, Principal, Gate], Awaitable[Any]]
Choosing = Callable[[Request, Gate, Principal], Awaitable[dict[str, dict[str, Any]]]]

_UNIT = Field("单位", required=True, given=True, most=32)
_NUMBER = Field("本单位编号", note="自编，可不填；同一编号只登记一次", most=40)
_UNITS = Field("协作单位编码", note="多个用顿号隔开，如 D002、D003", most=200)
_TAGS = Field("举措、载体标签", note="可不填；多个用顿号分开", most=200)
_TOPIC = Field("课题", required=True, note="方案已批准、尚未关闭的课题")
_KNOWN = ("状态", "登记账号", "登记时间")


class TopicForm(topics.NewTopic):
    """A topic as it is typed: group and units in one line each."""

    group: contract.Group = Told(default=[])
    cooperating: contract.Codes = Told(default=[])
    tags: Tagged = Told(default=[])


class MeasureForm(contract.MeasureContent):
    """A measure as it is typed: units in one line."""

    cooperating: contract.Codes = Told(default=[])
    tags: Tagged = Told(default=[])


@dataclass(frozen=True)
class Form:
    """A form: its fields, the API's own handler with the body that it takes, and what can be chosen."""

    fields: Fields
    body: type[BaseModel]
    take: Callable[..., Awaitable[Any]]
    choices: Choosing
    button: str
    by_platform: tuple[str, ...] = _KNOWN

    async def record(self, values: dict[str, str], request: Request, reader: Principal, gate: Gate) -> Any:
        """Take the record down."""
        return await self.take(body=made(self.body, values), request=request, caller=reader, gate=gate)


async def _kinds(request: Request, gate: Gate, reader: Principal) -> dict[str, dict[str, Any]]:
    """The kinds of topics as they are configured."""
    norm = await topics.get_norm(request, reader, gate)
    return {"kind": {"choices": chosen({kind["id"]: kind["name"] for kind in norm["kinds"]})}}


async def _topics(request: Request, gate: Gate, reader: Principal) -> dict[str, dict[str, Any]]:
    """The topics that a visit or a measure may belong to, the latest 200; the one that the address names is chosen."""
    found = await topics.list_topics(request, reader, gate, topics.TopicListing(page_size=200))
    closed = (contract.TopicState.framing, contract.TopicState.closed, contract.TopicState.void)
    names = {item["id"]: item["title"] for item in found.items if item["state"] not in closed}
    asked = request.query_params.get("topic", "")
    return {"topic": {"choices": chosen(names), "value": asked if asked in names else ""}}


FORMS = {
    "topic": Form(
        {
            "unit": _UNIT,
            "title": Field("课题名称", required=True, most=120),
            "kind": Field("课题类型", required=True),
            "day": Field("立题日期", "date", required=True),
            "leader": Field("牵头领导职务", required=True, note="填职务，不填姓名"),
            "group": Field("调研组", note="职务×人数，用分号隔开；外单位加@单位编码，如 处长×2；处长×1@D002", most=500),
            "cooperating": _UNITS,
            "tags": _TAGS,
            "number": _NUMBER,
        },
        TopicForm,
        topics.frame_topic,
        _kinds,
        "立题",
    ),
    "visit": Form(
        {
            "unit": _UNIT,
            "topic": _TOPIC,
            "title": Field("调研事项", required=True, most=120),
            "day": Field("日期", "date", required=True),
            "leader": Field("带队人职务", required=True, note="填职务，不填姓名"),
            "people": Field("参加人数", "number", note="不填为 1"),
            "visited": Field("被调研单位编码", note="平台内单位填此项，如 D002；不得要求其准备材料", most=32),
            "place": Field("平台外单位或地点", note="平台以外的填此项和类别", most=120),
            "kind": Field("类别", choices=chosen(contract.PLACE_KINDS), note="平台内单位不必填"),
            "findings": Field("发现的问题和建议", "textarea", note="加密保存，被调研单位不可见", most=4000),
            "number": _NUMBER,
        },
        visits.NewVisit,
        visits.record_visit,
        _topics,
        "登记调研",
        ("平台内单位的类别", "当月被调研次数", *_KNOWN),
    ),
    "measure": Form(
        {
            "unit": _UNIT,
            "topic": _TOPIC,
            "title": Field("措施", required=True, most=120),
            "day": Field("日期", "date", required=True),
            "owner": Field("责任单位编码", required=True, note="见单位名册，如 D002", most=32),
            "cooperating": _UNITS,
            "due": Field("完成时限", "date", required=True),
            "tags": _TAGS,
            "number": _NUMBER,
        },
        MeasureForm,
        measures.record_measure,
        _topics,
        "登记措施",
        ("完成百分比", *_KNOWN),
    ),
}
