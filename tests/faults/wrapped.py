"""Wrapping the platform's steps from outside, so that a process can be made to die between any two of them."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .points import FOLDER, Armed

PROCESS = sys.argv[-1]
armed = Armed(Path(os.environ[FOLDER]))
_doing = threading.local()
"""What this thread (under eventlet: this green thread) is in the middle of."""


def here(point: str) -> None:
    """The process is at the point."""
    armed.pass_by(PROCESS, point)


def nothing(*_: Any, **__: Any) -> None:
    """What is done where nothing is to be done."""


def around(
    owner: Any,
    name: str,
    before: Callable[..., None] = nothing,
    after: Callable[..., None] = nothing,
    inside: Callable[..., bool] | None = None,
) -> None:
    """Call `before` with the arguments, and `after` with the result and the arguments, of a method that must be there.

    While it runs, where `inside` holds for the arguments, `in_the_middle_of(name)` is true in this thread.
    """
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        before(*arguments, **named)
        if inside is None or not inside(*arguments, **named):
            result = original(*arguments, **named)
        else:
            setattr(_doing, name, True)
            try:
                result = original(*arguments, **named)
            finally:
                setattr(_doing, name, False)
        after(result, *arguments, **named)
        return result

    @functools.wraps(original)
    async def awaited(*arguments: Any, **named: Any) -> Any:
        before(*arguments, **named)
        result = await original(*arguments, **named)
        after(result, *arguments, **named)
        return result

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else wrapped)


def in_the_middle_of(name: str) -> bool:
    """Whether this thread is inside the wrapped method of that name."""
    return bool(getattr(_doing, name, False))
