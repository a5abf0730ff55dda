"""A kind of record, as its rules define it: pure, so that a domain can name it without touching the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from .event import Payload

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Aggregate(Generic[S]):
    """A kind of record: its state, its rules, and which units have a part in it.

    `name` ("session") gives the collection ("sessions"). `parts` gives the ids of every unit concerned; the union of
    their paths is the record's `scope`, on which permission and lists rest.
    """

    name: str
    state: type[S]
    decide: Callable[[S | None, Any, datetime], Iterable[Payload]]
    evolve: Callable[[S | None, Any], S]
    parts: Callable[[S], Iterable[str]]

    @property
    def collection(self) -> str:
        """Where its states are kept."""
        return self.name + "s"

    def scope(self, state: S, paths: Iterable[Sequence[str]]) -> list[str]:
        """The units whose roles reach the record: those on the paths."""
        return sorted({unit for path in paths for unit in path})
