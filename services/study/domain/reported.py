"""The life of pairs, activities, contests, entries, materials and programmes: a register whose records may be given
back, and of which one may count for several units, in several figures, or more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Payload
from services.kernel.rules.aggregate import Aggregate, S
from services.kernel.rules.counting import with_counts
from services.kernel.rules.register import Register

from ..contract import Part


class Reported(BaseModel):
    """What such a record is beside its content."""

    model_config = ConfigDict(frozen=True)

    number: str | None
    state: Literal["recorded", "returned", "void"]
    reason: str | None = None
    rows: list[str] = []


class Ies(Aggregate[S]):
    """A kind of record whose English name forms its plural in -ies."""

    @property
    def collection(self) -> str:
        """Where its states are kept."""
        return self.name.removesuffix("y") + "ies"


class Ledger(Register):
    """Rules for one kind of record, given as those of a register.

    `verbs` and `tells` name the return in the third place, before the void; `counts` gives what a record that stands
    counts, from its content alone.
    """

    def __init__(
        self,
        words: tuple[str, str],
        verbs: Sequence[type[Any]],
        tells: Sequence[type[Any]],
        state: type[Any],
        content: Sequence[str],
        counts: Callable[[Any], list[Part]],
    ) -> None:
        record, correct, self._give_back, void = verbs
        recorded, corrected, self._returned, voided = tells
        super().__init__(words, (record, correct, void), (recorded, corrected, voided), state, content)
        self._recorded, self._corrected = _uncounted(recorded), _uncounted(corrected)
        self._counts = counts

    def placed(self, state: Any) -> list[Part]:
        """What the record counts as it stands: nothing while it is given back, nor before it is there."""
        return [] if state is None or state.state in ("returned", "void") else self._counts(state)

    def decide(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        """The register's rules, and the return; a returned record is reported again by its correction.

        Raises:
            DomainError: {slug}.not_reported, and what the register refuses.
        """
        return with_counts(state, self._happens(state, command, now), self.evolve, self.placed)

    def _happens(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        kind = type(command)
        if state is None or state.state == "void":
            return super().decide(state, command, now)
        place = {"unit": state.unit, "day": state.day}
        if kind is self._void:
            return [self._voided(**place, reason=command.reason, row=command.row)]
        if kind is self._give_back:
            if state.state != "recorded":
                raise DomainError(f"{self._slug}.not_reported", f"该{self._name}已退回，正待改正", "conflict")
            return [self._returned(**place, reason=command.reason)]
        told = super().decide(state, command, now)
        if not told and state.state == "returned" and kind is self._correct:
            told = [self._corrected(**self._told(state), row=command.row, reason=command.reason)]
        return told

    def evolve(self, state: Any, event: Any) -> Any:
        """The record after what happened."""
        if isinstance(event, self._returned):
            return state.model_copy(update={"state": "returned", "reason": event.reason})
        return super().evolve(state, event)


def _uncounted(event: type[Any]) -> Any:
    """Makes the event without what it counts: that follows from the states before and after it."""
    return lambda **told: event(**{name: value for name, value in told.items() if name not in ("was", "now")})
