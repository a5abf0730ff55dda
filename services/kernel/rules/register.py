"""The life that simple entries share: recorded, corrected, taken back; each counts one on its day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..message.errors import DomainError
from ..message.event import Command, Payload
from .rules import fixed, not_in_future, number_taken


class Placed(BaseModel):
    """Where something that counts one is counted."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date


class Register:
    """Rules for one kind of entry, given its commands, its events and its content's fields.

    `words` is the entry's slug and Chinese name; `verbs` its three commands, `tells` the three events that follow.
    `derived` names content that nobody typed: what is said again is the same whatever follows from it by now.
    """

    def __init__(
        self,
        words: tuple[str, str],
        verbs: tuple[type[Command], type[Command], type[Command]],
        tells: tuple[type[Any], type[Any], type[Any]],
        state: type[Any],
        content: Sequence[str],
        derived: Sequence[str] = (),
    ) -> None:
        self._slug, self._name = words
        self._record, self._correct, self._void = verbs
        self._recorded, self._corrected, self._voided = tells
        self._state = state
        self._typed = ("unit", "day", *content)
        self._content = (*self._typed, *derived)

    def decide(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        """What follows from a command; nothing where it says what is so already.

        Raises:
            DomainError: {slug}.number_taken, .not_found, .void, .unit_fixed, .number_fixed, day.in_future.
        """
        kind = type(command)
        if kind is self._record:
            return self._decide_record(state, command, now)
        if state is None:
            raise DomainError(f"{self._slug}.not_found", f"没有这条{self._name}记录", "not_found")
        if state.state == "void":
            raise DomainError(f"{self._slug}.void", f"该{self._name}已作废，不能再更改", "conflict")
        if kind is self._correct:
            return self._decide_correction(state, command, now)
        if kind is self._void:
            place = {"unit": state.unit, "day": state.day}
            return [self._voided(**place, reason=command.reason, was=_placed(state), row=command.row)]
        raise TypeError(f"no {self._slug} takes {kind.__name__}")

    def _decide_record(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        not_in_future(command.day, now)
        if state is None:
            return [self._recorded(**self._told(command), row=command.row, now=_placed(command))]
        void = state.state == "void"
        if void or self._said(command) != self._said(state):
            raise number_taken(self._slug, self._name, command.number, void)
        return []

    def _decide_correction(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        not_in_future(command.day, now)
        fixed(self._slug, self._name, (state.unit, state.number), (command.unit, command.number))
        told = {**self._told(command), "number": state.number}
        if told == self._told(state):
            return []
        was, now_placed = _placed(state), _placed(command)
        return [self._corrected(**told, row=command.row, reason=command.reason, was=was, now=now_placed)]

    def evolve(self, state: Any, event: Any) -> Any:
        """The entry after what happened."""
        rows = [*([] if state is None else state.rows), *([event.row] if event.row else [])]
        if isinstance(event, self._voided):
            return state.model_copy(update={"state": "void", "reason": event.reason, "rows": rows})
        return self._state(**self._told(event), state="recorded", reason=getattr(event, "reason", None), rows=rows)

    def _said(self, source: Any) -> dict[str, Any]:
        return {name: getattr(source, name) for name in self._typed}

    def _told(self, source: Any) -> dict[str, Any]:
        return {name: getattr(source, name) for name in self._content}


def _placed(source: Any) -> Placed:
    return Placed(unit=source.unit, day=source.day)
