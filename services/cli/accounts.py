"""The accounts that a load made, with the passwords it made for them: nobody types them into a spreadsheet.

One 用户名册 names accounts and roles. It is loaded twice: as accounts by the system administrator, as roles by the
security administrator, for neither may do the work of the other.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from services.cli.client import Api, Refused, read_password
from services.cli.workbook import workbook
from services.kernel.message.event import EVERYWHERE
from services.kernel.sheets.sheet_tasks import read
from services.organisation.contract import ROLES, SHEETS, Role

FILE = "accounts.json"
CHANGE = "password.change_required"
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

    def system(self) -> Account:
        """The first system administrator, who alone can make the unit at the top.

        Raises:
            Refused: they are not known here, and there is no password file of the installation's.
        """
        return self._first("admin", Role.system_admin)

    def security(self) -> Account:
        """The first security administrator; in a store of an earlier version whoever was loaded as one.

        Raises:
            Refused: as `system`.
        """
        loaded = next((account for account in self.all if account.role == Role.security_admin), None)
        return loaded or self._first("security", Role.security_admin)

    def _first(self, id: str, role: Role) -> Account:
        known = next((account for account in self.all if account.id == id), None)
        if known is not None:
            return known
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

    @contextmanager
    def signed_in(self, url: str, account: Account) -> Iterator[Api]:
        """Signed in as an account of a load; whoever must set a password of their own gets one that is kept here.

        Raises:
            Refused: the platform does not let them in.
        """
        with ExitStack() as leaving:
            try:
                api = leaving.enter_context(Api.signed_in(url, account.id, account.password))
            except Refused as refusal:
                if refusal.code != CHANGE:
                    raise
                own = replace(account, password=secrets.token_hex(6))
                api = leaving.enter_context(Api.signed_in(url, account.id, account.password, own.password))
                self._put(own)
            yield api

    def open_all(self, url: str) -> None:
        """Sign in once as each account, so that the password that is kept here opens it.

        For a sample alone: it is what each user would do, and nobody is left to set a password of their own.

        Raises:
            Refused: the platform does not let one of them in.
        """
        for account in list(self.all):
            with self.signed_in(url, account):
                pass

    def _put(self, account: Account) -> None:
        self.all = list({**{known.id: known for known in self.all}, account.id: account}.values())
        self._keep()

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


@contextmanager
def signed_in(url: str, secrets_folder: Path, user: str, password: str, role: Role) -> Iterator[Api]:
    """Signed in for a command: as who is named, by a password given or kept; else as a load's account of that role.

    Raises:
        Refused: nobody of that name or role is known, or the platform does not let them in.
    """
    accounts = Accounts(secrets_folder)
    if user and password:
        with Api.signed_in(url, user, password) as api:
            yield api
        return
    first = {Role.system_admin: accounts.system, Role.security_admin: accounts.security}
    account = accounts.named(user) if user else first.get(role, lambda: accounts.acting(role))()
    with accounts.signed_in(url, account) as api:
        yield api
