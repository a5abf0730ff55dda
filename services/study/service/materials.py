"""Programmes, sets of materials, copies issued: an entrypoint for each command and query; and one's own progress."""

from __future__ import annotations

from typing import Any

import orjson

from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import ISSUE, MATERIAL_SET, PROGRAMME, wrong
from .records import Answer
from .reports import Reports


class Materials(Reports):
    """Programmes 提升工程 and self-study 自学."""

    vault: Any

    @command(contract.RecordProgramme)
    def record_programme(self, command: contract.RecordProgramme, envelope: Envelope) -> Answer:
        """Open a programme."""
        return self._report(PROGRAMME, command, envelope)

    @command(contract.CorrectProgramme)
    def correct_programme(self, command: contract.CorrectProgramme, envelope: Envelope) -> Answer:
        """Say a programme anew."""
        return self._report(PROGRAMME, command, envelope)

    @command(contract.ReturnProgramme)
    def return_programme(self, command: contract.ReturnProgramme, envelope: Envelope) -> Answer:
        """Give a programme back."""
        return self._report(PROGRAMME, command, envelope)

    @command(contract.VoidProgramme)
    def void_programme(self, command: contract.VoidProgramme, envelope: Envelope) -> Answer:
        """Take a programme back."""
        return self._report(PROGRAMME, command, envelope)

    @command(contract.RecordMaterialSet)
    def record_material_set(self, command: contract.RecordMaterialSet, envelope: Envelope) -> Answer:
        """Issue a set."""
        return self._report(MATERIAL_SET, command, envelope)

    @command(contract.CorrectMaterialSet)
    def correct_material_set(self, command: contract.CorrectMaterialSet, envelope: Envelope) -> Answer:
        """Say a set anew."""
        return self._report(MATERIAL_SET, command, envelope)

    @command(contract.ReturnMaterialSet)
    def return_material_set(self, command: contract.ReturnMaterialSet, envelope: Envelope) -> Answer:
        """Give a set back."""
        return self._report(MATERIAL_SET, command, envelope)

    @command(contract.VoidMaterialSet)
    def void_material_set(self, command: contract.VoidMaterialSet, envelope: Envelope) -> Answer:
        """Take a set back."""
        return self._report(MATERIAL_SET, command, envelope)

    @command(contract.RecordIssue)
    def record_issue(self, command: contract.RecordIssue, envelope: Envelope) -> Answer:
        """Record copies issued."""
        return self._report(ISSUE, command, envelope)

    @command(contract.CorrectIssue)
    def correct_issue(self, command: contract.CorrectIssue, envelope: Envelope) -> Answer:
        """Say copies issued anew."""
        return self._report(ISSUE, command, envelope)

    @command(contract.ReturnIssue)
    def return_issue(self, command: contract.ReturnIssue, envelope: Envelope) -> Answer:
        """Give copies issued back."""
        return self._report(ISSUE, command, envelope)

    @command(contract.VoidIssue)
    def void_issue(self, command: contract.VoidIssue, envelope: Envelope) -> Answer:
        """Take copies issued back."""
        return self._report(ISSUE, command, envelope)

    @query(contract.GetProgramme)
    def get_programme(self, query: contract.GetProgramme, envelope: Envelope) -> Answer:
        """One programme; its sessions are listed by it."""
        return store.reported.offered(self.journal.database, "programmes", query.id, envelope.actor.unit)

    @query(contract.ListProgrammes)
    def list_programmes(self, query: contract.ListProgrammes, envelope: Envelope) -> Answer:
        """A page of programmes."""
        return store.reported.listed(self.journal.database, "programmes", query)

    @query(contract.GetMaterialSet)
    def get_material_set(self, query: contract.GetMaterialSet, envelope: Envelope) -> Answer:
        """One set, with its hours as issued."""
        found = store.reported.offered(self.journal.database, "material_sets", query.id, envelope.actor.unit)
        return {**found, "hours": sum(item["hours"] for item in found["items"])}

    @query(contract.ListMaterialSets)
    def list_material_sets(self, query: contract.ListMaterialSets, envelope: Envelope) -> Answer:
        """A page of sets."""
        return store.reported.listed(self.journal.database, "material_sets", query)

    @query(contract.GetIssue)
    def get_issue(self, query: contract.GetIssue, envelope: Envelope) -> Answer:
        """One issue of copies."""
        return store.one(self.journal.database, "issues", query.id, envelope.actor.unit)

    @query(contract.ListIssues)
    def list_issues(self, query: contract.ListIssues, envelope: Envelope) -> Answer:
        """A page of copies issued."""
        return store.reported.listed(self.journal.database, "issues", query, material=query.material)

    @command(contract.KeepProgress)
    def keep_progress(self, command: contract.KeepProgress, envelope: Envelope) -> Answer:
        """Keep it sealed, under a key of its own: no event, no figure, and nobody else can ask for it."""
        user = envelope.actor.user
        items = self._set(command.id, envelope)["items"]
        if any(place >= len(items) for place in command.finished):
            raise wrong("progress.item_unknown", "finished", f"该资料只有 {len(items)} 项")
        finished = sorted(set(command.finished))

        def act(work: Work) -> Answer:
            told = {"finished": orjson.dumps(finished).decode()}
            self.vault.seal(work, _person(user, command.id), "progress", told)
            return {"id": command.id, "version": 0}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.GetProgress)
    def get_progress(self, query: contract.GetProgress, envelope: Envelope) -> Answer:
        """The asking user's own."""
        items = self._set(query.id, envelope)["items"]
        try:
            finished = orjson.loads(self.vault.read(_person(envelope.actor.user, query.id))["finished"])
        except DomainError as refusal:
            if refusal.code != "private.erased":
                raise
            finished = []
        return {"id": query.id, "items": items, "finished": finished}

    def _set(self, id: str, envelope: Envelope) -> Answer:
        """The set that the asking user may read."""
        return store.reported.offered(self.journal.database, "material_sets", id, envelope.actor.unit)


def _person(user: str, material: str) -> str:
    return f"progress:{user}:{material}"
