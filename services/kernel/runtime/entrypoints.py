"""What a service declares beside its commands: work by the clock, and what a worker holds from start to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nameko.extensions import DependencyProvider
from nameko.timer import timer

__all__ = ["DependencyProvider", "every"]

F = TypeVar("F", bound=Callable[..., None])


def every(seconds: float, *, eager: bool = False) -> Callable[[F], F]:
    """Call a method of the service every `seconds`, one call at a time; with `eager`, also when the worker starts."""
    decorated: Callable[[F], F] = timer(interval=seconds, eager=eager)
    return decorated
