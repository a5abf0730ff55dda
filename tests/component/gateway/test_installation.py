"""What an installation begins with, and what it finds in a store of an earlier version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from pymongo import MongoClient

from services.gateway.domain import AGGREGATES
from services.gateway.domain.separation import ADMINISTRATORS
from services.gateway.service.installation import first_account
from services.gateway.store import accounts
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, open_database
from services.kernel.journal.vault import Vault
from services.organisation.contract import Role


class Store:
    """The gateway's store, with what an installation needs of it."""

    def __init__(self, database: Any, secrets: Path) -> None:
        self.journal = Journal(database, service="gateway", site="test", chain_key=b"c" * 32)
        self.journal.ensure_indexes()
        ensure_collections(database, (*(aggregate.collection for aggregate in AGGREGATES), "credentials"))
        self.vault = Vault(database, b"m" * 32)
        self.vault.ensure_indexes()
        self.database, self.secrets = database, secrets

    def install(self) -> list[str | None]:
        """The first accounts that are made."""
        return [first_account(self.journal, self.vault, role, self.secrets) for role in ADMINISTRATORS]

    def hold(self, id: str, *roles: tuple[Role, str]) -> None:
        """An account as an earlier version left it."""
        held = [{"role": str(role), "unit": unit} for role, unit in roles]
        scope = sorted({unit for _, unit in roles})
        user = {"unit": roles[0][1], "roles": held, "version": 1, "head": b"", "paths": {}, "scope": scope}
        self.database["users"].insert_one({"_id": id, **user})


@pytest.fixture
def store(mongo_client: MongoClient[Document], database: str, tmp_path: Path) -> Store:
    for name in ("admin", "security", "audit"):
        (tmp_path / f"{name}.password").write_text(f"once-{name}\n")
    return Store(open_database(mongo_client, f"{database}_gateway"), tmp_path)


def test_each_administrator_is_made_once_by_a_password_of_its_own(store: Store) -> None:
    """A second start, or a second worker, makes nobody; nobody combines anything."""
    assert store.install() == ["admin", "security", "audit"]
    assert store.install() == [None, None, None]
    for name in ("admin", "security", "audit"):
        known = store.database["credentials"].find_one({"_id": name})
        assert PasswordHasher().verify(known["password"], f"once-{name}")
    assert accounts.combining(store.database) == []


def test_without_a_password_file_nobody_is_made(store: Store) -> None:
    """Whoever deletes the files once others can sign in gets no account by a restart."""
    for name in ("admin", "security"):
        (store.secrets / f"{name}.password").unlink()
    assert store.install() == [None, None, "audit"]


def test_a_store_of_an_earlier_version_gets_the_administrators_that_it_lacks(store: Store) -> None:
    """Its `admin` stays as it is; an account's id that is somebody's already is left to them."""
    store.hold("admin", (Role.system_admin, "*"))
    store.hold("audit", (Role.handler, "D1"))
    store.database["units"].insert_one({"_id": "P", "parent": None})
    store.hold("of-department", (Role.security_admin, "D1"))
    assert store.install() == [None, "security", "audit-2"]
    assert store.install() == [None, None, None]


def test_whoever_combines_what_separates_keeps_working_and_is_reported(store: Store) -> None:
    """They do not count as an administrator: somebody must be there to whom they are reported."""
    everything = [(role, "P") for role in ADMINISTRATORS]
    store.database["units"].insert_one({"_id": "P", "parent": None})
    store.hold("boss", *everything)
    store.hold("both", (Role.audit_admin, "D1"), (Role.office, "D1"))
    store.hold("twice", (Role.security_admin, "P"), (Role.security_admin, "D1"))
    store.hold("runner", (Role.system_admin, "P"), (Role.operations, "*"))
    store.hold("worker", (Role.handler, "D1"), (Role.judge, "P"))
    assert store.install() == [None, None, "audit"]
    assert [user["_id"] for user in accounts.combining(store.database)] == ["boss", "both"]
    assert [user["_id"] for user in accounts.combining(store.database, "D1")] == ["both"]
