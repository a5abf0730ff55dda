"""The life that essays and lectures share: recorded, corrected, taken back; each counts one on its day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.kernel.errors import DomainError
from services.kernel.event import Command, Payload

from ..contract import Placed
from .days import not_in_future


class Register:
    """Rules for one kind of entry, given its commands, its events and its content's fields.

    `words` is the entry's slug and Chinese name; `verbs` its three commands, `tells` the three events that follow.
    """

    def __init__(
        self,
        words: tuple[str, str],
        verbs: tuple[type[Command], type[Command], type[Command]],
        tells: tuple[type[Any], type[Any], type[Any]],
        state: type[Any],
        content: Sequence[str],
    ) -> None:
        self._slug, self._name = words
        self._record, self._correct, self._void = verbs
        self._recorded, self._corrected, self._voided = tells
        self._state = state
        self._content = ("unit", "day", *content)

    def decide(self, state: Any, command: Any, now: datetime) -> list[Payload]:
        """What follows from a command.

        Raises:
            DomainError: {slug}.number_taken, .not_found, .void, .unit_fixed, day.in_future.
        """
        if isinstance(command, self._record):
            not_in_future(command.day, now)
            if state is not None:
                detail = f"编号 {command.number or ''} 已登记了内容不同的{self._name}，如需更改请选“更正”"
                raise DomainError(
                    f"{self._slug}.number_taken", detail, "conflict", [{"pointer": "/number", "detail": detail}]
                )
            return [self._recorded(**self._told(command), row=command.row, now=_placed(command))]
        if state is None:
            raise DomainError(f"{self._slug}.not_found", f"没有这篇（次）{self._name}", "not_found")
        if state.state == "void":
            raise DomainError(f"{self._slug}.void", f"该{self._name}已作废，不能再更改", "conflict")
        if isinstance(command, self._void):
            place = {"unit": state.unit, "day": state.day}
            return [self._voided(**place, reason=command.reason, was=_placed(state), row=command.row)]
        if not isinstance(command, self._correct):
            raise TypeError(f"no {self._slug} takes {type(command).__name__}")
        not_in_future(command.day, now)
        if command.unit != state.unit:
            detail = "更正不能改变所属单位，请作废后另行登记"
            raise DomainError(f"{self._slug}.unit_fixed", detail, errors=[{"pointer": "/unit", "detail": detail}])
        if self._told(command) == self._told(state):
            return []
        return [
            self._corrected(
                **self._told(command),
                row=command.row,
                reason=command.reason,
                was=_placed(state),
                now=_placed(command),
            )
        ]

    def evolve(self, state: Any, event: Any) -> Any:
        """The entry after what happened."""
        rows = [*([] if state is None else state.rows), *([event.row] if event.row else [])]
        if isinstance(event, self._voided):
            return state.model_copy(update={"state": "void", "reason": event.reason, "rows": rows})
        return self._state(**self._told(event), state="recorded", reason=getattr(event, "reason", None), rows=rows)

    def _told(self, source: Any) -> dict[str, Any]:
        return {name: getattr(source, name) for name in self._content}


def _placed(source: Any) -> Placed:
    return Placed(unit=source.unit, day=source.day)
