"""The accounts that a load made, with the passwords it made for them: nobody types them into a spreadsheet.

One 用户名册 names accounts and roles. It is loaded twice: as accounts by the system administrator, as roles by the
security administrator, for neither may do the work of the other.
"""

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from services.cli.client import Refused, read_password
from services.cli.sample.workbook import workbook
from services.gateway.contract import ROLES, SHEETS, Role
from services.kernel.event import EVERYWHERE
from services.kernel.sheet_tasks import read

FILE = "accounts.json"
_USERS = SHEETS["users"]
_ROLES = {name: role for role, name in ROLES.items()}


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    id: str
    name: str
    role: str
    unit: str
    password: str


class Accounts:
    """Kept beside the platform's keys, for the owner of the files alone."""

    def __init__(self, secrets_folder: Path) -> None:
        self._place = secrets_folder / FILE
        known = json.loads(self._place.read_text(encoding="utf-8")) if self._place.exists() else []
        self.all: list[Account] = [Account(**account) for account in known]

    def first(self, id: str, role: Role) -> Account:
        """One of the first administrators, by the password file that the installation wrote.

        Raises:
            Refused: there is no such file.
        """
        return Account(id, ROLES[role], role, EVERYWHERE, read_password(self._place.with_name(f"{id}.password")))

    def named(self, id: str) -> Account:
        """The account of that name.

        Raises:
            Refused: there is none.
        """
        return self._found(lambda account: account.id == id, id)

    def acting(self, role: Role) -> Account:
        """The first account with a role.

        Raises:
            Refused: there is none.
        """
        return self._found(lambda account: account.role == role, ROLES[role])

    def with_passwords(self, users: bytes, others: Collection[str] = ()) -> tuple[bytes, bytes]:
        """用户名册 as the system administrator sends it, without roles, and as the security administrator does.

        Each account has the password that its row gives, else the one that is known, else a new one. `others` are the
        titles of sheets that may stand in the same workbook.

        Raises:
            DomainError: the workbook cannot be read.
        """
        found = read(_USERS, users, others).rows
        rows = [{key: value for key, value in row.items() if not key.startswith("_")} for row in found]
        known = {account.id: account for account in self.all}
        for row in rows:
            if not row.get("password"):
                row["password"] = known[row["id"]].password if row["id"] in known else secrets.token_hex(6)
            role = _ROLES.get(row.get("role", ""))
            known[row["id"]] = Account(row["id"], row["name"], str(role), row["unit"], row["password"])
        self.all = list(known.values())
        self._keep()
        made = list({row["id"]: {**row, "role": "", "action": ""} for row in reversed(rows)}.values())
        held = [{**row, "password": ""} for row in rows if row.get("role")]
        return workbook({_USERS.kind: made[::-1]}), workbook({_USERS.kind: held})

    def _found(self, fits: Callable[[Account], bool], wanted: str) -> Account:
        found = next((account for account in self.all if fits(account)), None)
        if found is None:
            raise Refused("account.missing", f"{self._place} 中没有“{wanted}”的账号，请先导入用户名册")
        return found

    def _keep(self) -> None:
        self._place.touch(mode=0o600)
        told = [asdict(account) for account in self.all]
        self._place.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
