"""Supervision, and branches' own plans drawn from notices: an entrypoint for each command and query."""

from __future__ import annotations

from typing import Any

from services.kernel.journal.work import Work
from services.kernel.message.clock import business_day
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import BRANCH_PLAN, NORM, NOTICE, PLAN, RECEIPT, REMINDER, branch_plan_id, reminder_id, wrong

Answer = dict[str, Any]


class Supervision:
    """Who is behind, who was reminded, and what branches mean to do about it."""

    name: str
    journal: Any

    @command(contract.Remind)
    def remind(self, command: contract.Remind, envelope: Envelope) -> Answer:
        """Remind those of the units that are (still) behind, once a day each; say who was and who was before."""

        def act(work: Work) -> Answer:
            work.ask_lives(command)
            source = work.get(PLAN, command.source) or work.get(NOTICE, command.source)
            if source is None:
                raise wrong("reminder.source_unknown", "source", "没有这份计划或通知单", "not_found")
            today = business_day(work.now)
            lapsed = store.duties.lapsed(work, command, today)
            ids = {unit: reminder_id(unit, command.source, command.what, today) for unit in lapsed}
            work.load(REMINDER, ids.values())
            already = [unit for unit, id in ids.items() if work.get(REMINDER, id) is not None]
            work.paths.update(lapsed)
            asked = {"by": command.unit, "source": command.source, "title": source.title, "what": command.what}
            for unit, id in ids.items():
                work.decide(REMINDER, id, contract.SendReminder(unit=unit, **asked))
            return {
                "reminded": [unit for unit in ids if unit not in already],
                "already": already,
                "not_due": [unit for unit in command.units if unit not in ids],
            }

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.DrawBranchPlan)
    def draw_branch_plan(self, command: contract.DrawBranchPlan, envelope: Envelope) -> Answer:
        """Draw a branch's plan from its receipt of a notice."""

        def act(work: Work) -> Answer:
            work.admit(RECEIPT, command.receipt)
            receipt = work.get(RECEIPT, command.receipt)
            notice = None if receipt is None else work.get(NOTICE, receipt.notice)
            if receipt is None or notice is None or receipt.state == "withdrawn":
                raise wrong("branch_plan.receipt_unknown", "receipt", "没有这份通知单回执，或通知单已撤回", "not_found")
            items = [
                contract.PlannedItem(key=item.key, title=item.title, text=item.text, kind=item.kind, due=window.due)
                for item, window in zip(notice.items, notice.windows(), strict=True)
            ]
            year, month = notice.month.split("-")
            asked = contract.PlaceBranchPlan(
                unit=receipt.unit,
                day=receipt.day,
                receipt=command.receipt,
                title=f"{year}年{int(month)}月支部计划",
                edition=notice.edition,
                items=items,
            )
            id = branch_plan_id(receipt.unit, command.receipt)
            plan = work.decide(BRANCH_PLAN, id, asked)
            return {"id": id, "version": work.version(BRANCH_PLAN, id), "state": plan.state}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.ReviseBranchPlan)
    def revise_branch_plan(self, command: contract.ReviseBranchPlan, envelope: Envelope) -> Answer:
        """Fill in a branch's plan."""

        def act(work: Work) -> Answer:
            plan = work.decide(BRANCH_PLAN, command.id, command, envelope.expected)
            return {"id": command.id, "version": work.version(BRANCH_PLAN, command.id), "state": plan.state}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.SetNorm)
    def set_norm(self, command: contract.SetNorm, envelope: Envelope) -> Answer:
        """Say a norm anew."""

        def act(work: Work) -> Answer:
            placed = contract.PlaceNorm(**command.model_dump(), unit=envelope.actor.unit)
            work.decide(NORM, command.id, placed, envelope.expected)
            return {"id": command.id, "version": work.version(NORM, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.GetReminder)
    def get_reminder(self, query: contract.GetReminder, envelope: Envelope) -> Answer:
        """One reminder, and what it is about."""
        database = self.journal.database
        found = store.one(database, "reminders", query.id, envelope.actor.unit)
        is_plan = database["plans"].find_one({"_id": found["source"]}, {"_id": 1}) is not None
        return {**found, "about": "plan" if is_plan else "notice"}

    @query(contract.ListReminders)
    def list_reminders(self, query: contract.ListReminders, envelope: Envelope) -> Answer:
        """A page of reminders."""
        return store.listed(self.journal.database, "reminders", query)

    @query(contract.ListNorms)
    def list_norms(self, query: contract.ListNorms, envelope: Envelope) -> Answer:
        """The norms in force."""
        return {"items": [norm.model_dump() for norm in store.norms.norms(self.journal.database)]}

    @query(contract.ListNormStandings)
    def list_norm_standings(self, query: contract.ListNormStandings, envelope: Envelope) -> Answer:
        """How units stand with the norms."""
        return store.norms.standings(self.journal.database, query)

    @query(contract.GetBranchPlan)
    def get_branch_plan(self, query: contract.GetBranchPlan, envelope: Envelope) -> Answer:
        """A branch's plan, with how far each item of the notice is."""
        database, reader = self.journal.database, envelope.actor.unit
        plan = store.one(database, "branch_plans", query.id, reader)
        receipt = store.plans.receipt(database, store.one(database, "receipts", plan["receipt"], reader))
        done = {item["key"]: {"done": item["done"], "records": item["records"]} for item in receipt["items"]}
        undone: Answer = {"done": None, "records": []}
        items = [{**item, **done.get(item["key"], undone)} for item in plan["items"]]
        return {**plan, "items": items, "outdated": receipt["edition"] != plan["edition"]}

    @query(contract.ListBranchPlans)
    def list_branch_plans(self, query: contract.ListBranchPlans, envelope: Envelope) -> Answer:
        """A page of branches' plans."""
        return store.listed(self.journal.database, "branch_plans", query)
