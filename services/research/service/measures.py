"""Measures: an entrypoint for each command and query."""

from __future__ import annotations

from services.kernel.message.clock import business_day, utc_now
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import MEASURE
from .deciding import Answer, Deciding


class Measures(Deciding):
    """The conversion list 调研成果转化清单."""

    @command(contract.RecordMeasure)
    def record_measure(self, command: contract.RecordMeasure, envelope: Envelope) -> Answer:
        """Put a measure on the list."""
        return self._do(MEASURE, command, envelope)

    @command(contract.CorrectMeasure)
    def correct_measure(self, command: contract.CorrectMeasure, envelope: Envelope) -> Answer:
        """Say a measure anew."""
        return self._do(MEASURE, command, envelope)

    @command(contract.VoidMeasure)
    def void_measure(self, command: contract.VoidMeasure, envelope: Envelope) -> Answer:
        """Take a measure back."""
        return self._do(MEASURE, command, envelope)

    @command(contract.NoteProgress)
    def note_progress(self, command: contract.NoteProgress, envelope: Envelope) -> Answer:
        """Note how it goes."""
        return self._do(MEASURE, command, envelope)

    @command(contract.SubmitMeasure)
    def submit_measure(self, command: contract.SubmitMeasure, envelope: Envelope) -> Answer:
        """Ask for it to be settled."""
        return self._do(MEASURE, command, envelope)

    @command(contract.SettleMeasure)
    def settle_measure(self, command: contract.SettleMeasure, envelope: Envelope) -> Answer:
        """Settle it."""
        return self._do(MEASURE, command, envelope)

    @command(contract.ReturnMeasure)
    def return_measure(self, command: contract.ReturnMeasure, envelope: Envelope) -> Answer:
        """Say that it is not done yet."""
        return self._do(MEASURE, command, envelope)

    @command(contract.HandOverMeasure)
    def hand_over_measure(self, command: contract.HandOverMeasure, envelope: Envelope) -> Answer:
        """Let it become a regulation or a problem."""
        return self._do(MEASURE, command, envelope)

    @query(contract.GetMeasure)
    def get_measure(self, query: contract.GetMeasure, envelope: Envelope) -> Answer:
        """One measure."""
        return store.measure(self.journal.database, query.id, envelope.actor.unit, business_day(utc_now()))

    @query(contract.ListMeasures)
    def list_measures(self, query: contract.ListMeasures, envelope: Envelope) -> Answer:
        """A page of measures."""
        return store.measures(self.journal.database, query, business_day(utc_now()))

    @query(contract.ListProgress)
    def list_progress(self, query: contract.ListProgress, envelope: Envelope) -> Answer:
        """What was noted of a measure."""
        return store.progress(self.journal.database, query, envelope.actor.unit)
