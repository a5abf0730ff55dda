"""The lists of initiatives 举措、载体, set anew as a whole."""

from __future__ import annotations

from typing import Any

from services.kernel.journal.work import Work
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command
from services.organisation import contract

from ..domain import INITIATIVE, Initiatives
from ..domain.initiative import PlaceInitiatives, standing

Answer = dict[str, Any]


class Lists:
    """Initiatives."""

    journal: Any

    @command(contract.SetInitiatives)
    def set_initiatives(self, command: contract.SetInitiatives, envelope: Envelope) -> Answer:
        """Say a list anew: its next version."""

        def act(work: Work) -> Answer:
            found = {row["_id"] for row in work.database["initiatives"].find({}, {"_id": 1}, session=work.session)}
            others = found.union(contract.LISTS) - {command.id}
            work.load(INITIATIVE, others)
            known = {id: _items(id, work.get(INITIATIVE, id)) for id in others}
            asked = PlaceInitiatives(asked=command, unit=envelope.actor.unit, others=known)
            work.decide(INITIATIVE, command.id, asked, envelope.expected)
            return {"id": command.id, "version": work.version(INITIATIVE, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer


def _items(id: str, state: Initiatives | None) -> list[str]:
    return [item.id for items in standing(id, state) for item in items]
