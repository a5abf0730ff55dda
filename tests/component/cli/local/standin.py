"""A platform of stand-ins: `serve study` says that it is ready, `supervise FOLDER` keeps such processes."""

import http.server
import os
import sys
from functools import partial
from pathlib import Path

PROGRAM = (sys.executable, "-m", "tests.component.cli.local.standin")


class Ready(http.server.BaseHTTPRequestHandler):
    """Ready from the first moment."""

    def do_GET(self) -> None:
        """Answer any probe."""
        self.send_response(200)
        self.end_headers()


def main(command: str, name: str) -> None:
    """Be the supervisor of stand-ins, or one of them."""
    if command == "supervise":
        from services.cli.local import platform, supervisor  # noqa: PLC0415  # a stand-in need not wait for it

        setattr(supervisor, "Platform", partial(platform.Platform, program=PROGRAM))  # noqa: B010  # not exported
        supervisor.supervise(Path(name))
        return
    if os.environ.get("BROKEN") == name:
        sys.exit("no table, no chair")
    port = os.environ["SHENGZHI_HTTP_PORT" if command == "api" else "SHENGZHI_METRICS_PORT"]
    http.server.HTTPServer(("127.0.0.1", int(port)), Ready).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[-1])
