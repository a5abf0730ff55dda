"""Topics through their gates, and the configuration of research. Bodies are the contract's commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.free_text import Reason, Title
from services.kernel.message.instants import Day
from services.research import contract

from ..answers import Moved, Page, Written
from ..auth import Caller, Gate, Gated, Principal
from ..records import for_all_units, moved
from .asked import APPROVE, RECORDS, Answer, Body, Listing, OnDay, WithReason

router = APIRouter()
_TOPICS = "重点课题"


class OutlineBody(Body):
    """The research outline 调研方案."""

    outline: contract.Outline


class ReportBody(Body):
    """The research report 调研报告."""

    day: Day
    report: Title = Field(description="报告题目")
    summary: contract.Note = ""


class RevisitBody(Body):
    """What was found when somebody went to see what came of it."""

    day: Day
    effective: bool = Field(default=True, description="是否达到预期效果")
    finding: contract.Note = ""


class NewTopic(contract.TopicContent):
    """A topic and who researches it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "D001",
                    "day": "2026-03-05",
                    "title": "基层治理中的数据共享",
                    "kind": "solution",
                    "leader": "党组书记",
                    "group": [{"post": "处长", "count": 2}],
                }
            ]
        }
    )


class TopicCorrection(contract.TopicContent):
    """A topic said anew, with the reason."""

    reason: Reason


class TopicListing(Listing):
    """Lists of topics can be asked by kind and by where the outline stands as well."""

    state: contract.TopicState | None = None
    kind: str | None = Field(None, max_length=30)
    outline: contract.OutlineState | None = None
    sort: Literal["day", "-day", "title", "-title"] = "-day"


async def _topic(
    gate: Gate, caller: Principal, request: Request, command: Any, action: Action | None = None, *units: str
) -> Moved:
    query = contract.GetTopic(id=command.id)
    return moved(await RECORDS.change(gate, caller, request, query, command, action, units=units))


async def _parts_of_topic(gate: Gate, body: contract.TopicContent) -> list[str]:
    members = {f"group/{place}/unit": each.unit for place, each in enumerate(body.group) if each.unit}
    named = {**{f"cooperating/{place}": unit for place, unit in enumerate(body.cooperating)}, **members}
    await gate.known(named)
    return list(named.values())


@router.get("/topics", tags=[_TOPICS], summary="重点课题列表")
async def list_topics(request: Request, caller: Caller, gate: Gated, asked: Annotated[TopicListing, Query()]) -> Page:
    """Topics of a unit and those below it, and those in which they cooperate."""
    return await RECORDS.page(gate, caller, request, asked, contract.ListTopics)


@router.post("/topics", status_code=201, tags=[_TOPICS], summary="立题")
async def frame_topic(body: NewTopic, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Set a topic; it is being framed until its outline is approved."""
    units = await _parts_of_topic(gate, body)
    return moved(await RECORDS.add(gate, caller, request, "topics", body, contract.FrameTopic, units))


@router.get("/topics/{id}", tags=[_TOPICS], summary="重点课题")
async def get_topic(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One topic, with so many visits and measures as it has, and how far these have come."""
    return await RECORDS.one(gate, caller, request, contract.GetTopic(id=id))


@router.post("/topics/{id}/outlines", status_code=201, tags=[_TOPICS], summary="报送调研方案")
async def submit_outline(id: str, body: OutlineBody, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Put the outline before the leader."""
    return await _topic(gate, caller, request, contract.SubmitOutline(id=id, outline=body.outline))


@router.post("/topics/{id}/approvals", status_code=201, tags=[_TOPICS], summary="批准调研方案")
async def approve_outline(id: str, body: OnDay, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The leader approves the outline: 谋题 → 破题."""
    return await _topic(gate, caller, request, contract.ApproveOutline(id=id, day=body.day), APPROVE)


@router.post("/topics/{id}/advances", status_code=201, tags=[_TOPICS], summary="进入下一阶段")
async def advance_topic(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """破题 → 解题 needs a visit; 解题 → 成果转化 a report and a measure. What is missing is named."""
    return await _topic(gate, caller, request, contract.AdvanceTopic(id=id))


@router.post("/topics/{id}/reports", status_code=201, tags=[_TOPICS], summary="报送调研报告")
async def file_report(id: str, body: ReportBody, request: Request, caller: Caller, gate: Gated) -> Moved:
    """File the report."""
    return await _topic(gate, caller, request, contract.FileReport(id=id, **body.model_dump()))


@router.post("/topics/{id}/revisits", status_code=201, tags=[_TOPICS], summary="督查回访")
async def revisit_topic(id: str, body: RevisitBody, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Note what came of it: 成果转化 → 督查回访."""
    return await _topic(gate, caller, request, contract.RevisitTopic(id=id, **body.model_dump()), APPROVE)


@router.post("/topics/{id}/closures", status_code=201, tags=[_TOPICS], summary="关闭课题")
async def close_topic(id: str, body: OnDay, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Close the loop; needs a revisit that found it effective."""
    return await _topic(gate, caller, request, contract.CloseTopic(id=id, day=body.day), APPROVE)


@router.post("/topics/{id}/returns", status_code=201, tags=[_TOPICS], summary="退回")
async def return_topic(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Give back the outline, or the topic to the stage before."""
    return await _topic(gate, caller, request, contract.ReturnTopic(id=id, reason=body.reason), APPROVE)


@router.post("/topics/{id}/corrections", status_code=201, tags=[_TOPICS], summary="更正")
async def correct_topic(id: str, body: TopicCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a topic anew, with the reason."""
    units = await _parts_of_topic(gate, body)
    return await _topic(gate, caller, request, contract.CorrectTopic(**body.model_dump(), id=id), None, *units)


@router.post("/topics/{id}/voids", status_code=201, tags=[_TOPICS], summary="作废")
async def void_topic(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a topic back for good; its visits and measures before."""
    return await _topic(gate, caller, request, contract.VoidTopic(id=id, reason=body.reason))


@router.get("/norm", tags=[_TOPICS], summary="调查研究的配置")
async def get_norm(request: Request, caller: Caller, gate: Gated) -> Answer:
    """The kinds of topics, how many visits a month are too many, and who says so."""
    return await RECORDS.one(gate, caller, request, contract.GetNorm())


@router.put("/norm", tags=[_TOPICS], summary="修改配置")
async def set_norm(body: contract.SetNorm, request: Request, caller: Caller, gate: Gated) -> Written:
    """Say the configuration anew; it binds every unit, so who says it must reach them all."""
    actor, root = await for_all_units(gate, caller, Action.set_norms)
    return Written.model_validate(await gate.ask("research", body, actor, request.headers, [root]))
