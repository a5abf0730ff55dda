"""Lists that can be asked for one state: a state that the kind does not have is a mistake, not an empty list."""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator

from .event import Command


class StateFilter(Command):
    """A list's query with a filter by state; each kind says which states it has."""

    states: ClassVar[frozenset[str]]

    state: str | None = None

    @field_validator("state")
    @classmethod
    def exists(cls, state: str | None) -> str | None:
        """One of the kind's states."""
        if state is not None and state not in cls.states:
            raise ValueError(f"没有这种状态，可选：{'、'.join(sorted(cls.states))}")
        return state
