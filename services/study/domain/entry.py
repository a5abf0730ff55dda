"""An entry in a contest, and the score that one judge gives it."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    CorrectEntry,
    EntryContent,
    EntryCorrected,
    EntryRecorded,
    EntryReturned,
    EntryVoided,
    GiveScore,
    Part,
    RecordEntry,
    ReturnEntry,
    ScoreGiven,
    VoidEntry,
)
from .contest import Contest
from .reported import Ies, Ledger, Reported


class Entry(Reported):
    """An entry as it stands; it keeps the organiser of its contest."""

    unit: str
    day: date
    title: str
    contest: str
    organiser: str
    author: str
    reference: str


def check_contest(contest: Contest | None, content: EntryContent, path: Container[str]) -> Contest:
    """An entry belongs to a contest of its own unit or one above it (`path`), while that takes entries.

    Raises:
        DomainError: entry.contest_unknown, entry.contest_closed, entry.day_outside.
    """
    if contest is None or contest.unit not in path or contest.state in ("void", "returned"):
        raise wrong("entry.contest_unknown", "contest", "没有这次比赛：应为本单位或上级单位举办、未作废的比赛")
    if contest.state != "recorded":
        raise wrong("entry.contest_closed", "contest", f"比赛“{contest.title}”已停止征集作品", "conflict")
    if not contest.day <= content.day <= contest.last:
        raise wrong("entry.day_outside", "day", f"日期 {content.day} 不在征集期（{contest.day} 至 {contest.last}）内")
    return contest


_RULES = Ledger(
    ("entry", "参赛作品"),
    (RecordEntry, CorrectEntry, ReturnEntry, VoidEntry),
    (EntryRecorded, EntryCorrected, EntryReturned, EntryVoided),
    Entry,
    ("title", "contest", "organiser", "author", "reference", "number"),
    lambda entry: [Part(figure="contest_entries", unit=entry.unit, day=entry.day)],
)


def decide(state: Entry | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on an entry.

    Raises:
        DomainError: entry.contest_fixed, and what every register refuses.
    """
    if state is not None and isinstance(command, CorrectEntry) and command.contest != state.contest:
        raise wrong("entry.contest_fixed", "contest", "不能改变作品所属的比赛，请作废后另行登记")
    return _RULES.decide(state, command, now)


counted = _RULES.placed
ENTRY = Ies("entry", Entry, decide, _RULES.evolve, lambda entry: (entry.unit, entry.organiser))


class Score(BaseModel):
    """One judge's marks for one entry."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    contest: str
    entry: str
    judge: str
    marks: list[float]


def check_marks(contest: Contest, marks: list[float]) -> None:
    """A mark for each criterion, none above its full marks, while the judges score.

    Raises:
        DomainError: score.not_open, score.marks_mismatch, score.mark_too_high.
    """
    if contest.state != "scoring":
        raise DomainError("score.not_open", f"比赛“{contest.title}”不在评审中，不能评分", "conflict")
    if len(marks) != len(contest.criteria):
        raise wrong("score.marks_mismatch", "marks", f"应给出 {len(contest.criteria)} 项评分，收到 {len(marks)} 项")
    for place, (mark, criterion) in enumerate(zip(marks, contest.criteria, strict=True)):
        if mark > criterion.full:
            detail = f"“{criterion.name}”满分 {criterion.full}，给出了 {mark:g}"
            raise wrong("score.mark_too_high", f"marks/{place}", detail)


def _decide_score(state: Score | None, command: GiveScore, now: datetime) -> list[ScoreGiven]:
    if state is not None and state.marks == command.marks:
        return []
    return [ScoreGiven(**command.model_dump())]


def _evolve_score(state: Score | None, event: ScoreGiven) -> Score:
    return Score(**event.model_dump())


SCORE = Aggregate("score", Score, _decide_score, _evolve_score, lambda score: (score.unit,))
