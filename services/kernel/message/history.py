"""What is asked of a service about how one of its records came to be what it is."""

from __future__ import annotations

from pydantic import Field

from .event import Command


class GetHistory(Command):
    """The steps of a record's life, the latest first: when, by which account, why, and what changed."""

    kind: str = Field(max_length=40)
    id: str = Field(max_length=200)
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)
