"""`python -m tests.faults {once|long|short} [SEED]`, or the names of single faults in place of a plan."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from .campaign import LONG, ONCE, SHORT, Plan, campaign
from .injected import FAULTS


def main(arguments: list[str]) -> int:
    """Run a campaign in a temporary folder; 0 when nothing was lost and nothing doubled."""
    seed = random.SystemRandom().randrange(1 << 30)
    if arguments and arguments[-1].isdigit():
        seed = int(arguments.pop())
    chosen = [name for name in FAULTS if any(name.startswith(given) for given in arguments)]
    plan = {"once": ONCE, "long": LONG, "short": SHORT}.get(
        " ".join(arguments), Plan(chosen, minutes=15, everywhere=False)
    )
    if not plan.faults:
        print(__doc__, *FAULTS, sep="\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="shengzhi-faults-") as folder:
        try:
            last = campaign(Path(folder), seed, plan)
        except AssertionError as failure:
            print(failure)
            return 1
    print(last)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
