"""Accounts and their roles. Every command asks for the administrator's role and reach here, whatever the edge asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pymongo
from pydantic import BaseModel

from services.kernel import metrics
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.clock import utc_now
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Envelope
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.kernel.runtime.imports import Imports
from services.kernel.runtime.rpc import command, query
from services.organisation import contract
from services.organisation.contract.permissions import EVERYWHERE

from ..domain import UNIT, USER, User
from ..domain.separation import separated
from ..domain.user import Asked, ByUser, parts
from ..store import access, accounts, directory

Answer = dict[str, Any]


class Users(Imports):
    """Who may sign in, and what they hold."""

    journal: Any
    vault: Any

    @command(contract.AddUser)
    def add_user(self, command: contract.AddUser, envelope: Envelope) -> Answer:
        """Let somebody sign in."""
        return self._on_user(command, envelope, self._add_user)

    @command(contract.SetRoles)
    def set_roles(self, command: contract.SetRoles, envelope: Envelope) -> Answer:
        """Replace the roles that somebody holds."""
        answer = self._on_user(command, envelope, decide_roles)
        metrics.COMBINED_ROLES.set(len(accounts.combining(self.journal.database)))
        return answer

    @command(contract.ChangePassword)
    def change_password(self, command: contract.ChangePassword, envelope: Envelope) -> Answer:
        """Replace one's own password; every session of one's own ends."""

        def act(work: Work, command: contract.ChangePassword) -> None:
            _decide(work, command)
            credential(work, command.id, command.password)
            end_sessions(work, command.id)

        return self._on_user(command, envelope, act)

    @command(contract.ResetPassword)
    def reset_password(self, command: contract.ResetPassword, envelope: Envelope) -> Answer:
        """Give somebody a password for one sign-in; every session of theirs ends, and so does a lock."""

        def act(work: Work, command: contract.ResetPassword) -> None:
            _decide(work, command)
            credential(work, command.id, command.password, once=True)
            work.write("lockouts", pymongo.DeleteOne({"_id": access.lock_key(command.id)}))
            end_sessions(work, command.id)

        return self._on_user(command, envelope, act)

    @command(contract.DisableUser)
    def disable_user(self, command: contract.DisableUser, envelope: Envelope) -> Answer:
        """Let somebody sign in no more; every session of theirs ends."""

        def act(work: Work, command: contract.DisableUser) -> None:
            _decide(work, command)
            end_sessions(work, command.id)

        return self._on_user(command, envelope, act)

    @command(contract.EnableUser)
    def enable_user(self, command: contract.EnableUser, envelope: Envelope) -> Answer:
        """Let somebody sign in again."""
        return self._on_user(command, envelope, _decide)

    @command(contract.SetIdentity)
    def set_identity(self, command: contract.SetIdentity, envelope: Envelope) -> Answer:
        """Say who somebody is to the OIDC provider; one identity is one user's."""

        def act(work: Work, command: contract.SetIdentity) -> None:
            _decide(work, command)
            taken = {"_id": command.digest, "user": {"$ne": command.id}}
            if command.digest and self.journal.database["identities"].find_one(taken, session=work.session):
                raise DomainError("user.identity_taken", "该身份已对应另一个账号", "conflict")
            work.write("identities", pymongo.DeleteMany({"user": command.id}))
            if command.digest:
                work.write("identities", pymongo.InsertOne({"_id": command.digest, "user": command.id}))

        return self._on_user(command, envelope, act)

    @query(contract.ListUsers)
    def list_users(self, query: contract.ListUsers, envelope: Envelope) -> Answer:
        """A page of a unit's accounts, with their names."""
        found = accounts.listed(self.journal.database, query, utc_now())
        self._with_names(found["items"])
        return found

    @query(contract.GetUser)
    def get_user(self, query: contract.GetUser, envelope: Envelope) -> Answer:
        """One account."""
        found = accounts.one(self.journal.database, query.id, envelope.actor.unit, utc_now())
        self._with_names([found])
        return found

    @query(contract.ListCombined)
    def list_combined(self, query: contract.ListCombined, envelope: Envelope) -> Answer:
        """Accounts that combine what separates, with the pairs."""
        found = accounts.combining(self.journal.database, query.unit)
        items: list[Document] = [
            {"id": user["_id"], "unit": user["unit"], "roles": user["roles"]}
            | {"pairs": separated(accounts.roles_of(user))}
            for user in found
        ]
        self._with_names(items)
        return {"items": items, "total": len(items), "more_than": False, "page": 1, "page_size": max(1, len(items))}

    def _with_names(self, users: list[Document]) -> None:
        names = self.vault.read_many(person(user["id"]) for user in users)
        for user in users:
            user["name"] = names.get(person(user["id"]), {}).get("name", "")

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row of 用户名册: what its sender's role may say."""
        if not isinstance(row, contract.UserRow):
            super().apply_row(work, kind, row)
        elif work.envelope.actor.role == contract.Role.security_admin:
            self._role_row(work, row)
        else:
            self._account_row(work, row)

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The account, and the unit."""
        if isinstance(row, contract.UserRow):
            yield USER, row.id
            yield UNIT, row.unit
        else:
            yield from super().row_ids(kind, row)

    def _account_row(self, work: Work, row: contract.UserRow) -> None:
        if row.role is not None or row.action is not None:
            field = "role" if row.role is not None else "action"
            raise wrong("role.not_with_account", field, "角色由安全管理员授予，系统管理员不填此列", "forbidden")
        if row.password is None:
            raise wrong("password.missing", "password", "建立账号须填写初始密码")
        self._add_user(work, contract.AddUser(id=row.id, name=row.name, unit=row.unit, password=row.password))

    def _role_row(self, work: Work, row: contract.UserRow) -> None:
        if row.password is not None:
            raise wrong("password.not_with_role", "password", "密码由系统管理员设置，安全管理员不填此列", "forbidden")
        if row.role is None:
            raise wrong("role.required", "role", "请填写角色")
        known = work.get(USER, row.id)
        if known is None:
            raise wrong("user.not_found", "id", f"没有账号 {row.id}，请先由系统管理员建立", "not_found")
        self._same_person(row.id, row.name)
        held = contract.Held(role=row.role, unit=row.unit)
        others = [each for each in known.roles if each != held]
        roles = others if row.action == "take" else [*others, held]
        reached(work, [row.unit], "unit")
        if {*roles} == {*known.roles}:
            return
        try:
            decide_roles(work, contract.SetRoles(id=row.id, roles=roles))
        except DomainError as refusal:
            raise wrong(refusal.code, "role", refusal.detail, refusal.kind) from refusal

    def _on_user(self, command: Any, envelope: Envelope, decide: Any) -> Answer:
        def act(work: Work) -> Answer:
            if envelope.expected is not None and envelope.expected != work.version(USER, command.id):
                raise DomainError("version.stale", "账号已被他人修改，请刷新后重试", "stale")
            if command.id != envelope.actor.user and (known := work.get(USER, command.id)) is not None:
                reached(work, parts(known), "id")
            decide(work, command)
            taken = {"mark": access.mark(command.password)} if hasattr(command, "password") else {}
            return {"id": command.id, "version": work.version(USER, command.id), **taken}

        answer: Answer = self.journal.execute(envelope, without_secret(command), act)
        return answer

    def _add_user(self, work: Work, command: contract.AddUser) -> None:
        reached(work, [command.unit], "unit")
        before = work.version(USER, command.id)
        _decide(work, command)
        if work.version(USER, command.id) > before:
            credential(work, command.id, command.password, once=True)
            self.vault.seal(work, person(command.id), "user", {"name": command.name})
        else:
            self._same_person(command.id, command.name)

    def _same_person(self, id: str, name: str) -> None:
        """Refuse a row or a request that means somebody else than whose account it is."""
        known = self.vault.read_many([person(id)]).get(person(id), {}).get("name")
        if known not in (None, name):
            raise wrong("user.id_taken", "name", f"账号 {id} 属于另一姓名的用户", "conflict")


def decide_roles(work: Work, command: contract.SetRoles) -> None:
    """Decide on roles: whoever gives or takes reaches the account, and each unit for which a role is held or was."""
    known = work.get(USER, command.id)
    reached(work, [*(parts(known) if known else ()), *(held.unit for held in command.roles)], "roles")
    before = work.version(USER, command.id)
    _decide(work, command)
    if work.version(USER, command.id) > before:
        end_sessions(work, command.id)


def reached(work: Work, units: Iterable[str], field: str) -> None:
    """Refuse units that the actor's own does not reach, by the tree of this very transaction.

    Raises:
        DomainError: unit.unknown, unit.out_of_scope.
    """
    actor = work.envelope.actor
    for unit in dict.fromkeys(units):
        known = None if unit == EVERYWHERE else work.get(UNIT, unit)
        if known is None and unit != EVERYWHERE:
            raise wrong("unit.unknown", field, f"没有单位 {unit}", "not_found")
        path = known.path if known else [unit]
        if actor.unit not in (EVERYWHERE, *path):
            raise wrong("unit.out_of_scope", field, f"单位 {unit} 不在您的权限范围内", "forbidden")
        work.paths[unit] = path


def _decide(work: Work, command: Asked) -> User:
    actor = work.envelope.actor
    work.ask_lives(command, work.get(USER, command.id))
    return work.decide(USER, command.id, ByUser(asked=command, user=actor.user, role=actor.role))


def credential(work: Work, user: str, password: str, *, once: bool = False) -> None:
    """Keep the hash of a password; `once`: it is given by somebody else and opens nothing but a change of itself."""
    row = {"_id": user, "password": password, "changed": work.now, **({"once": True} if once else {})}
    work.write("credentials", pymongo.ReplaceOne({"_id": user}, row, upsert=True))


def end_sessions(work: Work, user: str) -> None:
    """Every session and token of theirs is over with this transaction."""
    work.write("sessions", pymongo.DeleteMany({"user": user}))
    work.write(directory.ACCESS, directory.raised())


def person(user: str) -> str:
    """Under which the vault keeps a user's name."""
    return f"user:{user}"


def without_secret(command: Command) -> Command:
    """What the command's row compares: a salted hash differs each time for the same password."""
    return command.model_copy(update={"password": "-" * 8}) if hasattr(command, "password") else command
