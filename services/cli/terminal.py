"""Where the commands speak: as wide as the terminal, and wide enough for a table where there is none."""

import os
import sys

from rich.console import Console

WIDTH = 150


def console() -> Console:
    """The standard output; in a pipe or a log lines of Chinese text are not folded at 80 columns."""
    own = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if own else WIDTH, highlight=False)
