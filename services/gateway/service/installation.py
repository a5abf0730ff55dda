"""What an installation begins with: an account for each of the three administrators, where nobody holds the role yet.

Nobody can give the first security administrator their role but the installation. An account of each kind is made from
a password file that `shengzhi keys` wrote; a store of an earlier version gets those that it lacks. What combines
separated roles there keeps working, and the security administrator sees it in a list.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from argon2 import PasswordHasher

from services.kernel import metrics
from services.kernel.journal.vault import Vault
from services.kernel.journal.work import Work
from services.kernel.message.clock import utc_now
from services.kernel.message.event import Actor, Envelope
from services.kernel.runtime.entrypoints import DependencyProvider
from services.kernel.runtime.providers import Journalled
from services.kernel.settings import settings
from services.organisation import contract
from services.organisation.contract.permissions import EVERYWHERE

from ..domain import USER
from ..domain.user import Install
from ..store import accounts
from .users import credential, person

log = structlog.stdlib.get_logger(__name__)

FIRST = {
    contract.Role.system_admin: "admin",
    contract.Role.security_admin: "security",
    contract.Role.audit_admin: "audit",
}
"""Role → the first account's id, and the name of its password's file without `.password`."""


class Installation(DependencyProvider):
    """Makes the first accounts, and reports accounts that combine what separates."""

    def start(self) -> None:
        """Do both, before the first command is taken."""
        given = settings()
        found = self.container.extensions
        journal = next(extension.journal for extension in found if isinstance(extension, Journalled))
        vault = Vault(journal.database, given.secret("master.key"))
        vault.ensure_indexes()
        for role in FIRST:
            first_account(journal, vault, role, given.secrets)
        wrong = [user["_id"] for user in accounts.combining(journal.database)]
        metrics.COMBINED_ROLES.set(len(wrong))
        if wrong:
            log.warning("users.roles_not_separated", users=wrong[:100], count=len(wrong))

    def get_dependency(self, worker_ctx: Any) -> None:
        """Nothing: it has done its work."""


def first_account(journal: Any, vault: Vault, role: contract.Role, secrets: Path) -> str | None:
    """Make the first account of an administrator's role, where there is a password for it and nobody to hold it.

    Gives its id, which is another than the usual one where that is somebody's already.
    """
    place, database = secrets / f"{FIRST[role]}.password", journal.database
    if not place.exists() or accounts.holds(database, role):
        return None
    ids = (FIRST[role] if number == 1 else f"{FIRST[role]}-{number}" for number in count(1))
    id = next(id for id in ids if database["users"].find_one({"_id": id}) is None)
    envelope = Envelope(
        command_id=f"first-account/{id}",
        actor=Actor(user="platform", role="platform", unit=EVERYWHERE),
        paths={EVERYWHERE: [EVERYWHERE]},
        deadline=utc_now() + timedelta(seconds=30),
    )
    asked = Install(held=contract.Held(role=role, unit=EVERYWHERE))
    password = PasswordHasher().hash(place.read_text(encoding="utf-8").strip())

    def act(work: Work) -> dict[str, Any]:
        work.decide(USER, id, asked)
        credential(work, id, password, once=True)
        vault.seal(work, person(id), "user", {"name": f"首任{contract.ROLES[role]}"})
        return {"id": id}

    journal.execute(envelope, asked, act)
    return id
