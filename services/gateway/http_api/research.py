"""Research: topics through their gates, visits, and the conversion list. Bodies are the contract's commands."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.kernel.cells import Reason, Title
from services.kernel.errors import DomainError
from services.research import contract

from ..domain import Action
from ..store import directory
from .answers import Moved, Page, Written
from .auth import Caller, Gate, Gated, Principal
from .records import Records, moved

router = APIRouter(prefix="/research")
Answer = dict[str, Any]
RECORDS = Records("research", Action.read_research, Action.write_research)
APPROVE = Action.approve_research
_TOPICS, _VISITS, _MEASURES = "重点课题", "调研", "调研成果转化清单"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WithReason(_Body):
    """Why."""

    reason: Reason


class OnDay(_Body):
    """On which day; today where none is given."""

    day: date | None = None


class OutlineBody(_Body):
    """The research outline 调研方案."""

    outline: str = Field(min_length=1, max_length=4000)


class ReportBody(_Body):
    """The research report 调研报告."""

    day: date
    report: Title = Field(description="报告题目")
    summary: contract.Note = ""


class RevisitBody(_Body):
    """What was found when somebody went to see what came of it."""

    day: date
    effective: bool = Field(default=True, description="是否达到预期效果")
    finding: contract.Note = ""


class HandOver(_Body):
    """What a measure becomes."""

    into: Literal["regulation", "problem"] = Field(description="制度 regulation，问题 problem")


class ProgressBody(contract.Progress):
    """How it goes, in four fields; noted today unless a day is given."""

    day: date | None = None


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


class NewVisit(contract.VisitContent, contract.Private):
    """A visit, and what was found."""


class VisitCorrection(NewVisit):
    """A visit said anew, with the reason."""

    reason: Reason


class MeasureCorrection(contract.MeasureContent):
    """A measure said anew, with the reason."""

    reason: Reason


class Notice(BaseModel):
    """What should be known of a record that was taken all the same."""

    code: str
    detail: str


class Visited(Moved):
    """A visit after a write; a unit that gets too many visits in a month is warned of 扎堆调研."""

    warnings: list[Notice] = Field(default=[])


class Listing(_Body):
    """What lists of records can be asked by."""

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: str | None = Field(None, max_length=20)
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    q: str | None = Field(None, max_length=60)
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class TopicListing(Listing):
    """Lists of topics can be asked by kind and by where the outline stands as well."""

    state: contract.TopicState | None = None
    kind: str | None = Field(None, max_length=30)
    outline: contract.OutlineState | None = None
    sort: Literal["day", "-day", "title", "-title"] = "-day"


class VisitListing(Listing):
    """Lists of visits can be asked by topic and by kind of place as well."""

    state: Literal["recorded", "void"] | None = None
    topic: str | None = Field(None, max_length=40)
    kind: contract.PlaceKind | None = None
    sort: Literal["day", "-day", "title", "-title"] = "-day"


class MeasureListing(Listing):
    """Lists of measures can be asked by topic, owner and due date as well; `overdue` shows what is behind alone."""

    state: contract.MeasureState | None = None
    topic: str | None = Field(None, max_length=40)
    owner: str | None = Field(None, max_length=32)
    overdue: bool | None = None
    due_from: date | None = None
    due_to: date | None = None
    sort: Literal["day", "-day", "title", "-title", "due", "-due"] = "-day"


async def _topic(
    gate: Gate, caller: Principal, request: Request, command: Any, action: Action | None = None, *units: str
) -> Moved:
    query = contract.GetTopic(id=command.id)
    return moved(await RECORDS.change(gate, caller, request, query, command, action, units=units))


async def _measure(
    gate: Gate,
    caller: Principal,
    request: Request,
    command: Any,
    action: Action | None = None,
    *units: str,
    by: tuple[str, ...] = ("unit",),
) -> Moved:
    query = contract.GetMeasure(id=command.id)
    return moved(await RECORDS.change(gate, caller, request, query, command, action, for_units=by, units=units))


async def _parts_of_topic(gate: Gate, body: contract.TopicContent) -> list[str]:
    members = {f"group/{place}/unit": each.unit for place, each in enumerate(body.group) if each.unit}
    named = {**{f"cooperating/{place}": unit for place, unit in enumerate(body.cooperating)}, **members}
    await gate.known(named)
    return list(named.values())


async def _parts_of_measure(gate: Gate, body: contract.MeasureContent) -> list[str]:
    named = {"owner": body.owner, **{f"cooperating/{place}": unit for place, unit in enumerate(body.cooperating)}}
    await gate.known(named)
    return list(named.values())


async def _aim(gate: Gate, body: contract.VisitContent) -> tuple[list[str], Answer]:
    """The unit visited, and what the tree knows of it, so that nobody types it."""
    if body.visited is None:
        return [], {}
    await gate.known({"visited": body.visited})
    found = await directory.standings(gate.database, [body.visited])
    counts_as, kind = found[body.visited]
    return [body.visited, counts_as], {"counts_as": counts_as, "kind": kind}


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


@router.get("/visits", tags=[_VISITS], summary="调研列表")
async def list_visits(request: Request, caller: Caller, gate: Gated, asked: Annotated[VisitListing, Query()]) -> Page:
    """Visits by a unit and those below it, and to them; `crowded` where its unit gets too many in that month."""
    return await RECORDS.page(gate, caller, request, asked, contract.ListVisits)


@router.post("/visits", status_code=201, tags=[_VISITS], summary="登记调研")
async def record_visit(body: NewVisit, request: Request, caller: Caller, gate: Gated) -> Visited:
    """Record a visit. It is never refused for being one too many: the answer warns of it."""
    units, known = await _aim(gate, body)
    answer = await RECORDS.add(gate, caller, request, "visits", body, contract.RecordVisit, units, known)
    return Visited.model_validate(answer)


@router.get("/visits/{id}", tags=[_VISITS], summary="调研")
async def get_visit(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One visit; what was found is for those who went, numbers and addresses redacted."""
    return await RECORDS.one(gate, caller, request, contract.GetVisit(id=id))


