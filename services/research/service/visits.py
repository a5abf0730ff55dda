"""Visits: an entrypoint for each command and query; what was found lies in the vault."""

from __future__ import annotations

from typing import Any

from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope
from services.kernel.message.redaction import redact
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import VISIT, Visit
from .deciding import Answer, Deciding, warnings


class Visits(Deciding):
    """Visits 调研."""

    vault: Any

    @command(contract.RecordVisit)
    def record_visit(self, command: contract.RecordVisit, envelope: Envelope) -> Answer:
        """Record a visit; the answer warns where its unit gets too many."""
        return self._found(command, envelope)

    @command(contract.CorrectVisit)
    def correct_visit(self, command: contract.CorrectVisit, envelope: Envelope) -> Answer:
        """Say a visit anew."""
        return self._found(command, envelope)

    @command(contract.VoidVisit)
    def void_visit(self, command: contract.VoidVisit, envelope: Envelope) -> Answer:
        """Take a visit back."""
        return self._do(VISIT, command, envelope)

    @query(contract.GetVisit)
    def get_visit(self, query: contract.GetVisit, envelope: Envelope) -> Answer:
        """One visit, with what was found for those who went, numbers and addresses redacted."""
        visit, own = store.visit(self.journal.database, query.id, envelope.actor.unit)
        found = self.vault.read_many([query.id]).get(query.id, {}) if own else {}
        return {**visit, "findings": redact(found["findings"]) if found else None}

    @query(contract.GetFindings)
    def get_findings(self, query: contract.GetFindings, envelope: Envelope) -> Answer:
        """What was found, in clear, for those who went; the look is written down first."""
        _, own = store.visit(self.journal.database, query.id, envelope.actor.unit)
        if not own:
            raise store.not_found()
        opened: Answer = self.vault.open(query.id, actor=envelope.actor.user, reason=query.reason)
        return opened

    @query(contract.ListVisits)
    def list_visits(self, query: contract.ListVisits, envelope: Envelope) -> Answer:
        """A page of visits."""
        return store.visits(self.journal.database, query)

    def _found(self, command: contract.RecordVisit | contract.CorrectVisit, envelope: Envelope) -> Answer:
        """Decided and sealed in one transaction."""

        def more(work: Work, id: str, visit: Visit) -> Answer:
            self._seal(work, id, command.findings)
            return {"warnings": warnings(work, visit)}

        return self._do(VISIT, command, envelope, more)

    def _seal(self, work: Work, id: str, findings: str | None) -> None:
        if findings:
            self.vault.seal(work, id, "findings", {"findings": findings})
