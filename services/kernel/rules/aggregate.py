"""A kind of record, as its rules define it: pure, so that a domain can name it without touching the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from ..message.event import Command, Payload

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Upgrade:
    """How states that an earlier version of the platform has saved are brought up to date: they lack the field `lacks`.

    Such a state is made anew of its record's entries, all of which tell of `event`; the record is then asked `command`,
    so that what the earlier version has told wrongly is set right by an event of its own.
    """

    lacks: str
    event: type[Payload]
    command: Command


@dataclass(frozen=True)
class Aggregate(Generic[S]):
    """A kind of record: its state, its rules, and which units have a part in it.

    `name` ("session") gives the collection ("sessions"). `parts` gives the ids of every unit concerned; the union of
    their paths is the record's `scope`, on which permission and lists rest. `hidden` gives units that have no part in
    the scope whatever the paths say, nor has what lies below them.
    """

    name: str
    state: type[S]
    decide: Callable[[S | None, Any, datetime], Iterable[Payload]]
    evolve: Callable[[S | None, Any], S]
    parts: Callable[[S], Iterable[str]]
    hidden: Callable[[S], Iterable[str]] = lambda state: ()
    upgrade: Upgrade | None = None

    @property
    def collection(self) -> str:
        """Where its states are kept."""
        return self.name + "s"

    def scope(self, state: S, paths: Iterable[Sequence[str]]) -> list[str]:
        """The units whose roles reach the record: those on the paths, each path as far as it is not hidden."""
        hidden = set(self.hidden(state))
        return sorted({unit for path in paths for unit in takewhile(lambda step: step not in hidden, path)})
