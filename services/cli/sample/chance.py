"""Seeded chance: every part of the sample draws from a source of its own, named by what it is for.

So a smaller province is a part of the larger one, and a new kind of record does not shuffle the others.
"""

from random import Random

SEED = "shengzhi-2026"


def chance(*names: str) -> Random:
    """The source of chance for what the names say."""
    return Random("/".join((SEED, *names)))  # noqa: S311  # made-up data, not keys


def some(source: Random, of: int, share: float) -> int:
    """How many of so many it happens to, each with the same probability."""
    return sum(source.random() < share for _ in range(of))
