"""Excuses, and members named one by one: before a session is reported or after, as a correction of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.lists import shown
from services.kernel.journal.numbered import numbered, numbered_ids
from services.kernel.journal.work import Work
from services.kernel.message.event import ONESELF, Envelope
from services.kernel.runtime.imports import Imports
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import ATTENDANCE, COVERAGE, EXCUSE, SESSION, attendance_id, coverage_id, wrong
from ..domain.attendance import Named
from ..domain.covered import unit_on
from ..domain.excuse import PlaceExcuse
from ..store import rolls
from .attended import name

Answer = dict[str, Any]
_HERE = (None, contract.Reasons.absent)
"""Whom an excuse that comes later changes: who was taken to be present, or absent without one."""


class Attendances(Imports):
    """Who was not there, and why."""

    name: str
    journal: Any

    @command(contract.RecordExcuse)
    def record_excuse(self, command: contract.RecordExcuse, envelope: Envelope) -> Answer:
        """Excuse a member; sessions that were reported already are corrected in the same transaction."""

        def act(work: Work) -> Answer:
            stays = store.members.stays_of(work.database, command.member, work.session)
            unit = unit_on(stays, command.first)
            if unit is not None:
                work.paths.setdefault(unit, store.units.paths(work.database, [unit], work.session).get(unit, [unit]))
            others = rolls.overlapping(work, command.id, command.member, command.first, command.last)
            before = work.version(EXCUSE, command.id)
            asked = PlaceExcuse(excuse=command, unit=unit, overlapping=others)
            state = work.decide(EXCUSE, command.id, asked, envelope.expected)
            _within(work, command.id)
            corrected = 0
            if work.version(EXCUSE, command.id) > before:
                rolls.keep_excuse_reason(work, command.id, command.reason)
                corrected = self._excuse(work, command, {stay.unit for stay in stays})
            version = work.version(EXCUSE, command.id)
            return {"id": command.id, "version": version, "state": state.state, "corrected": corrected}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.WithdrawExcuse)
    def withdraw_excuse(self, command: contract.WithdrawExcuse, envelope: Envelope) -> Answer:
        """Take an excuse back, and what it changed in sessions."""

        def act(work: Work) -> Answer:
            state = work.decide(EXCUSE, command.id, command, envelope.expected)
            _within(work, command.id)
            absences = rolls.excused_by(work, command.id)
            for row in absences:
                before = row["before"]
                named = None if before is None else Named(member=row["member"], reason=contract.Reasons(before))
                name(work, row["session"], [(row["member"], named)], "撤销请假")
            version = work.version(EXCUSE, command.id)
            return {"id": command.id, "version": version, "state": state.state, "corrected": len(absences)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.GetExcuse)
    def get_excuse(self, query: contract.GetExcuse, envelope: Envelope) -> Answer:
        """One excuse with its reason; the edge has looked whether the reader may know it."""
        found = store.excuses.one(self.journal.database, query.id)
        return {**shown(found), "why": rolls.excuse_reason(self.journal.database, query.id), "scope": found["scope"]}

    @query(contract.ListExcuses)
    def list_excuses(self, query: contract.ListExcuses, envelope: Envelope) -> Answer:
        """A page of excuses, without their reasons."""
        return store.excuses.listed(self.journal.database, query)

    @query(contract.ListAbsences)
    def list_absences(self, query: contract.ListAbsences, envelope: Envelope) -> Answer:
        """A page of the sessions at which a member was not there."""
        return store.excuses.missed(self.journal.database, query)

    @query(contract.GetAttendance)
    def get_attendance(self, query: contract.GetAttendance, envelope: Envelope) -> Answer:
        """Who was not at a session; illness and personal matters in clear for the unit itself alone."""
        session = store.session(self.journal.database, query.id, envelope.actor.unit)
        own = envelope.actor.unit == session["unit"]
        named = rolls.absences(self.journal.database, query.id)
        items = [
            {"member": each.member, "reason": each.reason if own else each.told, "excuse": each.excuse}
            for each in named
        ]
        return {"session": session, "items": items}

    def together(self, kind: str, row: BaseModel) -> Hashable:
        """Rows of one session for one reason are one correction of it."""
        if isinstance(row, contract.AttendanceRow):
            return row.unit, row.session, row.reason
        return super().together(kind, row)

    def apply_rows(self, work: Work, kind: str, rows: Sequence[BaseModel]) -> int:
        """Rows of 考勤表: members named in a session that was reported or is still open."""
        named = [row for row in rows if isinstance(row, contract.AttendanceRow)]
        if not named:
            return super().apply_rows(work, kind, rows)
        one = named[0]
        if one.unit not in work.envelope.paths:
            raise wrong("unit.unknown", "unit", f"没有单位 {one.unit}，或不在您的权限范围内")
        outcomes = [(row.member, _outcome(row)) for row in named]
        id = self._session_id(work, one)
        kept = rolls.get(work, id)
        if kept is not None and not one.reason and (member := kept.roll.otherwise(outcomes)) is not None:
            raise wrong("row.reason_missing", "reason", f"党员 {member} 已登记了另一情况，更改须填写更正事由")
        return name(work, id, outcomes, one.reason or "考勤表登记")

    def read_ahead(self, work: Work, kind: str, rows: Sequence[BaseModel]) -> None:
        """The sessions, what their members change, their units' coverage, their rolls, and where members studied."""
        named = [row for row in rows if isinstance(row, contract.AttendanceRow)]
        if not named:
            super().read_ahead(work, kind, rows)
            return
        told = {(row.unit, row.session): row for row in named}.values()
        work.load(SESSION, [id for row in told for id in numbered_ids(self.name, "sessions", row.unit, row.session)])
        sessions = {self._session_id(work, row) for row in told}
        work.load(ATTENDANCE, map(attendance_id, sessions))
        work.load(COVERAGE, map(coverage_id, {row.unit for row in named}))
        rolls.load(work, sessions)
        days = [kept.day for session in sessions if (kept := rolls.get(work, session)) is not None and kept.counted]
        store.studied.load(work, {row.member for row in named}, days)

    def _session_id(self, work: Work, row: contract.AttendanceRow) -> str:
        return numbered(work, SESSION, self.name, row.unit, row.session)

    def _excuse(self, work: Work, excuse: contract.RecordExcuse, units: Iterable[str]) -> int:
        """Name the member in sessions that have a roll already, unless another reason is given there."""
        reason, corrected = contract.Reasons(excuse.reason), 0
        for session in rolls.of_member(work, units, excuse.first, excuse.last):
            kept = rolls.get(work, session)
            if kept is None or not kept.roll.has(excuse.member):
                continue
            known = kept.roll.reason_of(excuse.member)
            if known not in _HERE:
                continue
            named = Named(member=excuse.member, reason=reason, excuse=excuse.id, before=known)
            corrected += name(work, session, [(excuse.member, named)], "补登请假")
        return corrected


def _within(work: Work, id: str) -> None:
    """An excuse is in the reach of who keeps the unit's records, or it is the actor's own."""
    if work.envelope.actor.unit != ONESELF:
        work.within(EXCUSE, id)


def _outcome(row: contract.AttendanceRow) -> Named | None:
    return None if row.outcome == "present" else Named(member=row.member, reason=contract.Reasons(row.outcome))
