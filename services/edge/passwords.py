"""Passwords are hashed and verified by argon2, few at once: each takes 64 MiB and tens of milliseconds of a core."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.kernel.message.errors import DomainError

T = TypeVar("T")

AT_ONCE = 2
"""So many hashes are made side by side: 128 MiB, and as many cores as a small machine has."""
MOST_WAITING = 100
"""So many wait for their turn, some four seconds; whoever comes then is told to come again."""
BUSY_SECONDS = 5
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS, _GROUP = 4, 4

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


class Hashing:
    """Work of that kind, at most `at_once` side by side, in threads of its own."""

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(at_once, "argon2")
        self._most = at_once + most_waiting
        self._asked = 0

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do it when it is its turn.

        Raises:
            DomainError: sign_in.busy, too many wait already.
        """
        if self._asked >= self._most:
            raise DomainError("sign_in.busy", "登录的人过多，请稍后再试", "too_many").after(BUSY_SECONDS)
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._asked -= 1


HASHING = Hashing()
"""The one of this process."""


async def hashed(password: str) -> str:
    """The hash of a password, off the event loop."""
    return await HASHING.run(hash_password, password)


async def verified(known: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; as much work where there is no such account."""
    right = await HASHING.run(_verify, known or _NOBODY, password)
    return right and known is not None


def hash_password(password: str) -> str:
    """The argon2 hash of a password."""
    return _HASHER.hash(password)


def one_time() -> str:
    """A password that is told once, to be typed from paper: 16 signs of 31, some 79 bits."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _verify(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
