"""Judging and awards of contests, and one's own progress in a set of materials."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.study import contract as c

from .answers import Moved, Page, Written
from .auth import Caller, Gated

router = APIRouter(prefix="/study")
Answer = dict[str, Any]


class Paged(BaseModel):
    """A page."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(50, ge=1, le=200)


class Judging(Paged):
    """Entries to score: those that wait, or all."""

    waiting: bool = True


class Marks(BaseModel):
    """A mark for each criterion of the contest, in their order."""

    model_config = ConfigDict(extra="forbid")

    marks: list[c.Mark] = Field(min_length=1, max_length=10)


class Finished(BaseModel):
    """What one has finished of a set, by the items' places, the first being 0."""

    model_config = ConfigDict(extra="forbid")

    finished: list[Annotated[int, Field(ge=0, le=49)]] = Field(max_length=50)


@router.get("/contests/{id}/results", tags=["比赛"], summary="评审结果")
async def get_result(
    id: str, request: Request, caller: Caller, gate: Gated, asked: Annotated[Paged, Query()]
) -> Answer:
    """Entries by place, each with the scores that make it; judges are numbered. Once scoring is closed."""
    query = c.GetResult(id=id, **asked.model_dump())
    found: Answer = await gate.find("study", query, caller, Action.read_study, request.headers)
    return found


@router.get("/contests/{id}/awards", tags=["比赛"], summary="获奖结果")
async def list_awards(id: str, request: Request, caller: Caller, gate: Gated, asked: Annotated[Paged, Query()]) -> Page:
    """The published awards: unit and title only."""
    query = c.ListAwarded(id=id, **asked.model_dump())
    return Page.model_validate(await gate.find("study", query, caller, Action.read_study, request.headers))


@router.get("/judging", tags=["比赛"], summary="待我评分的作品")
async def list_judging(request: Request, caller: Caller, gate: Gated, asked: Annotated[Judging, Query()]) -> Page:
    """Entries that the asking judge may score, with their own marks and nobody else's."""
    query = c.ListJudging(**asked.model_dump())
    actor = gate.own(caller, Action.score_entries)
    return Page.model_validate(await gate.ask("study", query, actor, request.headers))


@router.get("/judging/{id}", tags=["比赛"], summary="待我评分的作品")
async def get_judging(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One of them, with the criteria."""
    actor = gate.own(caller, Action.score_entries)
    answer: Answer = await gate.ask("study", c.GetJudging(id=id), actor, request.headers)
    return answer


@router.post("/entries/{id}/scores", status_code=201, tags=["比赛"], summary="评分")
async def score_entry(id: str, body: Marks, request: Request, caller: Caller, gate: Gated) -> Moved:
    """Give an entry one's marks; they may be given anew until scoring is closed."""
    actor = gate.own(caller, Action.score_entries)
    asked = c.ScoreEntry(id=id, marks=body.marks)
    return Moved.model_validate(await gate.ask("study", asked, actor, request.headers))


@router.get("/materials/{id}/progress", tags=["学习资料"], summary="本人学习进度")
async def get_progress(id: str, request: Request, caller: Caller, gate: Gated) -> Answer:
    """One's own progress; nobody can ask for another's."""
    query = c.GetProgress(id=id)
    answer: Answer = await gate.find("study", query, caller, Action.keep_progress, request.headers)
    return answer


@router.post("/materials/{id}/progress", status_code=201, tags=["学习资料"], summary="记录本人学习进度")
async def keep_progress(id: str, body: Finished, request: Request, caller: Caller, gate: Gated) -> Written:
    """Keep one's own progress, sealed; it is in no figure, and nothing asks for it."""
    query = c.KeepProgress(id=id, finished=body.finished)
    return Written.model_validate(await gate.find("study", query, caller, Action.keep_progress, request.headers))
