"""Self-study 自学: sets of materials, the copies issued to units, and a member's own progress."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command
from services.kernel.message.free_text import FREE

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


class Manner(StrEnum):
    """How a set is to be studied: 全面学, 重点学, 及时学."""

    complete = "complete"
    key_point = "key_point"
    timely = "timely"


MANNERS = {Manner.complete: "全面学", Manner.key_point: "重点学", Manner.timely: "及时学"}


class Medium(StrEnum):
    """Whether a set is read on line or on paper."""

    online = "online"
    offline = "offline"


MEDIA = {Medium.online: "线上", Medium.offline: "线下"}
ITEM_KINDS = {"book": "书籍", "document": "文件", "article": "文章", "video": "视频", "other": "其他"}


class SetItem(BaseModel):
    """One thing of a set; its hours are those of the set as issued, never of anybody's screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, StringConstraints(min_length=1, max_length=120), FREE]
    kind: Annotated[str, Field(pattern="^(book|document|article|video|other)$")] = "book"
    hours: float = Field(default=0, ge=0, le=200, multiple_of=0.5)


class MaterialSetContent(Content):
    """A set of materials that `unit` puts before the units below it."""

    manner: Manner
    medium: Medium
    items: list[SetItem] = Field(min_length=1, max_length=50)


class RecordMaterialSet(MaterialSetContent, Recording):
    """Issue a set."""


class CorrectMaterialSet(MaterialSetContent, Correction):
    """Say a set anew."""


class ReturnMaterialSet(GiveBack):
    """Give a set back."""


class VoidMaterialSet(TakeBack):
    """Take a set back."""


class GetMaterialSet(Command):
    """One set."""

    id: str


class ListMaterialSets(Offered):
    """Sets of a unit and those below it, or those put before it."""

    states = REPORTED_STATES


class MaterialSetFields(Told):
    """The content of a set as an event tells it; a set is in no figure, its copies are."""

    manner: Manner
    medium: Medium
    items: list[SetItem]


_SET = Examples(
    "",
    title="第一批学习资料",
    manner="complete",
    medium="offline",
    items=[{"title": "读本", "kind": "book", "hours": 6}],
)


class MaterialSetRecorded(MaterialSetFields):
    """A set was issued."""

    type: ClassVar[str] = "material_set.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _SET.recorded


class MaterialSetCorrected(MaterialSetFields):
    """A set was said anew."""

    type: ClassVar[str] = "material_set.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _SET.corrected


class MaterialSetReturned(Returned):
    """A set was given back."""

    type: ClassVar[str] = "material_set.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _SET.returned


class MaterialSetVoided(Voided):
    """A set was taken back."""

    type: ClassVar[str] = "material_set.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _SET.voided


class IssueContent(Content):
    """Copies issued to `unit`; of a set, where one is named by its id or its issuer's own number."""

    copies: int = Field(ge=1, le=1_000_000)
    material: Link | None = None


class RecordIssue(IssueContent, Recording):
    """Record copies issued."""


class CorrectIssue(IssueContent, Correction):
    """Say it anew."""


class ReturnIssue(GiveBack):
    """Give it back."""


class VoidIssue(TakeBack):
    """Take it back."""


class GetIssue(Command):
    """One issue of copies."""

    id: str


class ListIssues(Offered):
    """Copies issued to a unit and those below it."""

    states = REPORTED_STATES

    material: Link | None = None


class IssueFields(Told):
    """Copies issued, as an event tells it."""

    copies: int
    material: str | None = None


_ISSUE = Examples("copies", title="第一批学习资料", copies=120, material=None)


class IssueRecorded(IssueFields):
    """Copies were issued."""

    type: ClassVar[str] = "issue.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ISSUE.recorded


class IssueCorrected(IssueFields):
    """An issue was said anew."""

    type: ClassVar[str] = "issue.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ISSUE.corrected


class IssueReturned(Returned):
    """An issue was given back."""

    type: ClassVar[str] = "issue.returned.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ISSUE.returned


class IssueVoided(Voided):
    """An issue was taken back."""

    type: ClassVar[str] = "issue.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = _ISSUE.voided


class KeepProgress(Command):
    """What somebody has finished of a set, by the items' places in it: theirs alone, in no event and no figure."""

    id: str
    finished: list[Annotated[int, Field(ge=0, le=49)]] = Field(max_length=50)


class GetProgress(Command):
    """The asking user's own progress in a set."""

    id: str
