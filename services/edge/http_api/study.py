"""Study: sessions, essays, lectures. Bodies are the contract's commands without what the platform knows itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.kernel.message.event import Command
from services.kernel.message.instants import Day
from services.study import contract

from .answers import Moved, Page
from .attendance import members_known
from .auth import Caller, Gate, Gated, Principal
from .records import Records, moved

router = APIRouter(prefix="/study")
Answer = dict[str, Any]


class WithReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: contract.Reason


class NewSession(contract.SessionContent):
    """A session; `state` draft keeps it, held (the default) records that it took place."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "D001-B01",
                    "day": "2026-03-05",
                    "way": "branch",
                    "form": "theme_day",
                    "title": "三月主题党日",
                    "due": 20,
                    "absences": [{"reason": "duty", "count": 1}],
                }
            ]
        }
    )

    state: Literal["draft", "held"] = "held"


class SessionCorrection(contract.SessionContent):
    """A session said anew, with the reason."""

    reason: contract.Reason


class EssayCorrection(contract.EssayContent):
    """An essay said anew, with the reason."""

    reason: contract.Reason


class LectureCorrection(contract.LectureContent):
    """A lecture said anew, with the reason."""

    reason: contract.Reason


class Listing(BaseModel):
    """What lists of records can be asked by."""

    model_config = ConfigDict(extra="forbid")

    unit: str | None = Field(None, max_length=32, description="不填为本单位")
    state: str | None = Field(None, max_length=20)
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    q: str | None = Field(None, max_length=60)
    sort: Literal["day", "-day", "title", "-title"] = "-day"
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class SessionListing(Listing):
    """Lists of sessions can be asked by way, form and programme as well."""

    way: contract.Way | None = None
    form: contract.Form | None = None
    programme: str | None = Field(None, max_length=64, description="所属工程的记录标识")


_RECORDS = Records("study", Action.read_study, Action.write_study)
_list, _get = _RECORDS.page, _RECORDS.one


async def _record(
    gate: Gate, caller: Principal, request: Request, kind: str, content: Any, command: type[Any]
) -> Moved:
    """A new record of a unit."""
    if getattr(content, "due", 0) is None:
        await members_known(gate, gate.own(caller, Action.write_study), request.headers)
    return moved(await _RECORDS.add(gate, caller, request, kind, content, command))


async def _change(
    gate: Gate, caller: Principal, request: Request, query: Command, command: Command, action: Action
) -> Moved:
    """A change of a record that the caller can see: its unit says whether they may."""
    if isinstance(command, contract.SubmitSession) or getattr(command, "due", 0) is None:
        await members_known(gate, gate.own(caller, action), request.headers)
    return moved(await _RECORDS.change(gate, caller, request, query, command, action))


@router.get("/sessions", tags=["学习活动"], summary="学习活动列表")
async def list_sessions(
    request: Request, caller: Caller, gate: Gated, asked: Annotated[SessionListing, Query()]
) -> Page:
    """Sessions of a unit and those below it."""
    return await _list(gate, caller, request, asked, contract.ListSessions)


@router.post("/sessions", status_code=201, tags=["学习活动"], summary="登记学习活动")
async def record_session(body: NewSession, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Keep a draft, or record a session that was held. It enters the figures when it is submitted."""
    kind = contract.DraftSession if body.state == "draft" else contract.HoldSession
    return await _record(gate, caller, request, "sessions", body, kind)


@router.get("/sessions/{id}", tags=["学习活动"], summary="学习活动")
async def get_session(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One session."""
    return await _get(gate, caller, request, contract.GetSession(id=id))


@router.post("/sessions/{id}/submissions", status_code=201, tags=["学习活动"], summary="报送")
async def submit_session(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Report a session: from now on it is in the figures."""
    asked = contract.SubmitSession(id=id)
    return await _change(gate, caller, request, contract.GetSession(id=id), asked, Action.write_study)


@router.post("/sessions/{id}/corrections", status_code=201, tags=["学习活动"], summary="更正")
async def correct_session(id: str, body: SessionCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a session anew, with the reason."""
    asked = contract.CorrectSession(**body.model_dump(), id=id)
    return await _change(gate, caller, request, contract.GetSession(id=id), asked, Action.write_study)


@router.post("/sessions/{id}/returns", status_code=201, tags=["学习活动"], summary="退回")
async def return_session(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Give a session back to its unit: it leaves the figures."""
    asked = contract.ReturnSession(id=id, reason=body.reason)
    return await _change(gate, caller, request, contract.GetSession(id=id), asked, Action.return_study)


@router.post("/sessions/{id}/voids", status_code=201, tags=["学习活动"], summary="作废")
async def void_session(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a session back for good."""
    asked = contract.VoidSession(id=id, reason=body.reason)
    return await _change(gate, caller, request, contract.GetSession(id=id), asked, Action.write_study)


@router.get("/essays", tags=["学习体会文章"], summary="学习体会文章列表")
async def list_essays(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Essays of a unit and those below it."""
    return await _list(gate, caller, request, asked, contract.ListEssays)


@router.post("/essays", status_code=201, tags=["学习体会文章"], summary="登记学习体会文章")
async def record_essay(body: contract.EssayContent, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Record an essay."""
    return await _record(gate, caller, request, "essays", body, contract.RecordEssay)


@router.get("/essays/{id}", tags=["学习体会文章"], summary="学习体会文章")
async def get_essay(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One essay."""
    return await _get(gate, caller, request, contract.GetEssay(id=id))


@router.post("/essays/{id}/corrections", status_code=201, tags=["学习体会文章"], summary="更正")
async def correct_essay(id: str, body: EssayCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say an essay anew."""
    asked = contract.CorrectEssay(**body.model_dump(), id=id)
    return await _change(gate, caller, request, contract.GetEssay(id=id), asked, Action.write_study)


@router.post("/essays/{id}/voids", status_code=201, tags=["学习体会文章"], summary="作废")
async def void_essay(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take an essay back."""
    asked = contract.VoidEssay(id=id, reason=body.reason)
    return await _change(gate, caller, request, contract.GetEssay(id=id), asked, Action.write_study)


@router.get("/lectures", tags=["专题党课"], summary="专题党课列表")
async def list_lectures(request: Request, caller: Caller, gate: Gated, asked: Annotated[Listing, Query()]) -> Page:
    """Lectures of a unit and those below it."""
    return await _list(gate, caller, request, asked, contract.ListLectures)


@router.post("/lectures", status_code=201, tags=["专题党课"], summary="登记专题党课")
async def record_lecture(body: contract.LectureContent, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Record a lecture."""
    return await _record(gate, caller, request, "lectures", body, contract.RecordLecture)


@router.get("/lectures/{id}", tags=["专题党课"], summary="专题党课")
async def get_lecture(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One lecture."""
    return await _get(gate, caller, request, contract.GetLecture(id=id))


@router.post("/lectures/{id}/corrections", status_code=201, tags=["专题党课"], summary="更正")
async def correct_lecture(id: str, body: LectureCorrection, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Say a lecture anew."""
    asked = contract.CorrectLecture(**body.model_dump(), id=id)
    return await _change(gate, caller, request, contract.GetLecture(id=id), asked, Action.write_study)


@router.post("/lectures/{id}/voids", status_code=201, tags=["专题党课"], summary="作废")
async def void_lecture(id: str, body: WithReason, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Take a lecture back."""
    asked = contract.VoidLecture(id=id, reason=body.reason)
    return await _change(gate, caller, request, contract.GetLecture(id=id), asked, Action.write_study)
