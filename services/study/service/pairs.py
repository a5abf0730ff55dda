"""Joint study: an entrypoint for each command and query of pairs and their activities."""

from __future__ import annotations

from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import ACTIVITY, PAIR
from .records import Answer
from .reports import Reports


class Pairs(Reports):
    """Joint study of central and provincial units 央地联学共建."""

    @command(contract.RecordPair)
    def record_pair(self, command: contract.RecordPair, envelope: Envelope) -> Answer:
        """Record a pair."""
        return self._report(PAIR, command, envelope)

    @command(contract.CorrectPair)
    def correct_pair(self, command: contract.CorrectPair, envelope: Envelope) -> Answer:
        """Say a pair anew."""
        return self._report(PAIR, command, envelope)

    @command(contract.ReturnPair)
    def return_pair(self, command: contract.ReturnPair, envelope: Envelope) -> Answer:
        """Give a pair back."""
        return self._report(PAIR, command, envelope)

    @command(contract.VoidPair)
    def void_pair(self, command: contract.VoidPair, envelope: Envelope) -> Answer:
        """Take a pair back."""
        return self._report(PAIR, command, envelope)

    @command(contract.RecordActivity)
    def record_activity(self, command: contract.RecordActivity, envelope: Envelope) -> Answer:
        """Record an activity."""
        return self._report(ACTIVITY, command, envelope)

    @command(contract.CorrectActivity)
    def correct_activity(self, command: contract.CorrectActivity, envelope: Envelope) -> Answer:
        """Say an activity anew."""
        return self._report(ACTIVITY, command, envelope)

    @command(contract.ReturnActivity)
    def return_activity(self, command: contract.ReturnActivity, envelope: Envelope) -> Answer:
        """Give an activity back."""
        return self._report(ACTIVITY, command, envelope)

    @command(contract.VoidActivity)
    def void_activity(self, command: contract.VoidActivity, envelope: Envelope) -> Answer:
        """Take an activity back."""
        return self._report(ACTIVITY, command, envelope)

    @query(contract.GetPair)
    def get_pair(self, query: contract.GetPair, envelope: Envelope) -> Answer:
        """One pair, with what its activities add up to."""
        return store.reported.pair(self.journal.database, query.id, envelope.actor.unit)

    @query(contract.ListPairs)
    def list_pairs(self, query: contract.ListPairs, envelope: Envelope) -> Answer:
        """A page of pairs."""
        return store.reported.listed(self.journal.database, "pairs", query, tags=query.tag)

    @query(contract.GetActivity)
    def get_activity(self, query: contract.GetActivity, envelope: Envelope) -> Answer:
        """One activity."""
        return store.one(self.journal.database, "activities", query.id, envelope.actor.unit)

    @query(contract.ListActivities)
    def list_activities(self, query: contract.ListActivities, envelope: Envelope) -> Answer:
        """A page of activities."""
        return store.reported.listed(self.journal.database, "activities", query, pair=query.pair, tags=query.tag)
