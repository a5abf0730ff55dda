"""`python -m tests.faults.served serve NAME | api`: a process of the platform that can be made to die at a named point.

The platform's own code is untouched: its steps are wrapped here before it starts.
"""

from __future__ import annotations

import sys

if sys.argv[1] == "serve":
    from services.cli import serve  # patches the standard library: before anything else

    from . import steps

    steps.wrap(sys.argv[2])
    sys.exit(serve.main(sys.argv[2:]))

from services.cli import api
from services.edge.commands import Commands

from .wrapped import around, here

around(Commands, "call", lambda *_, **__: here("api.asking"), lambda *_, **__: here("api.answered"))
sys.exit(api.main())
