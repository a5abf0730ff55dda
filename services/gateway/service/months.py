"""What a change of the tree means for months that are to be submitted: while they are not accepted they follow it.

A month belongs to the superior under which its unit stood on the month's last day. A change that is written down later
moves it there in its own transaction, whatever its state but accepted: a locked month refuses the change. So a superior
never waits for whom it has lost, and never locks a month of somebody who has not settled it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.kernel.journal.work import Work
from services.organisation import contract

from ..domain import CAMPAIGN, SUBMISSION, UNIT
from ..domain.period import days_of
from ..domain.submission import AfterChildren, submission_id
from ..projection import Tree
from ..store import locks, submissions

State = contract.SubmissionState
_UNSUBMITTED = (State.open, State.returned)


def follow(work: Work, tree: Tree, units: Iterable[str], why: str) -> int:
    """Bring months of units that have moved below their superiors of the months' last days; give how many.

    Who stood above them on that day and had nothing to submit before is asked for the month as well; who had to submit
    it for their sake alone, and has not, is excused.
    """
    left: dict[tuple[str | None, str], set[str]] = {}
    came: set[tuple[str | None, str]] = set()
    moved = 0
    for id in units:
        unit = work.get(UNIT, id)
        for row, path in [] if unit is None else list(submissions.astray(work.database, tree, unit, work.session)):
            _know(work, path[-2:])
            superior, month = submissions.above(path), row["month"]
            work.decide(SUBMISSION, row["_id"], contract.PlaceSubmission(id=row["_id"], superior=superior, reason=why))
            moved += 1
            left.setdefault((row["superior"], month), set()).add(id)
            came.add((superior, month))
            if row["state"] != State.excused:
                _open_above(work, path, row)
    for place, gone in left.items():
        if place not in came:
            _relieve(work, tree, *place, gone, why)
    return moved


def excuse(work: Work, unit: str, asked: contract.MergeUnits | contract.AbolishUnit) -> None:
    """A unit that is no more at the end of a month owes nothing of it, though it had been opened or even confirmed."""
    why = f"{asked.day} 撤销：{asked.basis}"[:200]
    for id, month in submissions.unsettled(work.database, unit, work.session).items():
        if days_of(month)[1] >= asked.day:
            _excuse(work, id, why)


def _open_above(work: Work, path: Sequence[str], row: dict[str, Any]) -> None:
    """Whoever stands above who owes a month owes it too, unless it is part of what somebody has locked."""
    for depth in range(1, len(path)):
        line = list(path[:depth])
        id = submission_id(line[-1], row["month"])
        if work.get(SUBMISSION, id) is None:
            if locks.holder_of(work.database, line, row["month"], work.session) is not None:
                continue
            _know(work, line[-2:])
            asked = contract.OpenSubmission(
                id=id,
                unit=line[-1],
                month=row["month"],
                campaign=row["campaign"],
                superior=submissions.above(line),
                due=row["due"],
            )
            work.decide(SUBMISSION, id, asked)


def _relieve(work: Work, tree: Tree, unit: str | None, month: str, gone: set[str], why: str) -> None:
    """Excuse who owed a month for the sake of those below alone: none of them is left, and nothing is locked."""
    while unit is not None:
        id = submission_id(unit, month)
        state, known = work.get(SUBMISSION, id), work.get(UNIT, unit)
        if state is None or known is None or state.state not in _UNSUBMITTED:
            return
        campaign = work.get(CAMPAIGN, state.campaign)
        if campaign is None or campaign.submissions is None or known.kind in campaign.submissions.kinds:
            return
        others = {"superior": unit, "month": month, "unit": {"$nin": sorted(gone)}}
        if work.database["submissions"].find_one(others, {"_id": 1}, session=work.session) is not None:
            return
        if locks.holder_of(work.database, tree.on(known.path, days_of(month)[1]), month, work.session) is not None:
            return
        _excuse(work, id, why)
        gone, unit = {unit}, state.superior


def _excuse(work: Work, id: str, why: str) -> None:
    """What was confirmed is given back first, as a person would do it."""
    state = work.get(SUBMISSION, id)
    if state is not None and state.state == State.submitted:
        work.decide(SUBMISSION, id, contract.ReturnSubmission(id=id, reason=why))
    asked = contract.ExcuseSubmission(id=id, reason=why)
    work.decide(SUBMISSION, id, AfterChildren(asked=asked, waiting=[]))


def _know(work: Work, units: Iterable[str]) -> None:
    """Who may see a month follows from where its unit and its superior are today."""
    for id in units:
        if (unit := work.get(UNIT, id)) is not None:
            work.paths[id] = unit.path
