"""Topics and the configuration: an entrypoint for each command and query."""

from __future__ import annotations

from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import NORM, NORM_ID, TOPIC
from .deciding import Answer, Deciding


class Topics(Deciding):
    """Key topics 重点课题, through their gates."""

    @command(contract.FrameTopic)
    def frame_topic(self, command: contract.FrameTopic, envelope: Envelope) -> Answer:
        """Set a topic."""
        return self._do(TOPIC, command, envelope)

    @command(contract.CorrectTopic)
    def correct_topic(self, command: contract.CorrectTopic, envelope: Envelope) -> Answer:
        """Say a topic anew."""
        return self._do(TOPIC, command, envelope)

    @command(contract.VoidTopic)
    def void_topic(self, command: contract.VoidTopic, envelope: Envelope) -> Answer:
        """Take a topic back."""
        return self._do(TOPIC, command, envelope)

    @command(contract.SubmitOutline)
    def submit_outline(self, command: contract.SubmitOutline, envelope: Envelope) -> Answer:
        """Put an outline before the leader."""
        return self._do(TOPIC, command, envelope)

    @command(contract.ApproveOutline)
    def approve_outline(self, command: contract.ApproveOutline, envelope: Envelope) -> Answer:
        """Approve an outline."""
        return self._do(TOPIC, command, envelope)

    @command(contract.AdvanceTopic)
    def advance_topic(self, command: contract.AdvanceTopic, envelope: Envelope) -> Answer:
        """Pass the next gate."""
        return self._do(TOPIC, command, envelope)

    @command(contract.FileReport)
    def file_report(self, command: contract.FileReport, envelope: Envelope) -> Answer:
        """File the report."""
        return self._do(TOPIC, command, envelope)

    @command(contract.RevisitTopic)
    def revisit_topic(self, command: contract.RevisitTopic, envelope: Envelope) -> Answer:
        """Note what came of it."""
        return self._do(TOPIC, command, envelope)

    @command(contract.CloseTopic)
    def close_topic(self, command: contract.CloseTopic, envelope: Envelope) -> Answer:
        """Close the loop."""
        return self._do(TOPIC, command, envelope)

    @command(contract.ReturnTopic)
    def return_topic(self, command: contract.ReturnTopic, envelope: Envelope) -> Answer:
        """Give back the outline, or the topic to the stage before."""
        return self._do(TOPIC, command, envelope)

    @query(contract.GetTopic)
    def get_topic(self, query: contract.GetTopic, envelope: Envelope) -> Answer:
        """One topic."""
        return store.topic(self.journal.database, query.id, envelope.actor.unit)

    @query(contract.ListTopics)
    def list_topics(self, query: contract.ListTopics, envelope: Envelope) -> Answer:
        """A page of topics."""
        return store.topics(self.journal.database, query)

    @command(contract.SetNorm)
    def set_norm(self, command: contract.SetNorm, envelope: Envelope) -> Answer:
        """Say the configuration anew."""

        def act(work: Work) -> Answer:
            placed = contract.PlaceNorm(**command.model_dump(), unit=envelope.actor.unit)
            work.decide(NORM, NORM_ID, placed, envelope.expected)
            return {"id": NORM_ID, "version": work.version(NORM, NORM_ID)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.GetNorm)
    def get_norm(self, query: contract.GetNorm, envelope: Envelope) -> Answer:
        """The configuration in force."""
        return store.norm(self.journal.database).model_dump(mode="json", exclude={"unit"})
