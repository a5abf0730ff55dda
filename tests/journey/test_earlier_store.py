"""A store that an earlier version wrote opens, its books agree, and its figures are those of its records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from typer import Typer
from typer.testing import CliRunner

from services.cli.accounts import Accounts
from services.cli.audit import audit
from services.cli.client import Api
from services.cli.loading import differing
from services.cli.local.platform import Platform
from services.cli.local.process import free_port
from services.cli.verify import verify_journal
from services.organisation.contract import Role
from tests.eventually import eventually
from tests.stores import restore

STORES = Path("tests/stores")
PREFIX = "earlier"


@dataclass
class Opened:
    """The platform as it runs on the store, and what its report said before."""

    platform: Platform
    told: dict[str, Any]

    def office(self) -> AbstractContextManager[Api]:
        """The campaign office of that store, with the password that it had."""
        account = Accounts(self.platform.secrets).acting(Role.office)
        return Api.signed_in(self.platform.url, account.id, account.password)


@pytest.fixture(scope="module", params=sorted(path.stem for path in STORES.glob("*.json")))
def opened(
    request: pytest.FixtureRequest,
    run_folder: Path,
    fresh_vhosts: Iterator[str],
    mongo: str,
    mongo_client: MongoClient[dict[str, Any]],
) -> Iterator[Opened]:
    """Each kept store, under a platform of today."""
    home = run_folder / f"{PREFIX}-{request.param}"
    restore(STORES / f"{request.param}.tar.xz", mongo_client, PREFIX, home / "secrets")
    environment = {
        "SHENGZHI_DATABASE_PREFIX": PREFIX,
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
    }
    with Platform(home, amqp_uri=next(fresh_vhosts), mongo_uri=mongo, environment=environment) as running:
        yield Opened(running, json.loads((STORES / f"{request.param}.json").read_text()))


@pytest.mark.row("G1")
def test_its_figures_are_those_of_its_records(opened: Opened) -> None:
    """The province's report over the campaign says what was counted from the sheets that went in."""
    told = opened.told
    period = date.fromisoformat(told["from"]), date.fromisoformat(told["to"])
    with opened.office() as api:
        assert eventually(lambda: differing(told["figures"], api.report(told["unit"], *period)["figures"]) == {})


def test_its_books_agree(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """`shengzhi audit` and `shengzhi verify-journal` find nothing."""
    for name, value in opened.platform.settings.items():
        monkeypatch.setenv(name, value)
    for command in (audit, verify_journal):
        app = Typer()
        app.command()(command)
        done = CliRunner().invoke(app, ["--folder", str(opened.platform.folder / "nowhere")])
        assert done.exit_code == 0, done.output
