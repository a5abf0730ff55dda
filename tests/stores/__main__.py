"""`python -m tests.stores NAME`: keep the store that today's version makes of a sample of four departments.

Run it when a version is released; tests/journey/test_earlier_store.py opens every store that is kept here.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from services.cli.accounts import Accounts
from services.cli.loading import Loading
from services.cli.local.platform import Platform
from services.cli.local.process import free_port
from services.cli.parcel import unpack
from services.cli.sample.days import FIRST, LAST
from services.cli.sample.generate import sample
from services.cli.sample.province import ROOT

from . import keep

PREFIX, DEPARTMENTS = "kept", 4


def main(name: str) -> None:
    """Load the sample into a platform of its own, then write its store and its figures beside this file."""
    place, made = Path(__file__).parent, sample(DEPARTMENTS)
    environment = {
        "SHENGZHI_DATABASE_PREFIX": PREFIX,
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
    }
    with tempfile.TemporaryDirectory() as folder, Platform(Path(folder) / "run", environment=environment) as running:
        made.write(Path(folder) / "sample")
        parcel = unpack(Path(folder) / "sample")
        with Loading(running.url, parcel, Accounts(running.secrets)) as loading:
            loading.send()
            loading.send_untidy()
            loading.wait()
        with MongoClient[dict[str, Any]](running.mongo_uri, tz_aware=True) as client:
            keep(client, PREFIX, running.secrets, place / f"{name}.tar.xz")
    told = {"unit": ROOT, "from": FIRST.isoformat(), "to": LAST.isoformat(), "figures": made.figures()}
    (place / f"{name}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
