"""A service in a process of its own, and somebody who asks it as the gateway would."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nameko.exceptions import RemoteError
from pymongo import MongoClient
from pymongo.database import Database

from services.cli.local.process import free_port, wait_until
from services.kernel.journal.store import open_database
from services.kernel.message.event import Envelope, Period, new_id
from services.kernel.message.permits import Permits
from tests.component.edge import acting, give_keys
from tests.eventually import PATIENCE

PERIOD = Period.model_validate({"id": "C2025", "first": "2025-01-01", "last": "2025-12-31"})

Documents = Database[dict[str, Any]]


@contextmanager
def serving(
    service: str, uri: str, mongo: str, client: MongoClient[dict[str, Any]], folder: Path
) -> Iterator[Documents]:
    """The service's database, while the service runs; dropped in the end."""
    port, prefix = free_port(), f"t{new_id().replace('-', '')[-12:]}"
    for key in ("master.key", "chain.key"):
        (folder / key).write_bytes(os.urandom(32))
    give_keys(folder)
    environment = {
        **os.environ,
        "SHENGZHI_AMQP_URI": uri,
        "SHENGZHI_MONGO_URI": mongo,
        "SHENGZHI_DATABASE_PREFIX": prefix,
        "SHENGZHI_SECRETS": str(folder),
        "SHENGZHI_METRICS_PORT": str(port),
    }
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", service], env=environment, stdout=output, stderr=output
        )
    try:
        assert wait_until(lambda: _ready(port), PATIENCE), (folder / "log").read_text()
        yield open_database(client, f"{prefix}_{service}")
        process.terminate()
        assert process.wait(PATIENCE) == 0, (folder / "log").read_text()
    finally:
        process.kill()
        process.wait()
        client.drop_database(f"{prefix}_{service}")


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:  # asked again
            return bool(answer.status == 200)
    except OSError:
        return False


class Asker:
    """Asks a service as the gateway would; `paths` are those of the units that may be named."""

    def __init__(self, service: Any, permits: Permits, paths: dict[str, list[str]]) -> None:
        self._service = service
        self._permits = permits
        self._paths = paths

    def __call__(
        self,
        method: str,
        body: dict[str, Any],
        *,
        reader: str = "R",
        role: str | None = None,
        command_id: str | None = None,
        **more: Any,
    ) -> Any:
        """The answer of a command or query."""
        envelope = Envelope(
            command_id=command_id or new_id(),
            actor=acting(self._permits, method, reader, role, "office"),
            deadline=datetime.now(UTC) + timedelta(seconds=PATIENCE),
            **{"paths": self._paths, "periods": [PERIOD], **more},
        )
        return getattr(self._service, method)(envelope=envelope.model_dump(mode="json"), body=body)

    def refusal(self, method: str, body: dict[str, Any], **more: Any) -> str:
        """The code with which it is refused."""
        with pytest.raises(RemoteError) as refused:
            self(method, body, **more)
        assert refused.value.exc_type == "DomainError"
        return str(refused.value.value).split(":", maxsplit=1)[0]

    def load(self, kind: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Send a sheet and wait until it is applied or refused."""
        import_id = new_id()
        numbered = [{**row, "_row": number} for number, row in enumerate(rows, start=2)]
        chunk = {"import_id": import_id, "kind": kind, "first": 0, "rows": numbered}
        self("add_import_rows", chunk, **more)
        state: dict[str, Any] = self("accept_import", {"import_id": import_id, "kind": kind, "rows": len(rows)}, **more)
        until = time.monotonic() + PATIENCE
        while state["state"] == "accepted" and time.monotonic() < until:
            time.sleep(0.05)
            state = self("get_import", {"import_id": import_id})
        return state
