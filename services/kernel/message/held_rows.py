"""What operations ask of messages that were set aside."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .event import Command
from .free_text import Reason


class ListHeld(Command):
    """Held messages of a service."""

    sort: Literal["retry", "waiting", "parked", "dropped"] | None = "parked"
    queue: str | None = Field(default=None, max_length=80)
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class GetHeld(Command):
    """One held message."""

    id: str = Field(max_length=200)


class ReplayHeld(Command):
    """Try a held message again."""

    id: str = Field(max_length=200)


class DropHeld(Command):
    """Give a held message up."""

    id: str = Field(max_length=200)
    reason: Reason
