"""A contest: called, scored by judges blind to one another, closed, its awards published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    CONTEST_STATES,
    Award,
    AwardsPublished,
    CloseScoring,
    ContestContent,
    ContestCorrected,
    ContestKind,
    ContestRecorded,
    ContestReturned,
    ContestVoided,
    CorrectContest,
    Criterion,
    Judge,
    Part,
    PublishAwards,
    RecordContest,
    ReturnContest,
    ScoringClosed,
    ScoringStarted,
    StartScoring,
    VoidContest,
)
from . import judging
from .reported import Ledger

ContestState = Literal["recorded", "returned", "scoring", "closed", "published", "void"]


class Contest(BaseModel):
    """A contest as it stands."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    kind: ContestKind
    last: date
    judges: list[Judge]
    criteria: list[Criterion]
    drop_highest: int
    drop_lowest: int
    tie: Literal["shared", "criteria", "all_scores"]
    missing: Literal["wait", "leave_out"]
    awards: list[Award]
    tags: list[str] = []
    number: str | None
    state: ContestState
    reason: str | None = None
    rows: list[str] = []


_RULES = Ledger(
    ("contest", "比赛"),
    (RecordContest, CorrectContest, ReturnContest, VoidContest),
    (ContestRecorded, ContestCorrected, ContestReturned, ContestVoided),
    Contest,
    (
        "title",
        "kind",
        "last",
        "judges",
        "criteria",
        "drop_highest",
        "drop_lowest",
        "tie",
        "missing",
        "awards",
        "tags",
        "number",
    ),
    lambda contest: [Part(figure="contests", unit=contest.unit, day=contest.day, tags=tuple(contest.tags))],
)
_STEPS: dict[type[Command], tuple[ContestState, ContestState, type[Payload]]] = {
    StartScoring: ("recorded", "scoring", ScoringStarted),
    CloseScoring: ("scoring", "closed", ScoringClosed),
    PublishAwards: ("closed", "published", AwardsPublished),
}


def decide(state: Contest | None, command: Command, now: datetime) -> list[Payload]:
    """What follows from a command on a contest.

    Raises:
        DomainError: contest.judges_repeated, contest.judges_too_few, contest.days_out_of_order, contest.stands (not
            where the command needs it), contest.still_open, and what every register refuses.
    """
    if isinstance(command, ContestContent):
        _check(command)
    step = _STEPS.get(type(command))
    if step is None:
        fixed = isinstance(command, CorrectContest | ReturnContest)
        if fixed and state is not None and state.state in ("scoring", "closed", "published"):
            raise _stands(state, "评审开始后不能更改或退回")
        return _RULES.decide(state, command, now)
    before, _, told = step
    if state is None:
        raise DomainError("contest.not_found", "没有这次比赛", "not_found")
    if state.state != before:
        raise _stands(state, f"只有“{CONTEST_STATES[before]}”的比赛可以这样办理")
    if isinstance(command, StartScoring) and business_day(now) < state.last:
        raise wrong("contest.still_open", "last", f"征集到 {state.last} 为止，其后才能开始评审", "conflict")
    return [told(unit=state.unit, day=state.day)]


def evolve(state: Contest | None, event: Payload) -> Contest:
    """The contest after what happened."""
    after = next((later for _, later, told in _STEPS.values() if isinstance(event, told)), None)
    if after is not None and state is not None:
        return state.model_copy(update={"state": after})
    contest: Contest = _RULES.evolve(state, event)
    return contest


counted = _RULES.placed
CONTEST = Aggregate("contest", Contest, decide, evolve, lambda contest: (contest.unit,))


def rules_of(contest: Contest) -> judging.Rules:
    """A contest's rules as judging takes them."""
    criteria = [judging.Criterion(Fraction(each.full), Fraction(each.weight or each.full)) for each in contest.criteria]
    return judging.Rules(criteria, contest.drop_highest, contest.drop_lowest, contest.tie)


def result(
    contest: Contest, marks: Mapping[str, Mapping[str, Sequence[float]]]
) -> list[tuple[judging.Placed[str, str], str | None]]:
    """The entries by place, each with the award it earns; `marks` by entry and judge."""
    exact = {
        entry: {judge: [Fraction(mark) for mark in given] for judge, given in by.items()} for entry, by in marks.items()
    }
    quotas = [each.quota for each in contest.awards]
    found = []
    for each in judging.placed(rules_of(contest), exact):
        number = judging.award(quotas, each.place)
        found.append((each, None if number is None else contest.awards[number].name))
    return found


def may_judge(judge: Judge, entry: str, paths: Mapping[str, Sequence[str]], organiser: str) -> bool:
    """Whether a judge has no part in the unit of an entry.

    A role held for the organiser or above it reaches everything and is no part, unless the entry is that very unit's;
    any other unit of theirs must lie neither on the entry's path nor below it.
    """
    above = paths[organiser]
    for unit in judge.units:
        apart = unit in above or (unit not in paths[entry] and entry not in paths[unit])
        if unit == entry or not apart:
            return False
    return True


def check_complete(contest: Contest, given: Mapping[str, int], due: Mapping[str, int]) -> None:
    """Scoring may close: there are entries, and where the contest waits for all judges, all have scored.

    `given` and `due` are the numbers of scores by entry.

    Raises:
        DomainError: contest.no_entries, contest.scores_missing.
    """
    if not due:
        raise DomainError("contest.no_entries", "没有参评作品", "conflict")
    missing = sum(max(0, number - given.get(entry, 0)) for entry, number in due.items())
    if contest.missing == "wait" and missing:
        raise DomainError("contest.scores_missing", f"还有 {missing} 个评分没有给出", "conflict")


def _check(content: Any) -> None:
    users = [judge.user for judge in content.judges]
    if len(set(users)) != len(users):
        raise wrong("contest.judges_repeated", "judges", "同一评委只列一次")
    fewest = content.drop_highest + content.drop_lowest + 1
    if len(users) < fewest:
        detail = f"去掉 {content.drop_highest} 个最高分、{content.drop_lowest} 个最低分，至少需要 {fewest} 名评委"
        raise wrong("contest.judges_too_few", "judges", detail)
    if content.last < content.day:
        raise wrong("contest.days_out_of_order", "last", f"截止日期 {content.last} 早于开始日期 {content.day}")


def _stands(state: Contest, reason: str) -> DomainError:
    return DomainError("contest.stands", f"该比赛当前状态为“{CONTEST_STATES[state.state]}”：{reason}", "conflict")
