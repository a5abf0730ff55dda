"""What the echo service takes: shared by the service's process and the tests that ask it."""

from __future__ import annotations

from services.kernel.message.event import Command

NAME = "echo"


class EchoText(Command):
    """Say the same again."""

    text: str


class RefuseText(Command):
    """A rule that refuses."""

    text: str


class BreakDown(Command):
    """Something that nobody thought of."""


class TakeLong(Command):
    """Answer after so many seconds, and say on standard output that it was done."""

    seconds: float
