"""A nameko service without a store: `python -m tests.component.edge.echo_service`."""

# ruff: noqa: E402  the monkey patch must come before every other import
import eventlet

eventlet.monkey_patch()

import os
import signal
from typing import Any, ClassVar

import nameko
from nameko.containers import ServiceContainer

from services.kernel import logs
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope
from services.kernel.runtime.rpc import command, query

from .echo import NAME, BreakDown, EchoText, RefuseText, TakeLong


class Echo:
    """Answers, refuses, fails and dawdles on request."""

    name = NAME
    permits: ClassVar = {key: {"echo": {"handler"}} for key in (EchoText, RefuseText, BreakDown, TakeLong)}

    @query(EchoText)
    def echo_text(self, query: EchoText, envelope: Envelope) -> dict[str, Any]:
        """The same again, and who asked."""
        return {"text": query.text, "actor": envelope.actor.user, "command_id": envelope.command_id}

    @command(RefuseText)
    def refuse_text(self, command: RefuseText, envelope: Envelope) -> None:
        """No."""
        raise DomainError("text.refused", "此文本不予受理", "conflict", [{"pointer": "/text", "detail": "不予受理"}])

    @command(BreakDown)
    def break_down(self, command: BreakDown, envelope: Envelope) -> None:
        """Fail as a fault in the program would."""
        raise ZeroDivisionError("secret inside")

    @command(TakeLong)
    def take_long(self, command: TakeLong, envelope: Envelope) -> dict[str, Any]:
        """Answer late."""
        eventlet.sleep(command.seconds)
        print(f"done {command.seconds}", flush=True)  # the test reads it
        return {}


def main() -> None:
    """Run until told to stop."""
    logs.configure(NAME)
    nameko.config.setup({"AMQP_URI": os.environ["SHENGZHI_AMQP_URI"], "PREFETCH_COUNT": 64, "max_workers": 64})
    container = ServiceContainer(Echo)
    container.start()
    stopping = eventlet.event.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.send())
    print("ready", flush=True)  # the test reads it
    stopping.wait()
    container.stop()


if __name__ == "__main__":
    main()
