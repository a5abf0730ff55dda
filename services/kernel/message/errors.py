"""Refusals and the two ways in which a consumer can fail; the type says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self, TypedDict

Kind = Literal[
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "stale",
    "too_large",
    "unsupported",
    "too_many",
    "unavailable",
    "timed_out",
    "failed",
]


class FieldError(TypedDict):
    """One field that is wrong: a JSON pointer into what was sent, and the reason in Chinese."""

    pointer: str
    detail: str


class DomainError(Exception):
    """A rule refuses. Nothing was changed.

    `code` is a stable slug ("session.present_exceeds_due"), `detail` a Chinese sentence that names field and reason,
    `kind` what an edge maps to its status, `errors` the fields. The four are the exception's args, so that they
    survive nameko's wire format.
    """

    def __init__(
        self, code: str, detail: str, kind: Kind = "invalid", errors: Sequence[FieldError] | None = None
    ) -> None:
        self.code = code
        self.detail = detail
        self.kind: Kind = kind
        self.errors: list[FieldError] = list(errors or ())
        self.retry_after: int | None = None
        super().__init__(code, detail, kind, self.errors)

    def after(self, seconds: int) -> Self:
        """The same, and after how many seconds it may be otherwise; known at the edge that refuses, sent nowhere."""
        self.retry_after = seconds
        return self

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Later(Exception):
    """A consumer cannot handle this event now; hold it and try again."""


class Park(Exception):
    """A consumer can never handle this event; park it with this reason for a person to see."""
