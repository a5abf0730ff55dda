"""Monthly submissions: opened by the clock, confirmed by units, taken over by their superiors; then they are locked."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from services.kernel.journal.work import Work
from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command, Envelope
from services.kernel.rules.working_days import Calendar
from services.kernel.runtime.entrypoints import every
from services.kernel.runtime.rpc import command
from services.organisation import contract

from ..domain import CAMPAIGN, SUBMISSION, UNIT, Campaign
from ..domain.period import days_of, due_of, openable
from ..domain.submission import AfterChildren, submission_id
from ..store import calendars, directory, locks, submissions
from ..store.generation import PROJECTION
from ..store.tree import tree_of
from . import months

Answer = dict[str, Any]
_AT_ONCE = 200
_SPARE = timedelta(seconds=5)
"""So long before its caller gives up a command stops waiting for the figures."""
_PLATFORM = Actor(user="platform", role="platform", unit="*")


class Periods:
    """What the months were opened for last in this process: looking through all units each minute would be much."""

    opened_for: tuple[Any, ...] | None = None


class Submissions:
    """Who has submitted which month."""

    journal: Any
    periods: Periods

    @command(contract.PlanSubmissions)
    def plan_submissions(self, command: contract.PlanSubmissions, envelope: Envelope) -> Answer:
        """Say anew which months of a campaign are to be submitted."""

        def act(work: Work) -> Answer:
            work.decide(CAMPAIGN, command.id, command, envelope.expected)
            work.write(directory.ACCESS, directory.raised())
            return {"id": command.id, "version": work.version(CAMPAIGN, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.OpenPeriods)
    def open_periods(self, command: contract.OpenPeriods, envelope: Envelope) -> Answer:
        """Open what may be submitted today, now and not within a minute."""
        return {"opened": self._open()}

    @every(60, eager=True)
    def keep_periods(self) -> None:
        """Open the months that are over, and mark what was due and did not come."""
        now = self.journal.clock()
        self._open()
        while late := submissions.fallen_due(self.journal.database, business_day(self.journal.clock()), _AT_ONCE):
            self._transact("due", lambda work, late=late: _mark(work, late))
        submissions.kept(self.journal.database, business_day(now))

    @command(contract.ConfirmSubmission)
    def confirm_submission(self, command: contract.ConfirmSubmission, envelope: Envelope) -> Answer:
        """A unit confirms its month; what it was shown is no part of what makes two commands the same."""
        body = command.model_copy(update={"prepared": None})
        return self._execute(envelope, body, lambda work: _after_children(work, command))

    @command(contract.AcceptSubmission)
    def accept_submission(self, command: contract.AcceptSubmission, envelope: Envelope) -> Answer:
        """The superior takes a month over, once all that was recorded before its confirmation is in the figures."""
        known = self.journal.get(SUBMISSION, command.id)
        if known is not None and known.at is not None:
            while not locks.arrived(self.journal.database, known.at):
                if self.journal.clock() > envelope.deadline - _SPARE:
                    break
                time.sleep(0.1)

        def lock(work: Work) -> Command:
            found = work.get(SUBMISSION, command.id)
            decided = _after_children(work, command)
            submitted = found is not None and found.state == contract.SubmissionState.submitted
            if found is not None and found.at is not None and submitted and not decided.waiting:
                locks.lock(work, found.unit, found.month, found.at)
            return decided

        return self._execute(envelope, command, lock)

    @command(contract.ReturnSubmission)
    def return_submission(self, command: contract.ReturnSubmission, envelope: Envelope) -> Answer:
        """The superior gives a month back."""
        return self._execute(envelope, command, lambda work: command)

    @command(contract.ExcuseSubmission)
    def excuse_submission(self, command: contract.ExcuseSubmission, envelope: Envelope) -> Answer:
        """The superior excuses a unit from a month, after those below it."""

        def decided(work: Work) -> Command:
            _not_locked_above(work, command.id)
            return _after_children(work, command)

        return self._execute(envelope, command, decided)

    @command(contract.ReinstateSubmission)
    def reinstate_submission(self, command: contract.ReinstateSubmission, envelope: Envelope) -> Answer:
        """The superior takes an excuse back, while they have not settled the month themselves."""

        def told(work: Work) -> Command:
            found = work.get(SUBMISSION, command.id)
            above = found and found.superior and work.get(SUBMISSION, submission_id(found.superior, found.month))
            if above and above.state in contract.SETTLED:
                state = contract.SUBMISSION_STATES[above.state]
                detail = f"上级单位 {above.unit} 的该月份{state}，不能恢复上报"
                raise DomainError("submission.settled_above", detail, "conflict")
            _not_locked_above(work, command.id)
            return command

        return self._execute(envelope, command, told)

    def _execute(self, envelope: Envelope, body: Command, decided: Any) -> Answer:
        id = str(getattr(body, "id", ""))

        def act(work: Work) -> Answer:
            state = work.decide(SUBMISSION, id, decided(work), envelope.expected)
            work.within(SUBMISSION, id)
            work.write(PROJECTION, locks.touched())
            return {"id": id, "version": work.version(SUBMISSION, id), "state": str(state.state)}

        answer: Answer = self.journal.execute(envelope, body, act)
        return answer

    def _open(self) -> int:
        """Open every month that is over, for whoever owes it; how many submissions that made."""
        opened, database, today = 0, self.journal.database, business_day(self.journal.clock())
        reasons = submissions.reasons(database, today)
        if self.periods.opened_for == reasons:
            return 0
        self._follow()
        calendar = calendars.calendar(database)
        for document in list(database["campaigns"].find({"submissions": {"$ne": None}})):
            campaign = self.journal.get(CAMPAIGN, document["_id"])
            for month in openable(campaign.submissions, today):
                self._set_due(document["_id"], campaign.submissions, month, calendar)
                while units := submissions.unopened(database, campaign.submissions, month, _AT_ONCE):
                    name = f"{document['_id']}:{month}"
                    self._transact(
                        name,
                        lambda work, units=units, month=month, place=(document["_id"], campaign): _open(
                            work, units, month, *place
                        ),
                    )
                    opened += len(units)
        self.periods.opened_for = reasons
        return opened

    def _follow(self) -> None:
        """Bring months to whom they belong: a change of the tree does so itself, an earlier version did not."""
        database = self.journal.database
        tree = tree_of(database)
        for moved in tree.superiors:
            unit = self.journal.get(UNIT, moved)
            if unit is not None and any(submissions.astray(database, tree, unit)):
                self._transact(f"follow:{moved}", lambda work, moved=moved: _follow(work, moved))

    def _set_due(self, campaign: str, rule: contract.SubmissionRule, month: str, calendar: Calendar) -> None:
        """Months that were opened before follow when the rule or the working calendar has become another."""
        due, waits_for = due_of(rule, month, calendar)
        wrong = submissions.due_otherwise(self.journal.database, campaign, month, due, waits_for)
        for first in range(0, len(wrong), _AT_ONCE):
            ids = wrong[first : first + _AT_ONCE]
            self._transact(
                f"due:{campaign}:{month}", lambda work, ids=ids: _set_due(work, ids, due=due, waits_for=waits_for)
            )

    def _transact(self, name: str, act: Any) -> None:
        deadline = self.journal.clock() + timedelta(seconds=30)
        self.journal.transact(Envelope(command_id=f"periods:{name}", actor=_PLATFORM, deadline=deadline), act)


def _follow(work: Work, unit: str) -> None:
    work.write(PROJECTION, locks.touched())
    months.follow(work, tree_of(work.database, work.session), [unit], "按当月末的隶属关系归入上级单位")


def _not_locked_above(work: Work, id: str) -> None:
    """How many months are expected stays as it is in what has been locked.

    Raises:
        DomainError: submission.locked_above.
    """
    found = work.get(SUBMISSION, id)
    unit = None if found is None else work.get(UNIT, found.unit)
    if found is None or unit is None or found.state == contract.SubmissionState.accepted:
        return
    path = tree_of(work.database, work.session).on(unit.path, days_of(found.month)[1])
    if (holder := locks.holder_of(work.database, path, found.month, work.session)) is not None:
        detail = f"上级单位 {holder} 的该月份已采纳锁定，应报不再改变；本单位仍可上报并由上级采纳"
        raise DomainError("submission.locked_above", detail, "conflict")


def _after_children(
    work: Work, asked: contract.ConfirmSubmission | contract.AcceptSubmission | contract.ExcuseSubmission
) -> AfterChildren:
    found = work.get(SUBMISSION, asked.id)
    waiting = [] if found is None else submissions.waiting(work.database, found.unit, found.month, work.session)
    return AfterChildren(asked=asked, waiting=waiting)


def _set_due(work: Work, ids: list[str], **due: Any) -> None:
    work.write(PROJECTION, locks.touched())
    for id in ids:
        work.decide(SUBMISSION, id, contract.SetDue(id=id, **due))


def _open(work: Work, units: list[list[str]], month: str, id: str, campaign: Campaign) -> None:
    """Units by their paths at the month's end; who may see it follows from where they are now."""
    rule = campaign.submissions
    if rule is None:
        return
    work.write(PROJECTION, locks.touched())
    due, waits_for = due_of(rule, month, calendars.calendar(work.database, work.session))
    named = sorted({step for path in units for step in path[-2:]})
    for row in work.database["units"].find({"_id": {"$in": named}}, {"path": 1}, session=work.session):
        work.paths[row["_id"]] = row["path"]
    for path in units:
        if locks.holder_of(work.database, path, month, work.session) is not None:
            continue
        asked = contract.OpenSubmission(
            id=submission_id(path[-1], month),
            unit=path[-1],
            month=month,
            campaign=id,
            superior=submissions.above(path),
            due=due,
            waits_for=waits_for,
        )
        work.decide(SUBMISSION, asked.id, asked)


def _mark(work: Work, late: list[str]) -> None:
    for id in late:
        work.decide(SUBMISSION, id, contract.MarkLate(id=id))
