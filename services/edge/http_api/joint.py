"""Joint study, contests, programmes and self-study: what is reported, and the steps of a contest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import Action
from services.gateway.store import directory
from services.kernel.message.errors import DomainError, FieldError
from services.organisation.contract import Role
from services.study import contract

from ..gate import Gate
from .answers import Moved, Page, Written
from .auth import Caller, Gated
from .records import Answer, Records, moved
from .reported import Kind, operations
from .study import Listing

router = APIRouter(prefix="/study")
_STUDY = Records("study", Action.read_study, Action.write_study)


class Offered(Listing):
    """Of what the units above have put before the unit, where `offered` says so."""

    offered: bool = Field(False, description="只列上级单位面向本单位的")


class PairListing(Listing):
    """Lists of pairs can be asked by tag as well."""

    tag: str | None = Field(None, max_length=40)


class ActivityListing(PairListing):
    """Lists of activities can be asked by their pair."""

    pair: str | None = Field(None, max_length=64)


class EntryListing(Listing):
    """Lists of entries can be asked by their contest."""

    contest: str | None = Field(None, max_length=64)


class IssueListing(Listing):
    """Lists of copies issued can be asked by the set."""

    material: str | None = Field(None, max_length=64)


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

    marks: list[contract.Mark] = Field(min_length=1, max_length=10)


class Finished(BaseModel):
    """What one has finished of a set, by the items' places, the first being 0."""

    model_config = ConfigDict(extra="forbid")

    finished: list[Annotated[int, Field(ge=0, le=49)]] = Field(max_length=50)


class PairCorrection(contract.PairContent):
    """A pair said anew, with the reason."""

    reason: contract.Reason


class ActivityCorrection(contract.ActivityContent):
    """An activity said anew, with the reason."""

    reason: contract.Reason


class NewContest(contract.ContestContent):
    """A contest with its judges, by account."""

    judges: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=15, description="评委账号")


class ContestCorrection(NewContest):
    """A contest said anew, with the reason."""

    reason: contract.Reason


class EntryCorrection(contract.EntryContent):
    """An entry said anew, with the reason."""

    reason: contract.Reason


class ProgrammeCorrection(contract.ProgrammeContent):
    """A programme said anew, with the reason."""

    reason: contract.Reason


class MaterialCorrection(contract.MaterialSetContent):
    """A set of materials said anew, with the reason."""

    reason: contract.Reason


class IssueCorrection(contract.IssueContent):
    """Copies issued said anew, with the reason."""

    reason: contract.Reason


async def _with_judges(gate: Gate, body: NewContest) -> dict[str, Any]:
    """The judges with the units of all their roles; each must hold the role of a judge over the organiser."""
    paths = await directory.paths(gate.database, [body.unit])
    known = {row["_id"]: row["roles"] async for row in gate.database["users"].find({"_id": {"$in": body.judges}})}
    judges, wrong = [], list[FieldError]()
    for place, user in enumerate(body.judges):
        roles = known.get(user, [])
        if any(held["role"] == Role.judge and held["unit"] in paths.get(body.unit, ()) for held in roles):
            judges.append({"user": user, "units": sorted({held["unit"] for held in roles})[:20]})
        else:
            detail = f"账号 {user} 不是可为单位 {body.unit} 评审的评委"
            wrong.append({"pointer": f"/judges/{place}", "detail": detail})
    if wrong:
        raise DomainError("contest.judge_unknown", wrong[0]["detail"], "invalid", wrong)
    return {"judges": judges}


c = contract
PAIRS = operations(
    router,
    Kind(
        "pair",
        "pairs",
        "联学结对",
        c.PairContent,
        PairCorrection,
        (c.RecordPair, c.CorrectPair, c.ReturnPair, c.VoidPair),
        (c.GetPair, c.ListPairs),
        PairListing,
    ),
)
ACTIVITIES = operations(
    router,
    Kind(
        "activity",
        "activities",
        "联学活动",
        c.ActivityContent,
        ActivityCorrection,
        (c.RecordActivity, c.CorrectActivity, c.ReturnActivity, c.VoidActivity),
        (c.GetActivity, c.ListActivities),
        ActivityListing,
    ),
)
CONTESTS = operations(
    router,
    Kind(
        "contest",
        "contests",
        "比赛",
        NewContest,
        ContestCorrection,
        (c.RecordContest, c.CorrectContest, c.ReturnContest, c.VoidContest),
        (c.GetContest, c.ListContests),
        Offered,
    ),
    _with_judges,
)
ENTRIES = operations(
    router,
    Kind(
        "entry",
        "entries",
        "参赛作品",
        c.EntryContent,
        EntryCorrection,
        (c.RecordEntry, c.CorrectEntry, c.ReturnEntry, c.VoidEntry),
        (c.GetEntry, c.ListEntries),
        EntryListing,
        return_=Action.write_study,
        returner="organiser",
    ),
)
PROGRAMMES = operations(
    router,
    Kind(
        "programme",
        "programmes",
        "学习提升工程",
        c.ProgrammeContent,
        ProgrammeCorrection,
        (c.RecordProgramme, c.CorrectProgramme, c.ReturnProgramme, c.VoidProgramme),
        (c.GetProgramme, c.ListProgrammes),
        Offered,
    ),
)
MATERIALS = operations(
    router,
    Kind(
        "material_set",
        "materials",
        "学习资料",
        c.MaterialSetContent,
        MaterialCorrection,
        (c.RecordMaterialSet, c.CorrectMaterialSet, c.ReturnMaterialSet, c.VoidMaterialSet),
        (c.GetMaterialSet, c.ListMaterialSets),
        Offered,
        collection="material_sets",
        read=Action.read_materials,
    ),
)
ISSUES = operations(
    router,
    Kind(
        "issue",
        "issues",
        "资料配发",
        c.IssueContent,
        IssueCorrection,
        (c.RecordIssue, c.CorrectIssue, c.ReturnIssue, c.VoidIssue),
        (c.GetIssue, c.ListIssues),
        IssueListing,
    ),
)


@router.post("/contests/{id}/scorings", status_code=201, tags=["比赛"], summary="开始评审")
async def start_scoring(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """No more entries: the judges score."""
    asked = c.StartScoring(id=id)
    return moved(await _STUDY.change(gate, caller, request, c.GetContest(id=id), asked))


@router.post("/contests/{id}/closings", status_code=201, tags=["比赛"], summary="结束评审")
async def close_scoring(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """No more scores: the result stands."""
    asked = c.CloseScoring(id=id)
    return moved(await _STUDY.change(gate, caller, request, c.GetContest(id=id), asked))


@router.post("/contests/{id}/publications", status_code=201, tags=["比赛"], summary="公布获奖结果")
async def publish_awards(id: str, request: Request, caller: Caller, gate: Gated) -> Moved:
    """The awards are shown to all who may see the contest: unit and title only."""
    asked = c.PublishAwards(id=id)
    return moved(await _STUDY.change(gate, caller, request, c.GetContest(id=id), asked))


@router.get("/contests/{id}/results", tags=["比赛"], summary="评审结果")
async def get_result(
    id: str, request: Request, caller: Caller, gate: Gated, asked: Annotated[Paged, Query()]
) -> Answer:
    """Entries by place, each with the scores that make it; judges are numbered. Once scoring is closed."""
    query = c.GetResult(id=id, **asked.model_dump())
    return await _STUDY.one(gate, caller, request, query)


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
