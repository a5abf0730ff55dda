"""Youth contests 演讲、征文 and the like: the contest, its entries, what each judge gives, and the result."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.sheets.cells import Tags

from .reported import (
    REPORTED_STATES,
    Content,
    Correction,
    Examples,
    GiveBack,
    Link,
    Offered,
    Recording,
    Returned,
    TakeBack,
    Told,
    Voided,
)
from .words import EXAMPLE_UNIT, OWN

MOST_ENTRIES = 500
"""So many entries a contest takes: they are placed in one go, among one another."""
Mark = Annotated[float, Field(ge=0, le=1000, multiple_of=0.5, description="分数，可到半分")]
Author = Annotated[
    str, StringConstraints(min_length=1, max_length=40), FREE, Field(description="作者的职务或展示编号，不填姓名")
]
Reference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    FREE,
    Field(description="作品存放处的编号或地址；平台不存作品"),
]


class ContestKind(StrEnum):
    """What is entered: 演讲, 征文, 微党课, other 其他."""

    speech = "speech"
    essay = "essay"
    micro_lecture = "micro_lecture"
    other = "other"


CONTEST_KINDS = {
    ContestKind.speech: "演讲",
    ContestKind.essay: "征文",
    ContestKind.micro_lecture: "微党课",
    ContestKind.other: "其他",
}
TIES = {"shared": "并列", "criteria": "依次比较评分项", "all_scores": "比较未去分的平均分"}
MISSING = {"wait": "评委须全部评完", "leave_out": "缺评的不计"}
CONTEST_STATES = {
    "recorded": "征集中",
    "returned": "退回",
    "scoring": "评审中",
    "closed": "评审结束",
    "published": "已公布",
    "void": "作废",
}


class Criterion(BaseModel):
    """A scoring criterion: its full marks, and its weight among all (its full marks, where none is said)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=40), FREE]
    full: int = Field(default=100, ge=1, le=1000)
    weight: int | None = Field(default=None, ge=1, le=1000)


class Award(BaseModel):
    """An award, and how many are given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=40), FREE]
    quota: int = Field(ge=1, le=200)


class Judge(BaseModel):
    """A judge: a user of the platform, and the units for which they hold any role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    units: list[str] = Field(max_length=20)


class ContestContent(Content):
    """A contest of the organising `unit`; entries come from `day` to `last`, and `title` is its theme."""

    unit_fields: ClassVar[UnitFields] = (OWN, UnitField("judges/units", "评委所在单位", rule="ever"))

    kind: ContestKind
    last: Day
    criteria: list[Criterion] = Field(min_length=1, max_length=10)
    drop_highest: int = Field(default=0, ge=0, le=3)
    drop_lowest: int = Field(default=0, ge=0, le=3)
    tie: Literal["shared", "criteria", "all_scores"] = "shared"
    missing: Literal["wait", "leave_out"] = "wait"
    awards: list[Award] = Field(default_factory=list, max_length=6)
    tags: Tags = Field(default_factory=list)


class RecordContest(ContestContent, Recording):
    """Call a contest; who its judges are the edge looks up."""

    judges: list[Judge] = Field(min_length=1, max_length=15)


class CorrectContest(ContestContent, Correction):
    """Say a contest anew, before its scoring begins."""

    judges: list[Judge] = Field(min_length=1, max_length=15)


class ReturnContest(GiveBack):
    """Give a contest back, before its scoring begins."""


class VoidContest(TakeBack):
    """Take a contest back; its entries must have been taken back before."""


class StartScoring(Command):
    """No more entries: the judges score."""

    id: str


class CloseScoring(Command):
    """No more scores: the result stands, and opens to its scores."""

    id: str


class PublishAwards(Command):
    """The awards are shown to all: unit and title only."""

    id: str


class GetContest(Command):
    """One contest."""

    id: str


class ListContests(Offered):
    """Contests of a unit and those below it, or those that it may enter."""

    states = frozenset(CONTEST_STATES)


class GetResult(Command):
    """A contest's entries by place with their scores, once its scoring is closed."""

    id: str
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class ListAwarded(GetResult):
    """A contest's published awards: unit and title only."""


class ContestFields(Told):
    """The content of a contest as an event tells it."""

    kind: ContestKind
    last: date
    judges: list[Judge]
    criteria: list[Criterion]
    drop_highest: int
    drop_lowest: int
    tie: str
    missing: str
    awards: list[Award]
    tags: list[str] = Field(default_factory=list)


