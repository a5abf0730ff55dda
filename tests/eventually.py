"""How long tests wait for what must come. A limit guards against hanging only: speed is measured by `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 180.0
"""Seconds. The one limit of all tests: a busy machine may be many times slower than a quiet one."""

T = TypeVar("T")


def eventually(condition: Callable[[], T], what: str = "what the test waits for", pause: float = 0.05) -> T:
    """What the condition gives once it is true.

    Raises:
        AssertionError: it did not become true within `PATIENCE`; says what did not come about.
    """
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, f"{what} did not come about within {PATIENCE:.0f} s"
        time.sleep(pause)
    return found
