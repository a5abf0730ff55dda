"""`python -m tests.faults [ROUNDS] [SEED]`."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from .campaign import campaign


def main() -> int:
    """Run a campaign in a temporary folder; 0 when nothing was lost and nothing doubled."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 30)
    with tempfile.TemporaryDirectory(prefix="shengzhi-faults-") as folder:
        try:
            last = campaign(Path(folder), seed, rounds)
        except AssertionError as failure:
            print(failure)
            return 1
    print(last)
    return 0


sys.exit(main())