_CONTEST = Examples(
    "contests",
    title="青春建功新征程",
    kind="speech",
    last="2026-04-30",
    judges=[{"user": "judge", "units": ["GW"]}],
    criteria=[{"name": "主题内容", "full": 60, "weight": None}, {"name": "表达", "full": 40, "weight": 2}],
    drop_highest=1,
    drop_lowest=1,
    tie="shared",
    missing="wait",
    awards=[{"name": "一等奖", "quota": 1}],
)


class ContestRecorded(ContestFields):
    """A contest was called."""

    type: ClassVar[str] = "contest.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _CONTEST.recorded


class ContestCorrected(ContestFields):
    """A contest was said anew."""

    type: ClassVar[str] = "contest.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _CONTEST.corrected


class ContestReturned(Returned):
    """A contest was given back."""

    type: ClassVar[str] = "contest.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _CONTEST.returned


class ContestVoided(Voided):
    """A contest was taken back."""

    type: ClassVar[str] = "contest.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _CONTEST.voided


class ScoringStarted(Payload):
    """A contest takes no more entries; its judges score."""

    type: ClassVar[str] = "contest.scoring_started.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class ScoringClosed(Payload):
    """A contest takes no more scores."""

    type: ClassVar[str] = "contest.scoring_closed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class AwardsPublished(Payload):
    """A contest's awards are shown to all."""

    type: ClassVar[str] = "contest.awards_published.v1"
    examples: ClassVar[list[dict[str, Any]]] = [EXAMPLE_UNIT]


class EntryContent(Content):
    """An entry of a unit in a contest; the work itself is not stored."""

    unit_fields: ClassVar[UnitFields] = (OWN, UnitField("organiser", "举办单位", rule="ever"))

    contest: Link
    author: Author
    reference: Reference


class RecordEntry(EntryContent, Recording):
    """Enter something; the organiser is filled in by study itself."""

    organiser: str = ""


class CorrectEntry(EntryContent, Correction):
    """Say an entry anew; it stays in its contest."""

    organiser: str = ""


class ReturnEntry(GiveBack):
    """Give an entry back to its unit, before scoring begins."""


class VoidEntry(TakeBack):
    """Take an entry back; it leaves the result too."""


class GetEntry(Command):
    """One entry."""

    id: str


class ListEntries(Offered):
    """Entries of a unit and those below it; of one contest by its id."""

    states = REPORTED_STATES

    contest: Link | None = None


class EntryFields(Told):
    """The content of an entry as an event tells it."""

    contest: str
    organiser: str
    author: FreeText
    reference: FreeText


_ENTRY = Examples(
    "contest_entries",
    title="我的岗位我负责",
    contest="01956f3e-0000-7000-8000-000000000000",
    organiser="D001",
    author="7 号选手",
    reference="2026-演讲-007",
)


class EntryRecorded(EntryFields):
    """An entry was made."""

    type: ClassVar[str] = "entry.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ENTRY.recorded


class EntryCorrected(EntryFields):
    """An entry was said anew."""

    type: ClassVar[str] = "entry.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ENTRY.corrected


class EntryReturned(Returned):
    """An entry was given back."""

    type: ClassVar[str] = "entry.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ENTRY.returned


class EntryVoided(Voided):
    """An entry was taken back."""

    type: ClassVar[str] = "entry.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ENTRY.voided


class ScoreEntry(Command):
    """A judge's marks for an entry, in the order of the contest's criteria; may be given anew until scoring closes."""

    id: str
    marks: list[Mark] = Field(min_length=1, max_length=10)


class ListJudging(Command):
    """Entries that the asking judge may score, with their own marks; those still waiting alone, where it is asked."""

    waiting: bool = True
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class GetJudging(Command):
    """One such entry, with the contest's criteria and the asking judge's own marks."""

    id: str


class GiveScore(Command):
    """A score with what belongs to it; follows from a judge's marks, never sent."""

    unit: str
    day: Day
    contest: str
    entry: str
    judge: str
    marks: list[float]


class ScoreGiven(Payload):
    """A judge gave an entry its marks, in the order of the contest's criteria."""

    type: ClassVar[str] = "score.given.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "contest": "01956f3e-0000-7000-8000-000000000000",
            "entry": "01956f3e-0000-7000-8000-000000000001",
            "judge": "judge",
            "marks": [52.5, 36.0],
        }
    ]
    contest: str
    entry: str
    judge: str
    marks: list[float]
