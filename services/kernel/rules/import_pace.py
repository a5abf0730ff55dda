"""How many rows of a sheet go into one transaction: as many as this machine applies well within the limit. Pure."""

from __future__ import annotations

FIRST_ROWS, FEWEST_ROWS, MOST_ROWS = 100, 20, 500
"""What a process begins with, before it knows how quick its machine is; what it never goes below and above."""


def next_size(rows: int, seconds: float | None, limit: float) -> int:
    """The size of the next transaction after one of `rows` took `seconds`, or None where it was cut off at `limit`.

    Half after a cut; twice as many while a transaction takes less than a quarter of its time; fewer before it is cut.
    """
    if seconds is None:
        wanted = rows // 2
    elif seconds < limit / 4:
        wanted = rows * 2
    elif seconds > limit / 2:
        wanted = rows * 3 // 4
    else:
        wanted = rows
    return max(FEWEST_ROWS, min(MOST_ROWS, wanted))
