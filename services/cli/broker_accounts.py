"""Accounts on the broker: which names each may declare, write and read. As commands of rabbitmqctl.

What a process is told over the bus is signed; an account keeps from its holder what is not meant for them: messages in
queues of others, and the broker's time and room.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
PREFIX = "listener-"
POLICY = "shengzhi-listeners"
_LIMITS = {"max-connections": 8, "max-channels": 64}
_KEPT = {"max-length-bytes": 256 * 1024 * 1024, "message-ttl": 7 * 24 * 3600 * 1000, "overflow": "drop-head"}
"""A listener that stays away keeps no more than this: what it misses must not fill our broker's disk."""

Command = tuple[str, ...]
"""Arguments of rabbitmqctl."""


@dataclass(frozen=True)
class Listener:
    """Somebody else's program: it binds queues of its own to event exchanges, reads those, and nothing else.

    The queues are those that nameko's `@event_handler` declares for a service of the account's name, and others that
    begin with that name and a dot.
    """

    name: str
    sources: tuple[str, ...]

    @property
    def account(self) -> str:
        """The user's name, and the name that a nameko service must have."""
        return f"{PREFIX}{self.name}"

    @property
    def queues(self) -> str:
        """The names of its queues."""
        return _queues(self.account)

    @property
    def permissions(self) -> tuple[str, str, str]:
        """What it may declare, write and read. Binding asks for writing the queue and reading the exchange."""
        exchanges = rf"^({'|'.join(self.sources)})\.events$"
        return self.queues, self.queues, f"{self.queues}|{exchanges}"

    def adding(self, vhost: str) -> list[Command]:
        """What makes the account; the first asks for its password on standard input."""
        return [
            ("add_user", self.account),
            ("set_user_limits", self.account, json.dumps(_LIMITS)),
            ("set_policy", "-p", vhost, "--apply-to", "queues", POLICY, _queues(rf"{PREFIX}[^.]+"), json.dumps(_KEPT)),
            ("set_permissions", "-p", vhost, self.account, *self.permissions),
        ]

    def removing(self, vhost: str, queues: Sequence[str]) -> list[Command]:
        """What ends the account, its connections and its queues."""
        return [
            ("delete_user", self.account),
            ("close_all_user_connections", self.account, "the account was removed"),
            *(("delete_queue", "-p", vhost, queue) for queue in queues),
        ]

    def owns(self, queue: str) -> bool:
        """Whether a queue is the listener's."""
        return re.search(self.queues, queue) is not None


def _queues(account: str) -> str:
    return rf"^(evt-.+--)?{account}\..+$"