@router.get("/visits/{id}/findings", tags=[_VISITS], summary="查看调研所得原文（留痕）")
async def get_findings(
    id: str, request: Request, caller: Caller, gate: Gated, reason: str = Query(min_length=1, max_length=200)
) -> Answer:
    """What was found, in clear, for those who went; the look is written down with its reason first."""
    return await RECORDS.one(gate, caller, request, contract.GetFindings(id=id, reason=reason))


@router.post("/visits/{id}/corrections", status_code=201, tags=[_VISITS], summary="更正")
async def correct_visit(id: str, body: VisitCorrection, request: Request, caller: Caller, gate: Gated) -> Visited:
    """Say a visit anew, with the reason."""
    units, known = await _aim(gate, body)
    command = contract.CorrectVisit(**{**body.model_dump(), **known}, id=id)
    query = contract.GetVisit(id=id)
    return Visited.model_validate(await RECORDS.change(gate, caller, request, query, command, units=units))


@router.post("/visits/{id}/voids", status_code=201, tags=[_VISITS], summary="作废")
async def void_visit(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a visit back."""
    command = contract.VoidVisit(id=id, reason=body.reason)
    return moved(await RECORDS.change(gate, caller, request, contract.GetVisit(id=id), command))


@router.get("/measures", tags=[_MEASURES], summary="转化措施列表")
async def list_measures(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[MeasureListing, Query()]
) -> Page:
    """Measures that a unit, or one below it, asked for, owns or helps with."""
    return await RECORDS.page(gate, caller, request, asked, contract.ListMeasures)


@router.post("/measures", status_code=201, tags=[_MEASURES], summary="登记转化措施")
async def record_measure(body: contract.MeasureContent, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Put a measure on the list."""
    units = await _parts_of_measure(gate, body)
    return moved(await RECORDS.add(gate, caller, request, "measures", body, contract.RecordMeasure, units))


@router.get("/measures/{id}", tags=[_MEASURES], summary="转化措施")
async def get_measure(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One measure; `percent` follows from its state: 未启动 0, 推进中 50, 申请销号 90, 已销号 100."""
    return await RECORDS.one(gate, caller, request, contract.GetMeasure(id=id))


@router.get("/measures/{id}/progress", tags=[_MEASURES], summary="进展列表")
async def list_progress(
    id: str,
    request: Request,
    caller: Caller,
    gate: Gated,
    page: int = Query(1, ge=1, le=10_000),
    page_size: int = Query(50, ge=1, le=200),
) -> Page:
    """What was noted of a measure, the newest first."""
    query = contract.ListProgress(id=id, page=page, page_size=page_size)
    return Page.model_validate(await RECORDS.one(gate, caller, request, query))


@router.post("/measures/{id}/progress", status_code=201, tags=[_MEASURES], summary="填报进展")
async def note_progress(id: str, body: ProgressBody, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Note how it goes: the owner, who helps, or who asked for it."""
    progress = contract.Progress(**body.model_dump(exclude={"day"}))
    command = contract.NoteProgress(id=id, progress=progress, day=body.day)
    return await _measure(gate, caller, request, command, by=("owner", "cooperating", "unit"))


@router.post("/measures/{id}/submissions", status_code=201, tags=[_MEASURES], summary="申请销号")
async def submit_measure(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The owner says that it is done."""
    return await _measure(gate, caller, request, contract.SubmitMeasure(id=id), by=("owner", "unit"))


@router.post("/measures/{id}/settlements", status_code=201, tags=[_MEASURES], summary="销号")
async def settle_measure(id: str, body: OnDay, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Who asked for it says that it is done."""
    return await _measure(gate, caller, request, contract.SettleMeasure(id=id, day=body.day), APPROVE)


@router.post("/measures/{id}/returns", status_code=201, tags=[_MEASURES], summary="退回")
async def return_measure(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Who asked for it says that it is not done yet."""
    return await _measure(gate, caller, request, contract.ReturnMeasure(id=id, reason=body.reason), APPROVE)


@router.post("/measures/{id}/handovers", status_code=201, tags=[_MEASURES], summary="转为制度或问题")
async def hand_over_measure(id: str, body: HandOver, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Let it become a regulation or a problem: who follows these is told of it."""
    return await _measure(gate, caller, request, contract.HandOverMeasure(id=id, into=body.into))


@router.post("/measures/{id}/corrections", status_code=201, tags=[_MEASURES], summary="更正")
async def correct_measure(id: str, body: MeasureCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a measure anew, with the reason."""
    units = await _parts_of_measure(gate, body)
    return await _measure(gate, caller, request, contract.CorrectMeasure(**body.model_dump(), id=id), None, *units)


@router.post("/measures/{id}/voids", status_code=201, tags=[_MEASURES], summary="作废")
async def void_measure(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a measure back."""
    return await _measure(gate, caller, request, contract.VoidMeasure(id=id, reason=body.reason))


@router.get("/norm", tags=[_TOPICS], summary="调查研究的配置")
async def get_norm(request: Request, caller: Caller, gate: Gated) -> Answer:
    """The kinds of topics, how many visits a month are too many, and who says so."""
    return await RECORDS.one(gate, caller, request, contract.GetNorm())


@router.put("/norm", tags=[_TOPICS], summary="修改配置")
async def set_norm(body: contract.SetNorm, request: Request, caller: Caller, gate: Gated) -> Written:
    """Say the configuration anew; it binds every unit, so who says it must reach them all."""
    root = await directory.root(gate.database)
    if root is None:
        raise DomainError("unit.unknown", "尚未建立单位", "not_found")
    actor = await gate.allow(caller, Action.set_norms, root)
    return Written.model_validate(await gate.ask("research", body, actor, request.headers, [root]))
