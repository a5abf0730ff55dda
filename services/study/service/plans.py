"""Plans, monthly notices and their receipts: an entrypoint for each command and query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.numbered import identified, numbered, numbered_ids
from services.kernel.journal.work import Work
from services.kernel.message.clock import business_day
from services.kernel.message.event import Command, Envelope, record_id
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.imports import Imports
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import NOTICE, PLAN, RECEIPT, MakeNotice, receipt_id, wrong
from .duties import Sort, distribute, sync_duty

Answer = dict[str, Any]


class Plans(Imports):
    """Who owes what, and how they stand with it."""

    name: str
    journal: Any
    distributing: Any

    @command(contract.DraftPlan)
    def draft_plan(self, command: contract.DraftPlan, envelope: Envelope) -> Answer:
        """Prepare a plan."""
        return self._plan(command, envelope)

    @command(contract.RevisePlan)
    def revise_plan(self, command: contract.RevisePlan, envelope: Envelope) -> Answer:
        """Say a plan anew; an issued one reaches its audience again."""
        return self._plan(command, envelope)

    @command(contract.IssuePlan)
    def issue_plan(self, command: contract.IssuePlan, envelope: Envelope) -> Answer:
        """Issue a plan."""
        return self._plan(command, envelope)

    @command(contract.WithdrawPlan)
    def withdraw_plan(self, command: contract.WithdrawPlan, envelope: Envelope) -> Answer:
        """Withdraw a plan."""
        return self._plan(command, envelope)

    @command(contract.DraftNotice)
    def draft_notice(self, command: contract.DraftNotice, envelope: Envelope) -> Answer:
        """Make a month's notice out of a plan; the same month of the same plan is the same notice."""

        def act(work: Work) -> Answer:
            work.ask_lives(command)
            plan = work.get(PLAN, command.plan)
            if plan is None or plan.unit not in work.paths.get(command.unit, (command.unit,)):
                raise wrong("notice.plan_unknown", "plan", "没有这份计划：应为本单位或上级单位的计划", "not_found")
            own = plan if plan.unit == command.unit else plan.model_copy(update={"units": [command.unit]})
            id = record_id(self.name, "notices", command.unit, f"{command.plan}|{command.month}")
            return _moved(work, NOTICE, id, MakeNotice(asked=command, plan=own))

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.ReviseNotice)
    def revise_notice(self, command: contract.ReviseNotice, envelope: Envelope) -> Answer:
        """Say a notice anew; an issued one reaches its audience again, as a new edition."""
        return self._notice(command, envelope)

    @command(contract.IssueNotice)
    def issue_notice(self, command: contract.IssueNotice, envelope: Envelope) -> Answer:
        """Send a notice to its audience."""
        return self._notice(command, envelope)

    @command(contract.WithdrawNotice)
    def withdraw_notice(self, command: contract.WithdrawNotice, envelope: Envelope) -> Answer:
        """Withdraw a notice."""
        return self._notice(command, envelope)

    @command(contract.AcknowledgeReceipt)
    def acknowledge_receipt(self, command: contract.AcknowledgeReceipt, envelope: Envelope) -> Answer:
        """The unit has read the notice."""
        return self._receipt(command, envelope)

    @command(contract.TickReceipt)
    def tick_receipt(self, command: contract.TickReceipt, envelope: Envelope) -> Answer:
        """Tick an item by hand, or take the tick back."""
        return self._receipt(command, envelope)

    @query(contract.GetPlan)
    def get_plan(self, query: contract.GetPlan, envelope: Envelope) -> Answer:
        """One plan."""
        return store.plans.get(self.journal.database, "plans", query.id, envelope.actor.unit)

    @query(contract.ListPlans)
    def list_plans(self, query: contract.ListPlans, envelope: Envelope) -> Answer:
        """A page of plans."""
        return store.plans.listed(self.journal.database, "plans", query)

    @query(contract.GetNotice)
    def get_notice(self, query: contract.GetNotice, envelope: Envelope) -> Answer:
        """One notice."""
        return store.plans.get(self.journal.database, "notices", query.id, envelope.actor.unit)

    @query(contract.ListNotices)
    def list_notices(self, query: contract.ListNotices, envelope: Envelope) -> Answer:
        """A page of notices."""
        return store.plans.listed(self.journal.database, "notices", query)

    @query(contract.GetReceipt)
    def get_receipt(self, query: contract.GetReceipt, envelope: Envelope) -> Answer:
        """One receipt, item by item."""
        database = self.journal.database
        return store.plans.receipt(database, store.one(database, "receipts", query.id, envelope.actor.unit))

    @query(contract.ListReceipts)
    def list_receipts(self, query: contract.ListReceipts, envelope: Envelope) -> Answer:
        """A page of receipts."""
        return store.listed(self.journal.database, "receipts", query)

    @query(contract.GetPlanProgress)
    def get_plan_progress(self, query: contract.GetPlanProgress, envelope: Envelope) -> Answer:
        """How the units of a subtree stand with a plan or notice."""
        today = business_day(self.journal.clock())
        return store.duties.progress(self.journal.database, query.source, query.unit, today)

    @query(contract.ListDuties)
    def list_duties(self, query: contract.ListDuties, envelope: Envelope) -> Answer:
        """The same by name."""
        return store.duties.listed(self.journal.database, query, business_day(self.journal.clock()))

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A receipt's row: the latest edition was read."""
        if not isinstance(row, contract.ReceiptRow):
            super().apply_row(work, kind, row)
            return
        notice_id = self._notice_of(work, row)
        notice = work.get(NOTICE, notice_id)
        if notice is None or notice.state != "issued":
            raise wrong(
                "receipt.not_found",
                "number",
                f"{row.issuer} 没有下发 {row.number} 的通知单（计划 {row.plan}）",
                "not_found",
            )
        id = receipt_id(notice_id, row.unit)
        receipt = work.get(RECEIPT, id)
        if receipt is None or row.unit not in work.envelope.paths:
            raise wrong("receipt.not_found", "unit", f"通知单没有下发给 {row.unit}，或不在您的权限范围内", "not_found")
        if row.action == "correct" and not row.reason:
            raise wrong("row.reason_missing", "reason", "更正须填写事由")
        reason = row.reason if row.action == "correct" else None
        asked = contract.AcknowledgeReceipt(id=id, edition=notice.edition, day=row.day, reason=reason)
        before = work.version(RECEIPT, id)
        receipt = work.decide(RECEIPT, id, asked)
        if work.version(RECEIPT, id) > before:
            sync_duty(work, receipt, work.paths[row.unit])

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """A receipt's row: the notice and the receipt."""
        if isinstance(row, contract.ReceiptRow):
            plans = numbered_ids(self.name, "plans", row.issuer, row.plan)
            notices = [record_id(self.name, "notices", row.issuer, f"{plan}|{row.number}") for plan in plans]
            return [(NOTICE, notices[-1]), (RECEIPT, receipt_id(notices[-1], row.unit))]
        return super().row_ids(kind, row)

    def _notice_of(self, work: Work, row: contract.ReceiptRow) -> str:
        plan = numbered(work, PLAN, self.name, row.issuer, row.plan)
        return record_id(self.name, "notices", row.issuer, f"{plan}|{row.number}")

    def _plan(self, command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            asked = identified(work, PLAN, self.name, command) if isinstance(command, contract.DraftPlan) else command
            if isinstance(asked, contract.PlanContent):
                _check_audience(work, asked)
            return self._sent(work, PLAN, "plan", asked, envelope.expected)

        return self._execute(envelope, command, act)

    def _notice(self, command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            return self._sent(work, NOTICE, "notice", command, envelope.expected)

        return self._execute(envelope, command, act)

    def _sent(self, work: Work, aggregate: Aggregate[Any], sort: Sort, command: Any, expected: int | None) -> Answer:
        """Decide, and let what is in force, or is so no more, reach its audience."""
        before = work.get(aggregate, command.id)
        answer = _moved(work, aggregate, command.id, command, expected)
        after = work.get(aggregate, command.id)
        in_force = after is not None and (after.state == "issued" or (before is not None and before.state == "issued"))
        if after != before and in_force:
            distribute(work, sort, command.id)
        return answer

    def _receipt(self, command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            answer = _moved(work, RECEIPT, command.id, command, envelope.expected)
            receipt = work.get(RECEIPT, command.id)
            if receipt is not None:
                sync_duty(work, receipt, store.units.path(work.database, receipt.unit))
            return answer

        return self._execute(envelope, command, act)

    def _execute(self, envelope: Envelope, command: Command, act: Any) -> Answer:
        answer: Answer = self.journal.execute(envelope, command, act)
        self.distributing.wake()
        return answer


def _moved(work: Work, aggregate: Aggregate[Any], id: str, command: Command, expected: int | None = None) -> Answer:
    state = work.decide(aggregate, id, command, expected)
    work.within(aggregate, id)
    return {"id": id, "version": work.version(aggregate, id), "state": str(state.state)}


def _check_audience(work: Work, plan: contract.PlanContent) -> None:
    """Nobody plans for units that do not lie below the planner's.

    Raises:
        DomainError: plan.audience_outside.
    """
    for unit in plan.units:
        if plan.unit not in work.paths.get(unit, ()):
            raise wrong("plan.audience_outside", "units", f"单位 {unit} 不是 {plan.unit} 或其下级单位")
