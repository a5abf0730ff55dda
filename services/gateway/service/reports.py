"""Reports that are issued: what their figures were is kept, and stands in the journal by its digest."""

from __future__ import annotations

from typing import Any

from services.gateway.contract import IssueReport
from services.kernel.journal.numbered import identified
from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command
from services.organisation import contract

from ..domain import REPORT
from ..store import issues

Answer = dict[str, Any]


class Reports:
    """Issued reports."""

    journal: Any

    @command(IssueReport)
    def issue_report(self, command: IssueReport, envelope: Envelope) -> Answer:
        """Keep a unit's figures as a document that is issued today bears them."""

        def act(work: Work) -> Answer:
            report = identified(work, REPORT, contract.NAME, command)
            work.ask_lives(report)
            issues.issue(work, report)
            return {"id": report.id, "version": work.version(REPORT, report.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer
