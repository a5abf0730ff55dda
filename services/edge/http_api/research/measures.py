"""The conversion list. Bodies are the contract's commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from services.gateway.domain import Action
from services.kernel.message.free_text import Reason
from services.kernel.message.instants import Day
from services.research import contract

from ..answers import Moved, Page
from ..auth import Caller, Gate, Gated, Principal
from ..records import moved
from .asked import APPROVE, RECORDS, Answer, Body, Listing, OnDay, WithReason

router = APIRouter()
_MEASURES = "调研成果转化清单"


class HandOver(Body):
    """What a measure becomes."""

    into: Literal["regulation", "problem"] = Field(description="制度 regulation，问题 problem")


class ProgressBody(contract.Progress):
    """How it goes, in four fields; noted today unless a day is given."""

    day: Day | None = None


class MeasureCorrection(contract.MeasureContent):
    """A measure said anew, with the reason."""

    reason: Reason


class MeasureListing(Listing):
    """Lists of measures can be asked by topic, owner and due date as well; `overdue` shows what is behind alone."""

    state: contract.MeasureState | None = None
    topic: str | None = Field(None, max_length=40)
    owner: str | None = Field(None, max_length=32)
    overdue: bool | None = None
    due_from: Day | None = None
    due_to: Day | None = None
    sort: Literal["day", "-day", "title", "-title", "due", "-due"] = "-day"


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


async def _parts_of_measure(gate: Gate, body: contract.MeasureContent) -> list[str]:
    named = {"owner": body.owner, **{f"cooperating/{place}": unit for place, unit in enumerate(body.cooperating)}}
    await gate.known(named)
    return list(named.values())


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
