"""A message as the broker hands it over, before anybody knows what it says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .event import CONTENT_TYPE, Event


@dataclass(frozen=True)
class Delivery:
    """Bytes with what came beside them."""

    body: bytes
    content_type: str | None
    redelivered: bool = False
    routing_key: str = ""

    @property
    def id(self) -> str:
        """Names the message's bytes: the same bytes are the same message."""
        return hashlib.sha256(self.body).hexdigest()

    def read(self) -> Event:
        """The event that it carries.

        Raises:
            ValueError: it carries none; the message says why.
        """
        if self.content_type != CONTENT_TYPE:
            raise ValueError(f"content type {self.content_type!r} is not {CONTENT_TYPE}")
        return Event.from_json(self.body)
