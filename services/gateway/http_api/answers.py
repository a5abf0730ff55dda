"""What writes and lists answer, the same at every address."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Written(BaseModel):
    """A record after a write: its id, and the version that `If-Match` compares."""

    id: str
    version: int


class Moved(Written):
    """The same, of a record that has a life: where it stands now."""

    state: str


class Page(BaseModel):
    """A page of a list. Totals are exact up to 10,000; `more_than` says that there are more."""

    items: list[dict[str, Any]]
    total: int
    more_than: bool = Field(description="超过 total 所示的条数")
    page: int
    page_size: int
