"""`python -m services.cli`: a process of the platform (`serve NAME`, `api`, `supervise FOLDER`), or the command line.

What keeps running imports nothing of the command line: eventlet must patch before anything else is loaded,
and memory spent on colours is memory taken from the cache.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        from services.cli.serve import main as serve

        sys.exit(serve(sys.argv[2:]))
    if sys.argv[1:2] == ["api"]:
        from services.cli.api import main as api

        sys.exit(api())
    if sys.argv[1:2] == ["supervise"]:
        from services.cli.local.supervisor import supervise

        supervise(Path(sys.argv[2]))
        sys.exit()
    from services.cli.app import main

    main()
