"""Hashing: few at once, and not without end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from services.edge.passwords import Hashing, hash_password, hashed, one_time, verified
from services.kernel.message.errors import DomainError


def test_so_many_are_hashed_at_once_and_no_more() -> None:
    """Each takes 64 MiB: sixteen sign-ins at once take as much as two."""
    running, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    async def all_at_once() -> None:
        hashing = Hashing(2, 100)
        await asyncio.gather(*(hashing.run(work) for _ in range(16)))

    asyncio.run(all_at_once())
    assert most == [2]


def test_whoever_would_wait_too_long_is_told_to_come_again() -> None:
    """With when; those who wait already are served."""

    async def crowd() -> list[object]:
        hashing = Hashing(1, 2)
        return await asyncio.gather(*(hashing.run(time.sleep, 0.05) for _ in range(5)), return_exceptions=True)

    *served, one, other = asyncio.run(crowd())
    assert served == [None] * 3
    for refused in (one, other):
        assert isinstance(refused, DomainError)
        assert (refused.code, refused.kind, refused.retry_after) == ("sign_in.busy", "too_many", 5)


def test_a_password_is_the_one_of_its_hash() -> None:
    """No other is, and none is where there is no account, after as much work."""

    async def asked() -> list[bool]:
        known = await hashed("三月里的小雨淅沥沥下")
        return [await verified(known, "三月里的小雨淅沥沥下"), await verified(known, "x"), await verified(None, "x")]

    assert asyncio.run(asked()) == [True, False, False]
    assert hash_password("x") != hash_password("x")


def test_a_one_time_password_can_be_typed_from_paper() -> None:
    """Long, unlike the one before, without signs that are taken for others."""
    made = {one_time() for _ in range(50)}
    assert len(made) == 50
    assert all(len(each) == 19 and not set(each) & set("01oil") for each in made)


@pytest.mark.parametrize("hash_", ["", "not-a-hash"])
def test_what_is_no_hash_opens_nothing(hash_: str) -> None:
    """A damaged credential is no credential."""
    assert asyncio.run(verified(hash_, "x")) is False
