"""Sessions, essays and lectures: an entrypoint for each command and query, and their rows of a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.numbered import identified, numbered, numbered_ids, spelled
from services.kernel.journal.work import Work
from services.kernel.message.event import Command, Envelope
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.rpc import command, query
from services.kernel.sheets.ledger import Row

from .. import contract, store
from ..domain import (
    COVERAGE,
    ESSAY,
    LECTURE,
    SESSION,
    check_link,
    coverage_id,
    wrong,
)
from .attendances import Attendances
from .attended import decide_session
from .links import in_programme

Answer = dict[str, Any]
_NEW = (contract.DraftSession, contract.HoldSession, contract.RecordEssay, contract.RecordLecture)
_LINKED = (contract.RecordEssay, contract.CorrectEssay)


class Records(Attendances):
    """What was done, as units report it."""

    name: str
    journal: Any

    @command(contract.DraftSession)
    def draft_session(self, command: contract.DraftSession, envelope: Envelope) -> Answer:
        """Keep a draft."""
        return self._do(SESSION, command, envelope)

    @command(contract.HoldSession)
    def hold_session(self, command: contract.HoldSession, envelope: Envelope) -> Answer:
        """Record a session that was held."""
        return self._do(SESSION, command, envelope)

    @command(contract.SubmitSession)
    def submit_session(self, command: contract.SubmitSession, envelope: Envelope) -> Answer:
        """Report a session."""
        return self._do(SESSION, command, envelope)

    @command(contract.CorrectSession)
    def correct_session(self, command: contract.CorrectSession, envelope: Envelope) -> Answer:
        """Say a session anew."""
        return self._do(SESSION, command, envelope)

    @command(contract.ReturnSession)
    def return_session(self, command: contract.ReturnSession, envelope: Envelope) -> Answer:
        """Give a session back to its unit."""
        return self._do(SESSION, command, envelope)

    @command(contract.VoidSession)
    def void_session(self, command: contract.VoidSession, envelope: Envelope) -> Answer:
        """Take a session back."""
        return self._do(SESSION, command, envelope)

    @command(contract.RecordEssay)
    def record_essay(self, command: contract.RecordEssay, envelope: Envelope) -> Answer:
        """Record an essay."""
        return self._do(ESSAY, command, envelope)

    @command(contract.CorrectEssay)
    def correct_essay(self, command: contract.CorrectEssay, envelope: Envelope) -> Answer:
        """Say an essay anew."""
        return self._do(ESSAY, command, envelope)

    @command(contract.VoidEssay)
    def void_essay(self, command: contract.VoidEssay, envelope: Envelope) -> Answer:
        """Take an essay back."""
        return self._do(ESSAY, command, envelope)

    @command(contract.RecordLecture)
    def record_lecture(self, command: contract.RecordLecture, envelope: Envelope) -> Answer:
        """Record a lecture."""
        return self._do(LECTURE, command, envelope)

    @command(contract.CorrectLecture)
    def correct_lecture(self, command: contract.CorrectLecture, envelope: Envelope) -> Answer:
        """Say a lecture anew."""
        return self._do(LECTURE, command, envelope)

    @command(contract.VoidLecture)
    def void_lecture(self, command: contract.VoidLecture, envelope: Envelope) -> Answer:
        """Take a lecture back."""
        return self._do(LECTURE, command, envelope)

    @query(contract.GetSession)
    def get_session(self, query: contract.GetSession, envelope: Envelope) -> Answer:
        """One session."""
        return store.session(self.journal.database, query.id, envelope.actor.unit)

    @query(contract.ListSessions)
    def list_sessions(self, query: contract.ListSessions, envelope: Envelope) -> Answer:
        """A page of sessions."""
        return store.sessions(self.journal.database, query, envelope.actor.unit)

    @query(contract.GetEssay)
    def get_essay(self, query: contract.GetEssay, envelope: Envelope) -> Answer:
        """One essay, with the reading class it came of."""
        return store.essay(self.journal.database, query.id, envelope.actor.unit)

    @query(contract.ListEssays)
    def list_essays(self, query: contract.ListEssays, envelope: Envelope) -> Answer:
        """A page of essays."""
        return store.listed(self.journal.database, "essays", query)

    @query(contract.GetLecture)
    def get_lecture(self, query: contract.GetLecture, envelope: Envelope) -> Answer:
        """One lecture."""
        return store.one(self.journal.database, "lectures", query.id, envelope.actor.unit)

    @query(contract.ListLectures)
    def list_lectures(self, query: contract.ListLectures, envelope: Envelope) -> Answer:
        """A page of lectures."""
        return store.listed(self.journal.database, "lectures", query)

    def _do(self, aggregate: Aggregate[Any], command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            asked = identified(work, aggregate, self.name, command) if isinstance(command, _NEW) else command
            id = asked.id
            self._check_link(work, id, asked)
            state = decided(work, aggregate, id, asked, envelope.expected)
            work.within(aggregate, id)
            return {"id": id, "version": work.version(aggregate, id), "state": str(state.state)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def _check_link(self, work: Work, id: str, command: Any) -> None:
        """What a person links must exist. Sheets come in any order: theirs is looked up when the essay is read."""
        if not isinstance(command, _LINKED) or command.session is None:
            return
        known = work.get(ESSAY, id)
        if known is None or known.session != command.session:
            ids = store.session_ids(command.unit, command.session)
            work.load(SESSION, ids)
            linked = next((session for each in ids if (session := work.get(SESSION, each))), None)
            check_link(linked, work.paths.get(command.unit, (command.unit,)))

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row of a history: recorded and submitted at once, corrected, or taken back; known rows change nothing."""
        if not isinstance(row, Row):
            super().apply_row(work, kind, row)
            return
        if row.unit not in work.envelope.paths:
            raise wrong("unit.unknown", "unit", f"没有单位 {row.unit}，或不在您的权限范围内")
        aggregate, record, correct, void = _BY_KIND[kind]
        id = numbered(work, aggregate, self.name, row.unit, row.number)
        state, before = work.get(aggregate, id), work.version(aggregate, id)
        row = spelled(row, state)
        digest = row.digest()
        if state is not None and digest in state.rows:
            return
        if row.action != "add" and not row.reason:
            raise wrong("row.reason_missing", "reason", "更正、作废须填写事由")
        if row.action == "void":
            decided(work, aggregate, id, void(id=id, reason=row.reason, row=digest))
            return
        content = row.model_dump(include=set(record.model_fields) - {"id", "row"})
        if isinstance(row, contract.SessionRow):
            content["absences"] = row.absences()
        if row.action == "correct" and (state is None or state.state != contract.SessionState.draft):
            after = decided(work, aggregate, id, correct(**content, id=id, reason=row.reason, row=digest))
            mended = work.version(aggregate, id) > before
            reported = mended and after.state in (contract.SessionState.held, contract.SessionState.returned)
        else:
            after = decided(work, aggregate, id, record(**content, id=id, row=digest))
            reported = after.state == contract.SessionState.held
        if reported:
            decided(work, SESSION, id, contract.SubmitSession(id=id))

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The row's record, and for a session its unit's coverage."""
        if isinstance(row, Row):
            yield from ((_BY_KIND[kind][0], id) for id in numbered_ids(self.name, kind, row.unit, row.number))
        if isinstance(row, contract.SessionRow):
            yield COVERAGE, coverage_id(row.unit)
        if not isinstance(row, Row):
            yield from super().row_ids(kind, row)


_BY_KIND: dict[str, tuple[Aggregate[Any], type[Any], type[Any], type[Any]]] = {
    "sessions": (SESSION, contract.HoldSession, contract.CorrectSession, contract.VoidSession),
    "essays": (ESSAY, contract.RecordEssay, contract.CorrectEssay, contract.VoidEssay),
    "lectures": (LECTURE, contract.RecordLecture, contract.CorrectLecture, contract.VoidLecture),
}


def decided(work: Work, aggregate: Aggregate[Any], id: str, command: Command, expected: int | None = None) -> Any:
    """Decide a command with what belongs to it: coverage follows submitted sessions."""
    if isinstance(command, contract.SessionContent) and command.programme is not None:
        command = in_programme(work, command)
    if aggregate is SESSION:
        return decide_session(work, id, command, expected)
    return work.decide(aggregate, id, command, expected)
